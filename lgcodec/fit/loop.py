"""Signal + network -> weights: AdamW on a share of every partition's samples per step.

A float phase, then a phase with quantisation in the loop. The best weights seen are kept, because
the error of a sine network oscillates by decibels between steps (measured on the reference code).
"""

from collections.abc import Sequence
from math import cos, pi
from pathlib import Path
from time import monotonic
from typing import Final, final

import torch
from torch import Tensor

from lgcodec.coding.base import Floats
from lgcodec.fit.checkpoint import load_state, save_state
from lgcodec.fit.objective import Objective
from lgcodec.fit.quantise import StepLearner, bits_of
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.settings import FitProgress, FitSettings, Fitted, Report
from lgcodec.nets import Family, TensorWeights

__all__ = ["fit"]

WARM_UP: Final = 50  # iterations
MEASURE_EVERY: Final = 25  # iterations
SAVE_EVERY: Final = 30.0  # seconds
SENSITIVE: Final = 3  # extra bits from which a tensor stays as it was first rounded
STEP_RATE: Final = 1e-2  # learning rate of the logarithms of the steps


def fit(
    family: Family,
    sampler: Sampler,
    settings: FitSettings,
    *,
    peak: float,
    device: torch.device,
    report: Report | None = None,
    checkpoint: Path | None = None,
) -> Fitted:
    """Fit `family` to the samples of one group.

    peak         of the PSNR, in network units (samples span 2)
    checkpoint   a file to resume from if it exists, and to write every half minute and on Ctrl-C

    On Ctrl-C the best weights so far are returned. Deterministic for a seed on one machine unless
    `seconds` or `psnr` ends it.
    """
    run = _Run(family, sampler, settings, peak=peak, device=device)
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
    ) -> None:
        generator = torch.Generator().manual_seed(settings.seed)
        drawn = family.initialise(sampler.partitions, generator)
        self.family, self.sampler, self.settings = family, sampler, settings
        self.objective = Objective(family, sampler, peak=peak, device=device)
        self.device = device
        self.weights = {name: value.to(device).requires_grad_() for name, value in drawn.items()}
        self.learner: StepLearner | None = None
        self.optimiser = self._optimiser()
        self.iteration, self.spent, self.shift = 0, 0.0, 0.0
        self.started = self.saved = monotonic()
        self.best_psnr = float("-inf")
        self.best: TensorWeights = self.weights
        self.best_steps: dict[str, float] | None = None
        self.keep(self.best_psnr)

    def go(self, report: Report | None, checkpoint: Path | None) -> None:
        """Run the schedule to its end."""
        if checkpoint is not None and checkpoint.exists():
            self.load(checkpoint)
        while (done := self.done()) < 1:
            if done >= self.aware_from and self.learner is None:
                self.start_aware()
            self.step(done)
            self.iteration += 1
            if self.iteration % MEASURE_EVERY == 0 or self.done() >= 1:
                self.measure()
                self.skip_ahead()
                if report:
                    done = min(self.done(), 1.0)
                    report(FitProgress(done, self.iteration, self.best_psnr, self.elapsed()))
            if checkpoint is not None and monotonic() - self.saved > SAVE_EVERY:
                self.save(checkpoint)
        if self.settings.bits is not None and self.learner is None:
            self.start_aware()  # a schedule of a few steps has no room for that phase

    @property
    def aware_from(self) -> float:
        """Where in the schedule quantisation enters the loop."""
        return 1.0 if self.settings.bits is None else 1 - self.settings.aware_share

    @property
    def frozen(self) -> set[str]:
        """Local tensors that stay as rounded while the others learn to make up for it.

        A step of the optimiser is a good part of a step of the quantiser in the tensors whose
        rounding hurts most: left free, they would hop between symbols to the end.
        """
        if self.learner is None:
            return set()
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
        if target is not None and self.best_psnr >= target and done < self.aware_from:
            self.shift += self.aware_from - done

    def start_aware(self) -> None:
        """Continue from the best float weights with rounding in the loop."""
        start = self.family.canonicalise(self.best)
        with torch.no_grad():
            for name, value in self.weights.items():
                value.copy_(start[name])
        bits = bits_of(self.family, self.settings.bits or 0)
        self.learner = StepLearner(self.weights, bits)
        self._add(self.learner.parameters(), STEP_RATE)
        for state in self.optimiser.state.values():
            state["exp_avg"].zero_()  # it belongs to the weights before they were canonicalised
        self.best_psnr = float("-inf")  # only quantised weights count from here on
        self.measure()

    def step(self, done: float) -> None:
        """One update of all weights, block by block of partitions."""
        warm = min(1.0, (self.iteration + 1) / WARM_UP)
        for group in self.optimiser.param_groups:
            group["lr"] = group["base"] * warm * (0.5 + 0.5 * cos(pi * min(done, 1.0)))
        self.optimiser.zero_grad(set_to_none=False)
        positions = self.sampler.draw(self.iteration, self.settings.samples)
        self.objective.descend(self.weights, self.learner, positions, self.frozen)
        self.optimiser.step()

    def measure(self) -> None:
        """Quality on the fixed samples; keep the weights if they are the best so far."""
        psnr = self.objective.psnr(self.objective.error(self.weights, self.learner))
        if psnr >= self.best_psnr:
            self.keep(psnr)

    def keep(self, psnr: float) -> None:
        """Remember the present weights as the best, as the network sees them."""
        seen = self.learner(self.weights) if self.learner else self.weights
        self.best_psnr = psnr
        self.best = {name: value.detach().clone() for name, value in seen.items()}
        self.best_steps = self.learner.steps() if self.learner else None

    def result(self, *, interrupted: bool = False) -> Fitted:
        """The best weights, ready to be coded."""
        weights = self.family.canonicalise(self.best) if self.best_steps is None else self.best
        scopes: dict[str, dict[str, Floats]] = {"local": {}, "global": {}}
        for name, value in weights.items():
            scope, tensor = name.split(".", 1)
            scopes[scope][tensor] = value.cpu().numpy()
        return Fitted(
            scopes["local"],
            scopes["global"],
            self.best_steps,
            self.best_psnr,
            self.iteration,
            interrupted,
        )

    def save(self, path: Path) -> None:
        """Write everything that the next steps depend on."""
        moments = self.optimiser.state_dict()["state"]
        tensors = {
            **{f"weights.{name}": value.detach() for name, value in self.weights.items()},
            **{f"best.{name}": value for name, value in self.best.items()},
            **{f"moments.{i}.{k}": v for i, state in moments.items() for k, v in state.items()},
        }
        if self.learner:
            steps = self.learner.log_steps.items()
            tensors |= {f"log_steps.{name}": value.detach() for name, value in steps}
        numbers = {
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
        if any(name.startswith("log_steps.") for name in tensors):
            self.start_aware()
        with torch.no_grad():
            for name, value in self.weights.items():
                value.copy_(tensors[f"weights.{name}"])
            for name, step in self.learner.log_steps.items() if self.learner else ():
                step.copy_(tensors[f"log_steps.{name}"])
        self.best = {name: tensors[f"best.{name}"].to(self.device) for name in self.weights}
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            kind, _, rest = name.partition(".")
            if kind == "moments":
                index, key = rest.split(".")
                state.setdefault(int(index), {})[key] = value
        groups = self.optimiser.state_dict()["param_groups"]
        self.optimiser.load_state_dict({"state": state, "param_groups": groups})
        self.iteration, self.shift = numbers["iteration"], numbers["shift"]
        self.spent, self.started = numbers["spent"], monotonic()
        self.best_psnr, self.best_steps = numbers["best_psnr"], numbers["best_steps"]

    def _identity(self) -> str:
        return f"{self.family} {self.settings} {self.sampler.partitions} {self.sampler.digest}"

    def _parameters(self) -> list[Tensor]:
        """What all partitions share: global weights and learned steps."""
        shared = [value for name, value in self.weights.items() if name.startswith("global.")]
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
        return self.optimiser
