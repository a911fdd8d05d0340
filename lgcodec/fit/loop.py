"""Signal + network -> weights: AdamW or SOAP on a share of every partition's samples per step.

A float phase, then one with rounding in the loop (`aware.py`), or in its place rounding that makes
up for itself, after second-order steps (`refine.py`) or of a single network (`kronecker.py`). The
best weights seen are kept, because the error of a sine network oscillates by decibels between steps
(measured on the reference code).
"""

from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Final, cast, final

import torch

from lgcodec.fit.beginning import Start
from lgcodec.fit.candidate import UNKNOWN, Candidate
from lgcodec.fit.checkpoint import joined, load_state, part_of, save_state
from lgcodec.fit.ended import fitted_once
from lgcodec.fit.kronecker import SINGLE_FLOAT_SHARE, SingleRounding
from lgcodec.fit.objective import Objective
from lgcodec.fit.refine import FLOAT_SHARE, Refinement, can_refine
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.schedule import Schedule
from lgcodec.fit.settings import FitProgress, FitSettings, Fitted, Report, SizeOf
from lgcodec.fit.training import Training
from lgcodec.nets import Family, Siren

__all__ = ["fit"]

WARM_UP: Final = 50  # iterations
WARM_UP_ENCODED: Final = 10  # where weights are those of an encoded signal
MEASURE_EVERY: Final = 25  # iterations
STEER_EVERY: Final = 10  # iterations with rounding in the loop and a goal to meet
SAVE_EVERY: Final = 30.0  # seconds


def fit(
    family: Family,
    sampler: Sampler,
    settings: FitSettings,
    *,
    peak: float,
    device: torch.device,
    report: Report | None = None,
    checkpoint: Path | None = None,
    size_of: SizeOf | None = None,
    start: Start | None = None,
) -> Fitted:
    """Fit `family` to the samples of one group.

    peak         of the PSNR, in network units (samples span 2)
    start        weights to begin with; None draws them
    checkpoint   a file to resume from if it exists, and to write every half minute, on Ctrl-C and
                 at the end: a fit that has ended is not repeated
    size_of      bytes that rounded weights take in the file; `settings.size` needs it

    On Ctrl-C the best weights so far are returned, rounded towards the goal. Deterministic for a
    seed on one machine unless `seconds` or `psnr` ends it.
    """

    def anew() -> Fitted:
        objective = Objective(
            family, sampler, peak=peak, device=device, measurement=settings.measurement
        )
        run = _Run(objective, settings, device=device, size_of=size_of or _no_size, start=start)
        try:
            run.go(report, checkpoint)
        except KeyboardInterrupt:
            if checkpoint is not None:
                run.save(checkpoint)
            run.stop()
            return run.result(interrupted=True)
        return run.result()

    return fitted_once(anew, family, sampler, settings, report=report, checkpoint=checkpoint)


