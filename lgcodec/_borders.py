"""Samples near borders between partitions, corrected by what lies on both sides."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec._canvas import in_range
from lgcodec.format.geometry import AxisGeometry, Geometry, Window, shared
from lgcodec.nets.seams import ALONG, HALF, REACH, corrections
from lgcodec.signal import Signal

__all__ = ["seen", "smooth"]

LEAST: Final = 2 * HALF  # samples of a tile along an axis: so no two strips meet
SMOOTHED: Final = ("x", "y")  # in this order
Parts = Mapping[int, Sequence[int]]  # ids of partitions by the ordinal of their group


def seen(geometry: Geometry, window: Window) -> Window:
    """What has to be smoothed so that `window` is as where all that a viewer shows is smoothed.

    Asked backwards: the last axis along which borders are corrected sees what those before it made.
    Strips are whole edges of partitions, for convolutions round by their shape. What they have
    beyond what matters lies in partitions that are decoded anyway.
    """
    shown = tuple(map(_hull, geometry.window, window))
    right, found = list(window), list(window)  # right: what has to be so after an axis
    places = {geometry.axis_names.index(name) for name in SMOOTHED}
    for axis in reversed(_smoothed(geometry)):
        borders = _borders_near(right[axis], shown[axis], geometry.axes[axis])
        if not borders:
            continue
        right[axis] = _hull(right[axis], range(borders[0] - HALF, borders[-1] + HALF))
        found[axis] = _hull(found[axis], right[axis])
        for other in places - {axis}:
            edges = _whole_tiles(right[other], geometry.axes[other])
            found[other] = _hull(found[other], edges)
            wider = range(right[other].start - ALONG, right[other].stop + ALONG)
            right[other] = shared(wider, edges)
    return tuple(map(shared, found, shown))


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
    boxes = [item for item in _boxes(geometry, window, parts) if item[0] in grains]
    borders = [
        _Border.before(box, axis, signal.samples, grains[ordinal])
        for axis in _smoothed(geometry)
        for ordinal, box in boxes
        if box[axis].start > 0 and _both(signal.present, box, axis)
    ]
    for border in borders:
        border.correct(values)


@final
@dataclass(frozen=True)
class _Border:
    """Before place `at` of an axis of the samples around it.

    samples  [*grid, C], of what is corrected
    levels   see `corrections`; of exact samples, so that they are the same in any window
    """

    samples: NDArray[Any]
    axis: int
    at: int
    grain: NDArray[np.float64]
    levels: NDArray[np.float64]

    @classmethod
    def before(
        cls, box: Sequence[range], axis: int, samples: NDArray[Any], grain: NDArray[np.float64]
    ) -> "_Border":
        """That before the partition that has this box, whose samples nobody has corrected yet."""
        start = box[axis].start
        part = [slice(side.start, side.stop) for side in box]
        part[axis] = slice(max(0, start - HALF), start + HALF)
        near, at = samples[tuple(part)], min(start, HALF)
        with np.errstate(all="ignore"):
            levels = _strips(near, axis, at).mean((-3, -1))
        return cls(near, axis, at, grain, levels)

    def correct(self, values: tuple[float, float]) -> None:
        """Change the samples on both sides."""
        samples, axis, at = self.samples, self.axis, self.at
        change = corrections(_strips(samples, axis, at), self.grain, self.levels)
        inside = slice(max(0, REACH - at), REACH + min(REACH, samples.shape[axis] - at))
        part = samples[(slice(None),) * axis + (slice(max(0, at - REACH), at + REACH),)]
        changed = part.astype(np.float64) + np.moveaxis(change[..., inside], -1, axis)
        part[...] = in_range(changed, values, samples.dtype)


def _strips(samples: NDArray[Any], axis: int, at: int) -> NDArray[np.float64]:
    """Samples [.., L, C, 2 HALF] across the border before place `at` of `axis`."""
    near = np.arange(at - HALF, at + HALF).clip(0, samples.shape[axis] - 1)
    return np.moveaxis(samples.take(near, axis), axis, -1).astype(np.float64)


def _smoothed(geometry: Geometry) -> list[int]:
    """Axes whose borders are corrected, in this order."""
    places = map(geometry.axis_names.index, SMOOTHED)
    return [place for place in places if geometry.axes[place].tile_len >= LEAST]


def _boxes(geometry: Geometry, window: Window, parts: Parts) -> Iterator[tuple[int, list[range]]]:
    """Group and samples of each partition, as places in the window; none is empty."""
    for ordinal, ids in parts.items():
        for number in ids:
            pairs = zip(geometry.box(ordinal, number), window, strict=True)
            yield ordinal, [_place(side, shown) for side, shown in pairs]


def _place(side: range, shown: range) -> range:
    """Where in `shown` the part of `side` lies that is shown."""
    common = shared(side, shown)
    return range(common.start - shown.start, common.stop - shown.start)


def _both(present: NDArray[np.bool_] | None, box: Sequence[range], axis: int) -> bool:
    """Whether the partition that has this box is there, and the one before it along `axis`."""
    if present is None:
        return True
    first = [side.start for side in box]
    before = [*first[:axis], first[axis] - 1, *first[axis + 1 :]]
    return bool(present[tuple(first)] and present[tuple(before)])


def _borders_near(samples: range, shown: range, axis: AxisGeometry) -> range:
    """Starts of tiles, with a shown sample before them, from which `samples` are in reach."""
    after = max(samples.start - REACH, shown.start)
    first = after + axis.tile_len - (after - axis.grid_lo) % axis.tile_len
    return range(first, min(samples.stop + REACH, shown.stop), axis.tile_len)


def _whole_tiles(samples: range, axis: AxisGeometry) -> range:
    """Samples of the tiles that `samples` touch."""
    tiles = axis.touching(samples)
    return range(axis.tile(tiles.start).start, axis.tile(tiles.stop).start)


def _hull(one: range, other: range) -> range:
    return range(min(one.start, other.start), max(one.stop, other.stop))
