"""What every harness needs: the verdict on a file, an error as it must be, bytes under a path."""

import tempfile
from functools import cache
from pathlib import Path

from lgcodec.errors import FileError
from lgcodec.format.container import Container, loads
from lgcodec.format.layout import ERROR_CODES

__all__ = ["code_of", "folder", "read", "stored"]


def code_of(error: FileError) -> str:
    """The code of an error that is as the specification and the command line want it."""
    text = str(error)
    assert type(error) is FileError
    assert error.code in ERROR_CODES, f"undocumented code {error.code}"
    assert text.isprintable(), "more than one line"
    assert len(text) < 1000, "a long line"
    assert error.offset is None or error.offset >= 0
    return error.code


def read(data: bytes) -> tuple[str, Container | None]:
    """The outcome of reading a whole file, and its value if there is one."""
    try:
        return "ok", loads(data)
    except FileError as error:
        return code_of(error), None


@cache
def folder() -> Path:
    """A folder in memory where there is one: a disk may take milliseconds for each file."""
    memory = Path("/dev/shm")
    made = tempfile.TemporaryDirectory(prefix="lgi-fuzz-", dir=memory if memory.is_dir() else None)
    _KEPT.append(made)
    return Path(made.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []  # removed when the process ends


def stored(data: bytes) -> Path:
    """A file with these bytes, until the next call."""
    path = folder() / "file.lgi"
    path.write_bytes(data)
    return path
