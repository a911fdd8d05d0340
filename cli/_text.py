"""What commands print: plain text on stdout, colour on terminals only, JSON for machines."""

import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import click

from lgcodec.errors import OutputError
from lgcodec.format.layout import AXES, Kind

__all__ = [
    "absent_text",
    "count",
    "jsonable",
    "lengths_text",
    "paint",
    "rate_text",
    "rate_unit",
    "report",
    "share",
    "signal_text",
    "span_text",
]


def report(
    lines: Iterable[str], data: object, *, as_json: bool, quiet: bool, err: bool = False
) -> None:
    """Print `data` as JSON, or `lines`, or nothing; on stderr where stdout is taken."""
    if as_json:
        _echo(json.dumps(jsonable(data), allow_nan=False), err=err)
    elif not quiet:
        _echo("\n".join(lines), err=err)


def jsonable(value: object) -> Any:
    """`value` in the types of JSON: fractions as "30000/1001", ranges as [start, stop], infinity
    and NaN as null.
    """
    if is_dataclass(value):
        value = {field.name.rstrip("_"): getattr(value, field.name) for field in fields(value)}
    if isinstance(value, range):
        value = [value.start, value.stop]
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, Fraction | Path):
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


class Grouped(Protocol):
    """A stream of a report."""

    @property
    def kind(self) -> Kind:
        """Of its signal."""

    @property
    def groups(self) -> tuple[int, int]:
        """That the file has, and that were planned."""


def absent_text(streams: Iterable[Grouped]) -> str:
    """What of the signals the file lacks after Ctrl-C, to go on with."""
    parts = [
        f"{written} of {count(planned, 'group')} of the {stream.kind}"
        for stream in streams
        for written, planned in [stream.groups]
        if written < planned
    ]
    return f", {' and '.join(parts)}; the others are absent" if parts else ""


def paint(text: str, **style: Any) -> str:
    """`text` in a style of `click.style`, on terminals that want colour."""
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return click.style(text, **style) if coloured else text


def count(number: int, noun: str) -> str:
    """For example "1 byte", "12,345 bytes"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def share(part: int, whole: int) -> str:
    """For example "9.8 %"."""
    return f"{100 * part / whole:.1f} %" if whole else "0 %"


def signal_text(kind: Kind, grid: Sequence[int], rate: Fraction | None) -> str:
    """One line about a signal: its kind, its size, its rate and its duration."""
    if kind == "audio":
        return f"sound of {_seconds(grid[0], rate)} at {_number(rate)} Hz"
    if kind == "video":
        frames = count(grid[0], "frame")
        size = f"{grid[2]} x {grid[1]}"
        return f"video of {frames}, {size}, {_seconds(grid[0], rate)} at {_number(rate)} fps"
    return f"{kind} of {' x '.join(str(length) for length in reversed(grid))}"


def rate_text(size: int, kind: Kind, grid: Sequence[int], rate: Fraction | None) -> str:
    """What a whole file of `size` bytes spends on a signal: bits per sample, and per second."""
    per_sample = f"{8 * size / math.prod(grid):.3f} {rate_unit(kind)}"
    if rate is None:
        return per_sample
    per_second = float(8 * size * rate / grid[0] / 1000)
    return f"{per_second:,.1f} kbit/s, {per_sample}"


def rate_unit(kind: Kind) -> str:
    """Of bits per sample."""
    return "bit/sample" if kind == "audio" else "bpp"


def lengths_text(names: Sequence[str], lengths: Sequence[int]) -> str:
    """For example "t 5, y 8, x 8"."""
    return ", ".join(f"{name} {length}" for name, length in zip(names, lengths, strict=True))


def span_text(kind: Kind, window: Sequence[range]) -> str:
    """For example "t 0:48, y 0:256, x 64:128", in samples of the original."""
    pairs = zip(AXES[kind], window, strict=True)
    return ", ".join(f"{name} {span.start}:{span.stop}" for name, span in pairs)


def _seconds(samples: int, rate: Fraction | None) -> str:
    return f"{float(samples / (rate or 1)):.3g} s"


def _number(rate: Fraction | None) -> str:
    return f"{float(rate or 0):.6g}"


def _echo(text: str, *, err: bool) -> None:
    try:
        click.echo(text, err=err)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write the report: {error.strerror or error}") from error
