"""Samples near borders of partitions, corrected by what lies on both sides."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lgcodec.format.axis import AxisGeometry
from lgcodec.format.geometry import Geometry
from lgcodec.nets.seams import HALF, REACH, corrections

__all__ = ["Grain", "smooth"]

Grain = NDArray[np.float64]
SMOOTHED: Final = ("x", "y")  # in this order


def smooth(
    samples: NDArray[np.float64],
    present: NDArray[np.bool_],
    *,
    geometry: Geometry,
    target: Sequence[range],
    grains: Mapping[int, Grain],
) -> None:
    """Correct samples [*grid, C] near borders that have a partition on either side, in place.

    present   [*grid] whether a partition gave this sample
    target    the samples of the lattice that the grid is, one range per axis
    grains    of every group, by its ordinal, what one step of each coded channel is [C, C]
    """
    for name in SMOOTHED:
        axis = geometry.axis_names.index(name)
        if geometry.axes[axis].tile_len < 2 * REACH:
            continue  # corrections of two borders would meet
        for ordinal, grain in grains.items():
            box = _box(geometry, ordinal, target)
            starts = _starts(geometry.axes[axis], box[axis], target[axis])
            box[axis] = range(len(target[axis]))  # also what is on the other side
            own = tuple(slice(side.start, side.stop) for side in box)
            for at in starts:
                _across(samples[own], present[own], axis, at, grain)


def _box(geometry: Geometry, ordinal: int, target: Sequence[range]) -> list[range]:
    """Where in the grid the samples of a group lie."""
    first = geometry.partition_index(ordinal, 0)
    box = []
    for axis, index, shown in zip(geometry.axes, first, target, strict=True):
        start = axis.tile(index).start - shown.start
        stop = start + axis.tiles * axis.tile_len
        box.append(range(max(0, start), min(len(shown), stop)))
    return box


def _starts(axis: AxisGeometry, inside: range, shown: range) -> Iterator[int]:
    """Where tiles begin in `inside`, a part of the grid, but for the grid's own border."""
    for at in inside:
        if at and not (shown.start + at - axis.grid_lo) % axis.tile_len:
            yield at


def _across(
    samples: NDArray[np.float64], sided: NDArray[np.bool_], axis: int, at: int, grain: Grain
) -> None:
    """Correct what lies around the border before position `at` of `axis`, along a group's box."""
    length = samples.shape[axis]
    near = np.arange(at - HALF, at + HALF).clip(0, length - 1)
    strips = np.moveaxis(samples.take(near, axis), axis, -1)  # [.., L, C, 2 HALF]
    both = sided.take(near[HALF - 1 : HALF + 1], axis).all(axis)  # [.., L]
    change = corrections(strips, grain) * np.asarray(both)[..., None, None]
    inside = slice(max(0, REACH - at), REACH + min(REACH, length - at))
    part = (slice(None),) * axis + (slice(max(0, at - REACH), at + REACH),)
    samples[part] += np.moveaxis(change[..., inside], -1, axis)
