"""`lgi info`: show what is in a file."""

from pathlib import Path

import click

from lgcodec.format.container import Reader
from lgcodec_cli._inventory import inventory
from lgcodec_cli._options import report_options, source_argument
from lgcodec_cli._sheet import sheet
from lgcodec_cli._text import report

__all__ = ["command"]


@click.command
@source_argument
@report_options
def command(*, source: Path, as_json: bool, quiet: bool) -> None:
    """Show what is in a .lgi file: signals, partitions, networks, and where the bytes are.

    Tables and checksums of the file's structure are verified, chunks are not read.
    """
    with Reader.open(source) as reader:
        found = inventory(source, reader)
        report(sheet(found), found, as_json=as_json, quiet=quiet)
