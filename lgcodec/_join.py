"""Join: sew parts that crops of one file made together again, without decoding any.

Chunks are copied. What several parts hold must be the same in all of them. Specification: lgi-1.md,
section 17.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

from lgcodec.errors import FileError, UsageError
from lgcodec.format.directory import Group
from lgcodec.format.geometry import Geometry, Window
from lgcodec.format.layout import CONF, GEOM, Kind, survives_crop
from lgcodec.format.reader import Reader
from lgcodec.format.stream import Stream
from lgcodec.format.table import Entry
from lgcodec.format.writer import Part, group_part, write_parts
from lgcodec.remote import Timeouts, is_url, open_reader
from lgcodec.storage import replacing

__all__ = ["JoinReport", "StreamJoin", "join"]

AT_ONCE: Final = 1024  # chunks that are read together
PARTS: Final = "these are not parts of one file"


@final
@dataclass(frozen=True)
class StreamJoin:
    """Partitions that each part had of a stream and that the new file has, and its window."""

    kind: Kind
    partitions_before: tuple[int, ...]
    partitions_after: int
    window: Window


@final
@dataclass(frozen=True)
class JoinReport:
    """What a join made; bytes of every part and of the new file."""

    streams: tuple[StreamJoin, ...]
    bytes_before: tuple[int, ...]
    bytes_after: int


def join(
    sources: Sequence[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    timeouts: Timeouts | None = None,
) -> JoinReport:
    """Write to `target` all partitions of `sources`, paths or URLs, under one window.

    The windows of the parts must make one together. UsageError if they do not, if the parts were
    not cut from one file, or if `target` is one of them; FileError, InputError or OutputError as
    for reading and writing.
    """
    if isinstance(sources, str | os.PathLike):
        raise UsageError(f"sources is {sources!r}, expected is a list of paths or URLs")
    if len(sources) < 2:
        raise UsageError(f"a join needs two parts or more, found {len(sources)}")
    for source in sources:
        if not is_url(source) and Path(source).resolve() == Path(target).resolve():
            raise UsageError(f"the output is {target}, which is one of the parts")
    with ExitStack() as stack:
        readers = [stack.enter_context(open_reader(source, timeouts)) for source in sources]
        for source, reader in zip(sources, readers, strict=True):
            if len(reader.streams) != len(readers[0].streams):
                found = f"{sources[0]} has {len(readers[0].streams)}, {source}"
                raise UsageError(f"streams: {found} {len(reader.streams)}, parts need as many")
        streams = zip(*(reader.streams for reader in readers), strict=True)
        joined = [_JoinedStream(tuple(map(str, sources)), own) for own in streams]
        parts = [
            *(part for stream in joined for part in stream.heads()),
            *(part for stream in joined for part in stream.groups()),
            *_ancillary(readers),
        ]
        for reader in readers:
            reader.announce(
                span for stream in reader.streams for span in stream.spans(_all(stream))
            )
        with replacing(target) as temporary, temporary.open("wb") as file:
            size = write_parts(file, parts, max(reader.minor for reader in readers))
        bytes_before = tuple(reader.file_size for reader in readers)
        return JoinReport(tuple(stream.report for stream in joined), bytes_before, size)


@final
class _JoinedStream:
    """One stream of all parts, to become one stream; UsageError unless they fit."""

    def __init__(self, names: Sequence[str], streams: Sequence[Stream]) -> None:
        self._names, self._streams = names, streams
        first = streams[0]
        self._conf = _conf(first)
        for place, stream in enumerate(streams):
            if _lattice(stream.geometry) != _lattice(first.geometry):
                raise self._differ(place, "another grid of partitions or kind of samples")
            if _conf(stream) != self._conf:
                raise self._differ(place, "another configuration of networks")
        self.window = _one_window([stream.geometry.window for stream in streams])
        ordinals = {ordinal for stream in streams for ordinal in stream.groups}
        self._tables = {ordinal: self._table(ordinal) for ordinal in sorted(ordinals)}

    def _differ(self, place: int, what: str, other: int = 0) -> UsageError:
        """What one part has and another has not, by their places among the parts."""
        names = self._names
        return UsageError(f"{names[place]} has {what}, compared to {names[other]}: {PARTS}")

    def heads(self) -> Iterator[Part]:
        """GEOM and CONF."""
        first = self._streams[0]
        for name, data in (
            (GEOM, first.geometry.with_window(self.window).pack()),
            (CONF, self._conf),
        ):
            yield Part(Entry.of(name, data, first.index), [data])

    def groups(self) -> Iterator[Part]:
        """Every group; its chunks are read and compared when they are written."""
        for ordinal, table in self._tables.items():
            yield group_part(self._streams[0].index, table, self._chunks(ordinal))

    @property
    def report(self) -> StreamJoin:
        """What became of the parts."""
        before = tuple(sum(map(len, _all(stream).values())) for stream in self._streams)
        after = sum(len(table.ids) for table in self._tables.values())
        return StreamJoin(self._streams[0].geometry.kind, before, after, self.window)

    def _holding(self, ordinal: int) -> list[int]:
        """The parts that have a group."""
        return [place for place, stream in enumerate(self._streams) if ordinal in stream.groups]

    def _table(self, ordinal: int) -> Group:
        """Of a group, all partitions that any part has."""
        entries: dict[int, tuple[int, int]] = {}  # by partition: length and checksum
        first, *_ = holding = self._holding(ordinal)
        table = self._streams[first].group(ordinal)
        for place in holding:
            own = self._streams[place].group(ordinal)
            if (own.global_len, own.global_crc) != (table.global_len, table.global_crc):
                raise self._differ(place, f"another global network in group {ordinal}", first)
            if own.crc_width != table.crc_width:
                raise self._differ(place, f"checksums of another width in group {ordinal}", first)
            found = zip(own.lengths, own.crcs, strict=True)
            entries = dict(zip(own.ids, found, strict=True)) | entries
        ids = sorted(entries)
        lengths, crcs = zip(*(entries[i] for i in ids), strict=True)
        return replace(table, ids=tuple(ids), lengths=lengths, crcs=crcs)

    def _chunks(self, ordinal: int) -> Iterator[bytes]:
        """The chunks of a group: one by one, and the same in all parts that have them."""
        first, *_ = holding = self._holding(ordinal)
        shared = {}
        for place in holding:
            with _naming(self._names[place]):
                shared[place] = self._streams[place].read_global(ordinal)
        for place, chunk in shared.items():
            if chunk != shared[first]:
                raise self._differ(place, f"another global network in group {ordinal}", first)
        yield shared[first]
        wanted = self._tables[ordinal].ids
        for at in range(0, len(wanted), AT_ONCE):
            yield from self._locals(ordinal, holding, wanted[at : at + AT_ONCE])

    def _locals(self, ordinal: int, holding: Sequence[int], ids: Sequence[int]) -> Iterator[bytes]:
        """Local chunks of a group."""
        found: dict[int, tuple[bytes, int]] = {}  # by partition: its chunk, the part it is from
        for place in holding:
            present = set(self._streams[place].group(ordinal).ids).intersection(ids)
            with _naming(self._names[place]):
                own = self._streams[place].read_locals(ordinal, present)
            for i, chunk in own.items():
                known, other = found.setdefault(i, (chunk, place))
                if chunk != known:
                    raise self._differ(place, f"another partition {i} in group {ordinal}", other)
        yield from (found[i][0] for i in ids)


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Says which file is bad."""
    try:
        yield
    except FileError as error:
        error.file = error.file or name
        raise


