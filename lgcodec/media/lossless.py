"""The size of an ordinary lossless file, the yardstick of default budgets."""

import zlib
from collections.abc import Callable
from fractions import Fraction
from math import ceil
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from lgcodec.media.audio import audio_bytes
from lgcodec.media.image import image_bytes
from lgcodec.signal import Signal

__all__ = ["lossless_bytes"]

Samples = NDArray[Any]

MAX_COMPRESSED: Final = 2**25  # values; of a larger signal only so many are compressed
RUNS: Final = 8  # evenly spaced pieces that stand for a larger signal
MAX_FLAC_CHANNELS: Final = 8
FLAC_RATE: Final = 44_100  # the size does not depend on it
FFV1_FORMATS: Final = {  # dtype and channels: the form of the array, the form that is coded
    ("uint8", 1): ("gray", "gray"),
    ("uint8", 3): ("rgb24", "bgr0"),
    ("uint8", 4): ("rgba", "bgra"),
    ("uint16", 1): ("gray16le", "gray16le"),
    ("uint16", 3): ("rgb48le", "rgb48le"),
    ("uint16", 4): ("rgba64le", "rgba64le"),
}


def lossless_bytes(signal: Signal) -> int:
    """Bytes of an ordinary lossless file of `signal`: a ceiling for what a codec may spend.

    Images count as PNG, sounds as FLAC (float32 at 24 bits, its peak at full scale), videos as
    FFV1 frames without a container, volumes and samples that these cannot hold as deflate, bool as
    deflate of its bits.

    Of a signal of more than 2**25 values, 8 runs evenly spaced along the first axis (rows, time
    or slices) are compressed and their size is scaled up to the whole. So this takes a second or
    two, and memory for one run at a time.
    """
    samples = signal.samples
    layout = (samples.dtype.name, signal.channels)
    if signal.kind == "image" and samples.dtype.kind == "u" and signal.channels <= 4:
        return _estimate(samples, lambda run: len(image_bytes(run, None, "PNG")))
    if signal.kind == "audio" and samples.dtype.name in ("int16", "float32"):
        peak = 1.0 if samples.dtype == np.int16 else max(samples.max(), -samples.min()) or 1.0
        return _estimate(samples, lambda run: _flac_size(run, peak))
    if signal.kind == "video" and layout in FFV1_FORMATS and samples.shape[2] > 1:  # FFV1 needs 2
        return _estimate(samples, _ffv1_size)
    return _estimate(samples, _deflated_size)


def _estimate(samples: Samples, size_of: Callable[[Samples], int]) -> int:
    """Bytes of `samples`, of which at most `MAX_COMPRESSED` values are given to `size_of`."""
    if samples.size <= MAX_COMPRESSED:
        return size_of(samples)
    length = len(samples)
    run = max(1, MAX_COMPRESSED // (RUNS * samples[0].size))
    starts = {round(start) for start in np.linspace(0, length - run, RUNS)}
    total = sum(size_of(samples[start : start + run]) for start in starts)
    return ceil(total * Fraction(length, run * len(starts)))


def _deflated_size(samples: Samples) -> int:
    packed = np.packbits(samples) if samples.dtype == np.bool_ else samples
    return len(zlib.compress(packed.tobytes()))


def _flac_size(samples: Samples, peak: float) -> int:
    if samples.dtype == np.float32:
        samples = samples / np.float32(peak)
    groups = range(0, samples.shape[1], MAX_FLAC_CHANNELS)
    return sum(
        len(audio_bytes(samples[:, first : first + MAX_FLAC_CHANNELS], FLAC_RATE, "FLAC"))
        for first in groups
    )


def _ffv1_size(samples: Samples) -> int:
    layout, coded = FFV1_FORMATS[samples.dtype.name, samples.shape[-1]]
    encoder = av.CodecContext.create("ffv1", "w")
    encoder.height, encoder.width = samples.shape[1:3]
    encoder.pix_fmt = coded
    encoder.time_base = Fraction(1, 25)
    packets = []
    for picture in samples:
        flat = np.ascontiguousarray(picture[..., 0] if layout.startswith("gray") else picture)
        frame = av.VideoFrame.from_ndarray(flat, format=layout)
        packets += encoder.encode(frame.reformat(format=coded))
    return sum(packet.size for packet in [*packets, *encoder.encode(None)])
