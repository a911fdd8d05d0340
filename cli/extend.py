"""`lgi extend`: add partitions to an encoded signal."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lgcodec.errors import InputWarning, UsageError
from lgcodec.format.layout import AXES
from lgcodec.remote import Timeouts, open_reader
from lgcodec_cli._network import schedule_options
from lgcodec_cli._options import PATH, Parsed, check_lgi_output, is_lgi, report_options
from lgcodec_cli._progress import Bar
from lgcodec_cli._source import Location, lgi_argument
from lgcodec_cli._text import absent_text, count, report, span_text
from lgcodec_cli._warnings import told

if TYPE_CHECKING:  # torch, which it imports, takes a second
    from lgcodec._extend import ExtendReport, StreamExtension

__all__ = ["command"]


def _offsets(text: str) -> tuple[int, ...]:
    """Read "64,0,25": whole numbers from 0."""
    parts = text.split(",")
    if not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise ValueError(f"{text!r}, expected whole numbers with commas such as 64,0")
    return tuple(map(int, parts))


@click.command
@lgi_argument
@click.argument("larger", metavar="LARGER", type=PATH)
@click.argument("output", metavar="OUT", type=PATH)
@click.option(
    "--at",
    type=Parsed("X,Y[,T]", _offsets),
    help="Where in LARGER the signal of IN begins, in samples: x,y of a picture, x,y,t of a video,"
    " x,y,z of a volume, t of a sound. Default: at its beginning.",
)
@click.option(
    "--freeze-global",
    is_flag=True,
    help="Fit new partitions alone: the global chunk keeps its bytes, and so do all old chunks but "
    "those of partitions that LARGER fills further.",
)
@schedule_options
@report_options
def command(
    *,
    source: Location,
    timeouts: Timeouts | None,
    larger: Path,
    output: Path,
    at: tuple[int, ...] | None,
    freeze_global: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Extend IN, a .lgi file, to LARGER, the media file that contains it, and write OUT.

    New partitions begin as mirror images of the nearest encoded ones. Then everything is fitted
    together or, with --freeze-global, the new partitions alone; always so where IN has no global
    network. A partition at the old border that LARGER fills further is fitted again. Ctrl-C ends
    the fit and writes the best so far, a second one abandons.

    Latents grow along their first axis alone, if they were encoded with several --groups; files of
    --family siren grow along any.

    \b
    lgi encode photo.png photo.lgi --family siren
    lgi extend photo.lgi wider.png wider.lgi --at 128,0
    lgi extend clip.lgi longer.mp4 longer.lgi --freeze-global
    """
    check_lgi_output(output)
    if is_lgi(larger):
        raise UsageError(
            f"{larger} is a .lgi file; LARGER is the media file with more of the signal"
        )
    place = _places(source, at, timeouts)

    from lgcodec._extend import extend  # noqa: PLC0415

    options = {name: value for name, value in given.items() if value is not None}
    silent = quiet or as_json
    with told(InputWarning, quiet=quiet), Bar("fitting", quiet=silent) as bar:
        try:
            done = extend(
                source,
                larger,
                output,
                at=place,
                freeze_global=freeze_global,
                progress=lambda done, psnr, left: bar.show(
                    done, f"{psnr:.2f} dB, {left:.0f} s left"
                ),
                timeouts=timeouts,
                **options,
            )
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt("interrupted, nothing is written") from stop
    report(_lines(output, done), _data(output, done), as_json=as_json, quiet=quiet)
    if done.interrupted:
        absent = absent_text(done.streams)
        raise KeyboardInterrupt(f"interrupted: {output} holds the best so far{absent}")


def _places(
    source: Location, at: tuple[int, ...] | None, timeouts: Timeouts | None
) -> dict[str, int]:
    """Offsets by axis: the option has x first."""
    with open_reader(source, timeouts) as reader:
        names = reader.streams[0].geometry.axis_names
    order = [name for name in "xyzt" if name in names]
    if at is None:
        return {}
    if not len(order) - ("t" in order and len(order) > 1) <= len(at) <= len(order):
        raise click.UsageError(f"--at has {len(at)} numbers, the signal has {','.join(order)}.")
    return dict(zip(order, at, strict=False))


def _lines(output: Path, done: "ExtendReport") -> Iterator[str]:
    sizes = f"{done.bytes_before:,} -> {count(done.bytes_after, 'byte')}"
    yield f"{output}: {sizes}, {done.seconds:.1f} s"
    for stream in done.streams:
        yield (
            f"{stream.kind}: {_quality(stream)}; added {count(stream.added, 'partition')}, "
            f"refitted {stream.refitted}, kept {stream.kept} as they were"
        )
        yield f"  window {span_text(stream.kind, stream.window_after)}"
        yield f"  before {span_text(stream.kind, stream.window_before)}"


def _quality(stream: "StreamExtension") -> str:
    if stream.iou is not None:
        return f"IoU {stream.iou:.4f}"
    old = "" if stream.psnr_old is None else f", its old part {stream.psnr_old:.2f} dB"
    return f"{stream.psnr:.2f} dB{old}"


def _data(output: Path, done: "ExtendReport") -> dict[str, object]:
    return {
        "output": output,
        "bytes_before": done.bytes_before,
        "bytes_after": done.bytes_after,
        "seconds": done.seconds,
        "interrupted": done.interrupted,
        "streams": [
            {
                "kind": stream.kind,
                "window_before": dict(zip(AXES[stream.kind], stream.window_before, strict=True)),
                "window_after": dict(zip(AXES[stream.kind], stream.window_after, strict=True)),
                "added": stream.added,
                "refitted": stream.refitted,
                "kept": stream.kept,
                "psnr": stream.psnr,
                "psnr_old": stream.psnr_old,
                "iou": stream.iou,
                "iterations": stream.iterations,
                "groups": stream.groups[0],
                "groups_planned": stream.groups[1],
            }
            for stream in done.streams
        ],
    }
