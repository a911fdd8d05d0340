"""A partition grid in characters: one per partition, or per block of them where there are many.

t 0       t 1       t 2
####....  ####....  ........
####....  ####....  ........
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import product, zip_longest
from math import prod
from typing import Final

__all__ = ["draw"]

ROWS: Final = 24
COLUMNS: Final = 64
GAP: Final = "  "
FULL, SOME, NONE = "#+."


def draw(
    names: Sequence[str], tiles: Sequence[int], present: Iterable[Sequence[int]]
) -> Iterator[str]:
    """Lines that show which of `tiles` (per axis) are `present` (tile indices), then a legend.

    The last two axes are rows and columns, a third one in front makes panels side by side.
    """
    flat = (1,) * (3 - len(tiles))  # of a sound or a picture: one row, one panel
    shape = (*flat, *tiles)
    block = _block(shape)
    held = Counter(
        tuple(i // size for i, size in zip((*(0 for _ in flat), *index), block, strict=True))
        for index in present
    )
    panels = [
        _panel(f"{names[0]} {first}" if not flat else "", first // block[0], shape, block, held)
        for first in range(0, shape[0], block[0])
    ]
    across = max(1, (COLUMNS + len(GAP)) // (len(panels[-1][0]) + len(GAP)))
    for start in range(0, len(panels), across):
        for parts in zip_longest(*panels[start : start + across], fillvalue=""):
            if line := GAP.join(parts).rstrip():
                yield line
    yield _legend(block[len(flat) :])


def _block(shape: Sequence[int]) -> tuple[int, ...]:
    """Partitions per character along each axis, so that all panels fit."""
    slices, rows, columns = shape
    block_rows, block_columns = -(-rows // ROWS), -(-columns // COLUMNS)
    width = max(-(-columns // block_columns), len(f"t {slices}")) + len(GAP)
    height = -(-rows // block_rows) + 1
    panels = max(1, (COLUMNS + len(GAP)) // width) * max(1, ROWS // height)
    return -(-slices // panels), block_rows, block_columns


def _panel(
    title: str,
    panel: int,
    shape: Sequence[int],
    block: Sequence[int],
    held: Counter[tuple[int, ...]],
) -> list[str]:
    counts = [-(-length // size) for length, size in zip(shape, block, strict=True)]
    rows = [
        "".join(
            _cell(held[cell], cell, shape, block)
            for cell in product([panel], [row], range(counts[2]))
        )
        for row in range(counts[1])
    ]
    width = max(counts[2], len(f"t {shape[0]}") if title else 0)
    return [line.ljust(width) for line in [title, *rows]]


def _cell(held: int, cell: Sequence[int], shape: Sequence[int], block: Sequence[int]) -> str:
    lengths = zip(cell, shape, block, strict=True)
    whole = prod(min(size, length - i * size) for i, length, size in lengths)
    return FULL if held == whole else SOME if held else NONE


def _legend(block: Sequence[int]) -> str:
    legend = f"{FULL} present  {NONE} absent"
    if prod(block) == 1:
        return legend
    size = " x ".join(map(str, block))
    return f"{legend}  {SOME} partly; a character stands for {size} partitions"
