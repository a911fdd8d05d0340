"""`lgi crop`: keep a part of a file."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from lgcodec._crop import AxisRange, CropReport, StreamCrop, crop, parse_range
from lgcodec.errors import UsageError
from lgcodec.format.layout import AXES
from lgcodec.remote import Timeouts
from lgcodec_cli._options import PATH, Parsed, is_lgi, report_options, window_options
from lgcodec_cli._pipes import PIPE, readable, writable
from lgcodec_cli._source import Location, piped_argument
from lgcodec_cli._text import count, report, share, span_text

__all__ = ["command"]


def _region(text: str) -> dict[str, AxisRange]:
    """Read "x=0:2,y=1:3,t=0:1"."""
    region: dict[str, AxisRange] = {}
    for part in text.split(","):
        axis, equals, span = part.partition("=")
        if not equals or axis in region:
            raise UsageError(f"region {text!r}, expected each axis once as in x=0:2,y=1:3,t=0:1")
        region[axis] = parse_range(span)
    return region


@click.command
@piped_argument
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    type=PATH,
    help="Where to write, - for standard output; without it IN is replaced.",
)
@window_options
@click.option(
    "--drop",
    type=Parsed("region", _region),
    metavar="x=A:B,y=A:B,...",
    help="Make the partitions that lie inside this region absent; the window stays.",
)
@click.option("--no-backup", is_flag=True, help="Keep no IN.orig when IN is replaced.")
@report_options
def command(
    *,
    source: Location,
    timeouts: Timeouts | None,
    output: Path | None,
    selection: Mapping[str, AxisRange],
    drop: Mapping[str, AxisRange] | None,
    no_backup: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Keep a part of a .lgi file: chunks are copied, nothing is decoded.

    Ranges are half-open and count partitions from 0 unless they have a unit; negative numbers
    count from the end, and a single value is one partition, or one sample where it has a unit.
    Where a range cuts a partition, the partition is kept and the window moves to the exact sample.

    Without -o the file is replaced and the original kept as IN.orig, IN.orig.2, ...
    Where OUT is standard output, the report goes to stderr.

    \b
    lgi crop clip.lgi --t 0:2 --xy 0:4,0:4
    lgi crop clip.lgi -o end.lgi --t -1.5s:
    lgi crop face.lgi --drop x=2:4,y=1:3
    lgi crop https://example.org/clip.lgi -o part.lgi --t 0:2
    cat clip.lgi | lgi crop - -o - --t 0:2 | ssh host 'cat > part.lgi'
    """
    if not selection and not drop:
        raise click.UsageError("Nothing to crop: give a range such as --t 0:2, or --drop.")
    target = _target(source, output)
    with readable(source) as whole, writable(target) as file:
        done = crop(
            whole, file, selection, drop=drop, keep_original=not no_backup, timeouts=timeouts
        )
    report(_lines(done), _data(done), as_json=as_json, quiet=quiet, err=target == PIPE)


def _target(source: Location, output: Path | None) -> Path:
    """Where to write; UsageError where that cannot be."""
    if output is None and (isinstance(source, str) or source == PIPE):
        raise click.UsageError(f"{source} cannot be replaced: give -o OUT.")
    target = output or Path(source)
    if output not in (None, PIPE) and not is_lgi(target):
        raise UsageError(f"the output is {target}, its name must end in .lgi")
    return target


def _lines(done: CropReport) -> Iterator[str]:
    for stream in done.streams:
        yield f"{stream.kind}: {_kept(stream)}"
        if stream.window_after is not None and stream.window_after != stream.window_before:
            yield f"  window {span_text(stream.kind, stream.window_after)}"
            yield f"  before {span_text(stream.kind, stream.window_before)}"
    ratio = share(done.bytes_after, done.bytes_before)
    yield f"{done.bytes_before:,} -> {count(done.bytes_after, 'byte')} ({ratio})"
    if done.original is not None:
        yield f"original kept as {done.original}"
    if done.bytes_after < done.bytes_before or done.hides_samples:
        yield f"privacy: {done.note}"


def _kept(stream: StreamCrop) -> str:
    before, after = stream.partitions_before, stream.partitions_after
    if before is None:
        return f"kept {count(after, 'partition')}"
    return f"kept {after} of {count(before, 'partition')}, dropped {before - after}"


def _data(done: CropReport) -> dict[str, object]:
    return {
        "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
        "original": done.original,
        "note": done.note,
        "streams": [_stream_data(stream) for stream in done.streams],
    }


def _stream_data(stream: StreamCrop) -> dict[str, object]:
    windows = {
        name: window and dict(zip(AXES[stream.kind], window, strict=True))
        for name, window in (
            ("window_before", stream.window_before),
            ("window_after", stream.window_after),
            ("held", stream.held),
        )
    }
    return {
        "kind": stream.kind,
        "partitions_before": stream.partitions_before,
        "partitions_after": stream.partitions_after,
        **windows,
    }
