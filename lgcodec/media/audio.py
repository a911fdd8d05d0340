"""Sounds: WAV, FLAC, Ogg Vorbis and, for reading, MP3 files."""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import soundfile
from numpy.typing import NDArray

from lgcodec.errors import InputError, OutputError
from lgcodec.media.base import GrowingArray, ReadOptions, SingleFile
from lgcodec.media.ending import check_ogg, check_riff
from lgcodec.signal import Signal

__all__ = ["AudioFile", "audio_bytes"]

BLOCK: Final = 2**16  # libsndfile's Vorbis encoder overflows the stack on writes of some 10**6
FORMATS: Final = {
    ".wav": ("WAV", "WAVEX", "RF64"),
    ".flac": ("FLAC",),
    ".ogg": ("OGG",),
    ".mp3": ("MP3",),
}
EXACT_IN_INT16: Final = ("PCM_16", "PCM_S8", "PCM_U8", "ULAW", "ALAW")
SUBTYPES: Final = {
    ("WAV", "int16"): "PCM_16",
    ("WAV", "float32"): "FLOAT",
    ("FLAC", "int16"): "PCM_16",
    ("FLAC", "float32"): "PCM_24",
    ("OGG", "int16"): "VORBIS",
    ("OGG", "float32"): "VORBIS",
}
MAX_RATE: Final = {"WAV": 2**31 - 1, "FLAC": 655_350, "OGG": 200_000}  # Vorbis crashes above


@final
class AudioFile(SingleFile):
    """One sound per file, samples [t, c].

    16-bit and 8-bit PCM read as int16, everything else as float32 with full scale 1. Writes int16
    as 16-bit PCM and float32 as float (WAV), as 24-bit PCM clipped to [-1, 1] (FLAC) or as Vorbis.
    """

    kinds = ("audio",)
    readable = (".wav", ".flac", ".ogg", ".mp3")
    writable = (".wav", ".flac", ".ogg")

    def _decode(self, path: Path, options: ReadOptions) -> tuple[Signal, ...]:  # noqa: ARG002
        try:
            samples, rate = _read_samples(path)
        except soundfile.LibsndfileError as error:
            raise InputError(error.error_string) from error
        return (Signal("audio", samples, Fraction(rate)),)

    def _encode(self, path: Path, signals: Sequence[Signal]) -> None:
        signal = signals[0]
        name = FORMATS[path.suffix.lower()][0]
        path.write_bytes(audio_bytes(signal.samples, round(signal.rate or 0), name))


def audio_bytes(samples: NDArray[Any], rate: int, name: str) -> bytes:
    """A sound file in memory.

    samples  int16 or float32 [t, c]; float32 has full scale 1
    rate     samples per second
    name     "WAV", "FLAC" or "OGG"

    Raises OutputError for other samples and for rates or channels that the format cannot hold.
    """
    channels, subtype = samples.shape[1], SUBTYPES.get((name, samples.dtype.name))
    if subtype is None:
        raise OutputError(f"{name} holds int16 or float32 samples, these are {samples.dtype}")
    if not 1 <= rate <= MAX_RATE[name]:
        raise OutputError(f"{name} holds 1 to {MAX_RATE[name]} samples per second, not {rate}")
    if name == "FLAC" and not np.isfinite(samples).all():
        raise OutputError("FLAC holds no samples that are infinite or no numbers; WAV does")
    buffer = io.BytesIO()
    try:
        with soundfile.SoundFile(
            buffer, "w", samplerate=rate, channels=channels, format=name, subtype=subtype
        ) as file:
            for start in range(0, len(samples), BLOCK):
                file.write(samples[start : start + BLOCK])
    except soundfile.LibsndfileError as error:
        raise OutputError(f"{name}, {channels} channels: {error.error_string}") from error
    return buffer.getvalue()


def _read_samples(path: Path) -> tuple[NDArray[Any], int]:
    samples = GrowingArray()
    with soundfile.SoundFile(path) as file:
        if file.format not in FORMATS[path.suffix.lower()]:
            raise InputError(f"the content is {file.format}")
        if file.format in ("WAV", "WAVEX"):
            check_riff(path)
        elif file.format == "OGG":
            check_ogg(path)
        dtype = "int16" if file.subtype in EXACT_IN_INT16 else "float32"
        while len(block := file.read(BLOCK, dtype=dtype, always_2d=True)):
            samples.append(block)
        return samples.finish(), int(file.samplerate)
