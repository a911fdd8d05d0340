"""Signal -> latents: a pyramid of every tile, rounded where a bit buys the most.

The pyramid is nearly orthonormal, so that each symbol is chosen by its own error and its bits
under the entropy network: D + lambda R, symbol by symbol (rate-distortion optimised rounding). That
and descent take turns, and where there is time for it the network is trained on the symbols before.
One number, the step, leads to a size or a quality.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log10
from pathlib import Path
from time import monotonic
from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray

from lgcodec.coding.base import Floats, Symbols
from lgcodec.coding.context import ENTROPY, Context
from lgcodec.coding.pyramid import LATENTS
from lgcodec.fit.descent import descend
from lgcodec.fit.entropy import Entropy, costs
from lgcodec.fit.latent_state import LatentState
from lgcodec.fit.pyramids import Pyramids, Rounded
from lgcodec.fit.rounding import cheapest, dead_zone
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.settings import FitProgress, FitSettings, Fitted, Report
from lgcodec.fit.steps import StepTarget
from lgcodec.nets.latent import STEP_UNIT, Latent

__all__ = ["USUAL", "USUAL_OF_VIDEO", "fit_latents"]

ROUNDS: Final = 2  # of choosing symbols, after the first choice
USUAL: Final = -round(2.9 * STEP_UNIT)  # without a target: about 40 dB for a photograph
USUAL_OF_VIDEO: Final = -2 * STEP_UNIT  # about 35 dB
HEAD: Final = 300  # bytes of a file, and of a partition, beside latents
EACH: Final = 7
CORRECTIONS: Final = 3  # of the step, by what descent did
SEARCH: Final = 5  # choices of all symbols that a search takes, roughly
ROUGH: Final = 3  # steps to which the first search is exact, as the step is corrected later
SYMBOLS_PER_ITERATION: Final = 20_000  # that are chosen in the time of a step of training
TELL_EVERY: Final = 1.0  # seconds
HALF: Final = 0.5  # a step: what is farther from 0 may be chosen not to be 0
SizeOf = Callable[[Fitted], int]


@final
@dataclass(frozen=True)
class _Choice:
    """Symbols [P, N_k] of every band for one step, and what they cost."""

    rounded: Rounded
    symbols: Sequence[Symbols]
    bits: float


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
) -> Fitted:
    """Fit the partitions of one group.

    peak         of the PSNR, in network units
    checkpoint   a file to resume from if it exists, and to write after every round of training
    size_of      bytes of the chunks of what was fitted; needed where `settings` has a size
    usual        the step where `settings` has no target

    Border tiles repeat the signal's last samples. On Ctrl-C the latest choice is returned.
    UsageError where `settings` has a size that not even the widest step reaches.
    """
    run = _Run(family, sampler, settings, peak, report=report, size_of=size_of, usual=usual)
    try:
        run.go(checkpoint)
    except KeyboardInterrupt:
        if run.choice is None:
            raise
        return run.fitted(run.choice, interrupted=True)
    return run.fitted(run.chosen)


@final
class _Run:
    """The state of one fit."""

    def __init__(
        self,
        family: Latent,
        sampler: Sampler,
        settings: FitSettings,
        peak: float,
        *,
        report: Report | None,
        size_of: SizeOf | None,
        usual: int,
    ) -> None:
        self.family, self.sampler, self.settings = family, sampler, settings
        self.pyramids = Pyramids(family, sampler)
        self.peak, self._report, self._size_of, self._usual = peak, report, size_of, usual
        self.identity = f"{family} {settings} {sampler.partitions} {sampler.digest}"
        self.entropy = Entropy(family.coder)
        self.choice: _Choice | None = None
        self.step, self.rounds, self.trained = 0, 0, 0
        self.spent, self.started, self.told = 0.0, monotonic(), monotonic()
        self.target = StepTarget(settings.size, settings.psnr)
        self.gain = 1.0 if settings.size else 0.0  # of descent: times bytes, or dB
        self.plain: dict[int, float] = {}  # amounts by step, without descent
        self.work = 0.0  # in choices of all symbols, to tell how far the fit is

    @property
    def chosen(self) -> _Choice:
        """The choice so far."""
        if self.choice is None:
            raise ValueError("nothing is chosen yet")
        return self.choice

    def go(self, checkpoint: Path | None) -> None:
        """Find the step, then train and choose in turns, then correct the step."""
        if checkpoint is not None and checkpoint.exists():
            self._load(checkpoint)
        else:
            self.step = self._first()
            self.choice = self._choose(self.step)
            self._save(checkpoint)
        while self.rounds < self._rounds and not self._is_late():
            self._round()
            self._save(checkpoint)
        self.choice = self._filtered(self.chosen)
        if self.target.exists:
            self._correct()
        self._tell(self.chosen, 1.0)

    def _first(self) -> int:
        """The step for a target by ideal code lengths, the usual one without."""
        if not self.target.exists:
            return self._usual
        return self.target.search(self._usual, self._estimate, near=ROUGH)

    @property
    def _rounds(self) -> int:
        """Rounds in all."""
        return ROUNDS if self.settings.iterations or self.settings.phases else 0

    def _round(self) -> None:
        """Symbols are chosen again, and the network learns them before if there is time."""
        self._train()
        if self.rounds == 0 or not self.settings.phases:
            self.choice = self._choose(self.step, self.chosen.symbols)
        if self.settings.phases:
            self.choice = self._descended(self.chosen)
        self.rounds += 1

    def _train(self) -> None:
        """The network learns the symbols; what it learns must save more than it costs."""
        iterations, symbols = self.settings.iterations // ROUNDS, self.chosen.symbols
        if not iterations:
            return
        self.entropy.train(symbols, iterations, self.settings.seed + self.rounds)
        self.trained += iterations
        self.work += self._training
        learned, usual = self._coder(), self.family.coder
        usual = usual.for_locals(
            self.family.local_tensors(), {ENTROPY: 0 * self.entropy.integers()}
        )
        if _bits(learned, symbols) + _entropy(self.entropy.integers()) >= _bits(usual, symbols):
            self.entropy = Entropy(self.family.coder)

    def _correct(self) -> None:
        """Move the step to where the target is met: descent changes size and quality too."""
        amounts: dict[int, float] = {}
        kept, choice, step = None, self.chosen, self.step
        while True:
            amounts[step] = self._amount(choice)
            if step == self.target.best(amounts):
                kept = choice
            if self.target.is_close(amounts[step]):
                break
            following = self._guess(step, amounts)
            if following is None or following in amounts:
                following = self.target.following(amounts)
            if following is None:
                break
            step, choice = following, self._refined(following)
        self.choice = kept or choice

    def _guess(self, step: int, amounts: Mapping[int, float]) -> int | None:
        """The best step if descent does to every one what it did to `step`; None after a few."""
        if len(amounts) > CORRECTIONS:
            return None
        before, after = self._plain(step), amounts[step]
        self.gain = after / before if self.settings.size else after - before
        return self.target.search(step, self._measure)

    def _refined(self, step: int) -> _Choice:
        """Symbols for a step, as good as those that the rounds end with."""
        self.choice = self._choose(step)
        for _ in range(self.rounds if self.settings.phases else 0):
            self.choice = self._descended(self.choice)
        self.choice = self._filtered(self.choice)
        return self.choice

    def _filtered(self, choice: _Choice) -> _Choice:
        """The same with the best strength of the filter."""
        return replace(choice, rounded=self.pyramids.filtered(choice.rounded, choice.symbols))

    def _amount(self, choice: _Choice) -> float:
        """What the target limits: bytes or dB."""
        if self.settings.size is None or self._size_of is None:
            return self._psnr(choice)
        self.work += 1  # coding takes about as long as choosing
        return self._size_of(self.fitted(choice))

    def _descended(self, choice: _Choice) -> _Choice:
        """Symbols that make good what others leave out."""
        coder, rounded, parts, bits = self._coder(), choice.rounded, [], 0.0
        for rows in self.pyramids.blocks:
            part = [symbols[rows] for symbols in choice.symbols]
            part = descend(
                self.family.pyramid,
                rounded.scales,
                *self.pyramids.residual(rounded, choice.symbols, rows),
                symbols=part,
                classes=coder.classes(part),
                odds=self._odds(coder, self.pyramids.bands(rounded, rows), part),
                phases=self.settings.phases,
            )
            bits += _bits(coder, part)
            parts.append(part)
        return self._choice(rounded, parts, bits)

    def elapsed(self) -> float:
        """Seconds of fitting, those before a resumption included."""
        return self.spent + monotonic() - self.started

    def _is_late(self) -> bool:
        return self.settings.seconds is not None and self.elapsed() > self.settings.seconds

    def _save(self, path: Path | None) -> None:
        if path is not None:
            weights, symbols = self.entropy.floats(), self.chosen.symbols
            numbers = self.step, self.rounds, self.trained, self.elapsed()
            LatentState(*numbers, weights, symbols).save(path, self.identity)

    def _load(self, path: Path) -> None:
        state = LatentState.load(path, self.identity)
        self.step, self.rounds, self.trained = state.step, state.rounds, state.trained
        self.spent, self.started = state.spent, monotonic()
        self.work = self._work_until(self.rounds)
        self.entropy = Entropy(self.family.coder, torch.from_numpy(state.entropy))
        self.choice = _Choice(self.pyramids.rounded(self.step), state.symbols, 0.0)

    def fitted(self, choice: _Choice, *, interrupted: bool = False) -> Fitted:
        """Weights of a choice."""
        local = {LATENTS: np.concatenate(choice.symbols, axis=1).astype(np.float32)}
        global_ = {ENTROPY: self.entropy.integers(), **choice.rounded.global_}
        return Fitted(local, global_, {}, None, self._psnr(choice), self.trained, interrupted)

    def _estimate(self, step: int) -> float:
        """What a step gives, by ideal code lengths."""
        self.choice = choice = self._choose(step)  # for Ctrl-C
        return self._psnr(choice) if self.target.size is None else choice.bits / 8

    def _measure(self, step: int) -> float:
        """What a step is likely to give, by how descent and coding changed another one."""
        amount = self._plain(step)
        return amount * self.gain if self.settings.size else amount + self.gain

    def _plain(self, step: int) -> float:
        """What a step gives without descent, under the network as it is after all rounds."""
        if step not in self.plain:
            choice = self._choose(step)
            self.plain[step] = choice.bits / 8 if self.settings.size else self._psnr(choice)
        return self.plain[step]

    def _choose(self, step: int, symbols: Sequence[Symbols] | None = None) -> _Choice:
        """Symbols for a step, contexts from `symbols` or from a plain rounding."""
        rounded, coder = self.pyramids.rounded(step), self._coder()
        parts, bits = [], 0.0
        for rows in self.pyramids.blocks:
            bands = self.pyramids.bands(rounded, rows)
            near = [part[rows] for part in symbols] if symbols else list(map(dead_zone, bands))
            part = [cheapest(*pair) for pair in zip(bands, coder.classes(near), strict=True)]
            bits += _bits(coder, part)
            parts.append(part)
        return self._choice(rounded, parts, bits)

    def _odds(
        self, coder: Context, bands: Sequence[Floats], symbols: Sequence[Symbols]
    ) -> Sequence[NDArray[np.int64]]:
        """Of the signs of all that may be chosen not to be 0."""
        asked = [(np.abs(b) > HALF) | (s != 0) for b, s in zip(bands, symbols, strict=True)]
        return coder.odds(symbols, asked)

    def _coder(self) -> Context:
        networks = {ENTROPY: self.entropy.integers()}
        return self.family.coder.for_locals(self.family.local_tensors(), networks)

    def _choice(self, rounded: Rounded, parts: Sequence[Sequence[Symbols]], bits: float) -> _Choice:
        chosen = [np.concatenate(part) for part in zip(*parts, strict=True)]
        shared = rounded.global_["coarse"].size
        choice = _Choice(rounded, chosen, bits + 8 * (HEAD + EACH * len(chosen[0]) + shared))
        self.work += 1
        self.choice = self.choice or choice  # for Ctrl-C while it is told
        if monotonic() - self.told > TELL_EVERY:
            self._tell(choice, self._done())
        return choice

    def _psnr(self, choice: _Choice) -> float:
        error = self.pyramids.error(choice.rounded, choice.symbols)
        return 10 * log10(self.peak**2 / max(error, 1e-20))

    def _tell(self, choice: _Choice, done: float) -> None:
        if self._report:
            self._report(FitProgress(done, self.trained, self._psnr(choice), self.elapsed()))
        self.told = monotonic()

    @property
    def _training(self) -> float:
        """Work of the training of one round."""
        symbols = len(self.sampler.ids) * sum(self.family.pyramid.sizes)
        return self.settings.iterations // ROUNDS * SYMBOLS_PER_ITERATION / symbols

    def _work_until(self, rounds: int) -> float:
        """Work of the first search, if there is one, and of so many rounds."""
        return (SEARCH if self.target.exists else 0) + 1 + rounds * (1 + self._training)

    def _done(self) -> float:
        whole = self._work_until(self._rounds) + (SEARCH if self.target.exists else 0) + 1
        return min(self.work / whole, 0.99)


def _bits(coder: Context, symbols: Sequence[Symbols]) -> float:
    """Of symbols [P, N_k] of every band."""
    pairs = zip(symbols, coder.classes(symbols), strict=True)
    return sum(
        float(costs(classes, np.abs(part).astype(np.float32)).sum()) for part, classes in pairs
    )


def _entropy(numbers: Floats) -> float:
    """Bits that whole numbers take, each by how often it occurs."""
    _, counts = np.unique(numbers, return_counts=True)
    return float(-(counts * np.log2(counts / counts.sum())).sum())
