"""Decoding with the borders made smooth between partitions that a file has side by side.

Partitions that were cut off have no borders: what lay near one before a crop then decodes without
what its neighbour said of it. So exact samples are the rule, and smooth ones are asked for.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lgcodec._borders import seen, smooth
from lgcodec._canvas import check_grid
from lgcodec._decode import USUAL, decode_watched, most_samples
from lgcodec.errors import UsageError
from lgcodec.format.checks import locating
from lgcodec.format.geometry import Window
from lgcodec.format.stream import Stream
from lgcodec.nets import Evaluator, family_of
from lgcodec.signal import Signal

__all__ = ["decode_smooth"]


def decode_smooth(
    stream: Stream,
    window: Window | None = None,
    *,
    scale: Sequence[Fraction] | None = None,
    reduce: int | None = 0,
    max_samples: int | None = None,
    **options: Any,
) -> Signal:
    """What `decode_stream` gives, but for 6 samples on either side of borders of partitions.

    There, samples of both sides are corrected by what both say (`nets/seams.py`), where both are
    present; along an axis with partitions of less than 24 samples nothing is. A window is that part
    of the smoothed whole: partitions beyond it that its samples depend on are decoded too, and are
    told to `progress`. A damaged one among them raises, or with "mask" is absent like any other and
    in the DamageWarning; then borders with it stay as they are.

    All arguments are those of `decode_stream`. UsageError unless this is a picture or video of
    latents at scale 1, or if with what lies beyond the window there are more than 2 `max_samples`
    samples and more than 2**28.
    """
    _check(stream, scale, reduce)
    geometry, conf = stream.geometry, stream.conf
    grains: dict[int, NDArray[np.float64]] = {}

    def watch(ordinal: int, evaluator: Evaluator) -> None:
        low, high = conf.values
        with np.errstate(all="ignore"), suppress(np.linalg.LinAlgError):
            grain = evaluator.grain * ((high - low) / 2)
            if np.isfinite(grain).all() and np.isfinite(np.linalg.inv(grain)).all():
                grains[ordinal] = grain

    window = geometry.window if window is None else window
    limit = most_samples(stream) if max_samples is None else max_samples
    check_grid([len(side) for side in window], limit)
    wider, limit = seen(geometry, window), max(2 * limit, USUAL)
    check_grid([len(side) for side in wider], limit, "this window with what smooth sees around it")
    signal = decode_watched(stream, wider, watch, max_samples=limit, **options)
    parts = stream.touching(wider)
    smooth(signal, geometry, wider, parts=parts, grains=grains, values=conf.values)
    return _part(signal, wider, window)


def _check(stream: Stream, scale: Sequence[Fraction] | None, reduce: int | None) -> None:
    """Raise UsageError unless borders can be made smooth."""
    geometry = stream.geometry
    if geometry.kind not in ("image", "video"):
        raise UsageError(f"smooth is for pictures and videos, this is kind {geometry.kind}")
    if reduce or any(factor != 1 for factor in scale or ()):
        raise UsageError("smooth is for scale 1 along every axis")
    with locating(stream.conf_at):
        family = family_of(stream.conf, geometry)
    if not family.has_grain:
        raise UsageError(f"smooth is for latents, this is a network of {family.name}")


def _part(signal: Signal, held: Window, wanted: Window) -> Signal:
    """The samples `wanted` of a signal of those `held`; lets go of the others."""
    if held == wanted:
        return signal
    pairs = zip(held, wanted, strict=True)
    part = tuple(slice(w.start - h.start, w.stop - h.start) for h, w in pairs)
    present = None if signal.present is None else signal.present[part]
    if present is not None:
        present = None if present.all() else present.copy()
    return replace(signal, samples=signal.samples[part].copy(), present=present)
