"""The groups of a stream. A directory is read and checked when it is first needed.

Which groups there are is known from the root table, and which of them a window touches from the
geometry. A region of a long remote file therefore costs the directories of its own groups alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import final

from lgcodec.errors import FileError
from lgcodec.format.checks import check_crc, reading
from lgcodec.format.directory import Group
from lgcodec.format.geometry import Geometry
from lgcodec.format.source import Source
from lgcodec.format.table import Entry

__all__ = ["Groups"]


@final
class Groups(Mapping[int, Group]):
    """Present groups by ordinal, increasing, at least one.

    Taking one reads its directory; FileError if that is bad.
    """

    def __init__(
        self, source: Source, geometry: Geometry, located: Sequence[tuple[Entry, int]]
    ) -> None:
        self._source = source
        self._geometry = geometry
        self._located = {entry.ordinal: (entry, at) for entry, at in located}
        self._read: dict[int, Group] = {}

    def __getitem__(self, ordinal: int) -> Group:
        if ordinal not in self._read:
            self._read[ordinal] = self._directory(*self._located[ordinal])
        return self._read[ordinal]

    def __contains__(self, ordinal: object) -> bool:
        return ordinal in self._located

    def __iter__(self) -> Iterator[int]:
        return iter(self._located)

    def __len__(self) -> int:
        return len(self._located)

    @property
    def bytes(self) -> int:
        """Of all their chunks and directories, as the root table has it; no directory is read."""
        return sum(entry.length for entry, _ in self._located.values())

    @property
    def partitions(self) -> int | None:
        """Partitions in all groups; None while there are directories that nobody has read."""
        if len(self._read) < len(self):
            return None
        return sum(len(group.ids) for group in self._read.values())

    def load(self, ordinals: Iterable[int] | None = None) -> None:
        """Read and check the directories of `ordinals`, all by default, in one go."""
        wanted = self if ordinals is None else ordinals
        missing = [ordinal for ordinal in wanted if ordinal not in self._read]
        self._source.announce(self.directory_at(ordinal) for ordinal in missing)
        for ordinal in missing:
            self[ordinal]

    def among(self, tiles: Sequence[range]) -> dict[int, list[int]]:
        """Present partitions whose tile index lies in `tiles` along every axis, by group ordinal.

        Reads the directories of groups that have such tiles, and no others.
        """
        wanted = {ordinal: self._own_tiles(ordinal, tiles) for ordinal in self}
        touched = {ordinal: own for ordinal, own in wanted.items() if all(own)}
        self.load(touched)
        found = {ordinal: self._ids_in(ordinal, own) for ordinal, own in touched.items()}
        return {ordinal: ids for ordinal, ids in found.items() if ids}

    def directory_at(self, ordinal: int) -> tuple[int, int]:
        """Where the directory of a group lies in the file: offset and length in bytes."""
        entry, at = self._located[ordinal]
        return at, entry.dir_len

    def chunks_at(self, ordinal: int) -> int:
        """Where the global chunk of a group starts, in bytes of the file."""
        return sum(self.directory_at(ordinal))

    def _own_tiles(self, ordinal: int, tiles: Sequence[range]) -> list[range]:
        """Which of `tiles` a group has along each axis, counted from its own first tile."""
        with reading("E_GRID", self._located[ordinal][1]):
            first = self._geometry.partition_index(ordinal, 0)
        return [
            range(max(wanted.start - start, 0), min(wanted.stop - start, axis.tiles))
            for axis, start, wanted in zip(self._geometry.axes, first, tiles, strict=True)
        ]

    def _ids_in(self, ordinal: int, own: Sequence[range]) -> list[int]:
        """Present ids of a group in these tiles; looks at what is there, not at the grid."""
        ids = list(self[ordinal].ids)
        step = 1
        for place in reversed(self._geometry.id_order):
            tiles, span = self._geometry.axes[place].tiles, own[place]
            if len(span) < tiles:
                ids = [i for i in ids if i // step % tiles in span]
            step *= tiles
        return ids

    def _directory(self, entry: Entry, offset: int) -> Group:
        data = self._source.read_at(offset, entry.dir_len)
        what = f"the directory of group {entry.ordinal} of the {self._geometry.kind}"
        check_crc("E_DIR_CRC", what, data, entry.crc, offset)
        group = Group.unpack(data, entry.ordinal, offset)
        if group.length != entry.length:
            message = (
                f"group {group.ordinal} has {group.length} bytes, its entry says {entry.length}"
            )
            raise FileError("E_SIZE", message, offset)
        with reading("E_GRID", offset):
            self._geometry.check_partition(group.ordinal, group.ids[-1])
        return group