@final
class _Run:
    """The state of one fit."""

    def __init__(
        self,
        objective: Objective,
        settings: FitSettings,
        *,
        device: torch.device,
        size_of: SizeOf,
        start: Start | None,
    ) -> None:
        self.objective, self.settings, self.size_of = objective, settings, size_of
        self.family, self.device = objective.family, device
        self.comes_later = start is not None and start.freezes_global  # tables count on an order
        sampler = objective.sampler
        sizes = len(sampler.ids), sampler.tile_samples
        refines = settings.single or can_refine(self.family, settings, *sizes)
        self.refines = refines and not self.comes_later
        self.training = Training(objective, settings, device=device, size_of=size_of, start=start)
        self.schedule = Schedule(
            settings,
            is_float=settings.bits is None or self.refines,
            warm_up=WARM_UP_ENCODED if start else WARM_UP,
        )
        self.best, self.psnr_float = self.training.candidate(), UNKNOWN
        self.unrounded: Candidate | None = None  # what a refinement begins with
        self.saved, self.told = monotonic(), 0.0
        if start:
            self.measure()  # the first steps may make it worse

    def go(self, report: Report | None, checkpoint: Path | None) -> None:
        """Run the schedule to its end."""
        if checkpoint is not None and checkpoint.exists():
            self.load(checkpoint)
        while (done := self.schedule.done()) < 1:
            if done >= self.schedule.aware_from and self.training.aware is None:
                self.start_aware()
            self.step(done, report)
            if checkpoint is not None and monotonic() - self.saved > SAVE_EVERY:
                self.save(checkpoint)
        if self.refines:
            self.refine(report)
        else:
            self.round()
        if self.told < 1:  # time was up between a measurement and the next step
            self.tell(report, 1.0)

    def step(self, done: float, report: Report | None) -> None:
        """One iteration, after which the weights are measured now and then."""
        schedule = self.schedule
        self.training.step(schedule.iteration, schedule.rates(done))
        schedule.iteration += 1
        if schedule.iteration % self.measure_every == 0 or schedule.done() >= 1:
            self.measure()
            schedule.skip_ahead(self.best.psnr)
            self.tell(report, min(schedule.done(), 1.0) * self.float_share)

    @property
    def float_share(self) -> float:
        """Of the work, what comes before a refinement."""
        if not self.refines:
            return 1.0
        return SINGLE_FLOAT_SHARE if self.settings.single else FLOAT_SHARE

    @property
    def measure_every(self) -> int:
        """Iterations."""
        aware = self.training.aware
        return STEER_EVERY if aware is not None and aware.has_goal else MEASURE_EVERY

    def measure(self) -> None:
        """Keep the weights if they are the best so far, and steer their rounding."""
        error = self.training.error()
        self.best = self.training.better(self.best, error)
        self.training.fall_back(self.best, error)
        self.training.adjust(error, self.schedule.left())

    def start_aware(self) -> None:
        """Continue with rounding in the loop."""
        self.count_only_rounded()
        self.training.start_aware(self.best)
        self.measure()

    def refine(self, report: Report | None) -> None:
        """Improve and round the best float weights by second-order steps, towards the size."""
        self.unrounded = self.best
        self.count_only_rounded()
        for done, best in self.refinement().improved(self.best):
            self.best = best
            self.tell(report, self.float_share + (1 - self.float_share) * done)

    def refinement(self) -> Refinement | SingleRounding:
        """Of a family that `can_refine`, or of a single network."""
        family = cast("Siren", self.family)
        kind = SingleRounding if self.settings.single else Refinement
        return kind(family, self.objective, self.settings, self.size_of)

    def round(self) -> None:
        """Round what is not rounded yet, and meet the goal if that is not met."""
        if self.settings.bits is not None and self.training.aware is None:
            self.start_aware()  # a schedule of a few steps has no room for that phase
        aware = self.training.aware
        if aware is not None and not aware.met(self.best.score):
            aware.settle(self.training.weights)
            self.measure()

    def stop(self) -> None:
        """End early with rounded weights, towards the goal, as quickly as can be."""
        if not self.refines:
            self.round()
        elif self.best.steps is None:
            self.best = self.refinement().at_once(self.best)

    def count_only_rounded(self) -> None:
        """Let any rounded weights be better than the best float ones."""
        self.psnr_float, self.best = self.best.psnr, replace(self.best, score=(UNKNOWN, 0.0))

    def tell(self, report: Report | None, done: float) -> None:
        """Report that so much is done."""
        self.told = done
        if report:
            schedule = self.schedule
            report(FitProgress(done, schedule.iteration, self.best.psnr, schedule.elapsed()))

    def result(self, *, interrupted: bool = False) -> Fitted:
        """The best weights, ready to be coded."""
        best, learner = self.best, self.training.learner
        if best.steps is None or (self.comes_later and self.family.ascending):
            best = replace(best, weights=self.family.canonicalise(best.weights))
        bits = learner.bits if learner else None
        return best.fitted(bits, self.schedule.iteration, interrupted=interrupted)

    def save(self, path: Path) -> None:
        """Write everything that the next steps depend on."""
        aware, best = self.training.aware, self.unrounded or self.best
        numbers = {
            "aware": aware.state() if aware else None,
            "psnr_float": self.psnr_float,
            "best_score": best.score,
            **self.schedule.state(),
            "best_psnr": best.psnr,
            "best_steps": best.steps,
        }
        parts = {**self.training.state(), "best": best.weights}
        save_state(path, self._identity(), joined(parts), numbers)
        self.saved = monotonic()

    def load(self, path: Path) -> None:
        """Undo `save`; UsageError if the file belongs to another fit."""
        tensors, numbers = load_state(path, self._identity())
        self.psnr_float = numbers["psnr_float"]
        self.training.restore(tensors, numbers["aware"], self.psnr_float)
        best = part_of(tensors, "best")
        weights = {name: best[name].to(self.device) for name in self.training.weights}
        score, steps = tuple(numbers["best_score"]), numbers["best_steps"]
        self.best = Candidate(weights, numbers["best_psnr"], score, steps)
        self.schedule.restore(numbers)

    def _identity(self) -> str:
        sampler = self.objective.sampler
        return f"{self.family} {self.settings} {sampler.partitions} {sampler.digest}"


def _no_size(_: Fitted) -> int:
    raise ValueError("a size is wanted, size_of is not given")
