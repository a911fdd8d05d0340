"""Parse and verify a file, then read only the bytes that are asked for.

Opening reads the header, the root table, every GEOM and CONF and every group directory, and checks
all of them. A chunk is read and checked when it is asked for; nothing else of the file is touched.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import final

from lgcodec.errors import FileError, UsageError
from lgcodec.format.checks import crc32c, reading
from lgcodec.format.conf import Conf
from lgcodec.format.directory import Group, runs_of
from lgcodec.format.geometry import Geometry, Window
from lgcodec.format.layout import CONF, GEOM, GRUP, HEADER_LENGTH, is_critical
from lgcodec.format.source import FileSource, Source
from lgcodec.format.table import Entry, front_length, unpack_header, unpack_root

__all__ = ["Reader", "Stream"]

ReadAt = Callable[[int, int], bytes]


@final
@dataclass(frozen=True)
class Stream:
    """One signal of a file.

    index       0 to 15, the order in the file; stream 0 is the main one
    geometry    lattice, window and grid
    conf        how its chunks decode
    groups      present groups by ordinal, increasing, at least one
    geom_entry, conf_entry   their root entries; conf_at: where CONF starts, in bytes of the file
    chunks_at   where the global chunk of each group starts, in bytes of the file
    read_at     the reader's
    """

    index: int
    geometry: Geometry
    conf: Conf
    groups: Mapping[int, Group]
    geom_entry: Entry
    conf_entry: Entry
    conf_at: int
    chunks_at: Mapping[int, int]
    read_at: ReadAt

    @property
    def present(self) -> Iterator[tuple[int, int]]:
        """Group ordinal and id of every partition that the file holds, increasing."""
        return ((ordinal, i) for ordinal, group in self.groups.items() for i in group.ids)

    def touching(self, window: Window) -> dict[int, list[int]]:
        """Present partitions that share a sample with `window`: ordinal -> ids, both increasing."""
        return self.among(self.geometry.tiles_touching(window))

    def among(self, tiles: Sequence[range]) -> dict[int, list[int]]:
        """Present partitions whose tile index lies in `tiles` along every axis; as `touching`."""
        found = {}
        for ordinal, group in self.groups.items():
            index = self.geometry.partition_index
            ids = [i for i in group.ids if _is_inside(index(ordinal, i), tiles)]
            if ids:
                found[ordinal] = ids
        return found

    def group(self, ordinal: int) -> Group:
        """The group called `ordinal`; UsageError if it is absent."""
        if ordinal not in self.groups:
            raise UsageError(f"group {ordinal} is absent from stream {self.index}")
        return self.groups[ordinal]

    def ranges(self, ordinal: int, ids: Iterable[int]) -> Iterator[tuple[int, int]]:
        """(offset, length) in the file of the local chunks of `ids`, neighbours merged."""
        group, base = self.group(ordinal), self.chunks_at[ordinal]
        for first, count in runs_of(group.positions(ids)):
            start, stop = group.ends[first], group.ends[first + count]
            yield base + start, stop - start

    def read_global(self, ordinal: int) -> bytes:
        """The global chunk of a group; FileError E_CHUNK_CRC if it is damaged."""
        group = self.group(ordinal)
        what = f"global chunk of group {ordinal}"
        return _read_checked(
            self.read_at, self.chunks_at[ordinal], group.global_len, group.global_crc, what
        )

    def read_locals(self, ordinal: int, ids: Iterable[int]) -> dict[int, bytes]:
        """Local chunks of a group by id, increasing; neighbours come in one read.

        UsageError if one is absent, FileError E_CHUNK_CRC if one is damaged.
        """
        group, base = self.group(ordinal), self.chunks_at[ordinal]
        chunks = {}
        for first, count in runs_of(group.positions(ids)):
            start, stop = group.ends[first], group.ends[first + count]
            block = self.read_at(base + start, stop - start)
            for position in range(first, first + count):
                at = group.ends[position]
                chunk = block[at - start : group.ends[position + 1] - start]
                what = f"partition {group.ids[position]} of group {ordinal}"
                _check_chunk(chunk, group.crcs[position], what, base + at)
                chunks[group.ids[position]] = chunk
        return chunks


@final
class Reader:
    """An open file. Every defect is a FileError with a code of `layout.ERROR_CODES`.

    minor       version of the writer, informative
    streams     by index
    ancillary   lengths in bytes by chunk type
    file_size   bytes in all; `front_length` of them are header and root table
    bytes_read  bytes asked of the source so far
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.bytes_read = 0
        header = unpack_header(self.read_at(0, min(HEADER_LENGTH, source.size)), source.size)
        self.minor = header.minor
        self.file_size = header.file_size
        self.front_length = front_length(header.n_entries)
        root = self.read_at(HEADER_LENGTH, self.front_length - HEADER_LENGTH)
        located: list[tuple[Entry, int]] = []
        offset = self.front_length
        for entry in unpack_root(root, header):
            located.append((entry, offset))
            offset += entry.length
        count = sum(entry.type == GEOM for entry, _ in located)
        self.streams = tuple(self._stream(index, located) for index in range(count))
        self.ancillary_entries = {
            entry.type: (entry, at) for entry, at in located if not is_critical(entry.type)
        }

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> "Reader":
        """Open a file; use the result in a `with` statement. InputError if it cannot be read."""
        source = FileSource(path)
        try:
            return cls(source)
        except BaseException:
            source.close()
            raise

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`, unchecked but counted in `bytes_read`."""
        data = self._source.read_at(offset, length)
        self.bytes_read += len(data)
        return data

    @property
    def ancillary(self) -> dict[str, int]:
        """Lengths in bytes of the ancillary chunks by type, increasing."""
        return {name: entry.length for name, (entry, _) in self.ancillary_entries.items()}

    def read_ancillary(self, chunk_type: str) -> bytes:
        """An ancillary chunk; FileError E_CHUNK_CRC if it is damaged."""
        if chunk_type not in self.ancillary_entries:
            raise UsageError(f"the file has no chunk {chunk_type}")
        entry, at = self.ancillary_entries[chunk_type]
        return _read_checked(self.read_at, at, entry.length, entry.crc, chunk_type)

    def _stream(self, index: int, located: list[tuple[Entry, int]]) -> Stream:
        (geom, geom_at), (conf, conf_at) = located[2 * index : 2 * index + 2]
        geometry = Geometry.unpack(
            _read_checked(self.read_at, geom_at, geom.length, geom.crc, GEOM), geom_at
        )
        configuration = Conf.unpack(
            _read_checked(self.read_at, conf_at, conf.length, conf.crc, CONF), conf_at
        )
        with reading("E_CONF", conf_at):
            configuration.check_channels(geometry.channels)
        mine = [pair for pair in located if pair[0].type == GRUP and pair[0].stream == index]
        return Stream(
            index=index,
            geometry=geometry,
            conf=configuration,
            groups={entry.ordinal: self._group(entry, at, geometry) for entry, at in mine},
            geom_entry=geom,
            conf_entry=conf,
            conf_at=conf_at,
            chunks_at={entry.ordinal: at + entry.dir_len for entry, at in mine},
            read_at=self.read_at,
        )

    def _group(self, entry: Entry, offset: int, geometry: Geometry) -> Group:
        data = self.read_at(offset, entry.dir_len)
        if crc32c(data) != entry.crc:
            message = f"the directory of group {entry.ordinal} does not match its checksum"
            raise FileError("E_DIR_CRC", message, offset)
        group = Group.unpack(data, entry.ordinal, offset)
        if group.length != entry.length:
            message = (
                f"group {group.ordinal} has {group.length} bytes, its entry says {entry.length}"
            )
            raise FileError("E_SIZE", message, offset)
        with reading("E_GRID", offset):
            geometry.check_partition(group.ordinal, group.ids[-1])
        return group


def _is_inside(index: Sequence[int], tiles: Sequence[range]) -> bool:
    return all(i in span for i, span in zip(index, tiles, strict=True))


def _read_checked(read_at: ReadAt, offset: int, length: int, crc: int, what: str) -> bytes:
    data = read_at(offset, length)
    _check_chunk(data, crc, what, offset)
    return data


def _check_chunk(data: bytes, crc: int, what: str, offset: int) -> None:
    found = crc32c(data)
    if found != crc:
        message = f"{what} has checksum {found:08x}, {crc:08x} is stored"
        raise FileError("E_CHUNK_CRC", message, offset)
