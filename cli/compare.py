"""`lgi compare`: how far one file is from another."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lgcodec.errors import InputWarning, UsageError
from lgcodec.format.layout import AXES
from lgcodec.metrics import has_ssim
from lgcodec.signal import Kind
from lgcodec_cli._options import DEVICE, NUMBER, PATH, Parsed, report_options
from lgcodec_cli._progress import Bar
from lgcodec_cli._source import Location, location
from lgcodec_cli._text import count, jsonable, rate_unit, report, span_text
from lgcodec_cli._warnings import told

if TYPE_CHECKING:
    from lgcodec._compare import CompareReport, FileRate, StreamDifference

__all__ = ["command"]

FILE = Parsed("FILE", location)
UNIT = {"image": "picture", "video": "frame", "volume": "slice"}


@click.command
@click.argument("first", metavar="A", type=FILE)
@click.argument("second", metavar="B", type=FILE)
@click.option(
    "--difference",
    metavar="OUT",
    type=PATH,
    help="Write a picture of B - A on mid-grey; of a video or volume the worst frame or slice.",
)
@click.option("--gain", type=NUMBER, help="How many times a difference is enlarged in it; 8.")
@DEVICE
@report_options
def command(
    *,
    first: Location,
    second: Location,
    difference: Path | None,
    gain: float | None,
    device: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say how far B is from A, the original, and how many bytes each of them takes.

    Both are .lgi files or anything that lgi encode takes. PSNR refers to full scale, of sounds to
    the largest |x| of A. Shapes must be equal; but a crop is compared with its original, or with
    another crop, where the smaller one shows something.

    \b
    lgi compare photo.png photo.lgi
    lgi compare clip.mp4 clip.lgi --difference worst.png --gain 16
    """
    if gain is not None and difference is None:
        raise UsageError("--gain is about the picture that --difference OUT writes")

    from lgcodec._compare import GAIN, compare  # noqa: PLC0415 (av and numpy take a while)

    silent = quiet or as_json
    with told(InputWarning, quiet=quiet), Bar("comparing", quiet=silent) as bar:
        found = compare(
            first,
            second,
            difference=difference,
            gain=gain or GAIN,
            device=device,
            progress=bar.show,
        )
    report(_lines(found, difference), _data(found), as_json=as_json, quiet=quiet)


def _data(found: "CompareReport") -> dict[str, object]:
    streams = [
        {**jsonable(stream), "window": dict(zip(AXES[stream.kind], stream.window, strict=True))}
        for stream in found.streams
    ]
    return {"files": found.files, "streams": streams}


def _lines(found: "CompareReport", difference: Path | None) -> Iterator[str]:
    for stream in found.streams:
        yield f"{stream.kind}: {span_text(stream.kind, stream.window)}"
        yield from (f"  {line}" for line in _quality(stream))
    yield from (_file(rate, found.streams[0].kind) for rate in found.files)
    if not has_ssim() and any(s.kind in ("image", "video") for s in found.streams):
        yield "SSIM needs scikit-image: pip install 'lgcodec[compare]'"
    if difference is not None:
        yield f"difference: {difference}"


def _quality(stream: "StreamDifference") -> Iterator[str]:
    peak = f"peak {stream.peak:.6g}"
    yield f"PSNR {_decibels(stream.psnr)} ({peak}), SNR {_decibels(stream.snr)}"
    yield f"largest error {stream.largest_error:.6g}"
    one_by_one = stream.pictures
    if one_by_one is not None and one_by_one.count > 1:
        unit = UNIT[stream.kind]
        yield (
            f"{count(one_by_one.count, unit)}: mean {_decibels(one_by_one.mean_psnr)}, "
            f"worst {unit} {one_by_one.worst}: {_decibels(one_by_one.worst_psnr)}"
        )
    if one_by_one is not None:
        similar = (("SSIM", one_by_one.ssim), ("MS-SSIM", one_by_one.ms_ssim))
        yield from (f"{name} {value:.5f}" for name, value in similar if value is not None)
    if stream.iou is not None:
        yield f"IoU {stream.iou:.5f}"
    if stream.absent:
        yield f"{count(stream.absent, 'sample')} absent and left out"


def _decibels(value: float) -> str:
    return f"{value:.2f} dB"


def _file(rate: "FileRate", kind: Kind) -> str:
    per_second = "" if rate.kbps is None else f", {rate.kbps:,.1f} kbit/s"
    per_sample = f"{rate.bits_per_sample:.3f} {rate_unit(kind)}"
    return f"{rate.path}: {count(rate.bytes, 'byte')}, {per_sample}{per_second}"
