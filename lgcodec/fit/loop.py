"""Signal + network -> weights: AdamW on a share of every partition's samples per step.

A float phase, then a phase with rounding in the loop (`aware.py`), or second-order steps and
rounding that makes up for itself in its place (`refine.py`). The best weights seen are kept,
because the error of a sine network oscillates by decibels between steps (measured on the reference
code).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import cos, pi
from pathlib import Path
from time import monotonic
from typing import Final, final

import torch
from torch import Tensor

from lgcodec.coding.base import Floats
from lgcodec.coding.uniform import MAX_BITS
from lgcodec.fit.aware import Aware, Score
from lgcodec.fit.beginning import Start
from lgcodec.fit.checkpoint import load_state, save_state
from lgcodec.fit.compensate import Rounded
from lgcodec.fit.conditioning import Conditioning
from lgcodec.fit.gauss_newton import Residuals
from lgcodec.fit.objective import Objective
from lgcodec.fit.quantise import StepLearner, bits_of
from lgcodec.fit.refine import BAND, FLOAT_SHARE, can_refine, refined
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.settings import FitProgress, FitSettings, Fitted, Report
from lgcodec.nets import Family, Siren, TensorWeights

__all__ = ["fit"]

ROOM: Final = 0.5  # dB above the target, for rounding to take away
WITHIN_REACH: Final = 0.5  # dB that the last phase adds, at least
WARM_UP: Final = 50  # iterations
WARM_UP_ENCODED: Final = 10  # where weights are those of an encoded signal
MEASURE_EVERY: Final = 25  # iterations
STEER_EVERY: Final = 10  # iterations with rounding in the loop and a goal to meet
LATE: Final = 0.3  # share of the last phase during which steps are steered no more
SAVE_EVERY: Final = 30.0  # seconds
SENSITIVE: Final = 3  # extra bits from which a tensor stays as it was first rounded
STEP_RATE: Final = 0.1  # learning rate of the logarithms of the steps


def fit(
    family: Family,
    sampler: Sampler,
    settings: FitSettings,
    *,
    peak: float,
    device: torch.device,
    report: Report | None = None,
    checkpoint: Path | None = None,
    size_of: Callable[[Fitted], int] | None = None,
    start: Start | None = None,
) -> Fitted:
    """Fit `family` to the samples of one group.

    peak         of the PSNR, in network units (samples span 2)
    start        weights to begin with; None draws them
    checkpoint   a file to resume from if it exists, and to write every half minute and on Ctrl-C
    size_of      bytes that rounded weights take in the file; `settings.size` needs it

    On Ctrl-C the best weights so far are returned. Deterministic for a seed on one machine unless
    `seconds` or `psnr` ends it.
    """
    run = _Run(family, sampler, settings, peak=peak, device=device, size_of=size_of, start=start)
    try:
        run.go(report, checkpoint)
    except KeyboardInterrupt:
        if checkpoint is not None:
            run.save(checkpoint)
        return run.result(interrupted=True)
    return run.result()


@final
class _Run:
    """The state of one fit."""

    def __init__(
        self,
        family: Family,
        sampler: Sampler,
        settings: FitSettings,
        *,
        peak: float,
        device: torch.device,
        size_of: Callable[[Fitted], int] | None,
        start: Start | None,
    ) -> None:
        generator = torch.Generator().manual_seed(settings.seed)
        drawn = start.weights if start else family.initialise(sampler.partitions, generator)
        self.warm_up = WARM_UP_ENCODED if start else WARM_UP
        self.encoded = start if start and start.freezes_global else None
        self.family, self.sampler, self.settings = family, sampler, settings
        self.objective = Objective(
            family, sampler, peak=peak, device=device, measurement=settings.measurement
        )
        self.device, self.size_of = device, size_of
        self.weights = {
            name: value.to(device, copy=True).requires_grad_(not self.is_frozen(name))
            for name, value in drawn.items()
        }
        self.aware: Aware | None = None
        conditioner = family.conditioner(sampler.overview())
        self.conditioning = Conditioning(conditioner and conditioner.to(device), self.weights)
        self.optimiser = self._optimiser()
        self.iteration, self.spent, self.shift = 0, 0.0, 0.0
        self.started = self.saved = monotonic()
        self.best_psnr = self.psnr_float = float("-inf")
        self.best_score: Score = (0.0, 0.0)
        self.best: TensorWeights = self.weights
        self.best_steps: dict[str, float] | None = None
        self.keep(self.best_psnr, self.best_score)
        if start:
            self.measure()  # the first steps may make it worse

    def go(self, report: Report | None, checkpoint: Path | None) -> None:
        """Run the schedule to its end."""
        if checkpoint is not None and checkpoint.exists():
            self.load(checkpoint)
        while (done := self.done()) < 1:
            if done >= self.aware_from and self.aware is None:
                self.start_aware()
            self.step(done)
            self.iteration += 1
            if self.iteration % self.measure_every == 0 or self.done() >= 1:
                self.measure()
                self.skip_ahead()
                self.tell(report, min(self.done(), 1.0) * (FLOAT_SHARE if self.refines else 1.0))
            if checkpoint is not None and monotonic() - self.saved > SAVE_EVERY:
                self.save(checkpoint)
        if self.refines:
            self.refine(report)
        elif self.settings.bits is not None and self.aware is None:
            self.start_aware()  # a schedule of a few steps has no room for that phase
        if self.aware is not None and not self.aware.met(self.best_score):
            self.aware.settle(self.weights)
            self.measure()

    def tell(self, report: Report | None, done: float) -> None:
        """Report that so much is done."""
        if report:
            report(FitProgress(done, self.iteration, self.best_psnr, self.elapsed()))

    def refine(self, report: Report | None) -> None:
        """Improve and round the best float weights by second-order steps, towards the size."""
        if not isinstance(self.family, Siren):
            return
        residuals = Residuals(self.family, self.sampler, self.sampler.tile_samples)
        start = residuals.flat(self.family.canonicalise(self.best))
        self.psnr_float, self.best_score = self.best_psnr, (float("-inf"), 0.0)

        def size_of(rounded: Rounded) -> int:
            return self._size(residuals.tensors(rounded.flat), rounded.steps)

        size, steps = self.settings.size or 0, self.settings.refine
        for done, rounded in refined(residuals, start, steps, size, size_of):
            if rounded is not None:
                self.take(residuals.tensors(rounded.flat), rounded.steps)
            self.tell(report, FLOAT_SHARE + (1 - FLOAT_SHARE) * done)

    def take(self, weights: TensorWeights, steps: dict[str, float]) -> None:
        """Keep rounded weights if they are the best so far."""
        low, high = (bound * (self.settings.size or 0) for bound in BAND)
        size = self._size(weights, steps)
        psnr = self.objective.psnr(self.objective.error(weights, None))
        score = (1.0, psnr) if low <= size <= high else (0.0, -abs(size - high))
        if score >= self.best_score:
            self.best_psnr, self.best_score = psnr, score
            self.best, self.best_steps = weights, steps

    @property
    def refines(self) -> bool:
        """Whether second-order steps round the weights, in the place of a last phase of steps."""
        return (
            self.settings.refine > 0 and can_refine(self.family, self.settings) and not self.encoded
        )

    @property
    def measure_every(self) -> int:
        """Iterations."""
        return STEER_EVERY if self.aware is not None and self.aware.has_goal else MEASURE_EVERY

    @property
    def aware_from(self) -> float:
        """Where in the schedule quantisation enters the loop."""
        open_ = self.settings.bits is None or self.refines
        return 1.0 if open_ else 1 - self.settings.aware_share

    def is_frozen(self, name: str) -> bool:
        """Whether a tensor keeps its encoded weights."""
        return self.encoded is not None and name.startswith("global.")

    @property
    def frozen(self) -> set[str]:
        """Local tensors that stay as first rounded while the others learn to make up for it.

        A step of the optimiser is a good part of a step of the quantiser in the tensors whose
        rounding hurts most: left free, they would hop between symbols to the end.
        """
        sensitive = {n for n in self.weights if self.family.extra_bits(n) >= SENSITIVE}
        return {name for name in sensitive if name.startswith("local.")}

    def elapsed(self) -> float:
        """Seconds of fitting, those before a resumption included."""
        return self.spent + monotonic() - self.started

    def done(self) -> float:
        """Share of the schedule that is behind us."""
        by_count = self.iteration / self.settings.iterations
        limit = self.settings.seconds
        return max(by_count, self.elapsed() / limit if limit else 0.0) + self.shift

    def skip_ahead(self) -> None:
        """Go on to the phase with quantisation once the float phase is good enough."""
        target, done = self.settings.psnr, self.done()
        if target is None or done >= self.aware_from:
            return
        if self.best_psnr >= target + (ROOM if self.settings.bits else 0.0):
            self.shift += self.aware_from - done

    def start_aware(self) -> None:
        """Continue from the best float weights with rounding in the loop."""
        self.conditioning.bake()
        start = self.family.canonicalise(self.best)
        with torch.no_grad():
            for name, value in self.weights.items():
                if not self.is_frozen(name):
                    value.copy_(start[name])
        self.psnr_float = self.best_psnr
        self.aware = self._aware()
        if self.encoded is None:  # whose steps and tables do not change
            self.aware.begin(self.weights)
        for state in self.optimiser.state.values():
            state["exp_avg"].zero_()  # it belongs to the weights before they were canonicalised
        self.best_score = (float("-inf"), 0.0)  # only rounded weights count from here on
        self.measure()

    def _aware(self) -> Aware:
        """Its goal is the size, or a quality that the float phase has all but reached."""
        size, psnr = self.settings.size, self.settings.psnr
        if size is not None or (psnr is not None and self.psnr_float < psnr - WITHIN_REACH):
            psnr = None
        bits = bits_of(self.family, self.settings.bits or 0)
        free = (size, psnr) != (None, None)
        kept = self.encoded.fixed if self.encoded else None
        learner = StepLearner(self.weights, bits, free=free, fixed=self.frozen, kept=kept)
        self._add(learner.parameters(), STEP_RATE)
        error = self.objective.error(self.weights, None)
        return Aware(self.objective, learner, error, size_of=self._size, size=size, psnr=psnr)

    def _size(self, weights: TensorWeights, steps: dict[str, float]) -> int:
        if self.size_of is None:
            raise ValueError("a size is wanted, size_of is not given")
        return self.size_of(self._fitted(weights, steps))

    def step(self, done: float) -> None:
        """One update of all weights, block by block of partitions."""
        warm = min(1.0, (self.iteration + 1) / self.warm_up)
        for group in self.optimiser.param_groups:
            group["lr"] = group["base"] * warm * self._level(min(done, 1.0))
        self.optimiser.zero_grad(set_to_none=False)
        positions = self.sampler.draw(self.iteration, self.settings.samples)
        frozen = self.frozen if self.aware is not None else set()
        self.objective.descend(self.weights, self.learner, positions, frozen)
        if self.aware is not None:
            self.aware.descend(self.weights, frozen)
        self.conditioning.take()
        self.optimiser.step()
        self.conditioning.emit()

    def _level(self, done: float) -> float:
        """Learning rate against its first: half a cosine for each of the two phases."""
        if self.settings.bits is None or self.refines:
            return 0.5 + 0.5 * cos(pi * done)
        low = self.settings.aware_rate
        if self.aware is None:
            part = done / self.aware_from
            return low + (1 - low) * (0.5 + 0.5 * cos(pi * part))
        part = (done - self.aware_from) / self.settings.aware_share
        return low * (0.5 + 0.5 * cos(pi * part))

    @property
    def learner(self) -> StepLearner | None:
        """What rounds, once rounding is in the loop."""
        return self.aware.learner if self.aware is not None else None

    def measure(self) -> None:
        """Quality on the fixed samples; keep the weights if they are the best so far."""
        error = self.objective.error(self.weights, self.learner)
        psnr = self.objective.psnr(error)
        score = (0.0, psnr) if self.aware is None else self.aware.score(self.weights, psnr)
        if score >= self.best_score:
            self.keep(psnr, score)
        left = (1 - self.done()) / self.settings.aware_share
        if self.aware is not None and left > 0:
            self.aware.adjust(self.weights, error, late=left < LATE)

    def keep(self, psnr: float, score: Score) -> None:
        """Remember the present weights as the best, as the network sees them."""
        seen = self.learner(self.weights) if self.learner else self.weights
        self.best_psnr, self.best_score = psnr, score
        self.best = {name: value.detach().clone() for name, value in seen.items()}
        self.best_steps = self.learner.steps() if self.learner else None

    def result(self, *, interrupted: bool = False) -> Fitted:
        """The best weights, ready to be coded."""
        weights = self.family.canonicalise(self.best) if self.best_steps is None else self.best
        return replace(self._fitted(weights, self.best_steps), interrupted=interrupted)

    def _fitted(self, weights: TensorWeights, steps: dict[str, float] | None) -> Fitted:
        scopes: dict[str, dict[str, Floats]] = {"local": {}, "global": {}}
        for name, value in weights.items():
            scope, tensor = name.split(".", 1)
            scopes[scope][tensor] = value.detach().cpu().numpy()
        return Fitted(
            scopes["local"],
            scopes["global"],
            steps,
            bits=None if steps is None else self.learner.bits if self.learner else MAX_BITS,
            psnr=self.best_psnr,
            iterations=self.iteration,
        )

    def save(self, path: Path) -> None:
        """Write everything that the next steps depend on."""
        moments = self.optimiser.state_dict()["state"]
        tensors = {
            **{f"weights.{name}": value.detach() for name, value in self.weights.items()},
            **{f"best.{name}": value for name, value in self.best.items()},
            **{f"conditioner.{n}": value for n, value in self.conditioning.state().items()},
            **{f"moments.{i}.{k}": v for i, state in moments.items() for k, v in state.items()},
        }
        if self.aware:
            steps = self.aware.learner.log_steps.items()
            tensors |= {f"log_steps.{name}": value.detach() for name, value in steps}
        numbers = {
            "aware": self.aware.state() if self.aware else None,
            "psnr_float": self.psnr_float,
            "best_score": self.best_score,
            "iteration": self.iteration,
            "spent": self.elapsed(),
            "shift": self.shift,
            "best_psnr": self.best_psnr,
            "best_steps": self.best_steps,
        }
        save_state(path, self._identity(), tensors, numbers)
        self.saved = monotonic()

    def load(self, path: Path) -> None:
        """Undo `save`; UsageError if the file belongs to another fit."""
        tensors, numbers = load_state(path, self._identity())
        self.psnr_float = numbers["psnr_float"]
        if numbers["aware"] is not None:
            self.aware = self._aware()
        with torch.no_grad():
            for name, value in self.weights.items():
                value.copy_(tensors[f"weights.{name}"])
            for name, step in self.learner.log_steps.items() if self.learner else ():
                step.copy_(tensors[f"log_steps.{name}"])
        if self.aware is not None:
            self.aware.load(self.weights, numbers["aware"])
        self.best = {name: tensors[f"best.{name}"].to(self.device) for name in self.weights}
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            kind, _, rest = name.partition(".")
            if kind == "moments":
                index, key = rest.split(".")
                state.setdefault(int(index), {})[key] = value
        named = [(name.partition("conditioner.")[2], value) for name, value in tensors.items()]
        self.conditioning.restore({name: value for name, value in named if name})
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": state, "param_groups": groups})
        self.iteration, self.shift = numbers["iteration"], numbers["shift"]
        self.spent, self.started = numbers["spent"], monotonic()
        self.best_psnr, self.best_steps = numbers["best_psnr"], numbers["best_steps"]
        self.best_score = tuple(numbers["best_score"])

    def _identity(self) -> str:
        return f"{self.family} {self.settings} {self.sampler.partitions} {self.sampler.digest}"

    def _parameters(self) -> list[Tensor]:
        """What all partitions share and the fit may change: global weights, learned steps."""
        shared = [
            value
            for name, value in self.weights.items()
            if name.startswith("global.") and value.requires_grad
        ]
        return [*shared, *(self.learner.parameters() if self.learner else ())]

    def _add(self, parameters: Sequence[Tensor], rate: float) -> None:
        if parameters:
            group = {"params": list(parameters), "lr": rate, "base": rate}
            self.optimiser.add_param_group(group)

    def _optimiser(self) -> torch.optim.Optimizer:
        fused = self.device.type in ("cpu", "cuda")
        local = [value for name, value in self.weights.items() if name.startswith("local.")]
        self.optimiser = torch.optim.AdamW(
            [{"params": local, "lr": self.settings.rate, "base": self.settings.rate}],
            betas=(0.9, 0.99),
            weight_decay=0.0,
            fused=fused,
        )
        self._add(self._parameters(), self.settings.global_rate)
        self._add(self.conditioning.parameters(), self.settings.global_rate)
        return self.optimiser
