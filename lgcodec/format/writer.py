"""The one canonical byte string of given streams: front first, then payloads in table order.

A `Part` is a root entry and the pieces of its payload. Encoding makes parts from chunks in memory,
cropping makes them from an open file; `write_parts` lays out both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import BinaryIO, Final, Self, final

from lgcodec.format.checks import CrcWidth, checksum, crc32c, require
from lgcodec.format.conf import Conf
from lgcodec.format.directory import Group
from lgcodec.format.geometry import Geometry
from lgcodec.format.layout import (
    CONF,
    GEOM,
    GRUP,
    MAX_ANCILLARY,
    MAX_ENTRIES,
    MAX_FILE_SIZE,
    MAX_LOCAL,
    MAX_STREAMS,
    MINOR,
    is_chunk_type,
    is_critical,
)
from lgcodec.format.table import Entry, front_length, pack_front

__all__ = ["GroupData", "Part", "StreamData", "group_part", "write_container", "write_parts"]

SHARE: Final = 256  # a checksum that takes more than this part of the bytes of a chunk is shortened


@final
@dataclass(frozen=True)
class GroupData:
    """Chunks of one group: the global one (may be empty) and a local one per partition id.

    crc_width   bytes of the checksum of a local chunk, see `directory.Group`
    """

    ordinal: int
    global_chunk: bytes
    local_chunks: Mapping[int, bytes]
    crc_width: CrcWidth = 4

    @classmethod
    def of(
        cls,
        ordinal: int,
        global_chunk: bytes,
        local_chunks: Mapping[int, bytes],
        *,
        self_checking: bool = False,
    ) -> Self:
        """Chunks just made, of which small ones get short checksums.

        self_checking   whether their coder notices damage too: `Coder.self_checking`
        """
        lengths = [len(chunk) for chunk in local_chunks.values()]
        widths: Sequence[CrcWidth] = (1, 2, 4) if self_checking else (2, 4)
        return cls(ordinal, global_chunk, local_chunks, _crc_width(lengths, widths))


@final
@dataclass(frozen=True)
class StreamData:
    """One signal: where its samples lie, how its chunks decode, and the chunks."""

    geometry: Geometry
    conf: Conf
    groups: Sequence[GroupData]

    def __post_init__(self) -> None:
        self.conf.check_channels(self.geometry.channels)
        ordinals = [group.ordinal for group in self.groups]
        require(
            bool(ordinals) and ordinals == sorted(set(ordinals)),
            f"group ordinals are {ordinals}, at least one and strictly increasing is required",
        )
        for group in self.groups:
            for partition in group.local_chunks:
                self.geometry.check_partition(group.ordinal, partition)


@final
@dataclass(frozen=True)
class Part:
    """A root entry and its payload in pieces, which are taken only when they are written."""

    entry: Entry
    pieces: Iterable[bytes] = field(repr=False)


def write_container(
    file: BinaryIO,
    streams: Sequence[StreamData],
    ancillary: Mapping[str, bytes] | None = None,
    minor: int = MINOR,
) -> int:
    """Write a whole file to `file` in one pass; return its length in bytes.

    1 to 16 streams; `ancillary` maps chunk types to payloads of 1 byte to 64 MiB. UsageError if
    something is outside its limits; OSError of `file` passes through.
    """
    heads = [part for index, stream in enumerate(streams) for part in _heads(index, stream)]
    groups = [
        group_part(index, *_group(data))
        for index, stream in enumerate(streams)
        for data in stream.groups
    ]
    return write_parts(file, [*heads, *groups, *_ancillary(ancillary or {})], minor)


def write_parts(file: BinaryIO, parts: Sequence[Part], minor: int = MINOR) -> int:
    """Write header, root table and the pieces of all parts; return the length in bytes."""
    entries = [part.entry for part in parts]
    size = front_length(len(entries)) + sum(entry.length for entry in entries)
    streams = sum(entry.type == GEOM for entry in entries)
    for name, found, most in (
        ("streams", streams, MAX_STREAMS),
        ("root entries", len(entries), MAX_ENTRIES),
        ("bytes", size, MAX_FILE_SIZE),
    ):
        require(1 <= found <= most, f"the file has {found} {name}, allowed are 1 to {most}")
    file.write(pack_front(entries, minor))
    for piece in chain.from_iterable(part.pieces for part in parts):
        file.write(piece)
    return size


def group_part(stream: int, group: Group, chunks: Iterable[bytes]) -> Part:
    """The part of a group whose global and local chunks are `chunks`, in order."""
    directory = group.pack()
    entry = Entry(
        GRUP, group.length, crc32c(directory), stream, group.ordinal, dir_len=len(directory)
    )
    return Part(entry, chain([directory], chunks))


def _heads(index: int, stream: StreamData) -> list[Part]:
    payloads = ((GEOM, stream.geometry.pack()), (CONF, stream.conf.pack()))
    return [Part(Entry.of(name, payload, index), [payload]) for name, payload in payloads]


def _group(data: GroupData) -> tuple[Group, list[bytes]]:
    ids = sorted(data.local_chunks)
    chunks = [data.local_chunks[i] for i in ids]
    group = Group(
        ordinal=data.ordinal,
        global_len=len(data.global_chunk),
        global_crc=crc32c(data.global_chunk),
        ids=tuple(ids),
        lengths=tuple(len(chunk) for chunk in chunks),
        crcs=tuple(checksum(chunk, data.crc_width) for chunk in chunks),
        crc_width=data.crc_width,
    )
    return group, [data.global_chunk, *chunks]


def _crc_width(lengths: Sequence[int], widths: Sequence[CrcWidth]) -> CrcWidth:
    """The widest of `widths` that takes a 256th of the chunks or less, else the narrowest."""
    longest, total = max(lengths, default=0), sum(lengths)
    allowed = next((width for width in widths if longest <= MAX_LOCAL[width]), widths[-1])
    return max([allowed, *(w for w in widths if SHARE * w * len(lengths) <= total)])


def _ancillary(chunks: Mapping[str, bytes]) -> list[Part]:
    for name, payload in chunks.items():
        require(
            is_chunk_type(name) and not is_critical(name),
            f"{name!r} is not an ancillary chunk type: four letters, the first lower case, "
            "the third upper case",
        )
        require(
            1 <= len(payload) <= MAX_ANCILLARY,
            f"chunk {name} has {len(payload)} bytes, allowed are 1 to {MAX_ANCILLARY}",
        )
    return [Part(Entry.of(name, chunks[name]), [chunks[name]]) for name in sorted(chunks)]
