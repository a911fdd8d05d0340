"""Crop: copy the chunks that a selection keeps into a new file, without decoding any.

The window moves and partitions go; see `_rewrite` for how. A new file appears whole or not at all,
also when it replaces the file that it is read from.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

from lgcodec._ranges import AxisRange, Bound, parse_range, parse_xy, resolve
from lgcodec._rewrite import Keep, rewrite
from lgcodec._select import Selection, held_by, kept_partitions, windows
from lgcodec.errors import UsageError
from lgcodec.format.geometry import Window
from lgcodec.format.layout import Kind, survives_crop
from lgcodec.format.reader import Reader
from lgcodec.remote import Timeouts, is_url, open_reader
from lgcodec.storage import replacing

__all__ = [
    "AxisRange",
    "Bound",
    "CropReport",
    "Selection",
    "StreamCrop",
    "crop",
    "parse_range",
    "parse_xy",
    "resolve",
    "windows",
]


@dataclass(frozen=True)
class StreamCrop:
    """What a crop did to one stream.

    partitions_before   None where the source is remote and some directories were not needed
    window_after        None where nothing of the stream was left and it was dropped
    held                what the kept tiles can still decode, also of what earlier crops moved out
                        of the window
    """

    kind: Kind
    partitions_before: int | None
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
    original: Path | None = None

    @property
    def partitions_before(self) -> int | None:
        """Partitions of the main stream, None where they were not counted."""
        return self.streams[0].partitions_before

    @property
    def partitions_after(self) -> int:
        """Partitions of the main stream that were kept."""
        return self.streams[0].partitions_after

    @property
    def hides_samples(self) -> bool:
        """Whether border tiles hold samples that this crop, or one before, moved out of view."""
        return any(stream.held != stream.window_after for stream in self.streams)

    @property
    def note(self) -> str:
        """What the new file still tells about what was removed."""
        margin = (
            "border tiles still hold samples outside the window, " if self.hides_samples else ""
        )
        return (
            f"{margin}the global chunk was made with what was removed, "
            "and the geometry tells the original extent"
        )


def crop(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str] | BinaryIO,
    selection: Selection,
    *,
    drop: Selection | None = None,
    keep_original: bool = True,
    timeouts: Timeouts | None = None,
) -> CropReport:
    """Write to `target` what `selection` keeps of `source`; both may be the same path.

    source          a path or a URL
    target          a path, or a binary file such as a pipe, which is written in one pass
    selection       axis name -> range; the window moves there and tiles that miss it go
    drop            a region whose tiles become absent where they lie inside it whole; the window
                    stays. Ranges of both refer to the window that `source` has
    keep_original   when replacing a file, keep it as FILE.orig, FILE.orig.2, ...
    timeouts        how long to wait for a server

    A selection along t applies to every stream that has time, by the clock; so does a drop along
    t alone. Where the main stream keeps its beginning or its end, they keep theirs. A stream of
    which nothing is left goes; UsageError if that is the main one, or if the selection does not
    fit. FileError, InputError or OutputError as for reading and writing.
    """
    with open_reader(source, timeouts) as reader:
        keeps = _keeps(reader, selection, drop or {})
        if not isinstance(target, str | os.PathLike):
            return _to_file(reader, keeps, target)
        if is_url(source) or Path(source).resolve() != Path(target).resolve():
            return _to_path(reader, keeps, Path(target), keep_original=False)
        whole = Path(target).resolve()  # replace the file, not a link to it
        return _to_path(reader, keeps, whole, keep_original=keep_original)


def _to_path(
    reader: Reader, keeps: Sequence[Keep], target: Path, *, keep_original: bool
) -> CropReport:
    """Make the file `target` whole or not at all."""
    original = None
    try:
        with replacing(target) as temporary:
            with temporary.open("wb") as file:
                report = _to_file(reader, keeps, file)
            if keep_original:
                original = _kept_as(target)
    except BaseException:
        with suppress(OSError):
            if original is not None and original.samefile(target):  # target was not replaced
                original.unlink()
        raise
    return replace(report, original=original)


def _to_file(reader: Reader, keeps: Sequence[Keep], file: BinaryIO) -> CropReport:
    size = rewrite(reader, keeps, filter(survives_crop, reader.ancillary), file)
    return CropReport(tuple(map(_report, keeps)), reader.file_size, size)


def _report(keep: Keep) -> StreamCrop:
    stream = keep.stream
    return StreamCrop(
        kind=stream.geometry.kind,
        partitions_before=stream.groups.partitions,
        partitions_after=sum(map(len, keep.kept.values())),
        window_before=stream.geometry.window,
        window_after=keep.window if keep.kept else None,
        held=held_by(stream.geometry, keep.window) if keep.kept and keep.window else None,
    )


def _keeps(reader: Reader, selection: Selection, drop: Selection) -> list[Keep]:
    keeps = []
    kept, dropped = windows(reader.streams, selection), windows(reader.streams, drop)
    for stream, window, region in zip(reader.streams, kept, dropped, strict=True):
        affected = drop and (stream.index == 0 or set(drop) == {"t"})
        left = kept_partitions(stream, window, region if affected else None)
        keeps.append(Keep(stream, left, window))
    if not keeps[0].kept:
        raise UsageError("nothing is left: no partition of the file is in the selection")
    return keeps


def _kept_as(path: Path) -> Path:
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
