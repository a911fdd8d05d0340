"""The exception tree. The first split is whose fault it is; the command line maps it to exit codes.

    LgiError
    ├── UsageError      the caller asked for something impossible        exit 2
    ├── FileError       the bytes of a .lgi file are bad (carries code)  exit 3
    ├── InputError      an input cannot be opened, read or understood    exit 4
    └── OutputError     an output cannot be written                      exit 5

Anything else that escapes is our own fault (exit 1). A message says what was found, what is
allowed, and where.
"""

from collections.abc import Iterable
from typing import ClassVar

__all__ = [
    "DamageWarning",
    "FileError",
    "InputError",
    "InputWarning",
    "LgiError",
    "OutputError",
    "UsageError",
]


class LgiError(Exception):
    """Base of every error this library raises on purpose."""

    exit_code: ClassVar[int] = 1


class UsageError(LgiError):
    """The request cannot be met: an impossible partition, an empty range, a missing option."""

    exit_code = 2


class FileError(LgiError):
    """A .lgi file breaks the specification.

    `code` is one of the documented codes of `spec/lgi-1.md` (such as ``E_MAGIC``), `reason` what
    was found and what is allowed. `offset` is a byte position in the file, in what breaks the rule
    (section 9 of the specification); None while it is not known. `file` is the path or URL of a
    file that cannot be opened, else None.
    """

    exit_code = 3

    def __init__(self, code: str, message: str, offset: int | None = None) -> None:
        where = "" if offset is None else f" (at byte {offset})"
        super().__init__(f"{code}: {message}{where}")
        self.code = code
        self.reason = message
        self.offset = offset
        self.file: str | None = None


class InputError(LgiError):
    """An input is missing, unreadable, empty, truncated or of an unsupported kind."""

    exit_code = 4


class OutputError(LgiError):
    """An output cannot be written: no permission, no space, an unsupported suffix."""

    exit_code = 5


class InputWarning(UserWarning):
    """An input was read, and has more in it than was taken."""


class DamageWarning(UserWarning):
    """Partitions were left out of a decoded signal since their chunks are damaged.

    `kind` is that of the signal, `partitions` are pairs of a group's ordinal and an id.
    The message ends with `where` these are.
    """

    def __init__(
        self, kind: str, partitions: Iterable[tuple[int, int]], where: str | None = None
    ) -> None:
        self.kind = kind
        self.partitions = tuple(partitions)
        count = len(self.partitions)
        what = "1 partition" if count == 1 else f"{count:,} partitions"
        told = f"{what} of the {kind} left out: damaged"
        super().__init__(told if where is None else f"{told}; {where}")
