"""Ranges as people type them: Python slices over partitions, or with a unit over samples.

    2:5    0:-1    3       partitions of the file as it is now: tiles that touch the window
    0.5s:2s    -1s:        seconds, along t
    10:48f    7f           frames of a video, samples of a sound, along t
    64px:256px             samples, along x, y or z
    25%:75%                share of the window

All are relative to the present window, half-open, and clamped like Python's. A bound falls on the
nearest border between samples, halves upward; a single value is the sample that it lies in.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Final

from lgcodec.errors import UsageError
from lgcodec.format.axis import AxisGeometry
from lgcodec.format.geometry import Geometry, Window

__all__ = ["AxisRange", "Bound", "parse_range", "parse_xy", "resolve"]

BOUND: Final = re.compile(r"([+-]?[0-9]{1,12}(?:\.[0-9]{1,9})?)(s|f|px|%)?")
WHOLE_UNITS: Final = ("", "f", "px")
TIME_UNITS: Final = ("", "%", "s", "f")
SPACE_UNITS: Final = ("", "%", "px")
EXPECTED: Final = "expected A:B, A:, :B or A, where a bound is 3, 1.5s, 48f, 256px or 25%"


@dataclass(frozen=True)
class Bound:
    """A number and its unit: s, f, px, %, or none for partitions. Negative counts from the end."""

    value: Fraction
    unit: str = ""

    def __str__(self) -> str:
        return f"{float(self.value):g}{self.unit}"


@dataclass(frozen=True)
class AxisRange:
    """From `start` up to `stop`, None meaning the end of the window.

    single   the one partition, or the one sample, at `start`
    """

    start: Bound | None = None
    stop: Bound | None = None
    single: bool = False

    def __post_init__(self) -> None:
        if self.single and (self.start is None or self.stop is not None):
            raise UsageError(f"a single partition or sample has a start alone, not {self.stop}")

    def __str__(self) -> str:
        return str(self.start) if self.single else f"{self.start or ''}:{self.stop or ''}"


def parse_range(text: str) -> AxisRange:
    """Read one range; UsageError if it is malformed."""
    parts = text.split(":")
    if len(parts) == 1:
        return AxisRange(start=_bound(text, text), single=True)
    if len(parts) > 2:
        raise UsageError(f"range {text!r} has {len(parts) - 1} colons, {EXPECTED}")
    start, stop = (_bound(part, text) if part else None for part in parts)
    return AxisRange(start, stop)


def parse_xy(text: str) -> tuple[AxisRange, AxisRange]:
    """Read "X0:X1,Y0:Y1": the ranges of x and of y."""
    parts = text.split(",")
    if len(parts) != 2:
        raise UsageError(f"region {text!r} has {len(parts)} ranges, expected two as in 0:4,0:4")
    x, y = map(parse_range, parts)
    return x, y


def resolve(geometry: Geometry, selection: Mapping[str, AxisRange]) -> Window:
    """The samples of the present window that `selection` (axis name -> range) keeps.

    Axes that are not named stay whole. UsageError for an axis that the signal lacks, a unit that
    does not fit it, or a range with nothing in it.
    """
    for name in selection:
        if name not in geometry.axis_names:
            axes = ", ".join(geometry.axis_names)
            raise UsageError(f"the {geometry.kind} has no axis {name}, it has {axes}")
    return tuple(
        _Ruler(name, axis, geometry.rate).samples(selection.get(name, AxisRange()))
        for name, axis in zip(geometry.axis_names, geometry.axes, strict=True)
    )


@dataclass(frozen=True)
class _Ruler:
    """Measures along one axis, from the start of its window."""

    name: str
    axis: AxisGeometry
    rate: Fraction | None

    def samples(self, span: AxisRange) -> range:
        window = self.axis.window
        if span.single and span.start is not None:
            start, stop = self._single(span.start)
        else:
            start = 0 if span.start is None else self._border(span.start)
            stop = len(window) if span.stop is None else self._border(span.stop)
        if start >= stop:
            raise UsageError(f"range {span} of axis {self.name} is empty, {self._extent()}")
        return window[start:stop]

    def _single(self, bound: Bound) -> tuple[int, int]:
        count = len(self._tiles) if bound.unit == "" else self.axis.win_len
        place = floor(bound.value * self._scale(bound))
        place += count if bound.value < 0 else 0
        if not 0 <= place < count:
            raise UsageError(f"{bound} of axis {self.name} is outside, {self._extent()}")
        if bound.unit == "":
            return self._tile_border(place), self._tile_border(place + 1)
        return place, place + 1

    def _border(self, bound: Bound) -> int:
        count = len(self._tiles) if bound.unit == "" else self.axis.win_len
        place = nearest(bound.value * self._scale(bound))
        place += count if bound.value < 0 else 0
        place = min(max(place, 0), count)
        return self._tile_border(place) if bound.unit == "" else place

    @property
    def _tiles(self) -> range:
        return self.axis.touching(self.axis.window)

    def _tile_border(self, place: int) -> int:
        start = self.axis.tile(self._tiles.start + place).start - self.axis.win_lo
        return min(max(start, 0), self.axis.win_len)

    def _scale(self, bound: Bound) -> Fraction:
        """Samples (partitions where there is no unit) per unit."""
        if bound.unit not in (TIME_UNITS if self.name == "t" else SPACE_UNITS):
            raise UsageError(f"{bound} does not fit axis {self.name}, {self._extent()}")
        scales = {"s": self.rate or Fraction(1), "%": Fraction(self.axis.win_len, 100)}
        return scales.get(bound.unit, Fraction(1))

    def _extent(self) -> str:
        count = self.axis.win_len
        extent = f"it has {len(self._tiles)} partitions"
        if self.name == "t" and self.rate:
            return f"{extent}, {count}f, {float(count / self.rate):.6g}s"
        return f"{extent}, {count}px"


def nearest(position: Fraction) -> int:
    """The nearest whole number, halves upward."""
    return floor(position + Fraction(1, 2))


def _bound(part: str, text: str) -> Bound:
    match = BOUND.fullmatch(part)
    if match is None:
        raise UsageError(f"range {text!r} is malformed, {EXPECTED}")
    bound = Bound(Fraction(match[1]), match[2] or "")
    if bound.unit in WHOLE_UNITS and bound.value.denominator != 1:
        raise UsageError(f"range {text!r} needs a whole number where it has {part}")
    return bound
