"""Which encoded partition a new one begins as: its mirror image across the old border.

Paper, section 3.4: local weights are copied symmetrically, as in mirror padding.
"""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from lgcodec.format.geometry import Geometry

__all__ = ["centres", "mirror_of", "signs"]

Index = tuple[int, ...]


def mirror_of(index: Index, encoded: Collection[Index]) -> Index:
    """The tile of `encoded` (not empty, in a rectangle or not) that `index` is to begin as.

    That of mirror padding the bounding box of `encoded`, or, where it is absent, the nearest one.
    """
    ends = [(min(axis), max(axis)) for axis in zip(*encoded, strict=True)]
    mirrored = tuple(_reflected(i, *pair) for i, pair in zip(index, ends, strict=True))
    if mirrored in encoded:
        return mirrored
    return min(encoded, key=lambda tile: (_distance(tile, index), tile))


def signs(index: Index, source: Index) -> tuple[int, ...]:
    """Per axis -1 where the two are an odd number of reflections apart, else 1."""
    return tuple(-1 if (i - s) % 2 else 1 for i, s in zip(index, source, strict=True))


def centres(
    geometry: Geometry, ranges: Sequence[tuple[float, float]], tiles: Sequence[Index]
) -> NDArray[np.float64]:
    """[tiles, D] frame coordinates of the centres of tiles (spec, GEOM)."""
    columns = []
    for place, (axis, (low, high)) in enumerate(zip(geometry.axes, ranges, strict=True)):
        index = np.array([tile[place] for tile in tiles])
        span = axis.tiles * axis.tile_len
        middle = axis.grid_lo + (index + 0.5) * axis.tile_len - index // axis.tiles * span
        columns.append(low + (high - low) * (middle / axis.frame_len))
    return np.stack(columns, axis=-1)


def _reflected(i: int, first: int, last: int) -> int:
    """Place `i` on a line of mirrors at both ends of first..last."""
    length = last - first + 1
    place = (i - first) % (2 * length)
    return first + min(place, 2 * length - 1 - place)


def _distance(one: Index, other: Index) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
