"""`lgi decode`: turn a file, or a window of it, back into samples."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from math import isfinite
from pathlib import Path
from time import monotonic
from typing import Any

import click

from lgcodec._crop import AxisRange
from lgcodec.errors import DamageWarning
from lgcodec.format.container import Reader
from lgcodec.media import check_writable, write
from lgcodec.remote import Timeouts, open_reader
from lgcodec.signal import Signal
from lgcodec_cli._jobs import jobs
from lgcodec_cli._options import DEVICE, PATH, RATIO, Parsed, report_options, window_options
from lgcodec_cli._resize import Resize, parse_size
from lgcodec_cli._source import Location, lgi_argument, traffic_data, traffic_lines
from lgcodec_cli._text import report, share, signal_text
from lgcodec_cli._warnings import told

__all__ = ["command"]


def _fill(text: str) -> tuple[float, ...]:
    """Read "255,0,0"."""
    values = tuple(float(part) for part in text.split(","))
    if not all(map(isfinite, values)):
        raise ValueError(f"{text!r}, expected finite numbers")
    return values


@click.command
@lgi_argument
@click.argument("output", metavar="OUT", type=PATH)
@window_options
@click.option(
    "--scale", type=RATIO, help="Output samples per sample: of x, y and z; of a sound, t."
)
@click.option(
    "--size", type=Parsed("size", parse_size), metavar="WxH", help="Pixels of the output."
)
@click.option(
    "--reduce",
    type=click.IntRange(0, 16),
    metavar="K",
    help="Halve every axis K times by the coarse levels of latents, not of videos: quick, without "
    "aliasing. Default: as far as --scale or --size allow; 0: values at points, which alias.",
)
@click.option("--fps", type=RATIO, help="Frames per second of the output; the duration stays.")
@click.option(
    "--fill",
    type=Parsed("fill", _fill),
    metavar="V[,V..]",
    help="Value of absent samples, or one per channel.",
)
@click.option(
    "--max-samples",
    type=click.IntRange(1),
    metavar="N",
    help="Refuse a larger output; default 2**28, or 2**10 for every byte of the file.",
)
@click.option(
    "--on-error",
    type=click.Choice(["raise", "mask"]),
    default="raise",
    show_default=True,
    help="Stop at a damaged chunk, or leave its partition absent.",
)
@click.option(
    "--smooth",
    is_flag=True,
    help="Take back the edges between partitions of a picture or video of latents, scale 1.",
)
@DEVICE
@report_options
def command(
    *,
    source: Location,
    timeouts: Timeouts | None,
    output: Path,
    selection: Mapping[str, AxisRange],
    scale: Fraction | None,
    size: tuple[int, int] | None,
    reduce: int | None,
    fps: Fraction | None,
    fill: tuple[float, ...] | None,
    smooth: bool,
    as_json: bool,
    quiet: bool,
    **limits: Any,
) -> None:
    """Turn a .lgi file, or a window of it, back into samples.

    The suffix of OUT says what is written: pictures (png, jpg, tiff, webp, bmp), sounds (wav,
    flac, ogg), videos with their sound (mp4, mov, mkv, webm, avi), gif, one picture per frame
    (frames/%04d.png), arrays (npy, npz), volumes (nii, nii.gz), the surface of a volume (obj, ply,
    stl). A picture of a video is the first frame of the window.
    Absent partitions become transparent where the format can, else they get --fill.

    Ranges are those of lgi crop. Only the chunks that the window needs are read. Samples are the
    same before and after a crop, but for those that --smooth changes: 6 on either side of borders
    between partitions of at least 24. A smoothed window is that part of the smoothed whole, for
    which chunks beyond it may be read.

    \b
    lgi decode clip.lgi clip.mp4
    lgi decode clip.lgi frame.png --t 1.5s --xy 0px:256px,0px:256px --scale 2
    lgi decode photo.lgi small.png --reduce 3
    """
    started = monotonic()
    with open_reader(source, timeouts) as reader, told(DamageWarning, quiet=quiet) as damage:
        medium = check_writable(output, *(stream.geometry.kind for stream in reader.streams))
        todo = jobs(
            reader, medium, selection, Resize(scale, size, fps, reduce), fill, smooth=smooth
        )
        signals = [job.decoded(quiet=quiet, **limits) for job in todo]
        write(output, signals)
    data = _data(output, signals, reader, damage, monotonic() - started)
    lines = chain(_lines(output, signals, data), traffic_lines(reader))
    report(lines, data, as_json=as_json, quiet=quiet)


def _data(
    output: Path,
    signals: Sequence[Signal],
    reader: Reader,
    damage: Sequence[DamageWarning],
    seconds: float,
) -> dict[str, Any]:
    return {
        "output": output,
        "streams": [
            {
                "kind": signal.kind,
                "grid": signal.grid,
                "channels": signal.channels,
                "sample_type": signal.samples.dtype.name,
                "rate": signal.rate,
                "absent_samples": _absent(signal),
            }
            for signal in signals
        ],
        "damaged": [{"kind": item.kind, "partitions": item.partitions} for item in damage],
        "seconds": seconds,
        "bytes_read": reader.bytes_read,
        "bytes": reader.file_size,
        **traffic_data(reader),
    }


def _lines(output: Path, signals: Sequence[Signal], data: Mapping[str, Any]) -> Iterator[str]:
    for signal in signals:
        absent = _absent(signal)
        note = f", {share(absent, signal.size)} of the samples absent" if absent else ""
        yield f"{output}: {signal_text(signal.kind, signal.grid, signal.rate)}{note}"
    size, read = data["bytes"], data["bytes_read"]
    yield f"{data['seconds']:.2f} s, read {read:,} of {size:,} bytes ({share(read, size)})"


def _absent(signal: Signal) -> int:
    return 0 if signal.present is None else int(signal.size - signal.present.sum())
