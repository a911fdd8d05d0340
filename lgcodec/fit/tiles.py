"""Where a signal is divided: tiles as asked for, or so many that hold something."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Final

from lgcodec.errors import UsageError
from lgcodec.fit.options import Arrangement, EncodeOptions
from lgcodec.format.geometry import AxisGeometry, Geometry
from lgcodec.partition import RULES, Content, Tiling, find_content
from lgcodec.signal import Kind, Signal

__all__ = ["geometry_of", "tilings_for"]

# Of the edges of tiles that nobody asked for.
PROPORTIONS: Final[Mapping[Kind, tuple[float, ...]]] = {
    "audio": (1.0,),
    "image": (1.0, 1.0),
    "video": (0.5, 1.0, 1.0),
    "volume": (1.0, 1.0, 1.0),
}


def tilings_for(
    signal: Signal, options: EncodeOptions, arrangement: Arrangement, partitions: float
) -> tuple[tuple[Tiling, ...], Content]:
    """Tiles as asked for, or so that about so many `partitions` hold something."""
    grid = signal.grid
    if arrangement == "single":
        tilings = RULES["counts"](grid, [1] * len(grid))
    elif options.partitions is not None:
        tilings = RULES["counts"](grid, options.partitions)
    elif options.partition_size is not None:
        tilings = RULES["size"](grid, options.partition_size)
    else:
        return _automatic_tilings(signal, partitions)
    return tilings, find_content(signal, tilings)


def _automatic_tilings(signal: Signal, partitions: float) -> tuple[tuple[Tiling, ...], Content]:
    grid, shape, share = signal.grid, PROPORTIONS[signal.kind], 1.0
    for _ in range(3):  # smaller tiles leave more of the signal out
        edge = (share * signal.size / partitions / prod(shape)) ** (1 / len(shape))
        tilings = RULES["size"](
            grid, [_round_size(edge * part, n) for part, n in zip(shape, grid, strict=True)]
        )
        content = find_content(signal, tilings)
        if content.tiles.all():
            break
        share = content.partitions / content.tiles.size
    return tilings, content


def _round_size(size: float, most: int) -> int:
    """A multiple of 8 where that is close enough: borders that people can name."""
    return min(most, max(1, round(size / 8) * 8 if size >= 16 else round(size)))


def geometry_of(signal: Signal, tilings: Sequence[Tiling], groups: int) -> Geometry:
    """The geometry of a whole signal whose axes are tiled so, in `groups` along the first."""
    axes = []
    for place, (size, tiling) in enumerate(zip(signal.grid, tilings, strict=True)):
        count = groups if place == 0 else 1
        if count > tiling.tiles:
            raise UsageError(f"{groups} groups on an axis of {tiling.tiles} partitions")
        tiles = -(-tiling.tiles // count)
        count = -(-tiling.tiles // tiles)
        frame = size if count == 1 else tiles * tiling.tile_len
        axes.append(AxisGeometry(frame, 0, size, 0, tiling.tile_len, tiles, count))
    dtype = signal.samples.dtype.name
    return Geometry(signal.kind, signal.channels, dtype, signal.rate, tuple(axes))
