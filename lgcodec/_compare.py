"""Compare two files, each a .lgi or any medium: quality, rate, and a picture of the difference.

Signals go by in slabs of the first axis, so what is decoded of a .lgi file takes little memory; a
media file is held as it was read.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec._pictures import GAIN, PictureQuality, Pictures, difference_picture
from lgcodec._sides import Side, common_windows, open_sides
from lgcodec.errors import UsageError
from lgcodec.format.geometry import Window
from lgcodec.media import check_writable, write
from lgcodec.metrics import Distortion
from lgcodec.signal import Kind, Signal

__all__ = ["GAIN", "CompareReport", "FileRate", "StreamDifference", "compare"]

SLAB: Final = 2**22  # samples decoded at once
FULL: Final = np.float32(2**15)


@final
@dataclass(frozen=True)
class FileRate:
    """A whole file: its bytes, and per sample and per second of its own main stream.

    kbps   kbit per second of a sound or video; None of what has no time
    """

    path: str
    bytes: int
    bits_per_sample: float
    kbps: float | None


@final
@dataclass(frozen=True)
class StreamDifference:
    """How far the second file is from the first in one stream.

    window         what was compared, in samples of the first file
    absent         samples left out, because a file lacks their partition
    psnr, snr      dB over all values; infinite where nothing differs. `peak` is what PSNR refers
                   to: full scale of unsigned integers, else max |x| of the first file
    largest_error  absolute, in units of the samples
    pictures       pictures, frames and slices one by one; None of a sound
    iou            of occupancy, that is of originals that are 0 or full scale; else None, and of a
                   sound
    """

    kind: Kind
    window: Window
    absent: int
    psnr: float
    snr: float
    peak: float
    largest_error: float
    pictures: PictureQuality | None
    iou: float | None


@final
@dataclass(frozen=True)
class CompareReport:
    """Two files, and their streams from the main one on, as far as both have them."""

    files: tuple[FileRate, FileRate]
    streams: tuple[StreamDifference, ...]


def compare(
    first: str | os.PathLike[str],
    second: str | os.PathLike[str],
    *,
    difference: str | os.PathLike[str] | None = None,
    gain: float = GAIN,
    device: str = "auto",
    progress: Callable[[float], None] | None = None,
) -> CompareReport:
    """How far `second` is from `first`, the original.

    first, second   .lgi files or URLs of some, or whatever `lgcodec.read` takes
    difference      where to write a picture of the difference: mid-grey where nothing differs,
                    `gain` times as far from it as the second is from the first; of a video or
                    volume the frame or slice with the largest error
    device          where networks are computed
    progress        is told the share of the main streams that is done

    Shapes, channels and types must be equal. A .lgi file that was cropped is also compared with
    another crop of the same original, or with the original, on what the smaller one shows. Raises
    UsageError otherwise, and FileError, InputError or OutputError as reading and writing do.
    """
    if difference is not None:
        check_writable(difference, "image")
    with ExitStack() as stack:
        opened = [(where, *open_sides(where, device, stack)) for where in (first, second)]
        files = [_rate(where, size, sides[0]) for where, size, sides in opened]
        found = [_Pair(*pair) for pair in zip(*(sides for *_, sides in opened), strict=False)]
        if difference is not None and found[0].pictures is None:
            raise UsageError("a sound has no picture of the difference")
        tells = [progress, *(None for _ in found[1:])]
        streams = tuple(pair.measured(tell) for pair, tell in zip(found, tells, strict=True))
        if difference is not None and found[0].pictures is not None:
            write(difference, [difference_picture(*found[0].pictures.worst, gain)])
    return CompareReport((files[0], files[1]), streams)


@final
class _Pair:
    """Two streams on their way to a figure."""

    def __init__(self, first: Side, second: Side) -> None:
        self.sides = first, second
        self.windows = common_windows(first, second)
        self.pictures = None if first.kind == "audio" else Pictures(first.kind)
        self.all, self.absent = Distortion(), 0
        self.size = prod(map(len, self.windows[0]))

    def measured(self, progress: Callable[[float], None] | None) -> StreamDifference:
        """Go through both once."""
        for first, second in self._slabs():
            present = _both_present(first, second)
            a, b = _comparable(first.samples, second.samples)
            self.all.add(*((a, b) if present is None else (a[present], b[present])))
            self.absent += 0 if present is None else int(present.size - present.sum())
            if self.pictures is not None:
                self.pictures.add(a, b, present)
            if progress is not None:
                progress((self.absent + self.all.count / a.shape[-1]) / self.size)
        return StreamDifference(
            self.sides[0].kind,
            self.windows[0],
            self.absent,
            self.all.psnr,
            self.all.snr,
            self.all.peak,
            self.all.largest,
            None if self.pictures is None else self.pictures.quality(self.all.peak),
            None if self.sides[0].kind == "audio" else self.all.iou,
        )

    def _slabs(self) -> Iterator[tuple[Signal, Signal]]:
        """Both sides piece by piece; pictures whole."""
        (first, *rest), (second, *_) = self.windows
        whole = self.sides[0].kind == "image"
        step = len(first) if whole else max(1, SLAB // prod(map(len, rest)))
        for at in range(0, len(first), step):
            parts = (first[at : at + step], *rest), (second[at : at + step], *self.windows[1][1:])
            yield self.sides[0].part(parts[0]), self.sides[1].part(parts[1])


def _both_present(first: Signal, second: Signal) -> NDArray[np.bool_] | None:
    masks = [signal.present for signal in (first, second) if signal.present is not None]
    return np.logical_and.reduce(masks) if masks else None


def _comparable(first: NDArray[Any], second: NDArray[Any]) -> Sequence[NDArray[Any]]:
    """Both as they are, or as floats of full scale 1 where the types of sounds differ."""
    if first.dtype == second.dtype:
        return first, second
    return [x / FULL if x.dtype == np.int16 else x for x in (first, second)]


def _rate(where: str | os.PathLike[str], size: int, main: Side) -> FileRate:
    samples = prod(map(len, main.window))
    seconds = None if main.rate is None else len(main.window[0]) / Fraction(main.rate)
    kbps = None if seconds is None else float(8 * size / seconds / 1000)
    return FileRate(str(where), size, 8 * size / samples, kbps)
