"""`lgi info`: show what is in a file."""

from itertools import chain

import click

from lgcodec.remote import Timeouts, open_reader
from lgcodec_cli._inventory import inventory
from lgcodec_cli._options import report_options
from lgcodec_cli._sheet import sheet
from lgcodec_cli._source import Location, lgi_argument, traffic_data, traffic_lines
from lgcodec_cli._text import jsonable, report

__all__ = ["command"]


@click.command
@lgi_argument
@report_options
def command(*, source: Location, timeouts: Timeouts | None, as_json: bool, quiet: bool) -> None:
    """Show what is in a .lgi file: signals, partitions, networks, and where the bytes are.

    Tables and checksums of the file's structure are verified, chunks are not read.
    """
    with open_reader(source, timeouts) as reader:
        found = inventory(source, reader)
        lines = chain(sheet(found), traffic_lines(reader))
        data = jsonable(found) | traffic_data(reader)
        report(lines, data, as_json=as_json, quiet=quiet)
