"""Extend: add partitions to an encoded signal (paper, section 3.4).

The larger signal contains the old one. New partitions begin as mirror images of encoded ones and
are fitted with everything else, or alone, with the global chunk and every old chunk as they are.
Coordinates are those of the original frame, so samples that are added may lie outside it.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, final

import numpy as np

from lgcodec._decode import decode_stream
from lgcodec._grow import Growth, Progress
from lgcodec.errors import UsageError
from lgcodec.fit.options import EncodeOptions
from lgcodec.format.container import (
    BytesSource,
    Container,
    Reader,
    Stream,
    StreamData,
    data_of,
    dumps,
)
from lgcodec.format.geometry import Window
from lgcodec.format.layout import survives_crop
from lgcodec.media import read
from lgcodec.remote import Timeouts, open_reader
from lgcodec.signal import Kind, Signal, iou, psnr
from lgcodec.storage import replacing

__all__ = ["ExtendReport", "StreamExtension", "extend"]


@final
@dataclass(frozen=True)
class StreamExtension:
    """What became of one stream.

    kept, refitted, added   partitions whose chunks keep their bytes, that were fitted again, new
    psnr, psnr_old          dB of all samples, and of those that the old file showed; after Ctrl-C
                            that of the worst fit, and None
    groups                  that the file has, and that were to be: more after Ctrl-C
    """

    kind: Kind
    window_before: Window
    window_after: Window
    kept: int
    refitted: int
    added: int
    psnr: float
    psnr_old: float | None
    iou: float | None
    iterations: int
    groups: tuple[int, int]


@final
@dataclass(frozen=True)
class ExtendReport:
    """What an extension did; streams that the larger signal lacks were copied."""

    streams: tuple[StreamExtension, ...]
    bytes_before: int
    bytes_after: int
    seconds: float
    interrupted: bool


def extend(
    source: str | os.PathLike[str],
    larger: str | os.PathLike[str] | Signal | Sequence[Signal],
    target: str | os.PathLike[str],
    *,
    at: Mapping[str, int] | None = None,
    freeze_global: bool = False,
    progress: Progress | None = None,
    timeouts: Timeouts | None = None,
    **options: Any,
) -> ExtendReport:
    """Write to `target` the file `source` extended to the signal `larger`, which contains it.

    larger          a media file, or signals in the order of the streams
    at              per axis, where in `larger` the window of `source` begins, in samples; 0 where
                    nothing is said. Sound beside a video follows its clock
    freeze_global   global chunks and all old chunks keep their bytes, except those of partitions
                    that show samples which the old window did not: these are fitted again. Always
                    so in a file without a global sub-network, whose partitions do not interact
    options         those of `EncodeOptions` that say how to fit: preset, iterations, samples,
                    rates, seconds, seed and device; the network is that of the file

    Tile sizes, widths, quantiser and coder stay, and so does the range of values that the network
    spans: louder sound than any before is clipped. Ctrl-C keeps the best so far: of groups that
    were not begun old ones stay as they were and new ones are absent, other streams are fitted
    quickly. KeyboardInterrupt where nothing of the first is fitted yet, and at a second Ctrl-C.
    UsageError if `larger` is of another kind or does not contain the window.
    """
    started = monotonic()
    asked = EncodeOptions(**options)
    with replacing(target) as temporary, open_reader(source, timeouts) as reader:
        growths = _growths(reader, larger, at or {}, asked, freeze_global=freeze_global)
        streams = _streams(reader, growths, progress)
        kept = {n: reader.read_ancillary(n) for n in reader.ancillary if survives_crop(n)}
        data = dumps(Container(tuple(streams), kept, reader.minor))
        temporary.write_bytes(data)
        size = reader.file_size
        with Reader(BytesSource(data)) as written:
            reports = [
                _report(growth, written.streams[index], asked.device)
                for index, growth in enumerate(growths)
                if growth
            ]
    interrupted = any(growth.interrupted for growth in growths if growth)
    return ExtendReport(tuple(reports), size, len(data), monotonic() - started, interrupted)


def _growths(
    reader: Reader,
    larger: str | os.PathLike[str] | Signal | Sequence[Signal],
    at: Mapping[str, int],
    options: EncodeOptions,
    *,
    freeze_global: bool,
) -> list[Growth | None]:
    """What there is to do for every stream; None for those that `larger` does not hold."""
    main = reader.streams[0].geometry
    if unknown := set(at) - set(main.axis_names):
        names = ", ".join(main.axis_names)
        raise UsageError(f"{', '.join(sorted(unknown))} is no axis of the {main.kind}: {names}")
    growths: list[Growth | None] = [None] * len(reader.streams)
    for stream, signal in zip(reader.streams, _signals(larger, main.kind), strict=False):
        place = dict(at)
        if stream.index and main.rate and stream.geometry.rate:  # it follows the clock
            place = {"t": round(at.get("t", 0) * stream.geometry.rate / main.rate)}
        growths[stream.index] = Growth(stream, signal, place, options, freeze_global=freeze_global)
    return growths


def _streams(
    reader: Reader, growths: Sequence[Growth | None], progress: Progress | None
) -> list[StreamData]:
    """What becomes of every stream; those that are left at Ctrl-C are fitted quickly."""
    streams, hurries = list[StreamData](), False
    for stream, growth in zip(reader.streams, growths, strict=True):
        if growth is None:
            streams.append(data_of(stream))
            continue
        try:
            grown = None if hurries else growth.grown(progress)
        except KeyboardInterrupt:
            if growth.interrupted or not streams:
                raise
            grown = None
        streams.append(grown or _hurried(growth, progress))
        hurries = growth.interrupted
    return streams


def _hurried(growth: Growth, progress: Progress | None) -> StreamData:
    """A stream that is fitted after Ctrl-C; KeyboardInterrupt at another."""
    growth.options = growth.options.hurried
    grown = growth.grown(progress)
    if growth.interrupted:
        raise KeyboardInterrupt
    growth.interrupted = True
    return grown


def _signals(
    larger: str | os.PathLike[str] | Signal | Sequence[Signal], kind: Kind
) -> Sequence[Signal]:
    if isinstance(larger, Signal):
        return (larger,)
    if isinstance(larger, str | os.PathLike):
        return read(larger, kind=kind)
    return larger


def _report(growth: Growth, stream: Stream, device: str) -> StreamExtension:
    return StreamExtension(
        growth.signal.kind,
        growth.stream.geometry.window,
        stream.geometry.window,
        growth.kept,
        growth.refitted,
        growth.added,
        *_quality(growth, stream, device),
        growth.iterations,
        growth.groups,
    )


def _quality(
    growth: Growth, stream: Stream, device: str
) -> tuple[float, float | None, float | None]:
    """PSNR of all samples and of the old ones, and IoU of bool; see `StreamExtension`."""
    signal, old = growth.signal, growth.old_part
    if growth.interrupted:
        return growth.measured, None, None
    try:
        decoded = decode_stream(stream, device=device, max_samples=signal.size).samples
        overlap = iou(signal.samples, decoded) if decoded.dtype == np.bool_ else None
        return psnr(signal.samples, decoded), psnr(signal.samples[old], decoded[old]), overlap
    except KeyboardInterrupt:  # what was fitted is worth more than its exact figure
        growth.interrupted = True
        return growth.measured, None, None
