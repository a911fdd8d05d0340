"""`lgi repair`: save what is intact of a damaged file."""

from collections.abc import Iterator
from pathlib import Path

import click

from lgcodec._repair import RepairReport, repair
from lgcodec.remote import Timeouts
from lgcodec_cli._damage import damage_lines
from lgcodec_cli._options import PATH, check_lgi_output, report_options
from lgcodec_cli._source import Location, lgi_argument
from lgcodec_cli._text import count, report

__all__ = ["command"]


@click.command
@lgi_argument
@click.option("-o", "--output", metavar="OUT", type=PATH, required=True, help="Where to write.")
@report_options
def command(
    *, source: Location, output: Path, timeouts: Timeouts | None, as_json: bool, quiet: bool
) -> None:
    """Make a new file of what is intact in a damaged .lgi file.

    A damaged local chunk costs its partition, which becomes absent; a damaged global chunk or
    directory its group. The file may be cut short, as a broken download is.

    \b
    lgi repair broken.lgi -o saved.lgi
    """
    check_lgi_output(output)
    done = repair(source, output, timeouts)
    data = {
        "output": output,
        "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
        "streams": done.streams,
        "lost": done.damage,
        "dropped": done.dropped,
    }
    report(_lines(output, done), data, as_json=as_json, quiet=quiet)


def _lines(output: Path, done: RepairReport) -> Iterator[str]:
    saved = count(done.bytes_after, "byte")
    yield f"{output}: {saved}, saved of {done.bytes_before:,}"
    for stream in done.streams:
        groups = f"{stream.groups_after} of {count(stream.groups_before, 'group')}"
        yield f"{stream.kind}: kept {count(stream.partitions_after, 'partition')} in {groups}"
    yield from damage_lines(done.damage, done.geometries)
    for name in done.dropped:
        yield f"chunk {name} dropped: it may depend on what was lost"
    if not done.damage:
        yield "nothing was damaged"
