"""What rounding costs networks of coordinates, and what it would cost to have less of that.

Files of one size, of the network that is chosen for it and of smaller ones, whose weights have more
bits (--bits). A twin of each has the same network and more bytes, so that a weight has 8 bits or
more, where rounding hardly counts: what the twin is better by is the loss. `gain` is what a file is
better by than the chosen one, in the same bytes. Figures are means over the inputs, `largest` is
the largest loss of one. With --data: pictures of Kodak, a sound and a piece of music from there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final, get_args

import numpy as np

from benchmarks.common import SAMPLES, Table, parser
from lgcodec import EncodeOptions, Signal, read
from lgcodec._encode import StreamReport, encode_signals
from lgcodec.fit.budget import expected_bytes
from lgcodec.fit.options import MAX_BITS, Preset

ASKED: Final = (None, 6)  # bits of a weight; None: as chosen for the size
COLUMNS: Final = ("files", "bits", "weights", "bits/weight", "dB", "loss", "largest", "gain")
TILES: Final = {"arrangement": "per-partition", "partition_size": (64, 64)}
Case = tuple[str, Sequence[Path], dict[str, Any]]  # what it is called, what is encoded, options


@final
@dataclass(frozen=True)
class Measured:
    """A file, and what it lost by rounding, dB."""

    report: StreamReport
    loss: float


def main() -> None:
    """Measure and write results/quantisation.txt."""
    options = parser(__doc__)
    options.add_argument("--preset", choices=get_args(Preset), help="default: medium; quick: fast")
    asked = options.parse_args()
    preset = asked.preset or ("fast" if asked.quick else "medium")
    table = Table(f"Rounding of networks of coordinates; preset {preset}, seed 0", COLUMNS)
    for name, paths, given in _cases(asked.data):
        signals = [read(path)[0] for path in paths[: 1 if asked.quick else None]]
        made = {**given, "preset": preset, "family": "siren"}
        chosen = _row(table, name, None, [_measured(signal, made) for signal in signals], None)
        for bits in ASKED[1:]:
            found = [_measured(signal, {**made, "bits": bits}) for signal in signals]
            _row(table, "", bits, found, chosen)
    table.note(f"loss: dB of the same network with {MAX_BITS} bits or more a weight, less dB")
    table.note("gain: dB more than the chosen network in the same bytes")
    if not asked.no_write:
        table.write("quantisation")


def _cases(data: Path | None) -> Iterator[Case]:
    pictures = [SAMPLES / "cat.png"]
    sounds = [SAMPLES / "speech.wav"]
    if data is not None:
        pictures = [data / f"kodak/kodim{number:02}.png" for number in (5, 15, 23)]
        sounds = [data / "audio/gt_bach.wav", data / "audio/lhotse_libri-1088-134315-0000.wav"]
    yield "one network, 0.15 bpp", pictures, {"arrangement": "single", "bpp": 0.15}
    yield "64x64 pixels, 0.3 bpp", pictures, {**TILES, "bpp": 0.3}
    yield "sounds, 32 kbit/s", sounds, {"kbps": 32}


def _measured(signal: Signal, given: dict[str, Any]) -> Measured:
    """A file for a size, and its twin."""
    _, report = encode_signals([signal], EncodeOptions(**given))
    stream = report.streams[0]
    plan = stream.plan
    head = expected_bytes(0, plan.content, 0)
    size = (plan.settings.size or 0) - head
    twin = {name: value for name, value in given.items() if name not in ("bpp", "kbps")}
    twin |= {"size": head + round(size * MAX_BITS / plan.weight_bits), "bits": MAX_BITS}
    if plan.partitions > 1:
        twin["partition_size"] = tuple(axis.tile_len for axis in plan.geometry.axes)
    _, exact = encode_signals([signal], EncodeOptions(**twin))
    other = exact.streams[0]
    if other.plan.family != plan.family:
        raise ValueError(f"not a twin: {other.plan.family} of {plan.family}")
    return Measured(stream, other.psnr - stream.psnr)


def _row(
    table: Table, name: str, bits: int | None, found: Sequence[Measured], chosen: float | None
) -> float:
    """Add it; mean dB."""
    reports, losses = [m.report for m in found], [m.loss for m in found]
    psnr = float(np.mean([report.psnr for report in reports]))
    table.add(
        name,
        bits or "chosen",
        sum(report.plan.params_local for report in reports) // len(reports),
        float(np.mean([report.weight_bits for report in reports])),
        psnr,
        float(np.mean(losses)),
        max(losses),
        "" if chosen is None else f"{psnr - chosen:+.2f}",
    )
    return psnr


if __name__ == "__main__":
    main()
