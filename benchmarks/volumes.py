"""Volumes: what `lgi encode IN OUT` gives, nothing else said, of shapes and grey volumes.

Here too is the paper's comparison of shapes (appendix E, Figure 11), for `benchmarks.paper`: three
networks at equal size, with frame coordinates and float32 weights as there, and 8 x 8 x 8
partitions of which the empty ones have no network. The paper's shape has 512 voxels along an axis
and 27 000 steps; ours have 128 and 600 steps, --quick 150. Without --data the shipped cow alone.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, stdev
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import lgcodec
from benchmarks.common import SAMPLES, Table, parser
from lgcodec import Signal, encode, read
from lgcodec.partition import RULES, find_content

__all__ = ["first_shape", "shapes"]

INPUTS: Final = (
    "spot_256.npz",
    "bunny_256.npz",
    "stent_ct.npz",
    "mni_icbm152_t1_1mm.nii.gz",
)
SHAPES: Final = (
    ("lucy_512.npz", 4),
    ("spot_256.npz", 2),
    ("bunny_256.npz", 2),
    ("armadillo_512.npz", 4),
)
PARAMS: Final = 50_000
FULL: Final = (600, (0, 1))  # steps, seeds
QUICK: Final = (150, (0,))
SAMPLES_OF_A_STEP: Final = 2**13
NETWORKS: Final = {  # the paper's IoU of Lucy, and ours
    "per-partition": ("SIREN-per-Partition", 0.9909),
    "local-global": ("Local-Global SIREN", 0.9920),
    "single": ("SIREN", 0.9904),
}


def main() -> None:
    """Encode everything and write results/volumes.txt."""
    options = parser(__doc__).parse_args()
    defaults = _defaults(options.data, quick=options.quick)
    if not options.no_write:
        defaults.write("volumes")


def _defaults(data: Path | None, *, quick: bool) -> Table:
    preset = "fast" if quick else "medium"
    table = Table(
        f"Volumes with the defaults, preset {preset}, seed 0; IoU at threshold 0.5",
        ("file", "grid", "type", "partitions", "stored", "bytes", "lossless", "IoU", "dB", "s"),
    )
    paths = [data / "volumes" / name for name in INPUTS] if data else [SAMPLES / "spot.npz"]
    with TemporaryDirectory() as folder:
        for path in paths:
            (signal,) = read(path, kind="volume")
            report = encode(signal, Path(folder) / "x.lgi", preset=preset)
            stream = report.streams[0]
            quality = ("", stream.psnr) if stream.iou is None else (f"{stream.iou:.4f}", "")
            table.add(
                path.name,
                "x".join(map(str, signal.grid)),
                signal.samples.dtype,
                "x".join(map(str, stream.plan.tiles)),
                stream.plan.content.partitions,
                report.bytes,
                stream.plan.lossless_bytes,
                *quality,
                stream.seconds,
            )
    return table


def shapes(data: Path | None, *, quick: bool) -> Table:
    """The paper's three networks on every shape: mean IoU."""
    steps, seeds = QUICK if quick else FULL
    table = Table(
        f"Shapes: {PARAMS:,} parameters, {steps} steps of {SAMPLES_OF_A_STEP:,} samples, mean IoU",
        ("network", "paper", "ours", *(name for name, _ in _grids(data))),
    )
    signals = dict(_grids(data))
    for arrangement, (title, paper) in NETWORKS.items():
        found = {
            name: [_iou(signal, arrangement, steps, seed) for seed in seeds]
            for name, signal in signals.items()
        }
        cells = [f"{mean(ones):.4f}" for ones in found.values()]
        table.add(title, f"{paper:.4f}", _overall(list(found.values())), *cells)
    table.note(
        f"paper: Lucy, 512 voxels, 199k parameters; ours: the mean of the others, seeds {seeds}, "
        "and the mean over shapes of the deviation over seeds"
    )
    return table


def _overall(found: Sequence[Sequence[float]]) -> str:
    """Mean over shapes and seeds, and the mean over shapes of the deviation over seeds."""
    text = f"{mean(map(mean, found)):.4f}"
    return text if len(found[0]) < 2 else f"{text} ±{mean(map(stdev, found)):.4f}"


def first_shape(data: Path | None, *, quick: bool) -> dict[str, NDArray[np.bool_]]:
    """The first shape [z, y, x] and what the networks make of it; the names tell IoU."""
    steps, (seed, *_) = QUICK if quick else FULL
    name, signal = next(_grids(data))
    found: dict[str, NDArray[np.bool_]] = {name: signal.samples[..., 0]}
    for arrangement, (title, _) in NETWORKS.items():
        with TemporaryDirectory() as folder:
            path = Path(folder) / "x.lgi"
            iou = _iou(signal, arrangement, steps, seed, path)
            found[f"{title}\n{iou:.4f}"] = lgcodec.open(path).decode().samples[..., 0]
    return found


def _grids(data: Path | None) -> Iterator[tuple[str, Signal]]:
    """Occupancy with about 128 voxels along the longest axis."""
    if data is None:
        yield "spot", read(SAMPLES / "spot.npz")[0]
        return
    for name, factor in SHAPES:
        (signal,) = read(data / "volumes" / name)
        z, y, x = (n // factor for n in signal.grid)
        inside = signal.samples[: z * factor, : y * factor, : x * factor, 0]
        blocks = inside.reshape(z, factor, y, factor, x, factor)
        occupied = blocks.mean((1, 3, 5), dtype=np.float32) > 0.5
        yield name.partition("_")[0], Signal("volume", occupied[..., np.newaxis])


def _iou(
    signal: Signal, arrangement: str, steps: int, seed: int, path: Path | None = None
) -> float:
    """Of a fit, whose file is left at `path` if one is given."""
    common: dict[str, Any] = {
        "params": PARAMS,
        "arrangement": arrangement,
        "coordinates": "frame",
        "float_bits": 32,
        "iterations": steps,
        "seed": seed,
    }
    if arrangement != "single":
        common |= {"partitions": (8, 8, 8)}
    with TemporaryDirectory() as folder:
        options = {**common, "samples": _samples(signal, arrangement)}
        found = encode(signal, path or Path(folder) / "x.lgi", **options).streams[0].iou
    return found or 0.0


def _samples(signal: Signal, arrangement: str) -> int:
    """Samples of a partition and step: so many in all partitions that are not empty."""
    if arrangement == "single":
        return SAMPLES_OF_A_STEP
    tilings = RULES["counts"](signal.grid, (8, 8, 8))
    return max(1, SAMPLES_OF_A_STEP // find_content(signal, tilings).partitions)


if __name__ == "__main__":
    main()
