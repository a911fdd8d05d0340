"""What sounds are measured against: Opus through PyAV, Vorbis and FLAC through soundfile.

All take and give 16-bit samples. Opus knows 48 kHz alone: what has another rate is resampled for it
and back, without a delay.
"""

import io
from fractions import Fraction
from functools import partial
from typing import Any, Final

import av
import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from benchmarks._curves import Curve, Outcome, Setting
from lgcodec import Signal

__all__ = ["SOUNDS"]

OPUS_RATE: Final = 48_000
FULL: Final = 2**15
BLOCK: Final = 960  # samples of a frame handed to Opus: 20 ms


def _soundfile(signal: Signal, setting: Setting, **fixed: Any) -> Outcome:
    buffer = io.BytesIO()
    rate = round(signal.rate or 0)
    soundfile.write(buffer, signal.samples, rate, **fixed, **setting)
    size = len(buffer.getvalue())
    buffer.seek(0)
    decoded, _ = soundfile.read(buffer, dtype="int16", always_2d=True)
    return size, _fitted(decoded, signal)


def _opus(signal: Signal, setting: Setting) -> Outcome:
    ratio = Fraction(OPUS_RATE) / Fraction(signal.rate or 1)
    floats = signal.samples.astype(np.float32) / np.float32(FULL)
    data = _ogg(_resampled(floats, ratio), setting["kbps"])
    with av.open(io.BytesIO(data), "r") as container:
        frames = [np.asarray(frame.to_ndarray(), np.float32) for frame in container.decode(audio=0)]
    planar = np.concatenate(frames, axis=1)
    back = _resampled(planar.reshape(signal.channels, -1).T, 1 / ratio)
    whole = np.clip(np.rint(back * FULL), -FULL, FULL - 1).astype(np.int16)
    return len(data), _fitted(whole, signal)


def _ogg(sound: NDArray[np.float32], kbps: float) -> bytes:
    """`sound`, [t, c] at 48 kHz, as Opus in Ogg."""
    buffer = io.BytesIO()
    layout = "mono" if sound.shape[1] == 1 else "stereo"
    with av.open(buffer, "w", format="ogg") as output:
        stream = output.add_stream("libopus", rate=OPUS_RATE, layout=layout)
        stream.bit_rate = round(1000 * kbps)
        for start in range(0, len(sound), BLOCK):
            packed = np.ascontiguousarray(sound[start : start + BLOCK]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
            frame.sample_rate, frame.pts = OPUS_RATE, start
            frame.time_base = Fraction(1, OPUS_RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def _resampled(sound: NDArray[np.float32], ratio: Fraction) -> NDArray[np.float32]:
    if ratio == 1:
        return sound
    resampled = resample_poly(sound, ratio.numerator, ratio.denominator, axis=0)
    return np.asarray(resampled, np.float32)


def _fitted(decoded: NDArray[np.int16], signal: Signal) -> NDArray[np.int16]:
    """As many samples as the signal has: codecs pad the last frame, or lose its end."""
    missing = max(0, signal.size - len(decoded))
    return np.pad(decoded, ((0, missing), (0, 0)))[: signal.size]


def _curve(name: str, version: str, settings: tuple[Setting, ...], **fixed: Any) -> Curve:
    code = partial(_soundfile, **fixed) if fixed else _opus
    return Curve(name, "rivals", settings, code, f"1 {version} {fixed}")


_LIBSNDFILE: Final = f"libsndfile {soundfile.__libsndfile_version__}"
_LEVELS: Final = tuple({"compression_level": level} for level in (0.9, 0.7, 0.5, 0.3, 0.1, 0.0))

SOUNDS: Final = (
    _curve(
        "Opus",
        f"PyAV {av.__version__}",
        tuple({"kbps": kbps} for kbps in (16, 24, 32, 48, 64, 96, 128, 192)),
    ),
    _curve("Vorbis", _LIBSNDFILE, _LEVELS, format="OGG", subtype="VORBIS"),
    _curve("FLAC", _LIBSNDFILE, ({"compression_level": 1.0},), format="FLAC", subtype="PCM_16"),
)
