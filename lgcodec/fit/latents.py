"""Signal -> latents: a pyramid of every tile, rounded where a bit buys the most.

The pyramid is nearly orthonormal, and where pictures move errors have weights, so that each symbol
is chosen by its own error and its bits under the entropy network: D + lambda R, symbol by symbol
(rate-distortion optimised rounding). Then come rounds of descent, in which symbols make good what
others leave out; where there is time for it the network is trained on the symbols before.
One number, the step, leads to a size or a quality.
"""

from dataclasses import replace
from math import ceil, log, log10
from pathlib import Path
from time import monotonic
from typing import Final, final

import numpy as np
import torch

from lgcodec.coding.base import Symbols
from lgcodec.coding.context import ENTROPY
from lgcodec.coding.integer import LARGEST
from lgcodec.coding.pyramid import LATENTS, MOTION
from lgcodec.fit.candidate import UNKNOWN
from lgcodec.fit.choices import Choice, Chooser, Motion
from lgcodec.fit.correction import Correction
from lgcodec.fit.ended import fitted_once
from lgcodec.fit.entropy import Entropy
from lgcodec.fit.latent_state import LatentState
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.settings import FitProgress, FitSettings, Fitted, Report, SizeOf
from lgcodec.fit.steps import CLOSER_SIZE, STEPS_PER_E, WIDEST, StepTarget
from lgcodec.fit.work import TRAININGS, Work
from lgcodec.nets.latent import STEP_UNIT, Latent

__all__ = ["USUAL", "USUAL_OF_VIDEO", "fit_latents"]

USUAL: Final = -round(2.8 * STEP_UNIT)  # without a target: about 39 dB for a photograph
USUAL_OF_VIDEO: Final = -round(1.9 * STEP_UNIT)  # about 35 dB
ROUGH: Final = 4  # steps to which the first search is exact, as the step is corrected later
FORESIGHTS: Final = 2  # choices of all symbols at most, until some partitions are believed
NEAR: Final = 8  # steps for which what some partitions tell of all is the same
ESTIMATE: Final = 0.25  # of a choice of all symbols: what some tell
TELL_EVERY: Final = 1.0  # seconds
TELLING: Final = 20  # times as long as telling took, at least
STEPS_BACK: Final = 6  # times that a step is widened after Ctrl-C


def fit_latents(
    family: Latent,
    sampler: Sampler,
    settings: FitSettings,
    *,
    peak: float,
    report: Report | None = None,
    checkpoint: Path | None = None,
    size_of: SizeOf | None = None,
    usual: int = USUAL,
    motion: Motion | None = None,
) -> Fitted:
    """Fit the partitions of one group.

    peak         of the PSNR, in network units
    checkpoint   a file to resume from if it exists, and to write after every round of training and
                 at the end: a fit that has ended is not repeated
    size_of      bytes of the chunks of what was fitted; needed where `settings` has a size
    usual        the step where `settings` has no target, else where the search for one begins
    motion       of a `Chooser` of the same partitions, which is not looked for again

    Border tiles repeat the signal's last samples. On Ctrl-C the latest choice is returned, or a
    quick one of fewer bytes where it has too many.
    Where not even the widest step reaches the size that `settings` has, it is the one taken.
    """

    def anew() -> Fitted:
        chooser = Chooser(family, sampler, motion)
        run = _Run(chooser, sampler, settings, peak, report=report, size_of=size_of, usual=usual)
        try:
            run.go(checkpoint)
        except KeyboardInterrupt:
            if run.choice is None:
                raise
            return run.fitted(run.stopped(), interrupted=True)
        return run.fitted(run.chosen)

    return fitted_once(anew, family, sampler, settings, report=report, checkpoint=checkpoint)


