"""Parse and verify a file, then read only the bytes that are asked for.

Opening reads the header, the root table, every GEOM and CONF and every group directory, and checks
all of them. A lazy reader, for files that are far away or damaged, leaves the directories until
they are needed. A chunk is read and checked when it is asked for.
"""

import os
from collections.abc import Iterable
from types import TracebackType
from typing import Self, final

from lgcodec.errors import UsageError
from lgcodec.format.checks import reading
from lgcodec.format.conf import Conf
from lgcodec.format.geometry import Geometry
from lgcodec.format.groups import Groups
from lgcodec.format.layout import GEOM, GRUP, HEADER_LENGTH, is_critical
from lgcodec.format.source import FileSource, Source, Span
from lgcodec.format.stream import Stream, read_checked
from lgcodec.format.table import Entry, front_length, unpack_header, unpack_root

__all__ = ["Reader"]


@final
class Reader:
    """An open file, and a source that counts the bytes asked of it.

    Every defect is a FileError with a code of `layout.ERROR_CODES`.

    source      where the bytes come from; the reader closes it
    minor       version of the writer, informative
    entries     the root table, where each payload starts beside its entry
    streams     by index
    file_size   bytes in all; `front_length` of them are header and root table
    bytes_read  bytes asked of the source so far
    """

    def __init__(self, source: Source, *, lazy: bool = False) -> None:
        self.source = source
        self.bytes_read = 0
        header = unpack_header(self.read_at(0, min(HEADER_LENGTH, source.size)), source.size)
        self.minor = header.minor
        self.file_size = header.file_size
        self.front_length = front_length(header.n_entries)
        root = self.read_at(HEADER_LENGTH, self.front_length - HEADER_LENGTH)
        self.entries: list[tuple[Entry, int]] = []
        offset = self.front_length
        for entry in unpack_root(root, header):
            self.entries.append((entry, offset))
            offset += entry.length
        count = sum(entry.type == GEOM for entry, _ in self.entries)
        self.streams = tuple(self._stream(index, lazy=lazy) for index in range(count))
        self.ancillary_entries = {
            entry.type: (entry, at) for entry, at in self.entries if not is_critical(entry.type)
        }

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open a file; use the result in a `with` statement. InputError if it cannot be read."""
        return cls.over(FileSource(path))

    @classmethod
    def over(cls, source: Source, *, lazy: bool = False) -> Self:
        """A reader of `source`, which is closed if this fails."""
        try:
            return cls(source, lazy=lazy)
        except BaseException:
            source.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def size(self) -> int:
        """See `Source`."""
        return self.source.size

    def announce(self, spans: Iterable[Span]) -> None:
        """See `Source`."""
        self.source.announce(spans)

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`, unchecked but counted in `bytes_read`."""
        data = self.source.read_at(offset, length)
        self.bytes_read += len(data)
        return data

    def close(self) -> None:
        """Close the source."""
        self.source.close()

    @property
    def ancillary(self) -> dict[str, int]:
        """Lengths in bytes of the ancillary chunks by type, increasing."""
        return {name: entry.length for name, (entry, _) in self.ancillary_entries.items()}

    def read_ancillary(self, chunk_type: str) -> bytes:
        """An ancillary chunk; FileError E_CHUNK_CRC if it is damaged."""
        if chunk_type not in self.ancillary_entries:
            raise UsageError(f"the file has no chunk {chunk_type}")
        return self._payload(*self.ancillary_entries[chunk_type])

    def _stream(self, index: int, *, lazy: bool) -> Stream:
        (geom, geom_at), (conf, conf_at) = self.entries[2 * index : 2 * index + 2]
        geometry = Geometry.unpack(self._payload(geom, geom_at), geom_at)
        configuration = Conf.unpack(self._payload(conf, conf_at), conf_at)
        with reading("E_CONF", conf_at):
            configuration.check_channels(geometry.channels)
        mine = [
            (entry, at) for entry, at in self.entries if (entry.type, entry.stream) == (GRUP, index)
        ]
        groups = Groups(self, geometry, mine)
        if not lazy:
            groups.load()
        return Stream(
            index=index,
            geometry=geometry,
            conf=configuration,
            groups=groups,
            geom_entry=geom,
            conf_entry=conf,
            geom_at=geom_at,
            conf_at=conf_at,
            source=self,
        )

    def _payload(self, entry: Entry, at: int) -> bytes:
        return read_checked(self, (at, entry.length), entry.crc, entry.type)
