"""What it brings that groups of a film share bytes by what they need, not by their partitions.

The middle 256x128 pixels of two films of --data, in groups of 48 frames as a film of 720p has,
preset `fast`, encoded both ways for the same rates; --quick takes one film and one rate. Without
--data it is the shipped film, in groups of 16 frames.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from unittest.mock import patch

import numpy as np

from benchmarks.common import SAMPLES, Table, parser
from lgcodec import EncodeOptions, EncodeReport, Signal, read
from lgcodec._encode import encode_signals
from lgcodec._job import Job
from lgcodec.nets import Latent

FILMS: Final = ("bigbuckbunny", "bikes")
SIDES: Final = (128, 256)
RATES: Final = (0.03, 0.1)  # bits per pixel


def main() -> None:
    """Encode both ways and write results/groups.txt."""
    asked = parser(__doc__).parse_args()
    rates = RATES[:1] if asked.quick else RATES
    table = Table(
        "Bytes of groups by what they need, and by their partitions; preset fast",
        ("film", "groups", "bpp", "by", "bytes", "dB", "gain", "s"),
    )
    for path, frames in _films(asked.data, quick=asked.quick):
        film = _middle(read(path)[0])
        groups = -(-film.grid[0] // frames)
        for rate in rates:
            options = EncodeOptions(preset="fast", family="latent", bpp=rate, groups=groups)
            with patch.object(Job, "_needs", _partitions):
                evenly = encode_signals([film], options)[1]
            needed = encode_signals([film], options)[1]
            _row(table, (path.name, groups, rate, "partitions"), evenly, "")
            gain = needed.streams[0].psnr - evenly.streams[0].psnr
            _row(table, ("", "", "", "need"), needed, f"{gain:+.2f}")
    if not asked.no_write:
        table.write("groups")


def _films(data: Path | None, *, quick: bool) -> Iterator[tuple[Path, int]]:
    """Films, and how many frames of them are fitted together."""
    if data is None:
        yield SAMPLES / "bunny.mp4", 16
        return
    for name in FILMS[: 1 if quick else None]:
        yield data / f"video/{name}.mp4", 48


def _middle(film: Signal) -> Signal:
    starts = [max(0, (n - side) // 2) for n, side in zip(film.grid[1:], SIDES, strict=True)]
    rows, columns = (slice(at, at + side) for at, side in zip(starts, SIDES, strict=True))
    return replace(film, samples=np.ascontiguousarray(film.samples[:, rows, columns]))


def _partitions(job: Job, family: Latent, size: int, ids: Sequence[int]) -> dict[int, float]:  # noqa: ARG001
    """How many partitions groups have: what bytes were shared by before."""
    return {ordinal: float(len(job.plan.ids(ordinal))) for ordinal in ids}


def _row(table: Table, first: Sequence[object], report: EncodeReport, gain: str) -> None:
    (stream,) = report.streams
    table.add(*first, report.bytes, stream.psnr, gain, stream.seconds)


if __name__ == "__main__":
    main()
