"""Figure 1: weights and bytes of a cropped file against the area that is left, from files on disk.

The network is that of the paper, 14 and 84 wide, of 16 x 16 partitions of the camera picture: how
well it is fitted does not matter here, a few steps do.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import lgcodec
from benchmarks.common import Table
from benchmarks.paper._inputs import camera
from benchmarks.paper._networks import Network
from benchmarks.paper._plots import lines
from lgcodec.format.container import Reader

__all__ = ["figure1"]

TILES = 16
NETWORK = Network(14, 84, (TILES, TILES))
PAPER = {TILES: 199_000, 6: 47_700}  # edge of the part that is left, in partitions; weights


def figure1(data: Path | None, *, quick: bool, plot: Path | None) -> Table:
    """Squares of 1 to 256 partitions, of one file with float32 weights and one with 8 bits."""
    (signal,) = camera(data, 1, 1).values()
    table = Table(
        "Figure 1: weights and bytes of crops",
        ("% cropped", "partitions", "paper", "weights", "bytes, float32", "bytes, 8 bits"),
    )
    with TemporaryDirectory() as folder:
        files = [Path(folder) / f"{name}.lgi" for name in ("float32", "8")]
        for path, precision in zip(files, ({"float_bits": 32}, {"bits": 8}), strict=True):
            given: dict[str, Any] = {**NETWORK.options(1), **precision}
            lgcodec.encode(signal, path, iterations=2 if quick else 100, **given)
        found = [(edge, *_sizes(files, edge)) for edge in range(TILES, 0, -1)]
    for edge, *sizes in found:
        area = 100 * edge**2 / TILES**2
        paper = f"{PAPER[edge]:,}" if edge in PAPER else ""
        table.add(f"{100 - area:.1f}", edge**2, paper, *(f"{size:,}" for size in sizes))
    partitions, *columns = np.array(found, np.float64).T
    for name, column in zip(("weights", "bytes, float32", "bytes, 8 bits"), columns, strict=True):
        table.note(f"{name}: {_straightness(partitions**2, column)}")
    if plot:
        shown = zip(("weights", "bytes, float32"), columns, strict=False)
        curves = {n: [*zip(100 - 100 * partitions**2 / TILES**2, c)] for n, c in shown}  # noqa: B905
        lines(plot, ("% of the picture cropped", "in the file"), curves)
    return table


def _sizes(files: list[Path], edge: int) -> list[int]:
    """Weights in the crop to `edge` x `edge` partitions, then bytes of each file's crop."""
    parts = [path.with_suffix(".part") for path in files]
    for path, part in zip(files, parts, strict=True):
        lgcodec.open(path)[:edge, :edge].save(part)
    with Reader.open(parts[0]) as reader:
        stream = reader.streams[0]
        local, global_ = (
            sum(tensor.size for tensor in tensors)
            for tensors in (stream.conf.local, stream.conf.global_)
        )
        weights = global_ + local * sum(len(group.ids) for group in stream.groups.values())
    return [weights, *(part.stat().st_size for part in parts)]


def _straightness(partitions: np.ndarray, sizes: np.ndarray) -> str:
    """The line of least squares, and how far the crops are from it."""
    slope, start = np.polyfit(partitions, sizes, 1)
    distance = np.abs(sizes - (start + slope * partitions)).max()
    return (
        f"{start:,.1f} + {slope:,.2f} for each partition, at most {distance:,.1f} beside it "
        f"({distance / sizes.max():.2%} of the whole)"
    )
