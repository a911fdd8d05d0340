"""One signal of an open file: which partitions it holds, where their chunks lie, what is in them.

A chunk is read and checked when it is asked for; nothing else of the file is touched.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from lgcodec.errors import FileError, UsageError
from lgcodec.format.checks import check_crc
from lgcodec.format.conf import Conf
from lgcodec.format.directory import Group, runs_of
from lgcodec.format.geometry import Geometry, Window
from lgcodec.format.groups import Groups
from lgcodec.format.source import Source, Span
from lgcodec.format.table import Entry

__all__ = ["LeaveOut", "Stream", "read_checked"]

LeaveOut = Callable[[int, FileError], None]  # a partition, and what is wrong with its chunk


@final
@dataclass(frozen=True)
class Stream:
    """One signal of a file.

    index       0 to 15, the order in the file; stream 0 is the main one
    geometry    lattice, window and grid
    conf        how its chunks decode
    groups      present groups by ordinal, increasing, at least one
    geom_entry, conf_entry   their root entries
    geom_at, conf_at         where they start, in bytes of the file
    source      the reader's
    """

    index: int
    geometry: Geometry
    conf: Conf
    groups: Groups
    geom_entry: Entry
    conf_entry: Entry
    geom_at: int
    conf_at: int
    source: Source

    @property
    def present(self) -> Iterator[tuple[int, int]]:
        """Group ordinal and id of every partition that the file holds, increasing."""
        return ((ordinal, i) for ordinal, group in self.groups.items() for i in group.ids)

    def touching(self, window: Window) -> dict[int, list[int]]:
        """Present partitions that share a sample with `window`: ordinal -> ids, both increasing."""
        return self.among(self.geometry.tiles_touching(window))

    def among(self, tiles: Sequence[range]) -> dict[int, list[int]]:
        """Present partitions whose tile index lies in `tiles` along every axis; as `touching`."""
        return self.groups.among(tiles)

    def group(self, ordinal: int) -> Group:
        """The group called `ordinal`; UsageError if it is absent."""
        if ordinal not in self.groups:
            raise UsageError(f"group {ordinal} is absent from stream {self.index}")
        return self.groups[ordinal]

    def spans(self, wanted: Mapping[int, Iterable[int]]) -> Iterator[Span]:
        """Where the chunks of `wanted`, group ordinal -> ids, lie in the file.

        Of each group the global chunk, then the local ones, of which neighbours are one span.
        """
        for ordinal, ids in wanted.items():
            group, base = self.group(ordinal), self.groups.chunks_at(ordinal)
            yield base, group.global_len
            for first, count in runs_of(group.positions(ids)):
                start, stop = group.ends[first], group.ends[first + count]
                yield base + start, stop - start

    def chunk_at(self, ordinal: int, partition: int) -> int:
        """Where a local chunk starts, in bytes of the file; UsageError if it is absent."""
        (position,) = self.group(ordinal).positions([partition])
        return self.groups.chunks_at(ordinal) + self.group(ordinal).ends[position]

    def announce(self, wanted: Mapping[int, Iterable[int]]) -> None:
        """Say that these chunks will be read next, so that a remote source fetches them at once."""
        self.source.announce(self.spans(wanted))

    def read_global(self, ordinal: int) -> bytes:
        """The global chunk of a group; FileError E_CHUNK_CRC if it is damaged."""
        group = self.group(ordinal)
        what = f"global chunk of group {ordinal} of the {self.geometry.kind}"
        span = self.groups.chunks_at(ordinal), group.global_len
        return read_checked(self.source, span, group.global_crc, what)

    def read_locals(
        self, ordinal: int, ids: Iterable[int], leave_out: LeaveOut | None = None
    ) -> dict[int, bytes]:
        """Local chunks of a group by id, increasing; neighbours come in one read.

        UsageError if one is absent, FileError E_CHUNK_CRC if one is damaged. `leave_out` gets its
        id and this error instead, if it is there, and the others are returned.
        """
        group, base = self.group(ordinal), self.groups.chunks_at(ordinal)
        chunks = {}
        for first, count in runs_of(group.positions(ids)):
            start, stop = group.ends[first], group.ends[first + count]
            block = self.source.read_at(base + start, stop - start)
            for position in range(first, first + count):
                at = group.ends[position]
                chunk = block[at - start : group.ends[position + 1] - start]
                partition = group.ids[position]
                what = f"partition {partition} of group {ordinal} of the {self.geometry.kind}"
                crc = group.crcs[position]
                try:
                    check_crc("E_CHUNK_CRC", what, chunk, crc, base + at, width=group.crc_width)
                except FileError as error:
                    if leave_out is None:
                        raise
                    leave_out(partition, error)
                else:
                    chunks[partition] = chunk
        return chunks


def read_checked(source: Source, span: Span, crc: int, what: str) -> bytes:
    """The bytes of `span`; FileError E_CHUNK_CRC, which names `what`, unless `crc` is theirs."""
    data = source.read_at(*span)
    check_crc("E_CHUNK_CRC", what, data, crc, span[0])
    return data
