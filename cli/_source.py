"""The argument IN of commands that read .lgi files: a path or a URL, and what a URL costs."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from lgcodec.format.container import Reader
from lgcodec.remote import Timeouts, located, traffic_of
from lgcodec_cli._options import NUMBER, Function, Parsed
from lgcodec_cli._text import count

__all__ = [
    "Location",
    "lgi_argument",
    "lgi_arguments",
    "location",
    "piped_argument",
    "traffic_data",
    "traffic_lines",
]

Location = Path | str  # a string is a URL


def lgi_argument(function: Function) -> Function:
    """Add the argument IN and --timeout, which `function` gets as `source` and `timeouts`."""
    return _argument(function, _no_pipe)


def lgi_arguments(function: Function) -> Function:
    """Add one argument IN or more, `sources`, and --timeout."""
    kind = Parsed("IN", _no_pipe)
    several = click.argument("sources", metavar="IN...", nargs=-1, required=True, type=kind)
    return several(_timeout(function))


def _argument(function: Function, read: Callable[[str], Location]) -> Function:
    return click.argument("source", metavar="IN", type=Parsed("IN", read))(_timeout(function))


def _timeout(function: Function) -> Function:
    return click.option(
        "--timeout",
        "timeouts",
        type=NUMBER,
        callback=_timeouts,
        help="Seconds without a byte after which a server is given up; default 30.",
    )(function)


def piped_argument(function: Function) -> Function:
    """The same, and "-" is standard input: see `_pipes.readable`."""
    return _argument(function, location)


def traffic_lines(reader: Reader) -> Iterator[str]:
    """What was moved over the network, if anything was."""
    if (traffic := traffic_of(reader)) is not None:
        requests, trips = traffic.requests, traffic.round_trips
        moved, needed = traffic.bytes_moved, reader.bytes_read
        yield (
            f"network: {count(requests, 'request')} in {count(trips, 'round trip')}, "
            f"{count(moved, 'byte')} moved, {needed:,} needed"
        )


def traffic_data(reader: Reader) -> dict[str, Any]:
    """The same for machines: an entry `network`, or none."""
    traffic = traffic_of(reader)
    return {} if traffic is None else {"network": traffic, "bytes_needed": reader.bytes_read}


def location(text: str) -> Location:
    """A URL as it is, anything else as a path; see `located`."""
    return located(text)


def _no_pipe(text: str) -> Location:
    if text == "-":
        raise ValueError("only lgi crop reads from a pipe, the others need a file or a URL")
    return location(text)


def _timeouts(_: click.Context, __: click.Parameter, seconds: float | None) -> Timeouts | None:
    return None if seconds is None else Timeouts(connect=seconds, read=seconds)
