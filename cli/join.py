"""`lgi join`: sew parts of one file together again."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from lgcodec._join import JoinReport, join
from lgcodec.remote import Timeouts
from lgcodec_cli._options import PATH, check_lgi_output, report_options
from lgcodec_cli._source import Location, lgi_arguments
from lgcodec_cli._text import count, report, span_text

__all__ = ["command"]


@click.command
@lgi_arguments
@click.option("-o", "--output", metavar="OUT", type=PATH, required=True, help="Where to write.")
@report_options
def command(
    *,
    sources: Sequence[Location],
    output: Path,
    timeouts: Timeouts | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Sew parts of one .lgi file together again: chunks are copied, nothing is decoded.

    The parts are crops of one file, in any order, perhaps overlapping; the windows of all must make
    one box. What is in several parts must be the same in all of them.

    \b
    lgi join left.lgi right.lgi -o whole.lgi
    """
    check_lgi_output(output)
    done = join(sources, output, timeouts)
    data = {
        "output": output,
        "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
        "streams": done.streams,
    }
    report(_lines(output, done), data, as_json=as_json, quiet=quiet)


def _lines(output: Path, done: JoinReport) -> Iterator[str]:
    yield f"{output}: {count(done.bytes_after, 'byte')}"
    for stream in done.streams:
        before = " + ".join(map(str, stream.partitions_before))
        yield f"{stream.kind}: {count(stream.partitions_after, 'partition')} of {before}"
        yield f"  window {span_text(stream.kind, stream.window)}"
