"""Files in, signals out, and back: one module per family of formats, listed in `MEDIA`."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from lgcodec.errors import InputError, OutputError, UsageError
from lgcodec.media.array import ArrayFile
from lgcodec.media.audio import AudioFile
from lgcodec.media.base import VOXELS, Medium, ReadOptions, reading, suffix_of
from lgcodec.media.gif import GifFile
from lgcodec.media.image import ImageFile
from lgcodec.media.lossless import lossless_bytes
from lgcodec.media.mesh import MeshFile
from lgcodec.media.nifti import NiftiFile
from lgcodec.media.sequence import ImageSequence
from lgcodec.media.video import VideoFile
from lgcodec.signal import Kind, Signal
from lgcodec.storage import check_folder

__all__ = [
    "MEDIA",
    "VOXELS",
    "check_writable",
    "file_bytes",
    "lossless_bytes",
    "read",
    "write",
]

AnyPath = str | os.PathLike[str]


def read(
    path: AnyPath,
    *,
    kind: Kind | None = None,
    rate: Fraction | None = None,
    keep_audio: bool = True,
    voxels: int | None = None,
) -> tuple[Signal, ...]:
    """The streams of a media file: (video, audio) for a video with sound, else one signal.

    path        a file, or a pattern such as `frames/%04d.png` for a sequence of pictures; the
                suffix decides how it is read
    kind        what an array (.npy, .npz) is; other files must hold this kind anyway
    rate        samples or frames per second of the first stream, instead of the file's own; the
                sound of a video becomes faster or slower with it
    keep_audio  whether the sound of a video is read
    voxels      of a mesh, along its longest axis; None: VOXELS

    Each medium documents the shapes, types and ranges of what it reads. Raises InputError for a
    file that is missing, unreadable, empty, truncated, damaged, too large or of an unsupported
    format, and UsageError for a kind, rate or voxels that the content cannot have.
    """
    path = Path(path)
    medium = _medium(path)
    if medium is None and path.is_dir():
        raise InputError(f"cannot read {path}: it is a folder; pictures are {path / '%04d.png'}")
    if medium is None or suffix_of(path) not in medium.readable:
        raise InputError(
            f"cannot read {path}: unsupported suffix {path.suffix!r}, "
            f"allowed are {_joined(suffix for medium in MEDIA for suffix in medium.readable)}"
        )
    if voxels is not None and not isinstance(medium, MeshFile):
        raise UsageError(f"voxels are for meshes ({_joined(MeshFile.readable)}), not for {path}")
    signals = medium.read(path, ReadOptions(kind, rate, keep_audio, voxels or VOXELS))
    if kind not in (None, signals[0].kind):
        raise UsageError(f"{path} holds kind {signals[0].kind}, not {kind}")
    for signal in signals:
        _check_values(path, signal)
    return signals if rate is None else _retimed(path, signals, rate)


def file_bytes(path: AnyPath) -> int:
    """Bytes of a media file, of a sequence all its pictures. Raises InputError."""
    path = Path(path)
    medium = _medium(path)
    with reading(path):
        return path.stat().st_size if medium is None else medium.size(path)


def write(path: AnyPath, signals: Sequence[Signal]) -> None:
    """Write `signals` to `path`, whole or not at all.

    The suffix decides the format. A file that holds one stream gets the first signal that fits:
    .wav the sound of a video, .png the first frame of a video. A path such as `frames/%04d.png`
    gets one picture per frame, frame i in the file of number i. Each medium documents what
    becomes of bit depths, alpha and absent samples.

    Raises OutputError where `check_writable` does, for samples that the format cannot hold, and
    when the disk is full.
    """
    path = Path(path)
    medium = check_writable(path, *(signal.kind for signal in signals))
    first = next(signal for signal in signals if signal.kind in medium.kinds)
    sound = [signal for signal in signals if signal.kind == "audio" and signal is not first]
    if first.samples.dtype == np.bool_ and not medium.holds_bool:
        first = replace(first, samples=first.samples.astype(np.uint8) * np.uint8(255))
    medium.write(path, [first, *sound[:1]] if medium.accompanied else [first])


def check_writable(path: AnyPath, *kinds: Kind) -> Medium:
    """The medium that can write one of `kinds` to `path`; to be asked before any long work.

    Raises OutputError for an unsupported suffix, for kinds that the format cannot hold, and for
    a folder that is missing or not writable.
    """
    path = Path(path)
    medium = _medium(path)
    if medium is None or suffix_of(path) not in medium.writable:
        raise OutputError(
            f"cannot write {path}: unsupported suffix {path.suffix!r}, "
            f"allowed are {_joined(suffix for medium in MEDIA for suffix in medium.writable)}"
        )
    if not set(kinds) & set(medium.kinds):
        raise OutputError(
            f"cannot write {path}: {suffix_of(path)} holds {_joined(medium.kinds)}, "
            f"not {_joined(kinds)}"
        )
    check_folder(path, medium.folder(path))
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder")
    return medium


def _medium(path: Path) -> Medium | None:
    return next((medium for medium in MEDIA if medium.claims(path)), None)


def _joined(words: Iterable[str]) -> str:
    return ", ".join(sorted(set(words)))


def _check_values(path: Path, signal: Signal) -> None:
    if signal.rate is not None and signal.rate <= 0:
        raise InputError(f"cannot read {path}: the rate is {signal.rate}, it must be positive")
    samples = signal.samples
    # The extremes are NaN or infinite if any sample is, and need no array of their own.
    if samples.dtype.kind == "f" and not np.isfinite([samples.min(), samples.max()]).all():
        raise InputError(f"cannot read {path}: samples are NaN or infinite")


def _retimed(path: Path, signals: tuple[Signal, ...], rate: Fraction) -> tuple[Signal, ...]:
    own = signals[0].rate
    if own is None or rate <= 0:
        raise UsageError(f"rate {rate} for {path}, which holds kind {signals[0].kind}")
    return tuple(replace(signal, rate=(signal.rate or own) * rate / own) for signal in signals)


MEDIA: Final[tuple[Medium, ...]] = (
    ImageSequence(),
    ImageFile(),
    AudioFile(),
    VideoFile(),
    GifFile(),
    ArrayFile(),
    NiftiFile(),
    MeshFile(),
)
