"""Decoding with the borders made smooth between partitions that are shown side by side.

Partitions that were cut off have no borders: what lay near one before a crop then decodes without
what its neighbour said of it. So exact samples are the rule, and smooth ones are asked for.
"""

from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lgcodec._borders import smooth
from lgcodec._decode import decode_watched
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
    **options: Any,
) -> Signal:
    """What `decode_stream` gives, but for 6 samples on either side of borders of partitions.

    There, samples of both sides are corrected by what both say (`nets/seams.py`), where both are
    present and in `window`; along an axis with partitions of less than 24 samples nothing is. All
    arguments are those of `decode_stream`. UsageError unless this is a picture or video of latents
    at scale 1.
    """
    geometry, conf = stream.geometry, stream.conf
    if geometry.kind not in ("image", "video"):
        raise UsageError(f"smooth is for pictures and videos, this is kind {geometry.kind}")
    if reduce or any(factor != 1 for factor in scale or ()):
        raise UsageError("smooth is for scale 1 along every axis")
    with locating(stream.conf_at):
        family = family_of(conf, geometry)
    if not family.has_grain:
        raise UsageError(f"smooth is for latents, this is a network of {family.name}")
    grains: dict[int, NDArray[np.float64]] = {}

    def watch(ordinal: int, evaluator: Evaluator) -> None:
        low, high = conf.values
        with np.errstate(all="ignore"), suppress(np.linalg.LinAlgError):
            grain = evaluator.grain * ((high - low) / 2)
            if np.isfinite(grain).all() and np.isfinite(np.linalg.inv(grain)).all():
                grains[ordinal] = grain

    window = geometry.window if window is None else window
    signal = decode_watched(stream, window, watch, **options)
    parts = stream.touching(window)
    smooth(signal, geometry, window, parts=parts, grains=grains, values=conf.values)
    return signal
