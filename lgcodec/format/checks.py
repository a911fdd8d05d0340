"""Small tools of every module here: the checksum, and naming the defect of a file."""

from collections.abc import Iterator
from contextlib import contextmanager

import google_crc32c

from lgcodec.errors import FileError, UsageError

__all__ = ["check_crc", "crc32c", "locating", "reading", "require"]


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli) of `data`; of the nine digits "123456789" it is 0xE3069283."""
    return int(google_crc32c.value(data))


def check_crc(code: str, what: str, data: bytes, stored: int, offset: int) -> None:
    """Raise FileError(code) at `offset`, where `data` lies, unless `stored` is its checksum."""
    found = crc32c(data)
    if found != stored:
        raise FileError(code, f"{what} has checksum {found:08x}, {stored:08x} is stored", offset)


def require(condition: bool, message: str) -> None:
    """Raise UsageError with `message` unless `condition` holds."""
    if not condition:
        raise UsageError(message)


@contextmanager
def reading(code: str, offset: int) -> Iterator[None]:
    """Turn the UsageError of a value that checks itself into FileError(code) at `offset`.

    The same value is a mistake of the caller when it is built, and of the file when it is read.
    """
    try:
        yield
    except UsageError as error:
        raise FileError(code, str(error), offset) from error


@contextmanager
def locating(offset: int) -> Iterator[None]:
    """Add `offset` to a FileError without one: who decodes bytes does not know where they lie."""
    try:
        yield
    except FileError as error:
        if error.offset is not None:
            raise
        raise FileError(error.code, error.reason, offset) from error
