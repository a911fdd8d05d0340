"""Figures 7 and 13: the camera picture from its upper half, against from scratch.

As in the paper: a Local-Global SIREN of the upper half, with all widths as they are, gets the
partitions of the lower one and is tuned. Against it stand the same network and a SIREN of equal
size, both from scratch. Its third curve, of a smaller SIREN that is tuned, is left out: a file
cannot be given another signal of the same partitions. Rates fall with half a cosine here, so every
count of steps is a fit of its own.
"""

from dataclasses import replace
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any, Final, final

from benchmarks.common import Table
from benchmarks.paper._experiment import Run
from benchmarks.paper._fits import encoded, options_of
from benchmarks.paper._inputs import camera
from benchmarks.paper._networks import Network
from benchmarks.paper._plots import lines
from lgcodec import Signal, decode_stream, extend, psnr
from lgcodec.fit.plan import Plan
from lgcodec.format.container import BytesSource, Reader

__all__ = ["figure7", "figure13"]

HALF: Final = Network(14, 84, (8, 16))
WHOLE: Final = Network(14, 84, (16, 16))
SIREN: Final = Network(256)
RATES: Final = (5e-4, 5e-4)
FULL: Final = Run(scale=4, steps=600, share=1 / 4)
SHORT: Final = Run(scale=4, steps=360)
FAR: Final = 4  # times as many steps, Figure 13
SHARES: Final = (6, 3, 1)  # of the steps from scratch
Curve = list[tuple[float, float]]  # steps, mean squared error of values that span 2


@final
class _Watcher:
    """Collects the best error so far."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.curve: Curve = []

    def chose(self, stream: int, plan: Plan) -> None:
        """See `Listener`."""

    def progress(self, stream: int, done: float, psnr: float, seconds_left: float) -> None:  # noqa: ARG002
        """See `Listener`."""
        self.tuned(done, psnr, seconds_left)

    def tuned(self, done: float, psnr: float, seconds_left: float) -> None:  # noqa: ARG002
        """See `Progress` of an extension."""
        self.curve.append((done * self.steps, 4 * 10 ** (-psnr / 10)))


def figure7(data: Path | None, *, quick: bool, plot: Path | None) -> Table:
    """1,000 steps after 2,000 of the half and 10 seeds in the paper."""
    return _extended("figure7", data, SHORT if quick else FULL, 2, plot=plot)


def figure13(data: Path | None, *, quick: bool, plot: Path | None) -> Table:
    """4,000 steps after 4,000 of the half, 3 seeds in the paper."""
    run = SHORT if quick else FULL
    return _extended("figure13", data, replace(run, steps=FAR * run.steps), 1, plot=plot)


def _extended(name: str, data: Path | None, run: Run, before: int, *, plot: Path | None) -> Table:
    """`before`: steps of the half against those from scratch."""
    tuned = [f"tuned {run.steps // share}" for share in SHARES]
    table = Table(
        f"Figure {name[6:]}: extending the camera picture, dB of all samples after tuning",
        (
            "seed",
            "half",
            "LGS",
            "SIREN",
            *tuned,
            "steps as LGS",
            "as SIREN",
        ),
    )
    (signal,) = camera(data, run.scale, 1).values()
    rows: list[list[float]] = []
    curves: dict[str, Curve] = {}
    for seed in run.seeds:
        values, curves = _compared(signal, run, before * run.steps, seed)
        rows.append(values)
        table.add(seed, *values, *_needed(values, run.steps))
    if len(rows) > 1:
        means = [mean(column) for column in zip(*rows, strict=True)]
        table.add("mean", *means, *_needed(means, run.steps))
    table.note(
        f"camera, {'x'.join(map(str, signal.grid))}, scale {run.scale}, {len(run.seeds)} seeds, "
        f"{run.share:.0%} of the samples in every step; half: the upper half"
    )
    table.note(f"in {before * run.steps:,} steps; LGS, SIREN: from scratch in {run.steps:,} steps")
    table.note("steps as: the fewest of those that reach LGS or SIREN from scratch")
    if plot:
        lines(
            plot,
            ("steps", "best mean squared error so far"),
            curves,
            logarithmic=True,
        )
    return table


def _needed(values: list[float], steps: int) -> list[str]:
    _, *goals = values[:3]
    tuned = zip(SHARES, values[3:], strict=True)
    pairs = [(steps // share, value) for share, value in tuned]
    return [next((str(n) for n, value in pairs if value >= goal), "more") for goal in goals]


def _compared(
    signal: Signal, run: Run, before: int, seed: int
) -> tuple[list[float], dict[str, Curve]]:
    """dB of the half, of both networks from scratch and of each tuning; the curves."""
    half = Signal("image", signal.samples[: len(signal.samples) // 2])
    first, part, _ = _fitted(HALF, half, run, before, seed)
    _, lgs, scratch = _fitted(WHOLE, signal, run, run.steps, seed)
    _, siren, single = _fitted(SIREN, signal, run, run.steps, seed)
    values, curves = [part, lgs, siren], {"LGS from scratch": scratch, "SIREN from scratch": single}
    with TemporaryDirectory() as folder:
        old, new = Path(folder) / "old.lgi", Path(folder) / "new.lgi"
        old.write_bytes(first)
        for share in SHARES:
            watcher = _Watcher(run.steps // share)
            fit: dict[str, Any] = {"iterations": watcher.steps, "seed": seed, "rates": RATES}
            fit |= {"samples": round(run.share * 32 * 32)}
            report = extend(old, signal, new, progress=watcher.tuned, **fit)
            values.append(report.streams[0].psnr)
            curves[f"LGS tuned, {watcher.steps} steps"] = watcher.curve
    return values, curves


def _fitted(
    system: Network, signal: Signal, run: Run, steps: int, seed: int
) -> tuple[bytes, float, Curve]:
    """The file, its dB and its curve."""
    watcher = _Watcher(steps)
    more = {"iterations": steps, "seed": seed, "rates": RATES}
    options = options_of(system, signal, run.scale, run.share, more)
    data, _ = encoded(signal, options, run.scale, watcher)
    with Reader(BytesSource(data)) as reader:
        decoded = decode_stream(reader.streams[0])
    return data, psnr(signal.samples, decoded.samples), watcher.curve
