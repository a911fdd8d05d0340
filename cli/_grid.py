"""A partition grid in characters: one per partition, or per block of them where there are many.

    t 0       t 1       t 2
    ####....  ####....  ........
    ####....  ####....  ........
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import batched, product
from math import prod
from typing import Final

__all__ = ["draw"]

ROWS: Final = 24
COLUMNS: Final = 64
GAP: Final = 2
FULL, SOME, NONE = "#+."


def draw(
    names: Sequence[str], tiles: Sequence[int], present: Iterable[Sequence[int]]
) -> Iterator[str]:
    """Lines that show which of `tiles` (per axis) are `present` (tile indices).

    The last two axes are rows and columns, a third one in front makes panels side by side. The
    last line explains the characters.
    """
    empty = 3 - len(tiles)
    shape = (*(1,) * empty, *tiles)
    title = names[0] if empty == 0 else ""
    block, across = _block(shape, len(f"{title} {shape[0]}"))
    here = Counter(
        tuple(i // size for i, size in zip((*(0,) * empty, *index), block, strict=True))
        for index in present
    )
    panels = range(-(-shape[0] // block[0]))
    for some in batched(panels, across):
        if title:
            yield _beside([f"{title} {panel * block[0]}" for panel in some], shape, block)
        for row in range(-(-shape[1] // block[1])):
            yield _beside([_row(here, shape, block, (panel, row)) for panel in some], shape, block)
    size = " x ".join(str(length) for length in block[empty:])
    many = f"  {SOME} some; a character is a block of {size} partitions" if prod(block) > 1 else ""
    yield f"{FULL} present  {NONE} absent{many}"