@final
class _Run:
    """The state of one fit."""

    def __init__(
        self,
        chooser: Chooser,
        sampler: Sampler,
        settings: FitSettings,
        peak: float,
        *,
        report: Report | None,
        size_of: SizeOf | None,
        usual: int,
    ) -> None:
        self.chooser, self.sampler, self.settings = chooser, sampler, settings
        self.family = family = chooser.family
        self.peak, self._report, self._size_of, self._usual = peak, report, size_of, usual
        of_signal = f"{sampler.partitions} {sampler.digest} {self.chooser.digest}"
        self.identity = f"{family} {settings} {of_signal}"
        self.choice: Choice | None = None
        self._last: tuple[int, Choice] | None = None  # the last choice without descent
        self._plains: dict[int, float] = {}  # what steps give under the network as it is
        self.step, self.rounds, self.trained = 0, 0, 0
        self.spent, self.started = 0.0, monotonic()
        self.tell_at = monotonic() + TELL_EVERY
        self.target = StepTarget(settings.size, settings.psnr)
        symbols = len(sampler.ids) * sum(family.pyramid.sizes)
        iterations, searches = settings.iterations // TRAININGS, self.target.exists
        self._by_some = quickly = self.chooser.can_estimate
        self.work = Work(symbols, iterations, self._rounds, searches=searches, quickly=quickly)

    @property
    def chosen(self) -> Choice:
        """The choice so far."""
        if self.choice is None:
            raise ValueError("nothing is chosen yet")
        return self.choice

    def go(self, checkpoint: Path | None) -> None:
        """Find the step, then train and choose in turns, then correct the step."""
        if checkpoint is not None and checkpoint.exists():
            self._load(checkpoint)
        else:
            step = self._first()
            self.step, self.choice = step, self._taken(step)  # both at once, for Ctrl-C
            self._save(checkpoint)
        while self.rounds < self._rounds and not self._is_late():
            self._round()
            self._save(checkpoint)
        self.choice = self._filtered(self.chosen)
        if self.target.exists:
            self.choice = self._correction().of(self.step, self.chosen)
        self._tell(self.chosen, 1.0)

    def _first(self) -> int:
        """The step for a target by what is foreseen, the usual one without."""
        if not self.target.exists:
            return self._usual
        step = self._foreseen() if self._by_some else None
        if step is None:
            self._look_at_all()
            self._bound(self._usual, self._choose(self._usual))
            step = self._searched(self.target, self._usual, near=ROUGH)
        return step

    def _look_at_all(self) -> None:
        """Some partitions do not tell of all, or there are few, and choosing again is quick."""
        if self._by_some:
            self.work.search_slowly()
        self._by_some, self._plains, self.target.close_size = False, {}, CLOSER_SIZE

    def _foreseen(self) -> int | None:
        """The step by some partitions, and by what descents and the coder do to them.

        None where what they show is nothing like the rest. Where time is short, how many descents
        there will be is not known.
        """
        step, target = self._searched(self.target, self._usual, near=ROUGH), self.target.with_room()
        plain, descents = self._plain(step), self._rounds if self.settings.seconds is None else 0
        gain = target.change(plain, self._estimated(step, descents) if descents else plain)
        step = self._searched(target, step, gain)
        for _ in range(FORESIGHTS):
            choice = self._choose(step)
            of_all = target.change(self._plain(step), self._measured(choice))
            if not target.is_small(of_all) or _largest(choice) >= LARGEST:
                return None
            self._bound(step, choice)
            target = self.target.with_room()
            step, before = self._searched(target, step, of_all, gain), step
            if abs(step - before) <= NEAR:
                break
        return step

    def _searched(self, target: StepTarget, begin: int, *changes: float, near: int = 1) -> int:
        """The step for a target if what each gives changes so."""

        def amount(step: int) -> float:
            return target.changed(self._plain(step), *changes)

        return target.search(begin, amount, near=near)

    def stopped(self) -> Choice:
        """The choice so far; where it has more bytes than are wanted, one of fewer."""
        wanted = self.settings.size
        if wanted is None:
            return self.chosen
        self._report = None
        for _ in range(STEPS_BACK):
            more = self._amount(self.chosen) / wanted
            if more <= 1 or self.step >= WIDEST:
                break
            self.step = min(self.step + ceil(log(more) * STEPS_PER_E) + 1, WIDEST)
            self.choice = self._taken(self.step)
        return self.chosen

    def _bound(self, step: int, choice: Choice) -> None:
        """Search no steps under which numbers would be cut off, by those of a choice."""
        self.target.bound(step, _largest(choice))

    @property
    def _rounds(self) -> int:
        """Rounds in all."""
        return max(self.settings.descents, TRAININGS if self.settings.iterations else 0)

    def _round(self) -> None:
        """A descent, before the first of which the network learns the symbols if there is time."""
        if self.rounds < TRAININGS:
            self._train()
        self.choice = self._counted(self.chooser.descended(self.chosen))
        self.rounds += 1

    def _train(self) -> None:
        """The network learns the symbols, if that pays."""
        iterations, symbols = self.settings.iterations // TRAININGS, self.chosen.symbols
        if not iterations:
            return
        self.chooser.entropy.train(symbols, iterations, self.settings.seed + self.rounds)
        self.trained += iterations
        self._last, self._plains = None, {}
        self.work.done += self.work.training
        self.chooser.keep_what_pays(symbols)

    def _correction(self) -> Correction:
        return Correction(
            self.target, searched=self._corrected, refined=self._refined, amount=self._amount
        )

    def _corrected(self, step: int, amount: float) -> int:
        """The best step if descent does to every one what it did to `step`."""
        return self._searched(self.target, step, self.target.change(self._plain(step), amount))

    def _refined(self, step: int) -> Choice:
        """Symbols for a step, as good as those that the rounds end with."""
        self.step, self.choice = step, self._taken(step)
        for _ in range(self.rounds):
            self.choice = self._counted(self.chooser.descended(self.choice))
        self.choice = self._filtered(self.choice)
        return self.choice

    def _filtered(self, choice: Choice) -> Choice:
        return self.chooser.filtered(choice, by_some=self._by_some)

    def _amount(self, choice: Choice) -> float:
        """What the target limits, by the real coder: bytes or dB."""
        if self.settings.size is None or self._size_of is None:
            return self._psnr(choice)
        self.work.done += 1  # coding takes about as long as choosing
        return self._size_of(self._unmeasured(choice))

    def elapsed(self) -> float:
        """Seconds of fitting, those before a resumption included."""
        return self.spent + monotonic() - self.started

    def _is_late(self) -> bool:
        return self.settings.seconds is not None and self.elapsed() > self.settings.seconds

    def _save(self, path: Path | None) -> None:
        if path is not None:
            weights, symbols = self.chooser.entropy.floats(), self.chosen.symbols
            numbers = self.step, self.rounds, self.trained, self.elapsed(), self._by_some
            LatentState(*numbers, weights, symbols).save(path, self.identity)

    def _load(self, path: Path) -> None:
        state = LatentState.load(path, self.identity)
        self.step, self.rounds, self.trained = state.step, state.rounds, state.trained
        self.spent, self.started = state.spent, monotonic()
        if not state.by_some:
            self._look_at_all()
        self.work.done = self.work.until(self.rounds)
        self.chooser.entropy = Entropy(self.family.coder, torch.from_numpy(state.entropy))
        self.choice = self.chooser.restored(self.step, state.symbols)
        self._bound(self.step, self.choice)

    def fitted(self, choice: Choice, *, interrupted: bool = False) -> Fitted:
        """A choice and its quality: of a few partitions where no fit was asked to reach one."""
        roughly = self.settings.psnr is None and not interrupted
        psnr = self._psnr(choice, roughly=roughly)
        return replace(self._unmeasured(choice), psnr=psnr, interrupted=interrupted)

    def _unmeasured(self, choice: Choice) -> Fitted:
        """The weights of a choice."""
        local: dict[str, Symbols] = {LATENTS: np.concatenate(choice.symbols, axis=1)}
        if self.chooser.motion is not None:
            local[MOTION] = self.chooser.motion.astype(np.float32)
        global_ = {ENTROPY: self.chooser.entropy.integers(), **choice.rounded.global_}
        return Fitted(local, global_, {}, None, UNKNOWN, self.trained)

    def _plain(self, step: int) -> float:
        """Bytes by ideal code lengths, or dB, of a step without descent.

        By some partitions, if they tell of all.
        """
        if step not in self._plains:
            by_some = self._by_some
            found = self._estimated(step) if by_some else self._measured(self._choose(step))
            self._plains[step] = found
        return self._plains[step]

    def _measured(self, choice: Choice) -> float:
        """Bytes by ideal code lengths, or dB, of a choice."""
        return self._psnr(choice) if self.target.size is None else self.chooser.bytes(choice)

    def _estimated(self, step: int, descents: int = 0) -> float:
        """Bytes or dB of a step by some partitions; after descents bytes are those of the coder."""
        self.work.done += ESTIMATE * (1 + descents)
        if self.target.size is None:
            return self._decibels(self.chooser.estimated_error(step, descents))
        return self.chooser.estimated_bytes(step, descents)

    def _choose(self, step: int) -> Choice:
        """The choice for a step without descent; the last one is kept."""
        if self._last is None or self._last[0] != step:
            self._last = None
            choice = self.chooser.choose(step)
            if self.choice is None:  # for Ctrl-C from now on
                self.step, self.choice = step, choice
            self._last = step, self._counted(choice)
        return self._last[1]

    def _taken(self, step: int) -> Choice:
        """The same, which is not kept: a large picture has a symbol for every sample."""
        if self.target.exists and not self._by_some:
            self._plain(step)  # while its symbols are at hand
        choice = self._choose(step)
        self._last = None
        return choice

    def _counted(self, choice: Choice) -> Choice:
        """A choice that was made just now."""
        self.work.done += 1
        if monotonic() > self.tell_at:
            self._tell(choice, self.work.share())
        return choice

    def _psnr(self, choice: Choice, *, roughly: bool = False) -> float:
        return self._decibels(self.chooser.error(choice, roughly=roughly))

    def _decibels(self, error: float) -> float:
        return 10 * log10(self.peak**2 / max(error, 1e-20))

    def _tell(self, choice: Choice, done: float) -> None:
        """Progress, with the quality of a few partitions unless that at the end is a target."""
        if self._report is None:
            return
        began, roughly = monotonic(), done < 1 or self.settings.psnr is None
        psnr = self._psnr(choice, roughly=roughly)
        self._report(FitProgress(done, self.trained, psnr, self.elapsed()))
        self.tell_at = monotonic() + max(TELL_EVERY, TELLING * (monotonic() - began))


def _largest(choice: Choice) -> int:
    """The largest magnitude of its symbols."""
    return max(int(np.abs(band).max(initial=0)) for band in choice.symbols)
