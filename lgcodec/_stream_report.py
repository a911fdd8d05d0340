"""What became of a signal: the sizes and the quality of the stream that was written."""

from dataclasses import dataclass
from fractions import Fraction
from typing import final

import numpy as np

from lgcodec._decode import decode_stream
from lgcodec.fit.plan import Plan
from lgcodec.format.container import Stream
from lgcodec.signal import Kind, Signal, decibels, iou, squared_error

__all__ = ["StreamReport", "chunk_bytes", "quality_of", "stream_bytes"]


@final
@dataclass(frozen=True)
class StreamReport:
    """What became of one signal.

    bytes       of its chunks, its directories and its geometry and configuration
    psnr        dB of all samples, decoded from the written bytes; see `signal.peak_of`
    iou         of bool samples: intersection over union, also of all; None of others
    seconds     of fitting
    groups      that the file has, and that were planned: more after Ctrl-C
    """

    kind: Kind
    grid: tuple[int, ...]
    channels: int
    rate: Fraction | None
    plan: Plan
    bytes: int
    psnr: float
    iterations: int
    seconds: float
    weight_bits: float
    groups: tuple[int, int]
    iou: float | None = None


def chunk_bytes(stream: Stream) -> int:
    """Bytes of all chunks."""
    return sum(group.global_len + sum(group.lengths) for group in stream.groups.values())


def stream_bytes(stream: Stream) -> int:
    """Bytes of all chunks, and of what says where and what they are."""
    head = stream.geom_entry.length + stream.conf_entry.length
    return head + chunk_bytes(stream) + sum(group.dir_len for group in stream.groups.values())


def quality_of(stream: Stream, signal: Signal, device: str) -> tuple[float, float | None]:
    """PSNR, and IoU of bool, of all decoded samples; group by group, as memory is bounded."""
    original, is_shape = signal.samples, signal.samples.dtype == np.bool_
    first, *others = stream.geometry.window
    error, overlap = 0.0, None
    for part in [first] if is_shape else _slabs(stream):
        window = part, *others
        decoded = decode_stream(stream, window, device=device, max_samples=original.size)
        own = original[part.start : part.stop]
        error += squared_error(own, decoded.samples)
        overlap = iou(own, decoded.samples) if is_shape else None
    return decibels(error, original), overlap


def _slabs(stream: Stream) -> list[range]:
    """Samples of the groups along the first axis, which is the only one that has several."""
    axis = stream.geometry.axes[0]
    length = axis.tiles * axis.tile_len
    return [axis.window[at : at + length] for at in range(0, len(axis.window), length)]
