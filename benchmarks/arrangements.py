"""Local-global against per-partition and single: PSNR at equal parameters, on the shipped samples.

Every arrangement gets the default number of parameters and the same schedule, and keeps float32
weights: rounding is another question, and hits wide frame coordinates hardest. Error at the borders
of partitions against the inside says how visible seams are. With --data also the camera picture
and the Bach clip; --quick leaves out the video.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import SAMPLES, Table, parser
from lgcodec import EncodeOptions, EncodeReport, Signal, decode_stream, read
from lgcodec._encode import encode_signals
from lgcodec.fit.plan import Plan, make_plan
from lgcodec.format.container import BytesSource, Reader
from lgcodec.media import lossless_bytes

EXTRA = ("images/skimage/camera.png", "audio/gt_bach.wav")


def main() -> None:
    """Fit everything twice and write results/arrangements.txt."""
    options = parser(__doc__).parse_args()
    seeds = (0,) if options.quick else (0, 1)
    inputs = [SAMPLES / name for name in ("cat.png", "speech.wav")]
    inputs += [] if options.quick else [SAMPLES / "bunny.mp4"]
    inputs += [options.data / name for name in EXTRA if options.data]
    preset = "fast" if options.quick else "medium"
    table = Table(
        f"Arrangements at equal parameters, float32 weights, preset {preset}",
        ("input", "arrangement", "coordinates", "widths", "seed", "bytes", "dB", "seam dB", "s"),
    )
    for path in inputs:
        signal = read(path)[0]
        for arrangement, coordinates in (
            ("per-partition", "tile"),
            ("local-global", "tile"),
            ("per-partition", "frame"),
            ("local-global", "frame"),
        ):
            for seed in seeds:
                asked = EncodeOptions(
                    preset=preset,  # type: ignore[arg-type]
                    params=_params(signal),
                    arrangement=arrangement,  # type: ignore[arg-type]
                    coordinates=coordinates,  # type: ignore[arg-type]
                    seed=seed,
                    float_bits=32,
                )
                data, report = encode_signals([signal], asked)
                seam = _seam(signal, data, report.streams[0].plan)
                _row(table, path.name, asked, report, seam)
    table.note("seam dB: PSNR of samples at a border of a partition minus PSNR of all samples")
    if not options.no_write:
        table.write("arrangements")


def _params(signal: Signal) -> int:
    plan = make_plan(signal, EncodeOptions(), lossless_bytes(signal))
    return plan.params_local + plan.params_global


def _row(table: Table, name: str, asked: EncodeOptions, report: EncodeReport, seam: float) -> None:
    stream = report.streams[0]
    family = stream.plan.family
    table.add(
        name,
        stream.plan.arrangement,
        asked.coordinates,
        f"{family.sizes['local_width']}/{family.sizes['global_width']}",
        asked.seed,
        report.bytes,
        stream.psnr,
        seam,
        stream.seconds,
    )


def _seam(signal: Signal, data: bytes, plan: Plan) -> float:
    tile = tuple(axis.tile_len for axis in plan.geometry.axes)
    with Reader(BytesSource(data)) as reader:
        decoded = decode_stream(reader.streams[0])
    error = (signal.samples.astype(np.float64) - decoded.samples) ** 2
    border = _borders(signal.grid, tile)
    return float(10 * np.log10(error.mean() / error[border].mean()))


def _borders(grid: tuple[int, ...], tile: tuple[int, ...]) -> NDArray[Any]:
    """[*grid] True at the first and last sample of a tile along any axis."""
    border = np.zeros(grid, np.bool_)
    for axis, (size, edge) in enumerate(zip(grid, tile, strict=True)):
        place = np.arange(size)
        line = (place % edge == 0) | (place % edge == edge - 1) | (place == size - 1)
        border |= line.reshape([-1 if i == axis else 1 for i in range(len(grid))])
    return border


if __name__ == "__main__":
    main()
