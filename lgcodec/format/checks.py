"""Small tools of every module here: the checksums, and naming the defect of a file."""

from binascii import crc_hqx
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

import google_crc32c

from lgcodec.errors import FileError, UsageError

__all__ = ["CrcWidth", "check_crc", "checksum", "crc32c", "locating", "reading", "require"]

CrcWidth = Literal[1, 2, 4]  # bytes of a checksum
POLYNOMIAL: Final = 0x11D  # of that of one byte


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli) of `data`; of the nine digits "123456789" it is 0xE3069283."""
    return int(google_crc32c.value(data))


def checksum(data: bytes, width: CrcWidth) -> int:
    """CRC-8/SAE-J1850 of `data` where `width` is 1, CRC-16/IBM-3740 where it is 2, else CRC-32C."""
    if width == 1:
        return _crc8(data)
    return crc_hqx(data, 0xFFFF) if width == 2 else crc32c(data)


def check_crc(
    code: str, what: str, data: bytes, stored: int, offset: int, *, width: CrcWidth = 4
) -> None:
    """Raise FileError(code) at `offset`, where `data` lies, unless `stored` is its checksum."""
    found = checksum(data, width)
    if found != stored:
        values = f"{found:0{2 * width}x}, {stored:0{2 * width}x} is stored"
        raise FileError(code, f"{what} has checksum {values}", offset)


def _crc8(data: bytes) -> int:
    state = 0xFF
    for byte in data:
        state = TABLE[state ^ byte]
    return state ^ 0xFF


def _after_a_byte(state: int) -> int:
    for _ in range(8):
        state = state << 1 ^ (POLYNOMIAL if state & 0x80 else 0)
    return state


TABLE: Final = bytes(map(_after_a_byte, range(256)))  # what each state of `_crc8` becomes


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
