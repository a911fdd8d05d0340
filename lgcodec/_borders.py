"""Samples near borders between partitions, corrected by what lies on both sides."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lgcodec._canvas import in_range
from lgcodec.format.geometry import Geometry, Window
from lgcodec.nets.seams import HALF, REACH, corrections
from lgcodec.signal import Signal

__all__ = ["smooth"]

LEAST: Final = 2 * HALF  # samples of a tile along an axis: so no two strips meet
SMOOTHED: Final = ("x", "y")  # in this order
Parts = Mapping[int, Sequence[int]]  # ids of partitions by the ordinal of their group


def smooth(
    signal: Signal,
    geometry: Geometry,
    window: Window,
    *,
    parts: Parts,
    grains: Mapping[int, NDArray[np.float64]],
    values: tuple[float, float],
) -> None:
    """Correct the samples of `window` near borders with a present partition on either side.

    parts    partitions that share samples with `window`
    grains   of groups, by ordinal: what one step of each coded channel is, [C, C] in samples
    values   limits of the samples
    """
    samples = signal.samples
    for name in SMOOTHED:
        axis = geometry.axis_names.index(name)
        if geometry.axes[axis].tile_len < LEAST:
            continue
        for ordinal, box in _boxes(geometry, window, parts):
            at = box[axis].start
            if ordinal in grains and at > 0 and _both(signal.present, box, axis):
                part = [slice(side.start, side.stop) for side in box]
                part[axis] = slice(max(0, at - HALF), at + HALF)
                _across(samples[tuple(part)], axis, min(at, HALF), grains[ordinal], values)


def _boxes(geometry: Geometry, window: Window, parts: Parts) -> Iterator[tuple[int, list[range]]]:
    """Group and samples of each partition, as places in the window; none is empty."""
    for ordinal, ids in parts.items():
        for number in ids:
            pairs = zip(geometry.box(ordinal, number), window, strict=True)
            yield ordinal, [_place(side, shown) for side, shown in pairs]


def _place(side: range, shown: range) -> range:
    """Where in `shown` the part of `side` lies that is shown."""
    start, stop = max(side.start, shown.start), min(side.stop, shown.stop)
    return range(start - shown.start, stop - shown.start)


def _both(present: NDArray[np.bool_] | None, box: Sequence[range], axis: int) -> bool:
    """Whether the partition that has this box is there, and the one before it along `axis`."""
    if present is None:
        return True
    first = [side.start for side in box]
    before = [*first[:axis], first[axis] - 1, *first[axis + 1 :]]
    return bool(present[tuple(first)] and present[tuple(before)])


def _across(
    samples: NDArray[Any],
    axis: int,
    at: int,
    grain: NDArray[np.float64],
    values: tuple[float, float],
) -> None:
    """Correct samples [*grid, C] around the border before place `at` of `axis`."""
    length = samples.shape[axis]
    near = np.arange(at - HALF, at + HALF).clip(0, length - 1)
    strips = np.moveaxis(samples.take(near, axis), axis, -1).astype(np.float64)
    change = corrections(strips, grain)  # [.., L, C, 2 REACH]
    inside = slice(max(0, REACH - at), REACH + min(REACH, length - at))
    part = samples[(slice(None),) * axis + (slice(max(0, at - REACH), at + REACH),)]
    changed = part.astype(np.float64) + np.moveaxis(change[..., inside], -1, axis)
    part[...] = in_range(changed, values, samples.dtype)
