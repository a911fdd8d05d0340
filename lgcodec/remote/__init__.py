"""Files on a server, read in ranges: a `Source` of the format that fetches what was announced.

    ranges      which ranges to ask for, so that near ones come in one request
    http        ranges of one URL, each answer checked
    source      what the reader sees

fsspec and aiohttp, which this needs, are the extra `remote`; they are imported with the first URL.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from lgcodec.errors import FileError, InputError, UsageError
from lgcodec.format.reader import Reader
from lgcodec.format.source import FileSource, Source

__all__ = ["Timeouts", "Traffic", "is_url", "located", "open_reader", "open_source", "traffic_of"]


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for a server, in seconds: to connect, for the next bytes, for an answer of
    at most 16 MiB as a whole.
    """

    connect: float = 10.0
    read: float = 30.0
    answer: float = 600.0


@dataclass
class Traffic:
    """What went over the network: requests, redirects among them; batches of requests that waited
    for one another; bytes of content.
    """

    requests: int = 0
    round_trips: int = 0
    bytes_moved: int = 0


def is_url(where: str | os.PathLike[str]) -> bool:
    """Whether `where` is the URL of a file on a server, and not a path."""
    return isinstance(where, str) and re.match("https?://", where, re.IGNORECASE) is not None


def located(where: str | os.PathLike[str]) -> str | Path:
    """A URL as it is, anything else as a path; UsageError for a URL of another protocol."""
    if is_url(where):
        return str(where)
    if isinstance(where, str) and re.match("[a-z][a-z0-9+.-]*://", where, re.IGNORECASE):
        raise UsageError(f"cannot read {where}: allowed are http and https, or a path")
    return Path(where)


def open_source(where: str | os.PathLike[str], timeouts: Timeouts | None = None) -> Source:
    """The bytes at a path or a URL. InputError if they cannot be read."""
    if not is_url(where):
        return FileSource(where)
    try:
        from lgcodec.remote.source import RemoteSource  # noqa: PLC0415 (an extra)
    except ImportError as error:
        message = f"cannot read {where}: {error}; pip install 'lgcodec[remote]' has what is missing"
        raise InputError(message) from error
    return RemoteSource(str(where), timeouts or Timeouts())


def open_reader(where: str | os.PathLike[str], timeouts: Timeouts | None = None) -> Reader:
    """Open the file at a path or a URL; of the latter, directories are read when they are needed.

    Use the result in a `with` statement. FileError if the file is bad, InputError if it cannot be
    read.
    """
    try:
        return Reader.over(open_source(where, timeouts), lazy=is_url(where))
    except FileError as error:
        error.file = str(where)
        raise


def traffic_of(reader: Reader) -> Traffic | None:
    """What `reader` cost so far; None if its file is not remote."""
    traffic = getattr(reader.source, "traffic", None)
    return traffic if isinstance(traffic, Traffic) else None
