"""Crop: copy the chunks that a selection keeps into a new file, without decoding any.

The window moves, tables are rewritten, chunk bytes and their checksums travel unchanged. Memory is
the tables and one copy buffer, whatever the size of the file. The result appears whole or not at
all, also when it replaces the file that it is read from.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, count
from pathlib import Path
from typing import Final

from lgcodec._ranges import AxisRange, Bound, nearest, parse_range, parse_xy, resolve
from lgcodec.errors import UsageError
from lgcodec.format.geometry import AxisGeometry, Geometry, Window
from lgcodec.format.layout import GEOM, survives_crop
from lgcodec.format.reader import ReadAt, Reader, Stream
from lgcodec.format.table import Entry
from lgcodec.format.writer import Part, group_part, write_parts
from lgcodec.storage import replacing

__all__ = [
    "AxisRange",
    "Bound",
    "CropReport",
    "StreamCrop",
    "crop",
    "parse_range",
    "parse_xy",
    "resolve",
    "windows",
]

BLOCK: Final = 2**20  # bytes copied at a time
Selection = Mapping[str, AxisRange]
Kept = dict[int, list[int]]  # group ordinal -> partition ids, both increasing


@dataclass(frozen=True)
class StreamCrop:
    """What a crop did to one stream.

    window_after   None where nothing of the stream was left and it was dropped
    held           the part of window_before that the kept tiles can still decode
    """

    partitions_before: int
    partitions_after: int
    window_before: Window
    window_after: Window | None
    held: Window | None


@dataclass(frozen=True)
class CropReport:
    """What a crop did: streams as they were numbered before, bytes of the two files, and where
    the original is kept, None where it was not asked for.
    """

    streams: tuple[StreamCrop, ...]
    bytes_before: int
    bytes_after: int
    original: Path | None

    @property
    def partitions_before(self) -> int:
        """Partitions of the main stream."""
        return self.streams[0].partitions_before

    @property
    def partitions_after(self) -> int:
        """Partitions of the main stream that were kept."""
        return self.streams[0].partitions_after

    @property
    def hides_samples(self) -> bool:
        """Whether border tiles still hold samples that this crop moved out of the window."""
        return any(stream.held != stream.window_after for stream in self.streams)

    @property
    def note(self) -> str:
        """What the new file still tells about what was removed."""
        margin = (
            "border tiles still hold samples outside the window, " if self.hides_samples else ""
        )
        return (
            f"{margin}the global weights were fitted on what was removed, "
            "and the geometry tells the original extent"
        )


@dataclass(frozen=True)
class _Plan:
    """Which partitions of a stream stay, and the window that then shows."""

    stream: Stream
    window: Window | None
    kept: Kept

    @property
    def report(self) -> StreamCrop:
        geometry = self.stream.geometry
        return StreamCrop(
            partitions_before=sum(len(group.ids) for group in self.stream.groups.values()),
            partitions_after=sum(map(len, self.kept.values())),
            window_before=geometry.window,
            window_after=self.window if self.kept else None,
            held=_held(geometry, self.window) if self.kept and self.window else None,
        )


def crop(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    selection: Selection,
    *,
    drop: Selection | None = None,
    keep_original: bool = True,
) -> CropReport:
    """Write to `target` what `selection` keeps of `source`; both may be the same path.

    selection       axis name -> range; the window moves there and tiles that miss it go
    drop            a region whose tiles become absent where they lie inside it whole; the window
                    stays. Ranges of both refer to the window that `source` has
    keep_original   when replacing a file, keep it as FILE.orig, FILE.orig.2, ...

    A selection along t applies to every stream that has time, by the clock; so does a drop along
    t alone. A stream of which nothing is left goes; UsageError if that is the main one, or if the
    selection does not fit. FileError, InputError or OutputError as for reading and writing.
    """
    target, in_place = Path(target), Path(source).resolve() == Path(target).resolve()
    if in_place:
        target = target.resolve()  # replace the file, not a link to it
    original = None
    try:
        with Reader.open(source) as reader, replacing(target) as temporary:
            plans = _plans(reader, selection, drop or {})
            with temporary.open("wb") as file:
                size = write_parts(file, list(_parts(reader, plans)), reader.minor)
            if in_place and keep_original:
                original = _keep(target)
    except BaseException:
        with suppress(OSError):
            if original is not None and original.samefile(target):  # target was not replaced
                original.unlink()
        raise
    return CropReport(tuple(plan.report for plan in plans), reader.file_size, size, original)


def windows(streams: Sequence[Stream], selection: Selection) -> list[Window | None]:
    """The samples of each stream's window that `selection` means; None if there are none.

    Ranges refer to the window of the first stream. One along t reaches the others by the clock.
    """
    main = streams[0].geometry
    return [_selected(stream, main, selection) for stream in streams]


def _plans(reader: Reader, selection: Selection, drop: Selection) -> list[_Plan]:
    plans = []
    kept, dropped = windows(reader.streams, selection), windows(reader.streams, drop)
    for stream, window, region in zip(reader.streams, kept, dropped, strict=True):
        affected = drop and (stream.index == 0 or set(drop) == {"t"})
        plans.append(_Plan(stream, window, _kept(stream, window, region if affected else None)))
    if not plans[0].kept:
        raise UsageError("nothing is left: no partition of the file is in the selection")
    return plans


def _selected(stream: Stream, main: Geometry, selection: Selection) -> Window | None:
    """The samples of `stream` that a selection on the main stream means; None if there are none."""
    selected = resolve(main, selection)
    window = stream.geometry.window
    names = stream.geometry.axis_names
    if stream.index == 0:
        return selected
    if "t" not in selection or "t" not in names:
        return window
    time = names.index("t")
    span = _same_time(selected[main.axis_names.index("t")], main, stream.geometry)
    shown = range(max(span.start, window[time].start), min(span.stop, window[time].stop))
    return (*window[:time], shown, *window[time + 1 :]) if shown else None


def _same_time(span: range, main: Geometry, other: Geometry) -> range:
    """The samples of `other` between the moments where `span` of `main` starts and stops."""
    ratio = Fraction(other.rate or 1) / Fraction(main.rate or 1)
    return range(nearest(span.start * ratio), nearest(span.stop * ratio))


def _kept(stream: Stream, window: Window | None, region: Window | None) -> Kept:
    """Present partitions that touch `window` and do not lie inside `region`."""
    if window is None:
        return {}
    kept = stream.touching(window)
    if region is None:
        return kept
    pairs = zip(stream.geometry.axes, window, region, strict=True)
    dropped = stream.among([_tiles_inside(axis, *spans) for axis, *spans in pairs])
    left = {o: sorted(set(ids) - set(dropped.get(o, ()))) for o, ids in kept.items()}
    return {ordinal: ids for ordinal, ids in left.items() if ids}


def _tiles_inside(axis: AxisGeometry, window: range, region: range) -> range:
    """Tiles of which `region` has every sample that `window` shows."""
    tiles = axis.touching(region)
    first, last = axis.tile(tiles.start), axis.tile(tiles.stop - 1)
    is_cut_first = max(first.start, window.start) < region.start
    is_cut_last = min(last.stop, window.stop) > region.stop
    return tiles[is_cut_first : len(tiles) - is_cut_last]


def _held(geometry: Geometry, window: Window) -> Window:
    """What the tiles that touch `window` cover of the window of `geometry`."""
    spans = []
    for axis, tiles in zip(geometry.axes, geometry.tiles_touching(window), strict=True):
        start, stop = axis.tile(tiles.start).start, axis.tile(tiles.stop).start
        spans.append(range(max(start, axis.window.start), min(stop, axis.window.stop)))
    return tuple(spans)


def _parts(reader: Reader, plans: list[_Plan]) -> Iterator[Part]:
    """The new file in order: streams are numbered anew, chunks are read when they are written."""
    left = [plan for plan in plans if plan.kept]
    for index, plan in enumerate(left):
        yield from _heads(index, plan)
    for index, plan in enumerate(left):
        for ordinal, ids in plan.kept.items():
            group = plan.stream.group(ordinal).keeping(ids)
            yield group_part(index, group, _chunks(plan.stream, ordinal, ids))
    for name, (entry, offset) in reader.ancillary_entries.items():
        if survives_crop(name):
            yield Part(entry, _blocks(reader.read_at, offset, entry.length))


def _heads(index: int, plan: _Plan) -> Iterator[Part]:
    stream = plan.stream
    geometry = stream.geometry.with_window(plan.window or stream.geometry.window)
    payload = geometry.pack()
    yield Part(Entry.of(GEOM, payload, index), [payload])
    conf = stream.conf_entry
    yield Part(replace(conf, stream=index), _blocks(stream.read_at, stream.conf_at, conf.length))


def _chunks(stream: Stream, ordinal: int, ids: list[int]) -> Iterator[bytes]:
    """The global chunk of a group and the local chunks of `ids`."""
    yield from _blocks(stream.read_at, stream.chunks_at[ordinal], stream.group(ordinal).global_len)
    for offset, length in stream.ranges(ordinal, ids):
        yield from _blocks(stream.read_at, offset, length)


def _blocks(read_at: ReadAt, offset: int, length: int) -> Iterator[bytes]:
    for at in range(0, length, BLOCK):
        yield read_at(offset + at, min(BLOCK, length - at))


def _keep(path: Path) -> Path:
    """Give the file at `path` a second name that is free: FILE.orig, FILE.orig.2, ..."""
    suffixes = chain([".orig"], (f".orig.{number}" for number in count(2)))
    names = (path.with_name(path.name + suffix) for suffix in suffixes)
    kept = next(name for name in names if not os.path.lexists(name))
    try:
        kept.hardlink_to(path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with replacing(kept) as temporary:
            shutil.copyfile(path, temporary)
    return kept
