"""Standard input as a file that can be read anywhere in, standard output as one that is written."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

from lgcodec.errors import InputError, OutputError, UsageError
from lgcodec_cli._source import Location

__all__ = ["PIPE", "readable", "writable"]

PIPE: Final = Path("-")


@contextmanager
def readable(source: Location) -> Iterator[Location]:
    """`source`, or a temporary copy of standard input where it is "-"."""
    if source != PIPE:
        yield source
        return
    with TemporaryDirectory(prefix="lgi-") as folder:
        copy = Path(folder) / "stdin.lgi"
        try:
            with copy.open("wb") as file:
                copyfileobj(sys.stdin.buffer, file)
        except OSError as error:
            raise InputError(f"cannot read standard input: {error.strerror or error}") from error
        yield copy


@contextmanager
def writable(target: Path) -> Iterator[Path | BinaryIO]:
    """`target`, or standard output where it is "-"; a closed pipe ends the command silently."""
    if target != PIPE:
        yield target
        return
    if sys.stdout.isatty():
        raise UsageError("standard output is a terminal, send it to a file or a pipe")
    try:
        # A buffer of its own: under PYTHONUNBUFFERED sys.stdout.buffer has none, and its write may
        # do a part and say so by a number alone, where the disk fills or the reader goes.
        with open(sys.stdout.fileno(), "wb", closefd=False) as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write: {error.strerror or error}") from error
