"""Decoding with the borders made smooth between partitions that are shown side by side.

Partitions that were cut off have no borders: what lay near one before a crop then decodes without
what its neighbour said of it. So exact samples are the rule, and smooth ones are asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lgcodec._decode import decode_stream
from lgcodec._weights import LocalWeights, OnError
from lgcodec.coding import codec_of
from lgcodec.errors import UsageError
from lgcodec.format.axis import AxisGeometry
from lgcodec.format.geometry import Geometry, Window
from lgcodec.format.stream import Stream
from lgcodec.nets import Evaluator, family_of, pick_device
from lgcodec.nets.seams import HALF, REACH, corrections
from lgcodec.signal import Signal

__all__ = ["decode_smooth", "smooth"]

Grain = NDArray[np.float64]
SMOOTHED: Final = ("x", "y")  # in this order


def decode_smooth(
    stream: Stream,
    window: Window | None = None,
    *,
    scale: Sequence[Fraction] | None = None,
    on_error: OnError = "raise",
    **options: Any,
) -> Signal:
    """What `decode_stream` gives, but for 6 samples on either side of borders of partitions.

    There, samples of both sides are corrected by what both say (`nets/seams.py`), where both are
    present and in `window`. All arguments are those of `decode_stream`. UsageError unless this is
    a picture or video of latents, at scale 1.
    """
    geometry = stream.geometry
    window = geometry.window if window is None else window
    if geometry.kind not in ("image", "video"):
        raise UsageError(f"smooth is for pictures and videos, this is kind {geometry.kind}")
    if any(factor != 1 for factor in scale or ()):
        raise UsageError("smooth is for scale 1 along every axis")
    grains = _grains(stream, window, on_error)
    finish = partial(smooth, geometry=geometry, target=window, grains=grains)
    return decode_stream(stream, window, on_error=on_error, finish=finish, **options)


def _grains(stream: Stream, window: Window, on_error: OnError) -> dict[int, Grain]:
    """Of every group with an intact global chunk: one step of each coded channel, in samples."""
    conf = stream.conf
    family, codec = family_of(conf, stream.geometry), codec_of(conf)
    weights, cpu = LocalWeights(stream, codec, on_error), pick_device("cpu")
    low, high = conf.values
    grains = {}
    for ordinal, ids in stream.touching(window).items():
        if head := weights.head(ordinal, ids):
            grain = Evaluator(family, head.weights, cpu).grain
            if grain is None:
                raise UsageError(f"smooth is for latents, this is a network of {family.name}")
            grains[ordinal] = grain * (high - low) / 2
    return grains


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
