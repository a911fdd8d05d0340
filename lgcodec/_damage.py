"""What of a file is damaged, and what of it can still be used.

A damaged local chunk costs its partition, a damaged directory or global chunk its group. Header,
root table, GEOM and CONF must be whole; a file that is cut short or goes on may be looked at all
the same.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self, final

from lgcodec.errors import FileError
from lgcodec.format.layout import HEADER, HEADER_LENGTH
from lgcodec.format.reader import Reader
from lgcodec.format.source import Source, Span
from lgcodec.format.stream import Stream
from lgcodec.format.table import length_message, unpack_header
from lgcodec.remote import Timeouts, open_source

__all__ = ["Damage", "damage_of", "intact", "open_damaged"]


@final
@dataclass(frozen=True, slots=True)
class Damage:
    """A part of a file that cannot be used.

    code, message, offset       of the FileError that tells why
    stream, group, partition    a stream's configuration, a whole group, or one partition of it
    chunk                       type of an ancillary chunk

    Where no part is named, it is the length of the file.
    """

    code: str
    message: str
    offset: int | None
    stream: int | None = None
    group: int | None = None
    partition: int | None = None
    chunk: str | None = None

    @classmethod
    def of(cls, error: FileError, **part: Any) -> Self:
        """The damage that `error` tells of; lets go of the bytes that its traceback holds."""
        return cls(error.code, str(error), error.offset, **part)


def open_damaged(where: str | os.PathLike[str], timeouts: Timeouts | None = None) -> Reader:
    """Open the file at a path or a URL, whatever its length and the state of its groups.

    FileError where its front is damaged, InputError if it cannot be read.
    """
    source = _AsDeclared(open_source(where, timeouts))
    try:
        return Reader.over(source, lazy=True)
    except FileError as error:
        raise source.length_error or error from error  # the length is judged before the tables


def damage_of(reader: Reader) -> Iterator[Damage]:
    """Every damage of an open file, in the order of the file; reads it once, chunk by chunk."""
    if isinstance(reader.source, _AsDeclared) and (error := reader.source.length_error):
        yield Damage.of(error)
    reader.announce([(0, reader.size)])
    for stream in reader.streams:
        for ordinal in stream.groups:
            yield from _damage_of_group(stream, ordinal)
    for name in reader.ancillary:
        try:
            reader.read_ancillary(name)
        except FileError as error:
            yield Damage.of(error, chunk=name)


def intact(stream: Stream, damage: Iterable[Damage]) -> dict[int, list[int]]:
    """Partitions of `stream` that can be used: group ordinal -> ids, both increasing."""
    lost = {(item.group, item.partition) for item in damage if item.stream == stream.index}
    usable = {
        ordinal: [i for i in stream.groups[ordinal].ids if (ordinal, i) not in lost]
        for ordinal in stream.groups
        if (ordinal, None) not in lost
    }
    return {ordinal: ids for ordinal, ids in usable.items() if ids}


def _damage_of_group(stream: Stream, ordinal: int) -> Iterator[Damage]:
    try:
        _check_canonical(stream, ordinal)
        stream.read_global(ordinal)
    except FileError as error:
        yield Damage.of(error, stream=stream.index, group=ordinal)
        return
    for partition in stream.group(ordinal).ids:
        try:
            stream.read_locals(ordinal, [partition])
        except FileError as error:
            part = {"stream": stream.index, "group": ordinal, "partition": partition}
            yield Damage.of(error, **part)


def _check_canonical(stream: Stream, ordinal: int) -> None:
    at, length = stream.groups.directory_at(ordinal)
    if stream.group(ordinal).pack() != stream.source.read_at(at, length):
        message = f"the directory of group {ordinal} is not as a writer makes it"
        raise FileError("E_DIR", message, at)


@final
class _AsDeclared:
    """A source that is as long as a good header says. What is missing is E_TRUNC when it is read,
    what is too much is out of sight.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.size = _declared(source.read_at(0, min(HEADER_LENGTH, source.size)), source.size)

    @property
    def length_error(self) -> FileError | None:
        """What is wrong with the length of the file."""
        found = self._source.size
        if found == self.size:
            return None
        code = "E_TRUNC" if found < self.size else "E_TRAILING"
        return FileError(code, length_message(found, self.size), min(found, self.size))

    def read_at(self, offset: int, length: int) -> bytes:
        """See `Source`."""
        return self._source.read_at(offset, length)

    def announce(self, spans: Iterable[Span]) -> None:
        """See `Source`."""
        self._source.announce(spans)

    def close(self) -> None:
        """See `Source`."""
        self._source.close()


def _declared(head: bytes, size: int) -> int:
    """The length that a header declares; that of the file if the header is none."""
    if len(head) < HEADER_LENGTH:
        return size
    declared: int = HEADER.unpack_from(head)[5]
    try:
        return unpack_header(head, declared).file_size
    except FileError:
        return size
