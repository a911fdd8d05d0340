"""`lgi encode`: fit a network to a file and write it."""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lgcodec.errors import InputWarning, UsageError
from lgcodec.media import VOXELS, read
from lgcodec.signal import AXES, Kind
from lgcodec.storage import replacing
from lgcodec_cli._network import network_options
from lgcodec_cli._options import (
    PATH,
    RATIO,
    check_lgi_output,
    is_lgi,
    report_options,
    source_argument,
)
from lgcodec_cli._text import absent_text, count, rate_text, report
from lgcodec_cli._warnings import told

if TYPE_CHECKING:  # torch, which they import, takes a second
    from lgcodec._encode import EncodeOptions, EncodeReport, StreamReport

__all__ = ["command"]

LATE: Final = 0.1  # of a limit of time: so much more is not worth a word


@click.command
@source_argument
@click.argument("output", metavar="OUT", type=PATH)
@network_options
@click.option(
    "--audio",
    type=click.Choice(["keep", "drop"]),
    default="keep",
    show_default=True,
    help="The sound of a video.",
)
@click.option("--kind", type=click.Choice(list(AXES)), help="What an array is.")
@click.option("--rate", type=RATIO, help="Frames or samples per second, instead of the file's.")
@click.option(
    "--voxels",
    metavar="N",
    type=click.IntRange(1),
    help=f"Voxels along the longest axis of a mesh; default {VOXELS}.",
)
@report_options
def command(
    *,
    source: Path,
    output: Path,
    audio: str,
    kind: Kind | None,
    rate: Fraction | None,
    voxels: int | None,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Fit a network to a picture, sound, video or volume, and write OUT.

    IN is a png, jpg, tiff, webp or bmp; wav, flac, ogg or mp3; mp4, mov, mkv, webm, avi or gif;
    frames/%04d.png; npy or npz; nii, nii.gz; obj, ply or stl. Numbers per axis come in the order
    t,y,x of a video, y,x of a picture, z,y,x of a volume, t of a sound: --partitions 5,8,8 cuts a
    video into 5 along time.

    One target at most: --size, --bpp and --kbps are met to 5 % and never exceeded, --psnr to
    0.1 dB, from 50 dB on to 0.5; --quality is a rate. The network is chosen for it. Without a
    target or a budget (--params, widths) the file is smaller than a lossless one. Ctrl-C ends the
    fit and writes the best so far, a second one abandons.

    \b
    lgi encode clip.mp4 clip.lgi
    lgi encode photo.png photo.lgi --size 100kB
    lgi encode photo.png photo.lgi --params 199000 --partitions 16,16 --preset best
    """
    _check(source, output, given)
    with told(InputWarning, quiet=quiet):
        signals = read(source, kind=kind, rate=rate, keep_audio=audio == "keep", voxels=voxels)

    from lgcodec._encode import EncodeOptions, encode_signals  # noqa: PLC0415
    from lgcodec_cli._watcher import Watcher  # noqa: PLC0415

    options = EncodeOptions(**{name: value for name, value in given.items() if value is not None})
    with Watcher(options, quiet=quiet, silent=quiet or as_json) as watcher:
        try:
            data, done = encode_signals(signals, options, listener=watcher)
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt("interrupted, nothing is written") from stop
    with replacing(output) as temporary:
        temporary.write_bytes(data)
    lines = chain(_lines(output, done), _late(done, options))
    report(lines, _data(output, done, options), as_json=as_json, quiet=quiet)
    if done.interrupted:
        raise KeyboardInterrupt(
            f"interrupted: {output} holds the best so far{absent_text(done.streams)}"
        )


def _check(source: Path, output: Path, given: dict[str, Any]) -> None:
    """Everything that can be known to be wrong before the input is read."""
    if is_lgi(source):
        raise UsageError(f"{source} is encoded already; lgi decode and lgi crop take .lgi files")
    if not source.exists() and re.match("[a-z][a-z0-9+.-]+:/", str(source), re.IGNORECASE):
        raise UsageError("IN is a URL, which lgi encode does not take: download the file first")
    for first, second in (("partitions", "partition_size"), ("bits", "float_bits")):
        if None not in (given[first], given[second]):
            names = f"--{first} and --{second}".replace("_", "-").replace("float-bits", "float")
            raise click.UsageError(f"{names} exclude each other.")
    check_lgi_output(output)


def _lines(output: Path, done: "EncodeReport") -> Iterator[str]:
    main = done.streams[0]
    rate = rate_text(done.bytes, main.kind, main.grid, main.rate)
    yield f"{output}: {count(done.bytes, 'byte')}, {rate}, {done.seconds:.1f} s"
    for stream in done.streams:
        steps = f"{count(stream.iterations, 'step')} in " if stream.iterations else ""
        yield (
            f"{stream.kind}: {_quality(stream)}, {count(stream.bytes, 'byte')}, "
            f"{steps}{stream.seconds:.1f} s, {stream.weight_bits:.2f} bits per weight"
        )


def _late(done: "EncodeReport", options: "EncodeOptions") -> Iterator[str]:
    """What took longer than it may: a fit looks at the clock between its rounds alone."""
    for stream in done.streams:
        limit = (options.seconds or inf) * stream.groups[0]  # it is that of each group
        if (more := stream.seconds - limit) > LATE * limit:
            yield f"{stream.kind}: {more:.1f} s more than --time: a fit ends between rounds"


def _quality(stream: "StreamReport") -> str:
    return f"{stream.psnr:.2f} dB" if stream.iou is None else f"IoU {stream.iou:.4f}"


def _data(output: Path, done: "EncodeReport", options: "EncodeOptions") -> dict[str, object]:
    return {
        "output": output,
        "bytes": done.bytes,
        "bits_per_sample": done.bits_per_sample,
        "seconds": done.seconds,
        "interrupted": done.interrupted,
        "bits": options.float_bits or done.streams[0].plan.settings.bits,
        "streams": [
            {
                "kind": stream.kind,
                "grid": stream.grid,
                "channels": stream.channels,
                "rate": stream.rate,
                "arrangement": stream.plan.arrangement,
                "partitions": stream.plan.tiles,
                "family": stream.plan.family.name,
                **stream.plan.family.sizes,
                "local_parameters": stream.plan.params_local,
                "global_parameters": stream.plan.params_global,
                "expected_bytes": stream.plan.expected_bytes,
                "lossless_bytes": stream.plan.lossless_bytes,
                "bytes": stream.bytes,
                "psnr": stream.psnr,
                "weight_bits": stream.weight_bits,
                "groups": stream.groups[0],
                "groups_planned": stream.groups[1],
                "iou": stream.iou,
                "iterations": stream.iterations,
                "seconds": stream.seconds,
            }
            for stream in done.streams
        ],
    }
