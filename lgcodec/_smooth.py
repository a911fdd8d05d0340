"""Decoding with the borders made smooth between partitions that are shown side by side.

Partitions that were cut off have no borders: what lay near one before a crop then decodes without
what its neighbour said of it. So exact samples are the rule, and smooth ones are asked for.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from math import ceil
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from lgcodec._borders import Grain, smooth
from lgcodec._decode import Finish, decode_stream
from lgcodec.errors import UsageError
from lgcodec.format.geometry import Window
from lgcodec.format.stream import Stream
from lgcodec.nets import Evaluator
from lgcodec.signal import Signal

__all__ = ["decode_smooth"]

Values = NDArray[np.float64]  # [*grid, C]
Present = NDArray[np.bool_]  # [*grid]


def decode_smooth(
    stream: Stream,
    window: Window | None = None,
    *,
    scale: Sequence[Fraction] | None = None,
    **options: Any,
) -> Signal:
    """What `decode_stream` gives, but for 6 samples on either side of borders of partitions.

    There, samples of both sides are corrected by what both say (`nets/seams.py`), where both are
    present and in `window`. At other scales than 1 samples change by what those around them would
    at scale 1: chunks are read and decoded twice then. All arguments are those of `decode_stream`.
    UsageError unless this is a picture or video of latents.
    """
    kind = stream.geometry.kind
    if kind not in ("image", "video"):
        raise UsageError(f"smooth is for pictures and videos, this is kind {kind}")
    window = stream.geometry.window if window is None else window
    decode, smoothing = partial(decode_stream, stream, window), _Smooth(stream, window)
    if scale is None or all(factor == 1 for factor in scale):
        return decode(finish=smoothing, **options)
    decode(finish=smoothing, **{**options, "progress": None})
    return decode(scale=scale, finish=_Add(smoothing.change, scale, window), **options)


@final
class _Smooth(Finish):
    """Smooths borders between partitions; `change` is what that did to every sample."""

    def __init__(self, stream: Stream, window: Window) -> None:
        self._stream, self._window = stream, window
        self._grains: dict[int, Grain] = {}
        self.change: Values = np.zeros(())

    @override
    def group(self, ordinal: int, evaluator: Evaluator) -> None:
        conf = self._stream.conf
        if evaluator.grain is None:
            raise UsageError(f"smooth is for latents, this is a network of {conf.family.name}")
        low, high = conf.values
        self._grains[ordinal] = evaluator.grain * (high - low) / 2

    @override
    def samples(self, samples: Values, present: Present) -> None:
        before, geometry = samples.copy(), self._stream.geometry
        smooth(samples, present, geometry=geometry, target=self._window, grains=self._grains)
        self.change = samples - before


@final
class _Add(Finish):
    """Adds a `change` of the samples of `window` at another scale, linear between its places."""

    def __init__(self, change: Values, scale: Sequence[Fraction], window: Window) -> None:
        self._change, self._scale, self._window = change, scale, window

    @override
    def group(self, ordinal: int, evaluator: Evaluator) -> None:
        pass

    @override
    def samples(self, samples: Values, present: Present) -> None:
        change = self._change
        for axis, (factor, shown) in enumerate(zip(self._scale, self._window, strict=True)):
            first = ceil(shown.start * factor - Fraction(1, 2))
            centres = (np.arange(first, first + samples.shape[axis]) + 0.5) / float(factor) - 0.5
            places = (centres - shown.start).clip(0, len(shown) - 1)
            low = np.floor(places).astype(np.intp)
            share = (places - low).reshape(-1, *(1,) * (samples.ndim - 1 - axis))
            high = np.minimum(low + 1, len(shown) - 1)
            change = change.take(low, axis) * (1 - share) + change.take(high, axis) * share
        samples += change * present[..., None]
