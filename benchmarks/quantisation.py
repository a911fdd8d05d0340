"""What rounding costs, and what entropy coding gives, at the operating points of sine networks.

A file of each rate of the table in lgcodec/fit/points.py is fitted with rounding in the loop, and
its twin without: the same network, seed and number of steps, float32 weights. Their difference is
the loss. Where second-order steps end the fit (sounds and pictures of a rate), the twin has none,
and their difference is not that of rounding. "8" has nominal 8 bits in the place of a rate to meet.
Bytes are of weights, see benchmarks/_code_lengths.py: as coded, and in per cent of the ideal of the
tables more (+), coded and by zstandard level 19 on the same integers. Inputs are the middle of
pictures, sounds and a video; a row gives the sums of their bytes and the means of the rest.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np

from benchmarks._code_lengths import CodeLengths, code_lengths
from benchmarks.common import SAMPLES, Table, parser
from benchmarks.operating_points import middle
from lgcodec import EncodeOptions, Signal, read
from lgcodec._encode import StreamReport, encode_signals
from lgcodec.fit.options import Preset
from lgcodec.fit.points import POINTS
from lgcodec.signal import Kind

DATA: Final[Mapping[Kind, Sequence[str]]] = {
    "image": ("kodak/kodim05.png", "kodak/kodim15.png", "kodak/kodim23.png"),
    "audio": ("audio/gt_bach.wav", "audio/lhotse_libri-1088-134315-0000.wav"),
    "video": ("video/bikes.mp4",),
}
SHIPPED: Final[Mapping[Kind, Sequence[str]]] = {
    "image": ("cat.png",),
    "audio": ("speech.wav",),
    "video": ("bunny.mp4",),
}
COLUMNS: Final = (
    "kind",
    "rate",
    "weights",
    "bits/weight",
    "dB",
    "dB float32",
    "loss",
    "largest",
    "coded",
    "over ideal",
    "zstd",
    "solid zstd",
)
Measured = tuple[StreamReport, float, CodeLengths]  # a report, dB in floats, bytes


def main() -> None:
    """Measure and write results/quantisation.txt."""
    options = parser(__doc__)
    options.add_argument("--kinds", nargs="+", default=list(DATA), choices=list(DATA))
    options.add_argument("--preset", choices=get_args(Preset), help="default: medium; quick: fast")
    asked = options.parse_args()
    preset: Preset = asked.preset or ("fast" if asked.quick else "medium")
    table = Table(f"Rounding and entropy coding of sine networks; preset {preset}, seed 0", COLUMNS)
    for kind in asked.kinds:
        signals = list(_signals(kind, asked.data))[: 1 if asked.quick else None]
        targets = [{"bpp": point.rate} for point in POINTS[kind]]
        for target in targets:
            _row(table, kind, f"{target['bpp']:g}", [_measure(s, preset, target) for s in signals])
        eight = {"bits": 8}
        _row(table, kind, "8", [_measure(signal, preset, eight) for signal in signals])
    table.note("loss: dB float32 - dB; largest: of one input; over ideal, zstd: per cent")
    if not asked.no_write:
        table.write("quantisation")


def _measure(signal: Signal, preset: Preset, target: Mapping[str, Any]) -> Measured:
    options = EncodeOptions(preset=preset, family="siren", **target)
    data, report = encode_signals([signal], options)
    stream = report.streams[0]
    plan = stream.plan
    widths = {tensor.name: tensor.shape[-1] for tensor in plan.family.local_tensors()}
    twin = EncodeOptions(
        preset=preset,
        family="siren",
        float_bits=32,
        local_width=widths["0.w"],
        partition_size=tuple(axis.tile_len for axis in plan.geometry.axes),
    )
    _, exact = encode_signals([signal], twin)
    floats = exact.streams[0]
    if (floats.plan.params_local, floats.iterations) != (plan.params_local, stream.iterations):
        raise ValueError(f"not a twin: {floats.plan} of {plan}")
    return stream, floats.psnr, code_lengths(data)


def _row(table: Table, kind: Kind, rate: str, found: Sequence[Measured]) -> None:
    losses = [floats - stream.psnr for stream, floats, _ in found]
    coded, ideal, zstd, solid = (
        sum(getattr(lengths, name) for _, _, lengths in found)
        for name in ("coded", "ideal", "zstd", "solid")
    )
    table.add(
        kind,
        rate,
        sum(stream.plan.params_local for stream, _, _ in found) // len(found),
        float(np.mean([stream.weight_bits for stream, _, _ in found])),
        float(np.mean([stream.psnr for stream, _, _ in found])),
        float(np.mean([floats for _, floats, _ in found])),
        float(np.mean(losses)),
        max(losses),
        coded,
        *(f"{100 * (size / ideal - 1):+.2f} %" for size in (coded, zstd, solid)),
    )


def _signals(kind: Kind, data: Path | None) -> Iterator[Signal]:
    for name in DATA[kind] if data else SHIPPED[kind]:
        yield middle(read((data or SAMPLES) / name)[0])


if __name__ == "__main__":
    main()
