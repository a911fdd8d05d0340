"""A table of the paper as data, and how it is run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, stdev
from typing import Any, Final, final

from benchmarks.common import Table
from benchmarks.paper._fits import Outcome, options_of, outcome
from benchmarks.paper._inputs import Inputs
from benchmarks.paper._networks import System
from lgcodec import Signal

__all__ = ["Experiment", "Row", "Run", "tabulate"]

Measure = tuple[Callable[[Outcome], float], str]
# What the paper prints beside PSNR. Its errors are of values that span 2, of a sound 1 at most.
MEASURES: Final[Mapping[str, Measure]] = {
    "SSIM": (lambda found: found.ssim or 0.0, ".3f"),
    "MSE e-4": (lambda found: 4e4 * 10 ** (-found.psnr / 10), ".1f"),
    "MSE e-5": (lambda found: 1e5 * 10 ** (-found.psnr / 10), ".1f"),
    "s": (lambda found: found.seconds, ".0f"),
}
Found = Mapping[str, Mapping[str, Sequence[Outcome]]]  # network -> input -> one of each seed


@final
@dataclass(frozen=True)
class Run:
    """How much of an experiment is done: inputs `count` at most, `share` of the samples a step."""

    scale: int
    steps: int
    share: float = 1.0
    seeds: tuple[int, ...] = (0, 1)
    count: int = 1


@final
@dataclass(frozen=True)
class Row:
    """A network and what the paper prints of it: dB, and perhaps some of `MEASURES`.

    share     of the samples that the paper takes in a step
    options   of the encoder, in the place of the paper's choice
    slow      whether --quick leaves it out
    """

    name: str
    system: System
    paper: Mapping[str, float]
    share: float = 1.0
    options: Mapping[str, Any] = field(default_factory=dict)
    slow: bool = False


@final
@dataclass(frozen=True)
class Experiment:
    """Networks that are fitted to the same inputs.

    reference   name of the row that gaps refer to
    rates       learning rates of local and global weights; steps: both of the paper
    """

    signal: str
    inputs: Inputs
    rows: Sequence[Row]
    reference: str
    rates: tuple[float, float]
    steps: int
    full: Run
    quick: Run

    def outcomes(self, row: Row, signal: Signal, run: Run) -> list[Outcome]:
        """One of each seed."""
        share, found = run.share * row.share, []
        for seed in run.seeds:
            more = {"iterations": run.steps, "seed": seed, "rates": self.rates, **row.options}
            options = options_of(row.system, signal, run.scale, share, more)
            found.append(outcome(signal, options, run.scale))
        return found


def tabulate(
    title: str,
    measures: Sequence[str],
    experiments: Sequence[Experiment],
    data: Path | None,
    *,
    quick: bool,
) -> Table:
    """Fit everything, and put the paper's figures before ours."""
    names = [*measures, "dB", "gap"]
    heads = [head for name in names for head in (f"paper {name}", name)]
    table = Table(title, ("signal", "network", "weights", *heads))
    for experiment in experiments:
        run = experiment.quick if quick else experiment.full
        rows = [row for row in experiment.rows if not (quick and row.slow)]
        signals = experiment.inputs(data, run.scale, run.count)
        found: dict[str, dict[str, list[Outcome]]] = {}
        for row in rows:
            found[row.name] = {n: experiment.outcomes(row, s, run) for n, s in signals.items()}
        for row in rows:
            cells = _cells(experiment, row, names, found)
            weights = next(iter(found[row.name].values()))[0].weights
            table.add(experiment.signal, row.name, f"{weights:,}", *cells)
        _note(table, experiment, run, signals, found)
    if "MSE e-5" in measures:
        table.note("dB: of the decoded file; peak is the largest magnitude of the clip")
    if "s" in measures:
        table.note("s: of a GPU in the paper, of one processor here")
    return table


def _cells(experiment: Experiment, row: Row, names: Sequence[str], found: Found) -> list[str]:
    """The paper's figure and ours for every name."""
    reference = next(other for other in experiment.rows if other.name == experiment.reference)
    ours, theirs = found[row.name], found[reference.name]
    cells: list[str] = []
    for name in names:
        if name == "gap":
            gap = _mean(ours, lambda o: o.psnr) - _mean(theirs, lambda o: o.psnr)
            pair = f"{row.paper['dB'] - reference.paper['dB']:+.2f}", f"{gap:+.2f}"
        elif name == "dB":
            pair = f"{row.paper['dB']:.2f}", _decibels(ours)
        else:
            read, form = MEASURES[name]
            known = row.paper.get(name)
            pair = "" if known is None else f"{known:{form}}", f"{_mean(ours, read):{form}}"
        cells += pair
    return cells


def _mean(found: Mapping[str, Sequence[Outcome]], read: Callable[[Outcome], float]) -> float:
    return mean(read(one) for ones in found.values() for one in ones)


def _decibels(found: Mapping[str, Sequence[Outcome]]) -> str:
    """Mean over inputs and seeds, and the mean over inputs of the deviation over seeds."""
    text = f"{_mean(found, lambda one: one.psnr):.2f}"
    if any(len(ones) < 2 for ones in found.values()):
        return text
    return f"{text} ±{mean(stdev(one.psnr for one in ones) for ones in found.values()):.2f}"


def _note(
    table: Table, experiment: Experiment, run: Run, signals: Mapping[str, Signal], found: Found
) -> None:
    """How much was done, and every input's dB where there are several."""
    grids = {"x".join(map(str, signal.grid)) for signal in signals.values()}
    table.note(
        f"{experiment.signal}: {', '.join(sorted(grids))}, {len(signals)} inputs, "
        f"{len(run.seeds)} seeds, scale {run.scale}, {run.steps:,} steps "
        f"(paper: {experiment.steps:,}) of {run.share:.1%} of the samples that the paper takes"
    )
    for row in experiment.rows:
        if "samples" in row.options:
            table.note(f"    {row.name}: as many samples in a step as the encoder chooses")
    if len(signals) > 1:
        for name in signals:
            values = (
                f"{network} {mean(one.psnr for one in ones[name]):.2f}"
                for network, ones in found.items()
            )
            table.note(f"    {name}: {', '.join(values)}")
