"""Join: sew parts that crops of one file made together again, without decoding any.

Chunks are copied. What several parts hold must be the same in all of them. Specification: lgi-1.md,
section 17.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Final, final

from lgcodec.errors import UsageError
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
    if len(sources) < 2:
        raise UsageError(f"a join needs two parts or more, found {len(sources)}")
    for source in sources:
        if not is_url(source) and Path(source).resolve() == Path(target).resolve():
            raise UsageError(f"the output is {target}, which is one of the parts")
    with ExitStack() as stack:
        readers = [stack.enter_context(open_reader(source, timeouts)) for source in sources]
        if len({len(reader.streams) for reader in readers}) > 1:
            raise UsageError(f"the parts have different numbers of streams: {PARTS}")
        seams = [_Seam(streams) for streams in zip(*(r.streams for r in readers), strict=True)]
        parts = [
            *(part for seam in seams for part in seam.heads()),
            *(part for seam in seams for part in seam.groups()),
            *_ancillary(readers),
        ]
        with replacing(target) as temporary, temporary.open("wb") as file:
            size = write_parts(file, parts, max(reader.minor for reader in readers))
        bytes_before = tuple(reader.file_size for reader in readers)
        return JoinReport(tuple(seam.report for seam in seams), bytes_before, size)


@final
class _Seam:
    """One stream of all parts, to become one stream; UsageError unless they fit."""

    def __init__(self, streams: Sequence[Stream]) -> None:
        self._streams = streams
        first = streams[0]
        self._conf = _conf(first)
        for stream in streams[1:]:
            if _lattice(stream.geometry) != _lattice(first.geometry):
                raise UsageError(f"stream {first.index} has different lattices: {PARTS}")
            if _conf(stream) != self._conf:
                raise UsageError(f"stream {first.index} has different configurations: {PARTS}")
        self.window = _one_window([stream.geometry.window for stream in streams])
        self._holders = {
            ordinal: self._holders_of(ordinal)
            for ordinal in sorted({ordinal for stream in streams for ordinal in stream.groups})
        }

    def heads(self) -> Iterator[Part]:
        """GEOM and CONF."""
        first = self._streams[0]
        for name, data in (
            (GEOM, first.geometry.with_window(self.window).pack()),
            (CONF, self._conf),
        ):
            yield Part(Entry.of(name, data, first.index), [data])

    def groups(self) -> Iterator[Part]:
        """Every group, its chunks read when they are written."""
        for ordinal, holders in self._holders.items():
            tables = {place: self._streams[place].group(ordinal) for place in holders.values()}
            lines = {place: _lines(table) for place, table in tables.items()}
            found = [lines[place][i] for i, place in holders.items()]
            lengths, crcs = zip(*found, strict=True)
            table = next(iter(tables.values()))
            merged = replace(table, ids=tuple(holders), lengths=lengths, crcs=crcs)
            yield group_part(self._streams[0].index, merged, self._chunks(ordinal, holders))

    @property
    def report(self) -> StreamJoin:
        """What became of the parts."""
        before = tuple(sum(len(g.ids) for g in s.groups.values()) for s in self._streams)
        after = sum(map(len, self._holders.values()))
        return StreamJoin(self._streams[0].geometry.kind, before, after, self.window)

    def _holders_of(self, ordinal: int) -> dict[int, int]:
        """By partition of a group, increasing, the first part that has it."""
        holders: dict[int, int] = {}
        having = [place for place, stream in enumerate(self._streams) if ordinal in stream.groups]
        for place in having:
            self._compare(ordinal, having[0], place)
            ids = self._streams[place].group(ordinal).ids
            for other in sorted({holders[i] for i in ids if i in holders}):
                both = [i for i in ids if holders.get(i) == other]
                for at in range(0, len(both), AT_ONCE):
                    some = both[at : at + AT_ONCE]
                    one, same = (
                        self._streams[p].read_locals(ordinal, some) for p in (other, place)
                    )
                    if one != same:
                        raise UsageError(f"a partition of group {ordinal} differs: {PARTS}")
            holders = dict.fromkeys(ids, place) | holders
        return dict(sorted(holders.items()))

    def _compare(self, ordinal: int, first: int, other: int) -> None:
        """UsageError unless two parts share the global chunk of a group."""
        one, same = (self._streams[place] for place in (first, other))
        widths = {stream.group(ordinal).crc_width for stream in (one, same)}
        if len(widths) > 1 or one.read_global(ordinal) != same.read_global(ordinal):
            raise UsageError(f"group {ordinal} has different global chunks: {PARTS}")

    def _chunks(self, ordinal: int, holders: Mapping[int, int]) -> Iterator[bytes]:
        yield self._streams[next(iter(holders.values()))].read_global(ordinal)
        for place, run in groupby(holders, key=holders.__getitem__):
            ids = list(run)
            for at in range(0, len(ids), AT_ONCE):
                some = self._streams[place].read_locals(ordinal, ids[at : at + AT_ONCE])
                yield from some.values()


def _lines(table: Group) -> dict[int, tuple[int, int]]:
    """Length and checksum of every local chunk, by partition."""
    return dict(zip(table.ids, zip(table.lengths, table.crcs, strict=True), strict=True))


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
