"""Options that several commands share, and the types of their values."""

import re
from collections.abc import Callable
from fractions import Fraction
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from lgcodec._crop import AxisRange, parse_range, parse_xy
from lgcodec.errors import OutputError, UsageError
from lgcodec.storage import check_folder

__all__ = [
    "DEVICE",
    "NUMBER",
    "NUMBERS",
    "PATH",
    "RATIO",
    "SIZE",
    "Function",
    "Parsed",
    "check_lgi_output",
    "is_lgi",
    "report_options",
    "source_argument",
    "window_options",
]

Function = Callable[..., None]
UNITS: Final = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
SIZE_TEXT: Final = re.compile(
    r"(?P<number>[0-9]{1,15}(\.[0-9]{1,9})?) ?(?P<unit>|[KMG]i?B|B)", re.IGNORECASE
)
RATIONAL: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}|/[0-9]{1,9})?")


class Parsed(click.ParamType[Any]):
    """A value that `parse` reads; its UsageError or ValueError becomes that of the option."""

    def __init__(self, name: str, parse: Callable[[str], object]) -> None:
        self.name = name
        self._parse = parse

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except (UsageError, ValueError) as error:
            self.fail(str(error), param, ctx)


def _ratio(text: str) -> Fraction:
    if not RATIONAL.fullmatch(text) or not text.strip("0./"):
        raise ValueError(f"{text!r}, expected a number above 0 such as 2, 0.5, 1/3 or 30000/1001")
    try:
        return Fraction(text)
    except ZeroDivisionError as error:
        raise ValueError(f"{text!r} divides by 0") from error


def _numbers(text: str) -> tuple[int, ...]:
    """Read "5,8,8": whole numbers from 1."""
    if not re.fullmatch(r"[0-9]{1,9}(,[0-9]{1,9})*", text):
        raise ValueError(f"{text!r}, expected whole numbers with commas such as 5,8,8")
    return tuple(int(part) for part in text.split(","))


def _size(text: str) -> int:
    """Read "100kB" or "1.5 MiB"; without a unit it is bytes."""
    match = SIZE_TEXT.fullmatch(text)
    size = int(Fraction(match["number"]) * UNITS[match["unit"].lower()]) if match else 0
    if size < 1:
        raise ValueError(f"{text!r}, expected 1 byte or more, such as 20000, 100kB, 1.5MB or 64KiB")
    return size


PATH: Final = click.Path(path_type=Path)
RATIO: Final = Parsed("RATIO", _ratio)
NUMBER: Final = Parsed("NUMBER", lambda text: float(_ratio(text)))
SIZE: Final = Parsed("BYTES", _size)
NUMBERS: Final = Parsed("N,N,...", _numbers)
DEVICE: Final = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="Where networks are computed.",
)
RANGE: Final = Parsed("A:B", parse_range)
AXIS_HELP: Final = {
    "t": "Along time: partitions 0:2, seconds 1.5s:3s, frames or samples 0f:48f, or 25%:75%.",
    "z": "Along z: partitions, 16px:64px or 25%:75%.",
    "y": "Along y, downward: partitions, 64px:256px or 25%:75%.",
    "x": "Along x: partitions, 64px:256px or 25%:75%.",
}


def window_options(function: Function) -> Function:
    """Add --t, --z, --y, --x and --xy; `function` gets them as `selection`, axis -> range."""

    @wraps(function)
    def wrapped(*, xy: tuple[AxisRange, AxisRange] | None, **values: Any) -> None:
        selection: dict[str, AxisRange] = {
            axis: span for axis in AXIS_HELP if (span := values.pop(axis)) is not None
        }
        if xy is not None:
            if {"x", "y"} & set(selection):
                raise click.UsageError("--xy says what --x and --y say, give one or the other.")
            selection["x"], selection["y"] = xy
        function(selection=selection, **values)

    both = click.option(
        "--xy", type=Parsed("X0:X1,Y0:Y1", parse_xy), help="The ranges of x and y together."
    )
    decorated: Function = both(wrapped)
    for axis, text in reversed(AXIS_HELP.items()):
        decorated = click.option(f"--{axis}", type=RANGE, help=text)(decorated)
    return decorated


def report_options(function: Function) -> Function:
    """Add --json and --quiet, which `function` gets as `as_json` and `quiet`."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
    as_json = click.option("--json", "as_json", is_flag=True, help="Report in JSON.")
    return as_json(quiet(function))


def source_argument(function: Function) -> Function:
    """Add the argument IN, which `function` gets as `source`."""
    return click.argument("source", metavar="IN", type=PATH)(function)


def is_lgi(path: Path) -> bool:
    """Whether the name is that of a .lgi file."""
    return path.suffix.lower() == ".lgi"


def check_lgi_output(path: Path) -> None:
    """Raise unless a .lgi file can be written to `path`; to be asked before any long work."""
    if not is_lgi(path):
        raise UsageError(f"the output is {path}, its name must end in .lgi")
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder")
    check_folder(path)
