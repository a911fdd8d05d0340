"""Small tools of every module here: the checksums, and naming the defect of a file."""

from binascii import crc_hqx
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import google_crc32c

from lgcodec.errors import FileError, UsageError

__all__ = ["CrcWidth", "check_crc", "checksum", "crc32c", "locating", "reading", "require"]

CrcWidth = Literal[2, 4]  # bytes of a checksum


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli) of `data`; of the nine digits "123456789" it is 0xE3069283."""
    return int(google_crc32c.value(data))


def checksum(data: bytes, width: CrcWidth) -> int:
    """CRC-16/IBM-3740 of `data` where `width` is 2, CRC-32C where it is 4."""
    return crc_hqx(data, 0xFFFF) if width == 2 else crc32c(data)


def check_crc(
    code: str, what: str, data: bytes, stored: int, offset: int, *, width: CrcWidth = 4
) -> None:
    """Raise FileError(code) at `offset`, where `data` lies, unless `stored` is its checksum."""
    found = checksum(data, width)
    if found != stored:
        values = f"{found:0{2 * width}x}, {stored:0{2 * width}x} is stored"
        raise FileError(code, f"{what} has checksum {values}", offset)


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
