"""The two sides of a comparison: a stream of a .lgi file or of a medium, window by window."""

import os
from abc import ABC, abstractmethod
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import final

from typing_extensions import override

from lgcodec.errors import UsageError
from lgcodec.format.geometry import AxisGeometry, Window, shared
from lgcodec.format.stream import Stream
from lgcodec.media import file_bytes, read
from lgcodec.remote import is_url, open_reader
from lgcodec.signal import AXES, Kind, Signal

__all__ = ["Side", "common_windows", "open_sides"]


class Side(ABC):
    """One signal.

    kind, channels, sample_type, rate   as in `Signal`
    window       samples it has, in its own lattice; of a medium from 0
    """

    kind: Kind
    channels: int
    sample_type: str
    rate: Fraction | None
    window: Window

    @abstractmethod
    def part(self, window: Window) -> Signal:
        """The samples of a part of `window`."""

    @abstractmethod
    def shares_lattice(self, other: "Side") -> bool:
        """Whether samples of `other` have the same numbers as here: one original, maybe cropped."""


@final
class _MediumSide(Side):
    """A signal in memory."""

    def __init__(self, signal: Signal) -> None:
        self._signal = signal
        self.kind, self.channels, self.rate = signal.kind, signal.channels, signal.rate
        self.sample_type = signal.samples.dtype.name
        self.window = tuple(map(range, signal.grid))

    @override
    def part(self, window: Window) -> Signal:
        place = tuple(slice(part.start, part.stop) for part in window)
        present = None if self._signal.present is None else self._signal.present[place]
        return Signal(self.kind, self._signal.samples[place], self.rate, present)

    @override
    def shares_lattice(self, other: Side) -> bool:
        return isinstance(other, _FileSide) and other.shares_lattice(self)


@final
class _FileSide(Side):
    """A stream of an open .lgi file."""

    def __init__(self, stream: Stream, device: str) -> None:
        self._stream, self._device = stream, device
        geometry = stream.geometry
        self.kind, self.channels, self.rate = geometry.kind, geometry.channels, geometry.rate
        self.sample_type = geometry.sample_type
        self.window = geometry.window

    @override
    def part(self, window: Window) -> Signal:
        from lgcodec._decode import decode_stream  # noqa: PLC0415 (torch, only when decoding)

        return decode_stream(self._stream, window, device=self._device)

    @override
    def shares_lattice(self, other: Side) -> bool:
        axes = self._stream.geometry.axes
        if isinstance(other, _FileSide):
            others = other._stream.geometry.axes
            return all(a.frame_len == b.frame_len for a, b in zip(axes, others, strict=True))
        return all(map(_was_original, axes, map(len, other.window)))


def _was_original(axis: AxisGeometry, length: int) -> bool:
    """Whether a signal of `length` samples can be what was encoded; exact with one group."""
    least = axis.frame_len if axis.groups == 1 else axis.frame_len * (axis.groups - 1) + 1
    return least <= length <= axis.frame_len * axis.groups


def open_sides(
    where: str | os.PathLike[str], device: str, stack: ExitStack
) -> tuple[int, list[Side]]:
    """Bytes and streams of a .lgi file, which `stack` closes, or of a medium."""
    if is_url(where) or Path(where).suffix.lower() == ".lgi":
        reader = stack.enter_context(open_reader(where))
        return reader.file_size, [_FileSide(stream, device) for stream in reader.streams]
    signals = read(where)
    return file_bytes(where), [_MediumSide(signal) for signal in signals]


def common_windows(first: Side, second: Side) -> tuple[Window, Window]:
    """What is compared of each: all of both, or of one original what the smaller one shows.

    UsageError if kinds, channels or types differ, or shapes where neither is a part of the other.
    Sounds of different types are comparable.
    """
    for name in ("kind", "channels", "sample_type"):
        mine, other = getattr(first, name), getattr(second, name)
        if mine != other and (name, first.kind) != ("sample_type", "audio"):
            raise UsageError(
                f"{name.replace('_', ' ')} is {mine} in one file, {other} in the other"
            )
    a, b = first.window, second.window
    if first.shares_lattice(second):
        pairs = zip(a, b, strict=True)
        both = tuple(shared(p, q) for p, q in pairs)
        if both in (a, b):
            return both, both
    elif [len(part) for part in a] == [len(part) for part in b]:
        return a, b
    raise UsageError(
        f"one {first.kind} has {_text(first)}, the other {_text(second)}: shapes must be equal, "
        "or one file a crop of what the other shows"
    )


def _text(side: Side) -> str:
    pairs = zip(AXES[side.kind], side.window, strict=True)
    return ", ".join(f"{name} {part.start}:{part.stop}" for name, part in pairs)
