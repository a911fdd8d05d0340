"""Random access to the bytes of a file, wherever they are: `read_at(offset, length)`.

Every source knows its size when it is opened and refuses to read past it, so that nobody allocates
what a length in the file merely claims. One that is far away can fetch what was announced in few
round trips; `lgcodec.remote` has it.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, final

from lgcodec.errors import FileError, InputError

__all__ = ["BytesSource", "FileSource", "Source", "Span", "check_inside"]

Span = tuple[int, int]  # offset and length, in bytes of the file


class Source(Protocol):
    """Where a `Reader` gets its bytes."""

    @property
    def size(self) -> int:
        """Bytes in all, fixed when the source was opened."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`; FileError E_TRUNC if they are not there,
        InputError if they cannot be read.
        """

    def announce(self, spans: Iterable[Span]) -> None:
        """Say what will be read next, in the order of the file; replaces what was said before."""

    def close(self) -> None:
        """Give back what the source holds; reading is over."""


@final
class FileSource:
    """A regular file, held open. InputError if it is missing, unreadable or not a regular file."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        try:
            mode = self._path.stat().st_mode  # before opening: that of a pipe would wait for ever
            if not stat.S_ISREG(mode):
                what = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
                raise InputError(f"cannot read {self._path}: it is {what}")
            self._file = self._path.open("rb")
        except OSError as error:
            raise self._unreadable(error) from error
        self.size = os.fstat(self._file.fileno()).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        check_inside(offset, length, self.size)
        try:
            self._file.seek(offset)
            data = self._file.read(length)
        except OSError as error:
            raise self._unreadable(error) from error
        if len(data) != length:
            message = f"{self._path} has become shorter, {self.size} bytes were there"
            raise FileError("E_TRUNC", message, offset + len(data))
        return data

    def announce(self, spans: Iterable[Span]) -> None:
        """See `Source`; nothing is far away."""

    def close(self) -> None:
        """See `Source`."""
        self._file.close()

    def _unreadable(self, error: OSError) -> InputError:
        return InputError(f"cannot read {self._path}: {error.strerror or error}")


@final
class BytesSource:
    """A byte string in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read_at(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        check_inside(offset, length, self.size)
        return self._data[offset : offset + length]

    def announce(self, spans: Iterable[Span]) -> None:
        """See `Source`; nothing is far away."""

    def close(self) -> None:
        """See `Source`."""


def check_inside(offset: int, length: int, size: int) -> None:
    """Raise FileError E_TRUNC unless `length` bytes from `offset` are in a file of `size` bytes."""
    if not 0 <= offset <= offset + length <= size:
        message = f"{length} bytes are needed from byte {offset}, the file ends at byte {size}"
        raise FileError("E_TRUNC", message, min(offset, size))
