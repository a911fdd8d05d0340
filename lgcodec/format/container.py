"""A whole file as one value, and the names that other layers need.

`dumps(loads(b)) == b` for every byte string that `loads` accepts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import final

from lgcodec.format.layout import MINOR
from lgcodec.format.reader import Reader
from lgcodec.format.source import BytesSource, FileSource, Source
from lgcodec.format.stream import Stream
from lgcodec.format.writer import GroupData, StreamData, write_container

__all__ = [
    "BytesSource",
    "Container",
    "FileSource",
    "GroupData",
    "Reader",
    "Source",
    "Stream",
    "StreamData",
    "data_of",
    "dumps",
    "loads",
    "write_container",
]


@final
@dataclass(frozen=True)
class Container:
    """Everything that a file says: streams, ancillary payloads by type, the writer's minor."""

    streams: tuple[StreamData, ...]
    ancillary: Mapping[str, bytes] = field(default_factory=dict)
    minor: int = MINOR


def dumps(container: Container) -> bytes:
    """The canonical bytes of `container`; UsageError if something is outside its limits."""
    file = BytesIO()
    write_container(file, container.streams, container.ancillary, container.minor)
    return file.getvalue()


def loads(data: bytes) -> Container:
    """Read and check a whole file, every chunk included; FileError if anything is wrong."""
    reader = Reader(BytesSource(data))
    return Container(
        streams=tuple(data_of(stream) for stream in reader.streams),
        ancillary={name: reader.read_ancillary(name) for name in reader.ancillary},
        minor=reader.minor,
    )


def data_of(stream: Stream) -> StreamData:
    """Every chunk of an open stream, checked; FileError E_CHUNK_CRC if one is damaged."""
    groups = (
        GroupData(
            ordinal,
            stream.read_global(ordinal),
            stream.read_locals(ordinal, group.ids),
            group.crc_width,
        )
        for ordinal, group in stream.groups.items()
    )
    return StreamData(stream.geometry, stream.conf, tuple(groups))
