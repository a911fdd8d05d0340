"""What every family of file formats offers: streams of a file in, streams of a file out.

Decoding libraries raise almost anything on hostile bytes. That ends here: a read raises InputError,
a write OutputError, each with one line that names the file.
"""

import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from math import prod
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from lgcodec.errors import InputError, LgiError, OutputError
from lgcodec.signal import Kind, Signal
from lgcodec.storage import replacing

__all__ = [
    "MAX_PIXELS",
    "MAX_VALUES",
    "GrowingArray",
    "Medium",
    "ReadOptions",
    "SingleFile",
    "check_pixels",
    "extra",
    "reading",
    "suffix_of",
]

MAX_PIXELS: Final = 2**28 // 3  # of one picture or video frame: a quarter GiB as 8-bit RGB
MAX_VALUES: Final = 2**33  # of one signal, channels counted
VOXELS: Final = 128
DOUBLE_SUFFIXES: Final = (".nii.gz",)


@dataclass(frozen=True)
class ReadOptions:
    """What the caller knows about a file and the file may not say.

    kind        what an array without a description is; None guesses from its shape
    rate        samples (sound) or frames (video) per second where the file holds none
    keep_audio  whether the sound of a video becomes a second stream
    voxels      of a mesh, along its longest axis
    """

    kind: Kind | None = None
    rate: Fraction | None = None
    keep_audio: bool = True
    voxels: int = VOXELS


class Medium(ABC):
    """A family of file formats.

    kinds        kinds of signal a file can hold as its first stream
    readable     suffixes that can be read, in lower case with the dot
    writable     suffixes that can be written
    accompanied  whether the file can hold a sound beside the first stream
    holds_bool   whether bool is written as it is; elsewhere it becomes 0 and 255
    wants_field  whether bool is better decoded to float32, the surface then lies at 0.5
    """

    kinds: ClassVar[tuple[Kind, ...]]
    readable: ClassVar[tuple[str, ...]]
    writable: ClassVar[tuple[str, ...]]
    accompanied: ClassVar[bool] = False
    holds_bool: ClassVar[bool] = False
    wants_field: ClassVar[bool] = False

    def claims(self, path: Path) -> bool:
        """Whether `path` names a file of this family, by its suffix."""
        return suffix_of(path) in {*self.readable, *self.writable}

    def folder(self, path: Path) -> Path:
        """The folder that must exist and be writable before `path` can be written."""
        return path.parent

    def size(self, path: Path) -> int:
        """Bytes of what `read` reads. Raises OSError, or InputError where there is nothing."""
        return path.stat().st_size

    @abstractmethod
    def read(self, path: Path, options: ReadOptions) -> tuple[Signal, ...]:
        """The streams of `path`: one signal, or (video, audio). Raises InputError."""

    @abstractmethod
    def write(self, path: Path, signals: Sequence[Signal]) -> None:
        """Replace `path` by a file of these streams, whole or not at all. Raises OutputError."""


class SingleFile(Medium):
    """A medium whose signals live in one file."""

    def read(self, path: Path, options: ReadOptions) -> tuple[Signal, ...]:
        """The streams of `path`: one signal, or (video, audio). Raises InputError."""
        with reading(path):
            _check_file(path)
            return self._decode(path, options)

    def write(self, path: Path, signals: Sequence[Signal]) -> None:
        """Replace `path` by a file of these streams, whole or not at all. Raises OutputError."""
        with replacing(path) as temporary:
            try:
                self._encode(temporary, signals)
            except OutputError as error:
                raise OutputError(f"cannot write {path}: {error}") from error

    @abstractmethod
    def _decode(self, path: Path, options: ReadOptions) -> tuple[Signal, ...]:
        """The streams of an existing, non-empty file; any exception means the file is bad."""

    @abstractmethod
    def _encode(self, path: Path, signals: Sequence[Signal]) -> None:
        """Write `path`, a temporary name with the right suffix.

        Raises OSError, or OutputError with the reason alone.
        """


class GrowingArray:
    """Blocks joined along their first axis, with an eighth of spare memory and no second copy.

    The length is never taken from a header, so a file cannot make us reserve memory that its own
    content does not fill. Raises InputError above `limit` values and when blocks differ in shape.
    """

    def __init__(self, limit: int = MAX_VALUES) -> None:
        self._limit = limit
        self._length = 0
        self._array: NDArray[Any] = np.empty(0)

    def append(self, block: NDArray[Any]) -> None:
        """Add `block`, [n, ...]; every block has the same dtype and the same trailing axes."""
        if self._length == 0:
            self._array = np.empty((0, *block.shape[1:]), block.dtype)
        if block.shape[1:] != self._array.shape[1:] or block.dtype != self._array.dtype:
            raise InputError(
                f"it changes from {self._array.shape[1:]} {self._array.dtype} "
                f"to {block.shape[1:]} {block.dtype}, both must be the same throughout"
            )
        end = self._length + len(block)
        if end * prod(block.shape[1:]) > self._limit:
            raise InputError(f"more than {self._limit} values, the limit of one signal")
        if end > len(self._array):
            self._resize(end + end // 8)
        self._array[self._length : end] = block
        self._length = end

    def finish(self) -> NDArray[Any]:
        """The joined array, C-contiguous; nothing may be appended afterwards."""
        if self._length == 0:
            raise InputError("it holds no samples")
        self._resize(self._length)
        return self._array

    def _resize(self, length: int) -> None:
        # Reallocates in place: this private array has no views that refcheck could protect.
        self._array.resize((length, *self._array.shape[1:]), refcheck=False)


def suffix_of(path: Path) -> str:
    """The suffix that names the format, in lower case with the dot: ".nii.gz" is one."""
    doubles = (suffix for suffix in DOUBLE_SUFFIXES if path.name.lower().endswith(suffix))
    return next(doubles, path.suffix.lower())


def extra(module: str, name: str, error: type[LgiError]) -> Any:
    """The optional `module`; `error` with one line that names the extra if it is not there."""
    try:
        return import_module(module)
    except ImportError as missing:
        package = module.partition(".")[0]
        raise error(f"it needs {package}: pip install 'lgcodec[{name}]'") from missing


def check_pixels(width: int, height: int) -> None:
    """Raise InputError for a picture too large to be decoded, before memory is taken for it."""
    if not 0 < width * height <= MAX_PIXELS:
        raise InputError(f"{width} x {height} pixels, allowed are 1 to {MAX_PIXELS} in all")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong while `path` is read into InputError, one line that names it."""
    try:
        yield
    except Exception as error:  # decoders raise nearly every type there is on hostile bytes
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise InputError(f"cannot read {path}: {' '.join(reason.split())}") from error


def _check_file(path: Path) -> None:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise InputError("it is a folder")
    if not stat.S_ISREG(mode):
        raise InputError("it is not a regular file")
    with path.open("rb") as file:
        if not file.read(1):
            raise InputError("the file is empty")
