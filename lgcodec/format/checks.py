"""Two small tools of every module here: the checksum, and naming the defect of a file."""

from collections.abc import Iterator
from contextlib import contextmanager

import google_crc32c

from lgcodec.errors import FileError, UsageError

__all__ = ["crc32c", "reading", "require"]


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli) of `data`; of the nine digits "123456789" it is 0xE3069283."""
    return int(google_crc32c.value(data))


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