def _all(stream: Stream) -> dict[int, Sequence[int]]:
    """All partitions that a stream has, by group."""
    return {ordinal: group.ids for ordinal, group in stream.groups.items()}


def _conf(stream: Stream) -> bytes:
    return stream.source.read_at(stream.conf_at, stream.conf_entry.length)


def _lattice(geometry: Geometry) -> Geometry:
    """All but the window."""
    return geometry.with_window(tuple(axis.grid[:1] for axis in geometry.axes))


def _one_window(windows: Sequence[Window]) -> Window:
    """The box around windows; UsageError unless they cover it."""
    axes = zip(*windows, strict=True)
    box = tuple(range(min(w.start for w in axis), max(w.stop for w in axis)) for axis in axes)
    left = [box]
    for window in windows:
        left = [rest for some in left for rest in _outside(some, window)]
    if left:
        raise UsageError("the windows of the parts leave a gap or do not make a box together")
    return box


def _outside(box: Window, window: Window) -> Iterator[Window]:
    """Boxes that make what of a box is outside of a window."""
    for axis, (span, shown) in enumerate(zip(box, window, strict=True)):
        start, stop = max(span.start, shown.start), min(span.stop, shown.stop)
        if start >= stop:
            yield box
            return
        for rest in (range(span.start, start), range(stop, span.stop)):
            if rest:
                yield (*box[:axis], rest, *box[axis + 1 :])
        box = (*box[:axis], range(start, stop), *box[axis + 1 :])


def _ancillary(readers: Sequence[Reader]) -> Iterator[Part]:
    """Chunks that survive crops and that all parts have, the same in all."""
    for name in filter(survives_crop, readers[0].ancillary):
        if all(name in reader.ancillary for reader in readers):
            payload, *others = (reader.read_ancillary(name) for reader in readers)
            if all(other == payload for other in others):
                yield Part(Entry.of(name, payload), [payload])
