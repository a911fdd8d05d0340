"""Signal + network -> weights: AdamW on a share of every partition's samples per step.

A float phase, then a phase with quantisation in the loop. The best weights seen are kept, because
the error of a sine network oscillates by decibels between steps (measured on the reference code).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, log10, pi
from time import monotonic
from typing import Final, final

import torch
from torch import Tensor

from lgcodec.coding import Uniform
from lgcodec.coding.base import Floats
from lgcodec.fit.quantise import StepLearner
from lgcodec.fit.sampling import Sampler
from lgcodec.nets import Family, TensorWeights

__all__ = ["FitSettings", "Fitted", "FitProgress", "Report", "fit"]

BLOCK: Final = 8192  # samples per block on a CPU: activations stay in the cache
MEASURED: Final = 2**16  # samples that quality is measured on during a fit
WARM_UP: Final = 50  # iterations
MEASURE_EVERY: Final = 25  # iterations
STEP_RATE: Final = 1e-2  # learning rate of the logarithms of the steps


@dataclass(frozen=True)
class FitSettings:
    """How to fit.

    iterations      optimisation steps, quantisation-aware ones included
    samples         samples per partition and step
    rate            learning rate of local weights; global ones take `global_rate`
    bits            nominal bits of the uniform quantiser; None fits float weights only
    aware_share     share of the iterations with quantisation in the loop
    seconds         stop after so long, schedule included; None has no limit
    psnr            stop the float phase when measured this good, dB; None has no target
    """

    iterations: int
    samples: int
    rate: float
    global_rate: float
    bits: int | None = 8
    aware_share: float = 0.15
    seconds: float | None = None
    psnr: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class FitProgress:
    """One measurement: how far the schedule is (0 to 1), and the best quality so far in dB."""

    done: float
    iteration: int
    psnr: float


Report = Callable[[FitProgress], None]


@dataclass(frozen=True)
class Fitted:
    """The best weights of a fit.

    local        tensors by name, [P, *shape] float32
    global_      tensors by name, [*shape] float32
    steps        learned steps by "local.<name>" and "global.<name>"; None: not quantised
    psnr         dB on the measured samples, not on a batch
    interrupted  whether Ctrl-C ended the fit
    """

    local: dict[str, Floats]
    global_: dict[str, Floats]
    steps: dict[str, float] | None
    psnr: float
    iterations: int
    interrupted: bool = False


def fit(
    family: Family,
    sampler: Sampler,
    settings: FitSettings,
    *,
    peak: float,
    device: torch.device,
    report: Report | None = None,
) -> Fitted:
    """Fit `family` to the samples of one group.

    `peak` is the PSNR peak in network units (samples span 2). On Ctrl-C the best weights so far
    are returned. Deterministic for a seed on one machine unless `seconds` or `psnr` ends it.
    """
    run = _Run(family, sampler, settings, peak, device, report)
    try:
        run.go()
    except KeyboardInterrupt:
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
        peak: float,
        device: torch.device,
        report: Report | None,
    ) -> None:
        generator = torch.Generator().manual_seed(settings.seed)
        drawn = family.initialise(sampler.partitions, generator)
        self.family, self.sampler, self.settings = family, sampler, settings
        self.peak, self.device, self.report = peak, device, report
        self.weights = {name: value.to(device).requires_grad_() for name, value in drawn.items()}
        self.learner: StepLearner | None = None
        self.optimiser = self._optimiser()
        self.iteration, self.started, self.shift = 0, monotonic(), 0.0
        self.best_psnr = float("-inf")
        self.best: TensorWeights = {}
        self.best_steps: dict[str, float] | None = None
        self.keep(float("-inf"))

    def go(self) -> None:
        settings = self.settings
        aware_from = 1.0 if settings.bits is None else 1 - settings.aware_share
        while (done := self.done()) < 1:
            if done >= aware_from and self.learner is None:
                self.start_aware()
            self.step(done)
            self.iteration += 1
            if self.iteration % MEASURE_EVERY == 0 or self.done() >= 1:
                self.measure()
                if settings.psnr is not None and self.learner is None:
                    self.skip_ahead(aware_from, settings.psnr)

    def done(self) -> float:
        """Share of the schedule that is behind us."""
        by_count = self.iteration / self.settings.iterations
        limit = self.settings.seconds
        by_time = 0.0 if limit is None else (monotonic() - self.started) / limit
        return max(by_count, by_time) + self.shift

    def skip_ahead(self, aware_from: float, target: float) -> None:
        if self.best_psnr >= target and self.done() < aware_from:
            self.shift += aware_from - self.done()

    def start_aware(self) -> None:
        """Continue from the best float weights with rounding in the loop."""
        bits = self.settings.bits
        assert bits is not None
        start = self.family.canonicalise(self.best)
        with torch.no_grad():
            for name, value in self.weights.items():
                value.copy_(start[name])
        quantisers = {n: Uniform(bits + self.family.extra_bits(n)) for n in self.weights}
        self.learner = StepLearner(self.weights, quantisers)
        group = {"params": self.learner.parameters(), "lr": STEP_RATE, "base": STEP_RATE}
        self.optimiser.add_param_group(group)
        self.best_psnr = float("-inf")  # only quantised weights count from here on
        self.measure()

    def step(self, done: float) -> None:
        warm = min(1.0, (self.iteration + 1) / WARM_UP)
        for group in self.optimiser.param_groups:
            group["lr"] = group["base"] * warm * (0.5 + 0.5 * cos(pi * min(done, 1.0)))
        self.optimiser.zero_grad(set_to_none=False)
        positions = self.sampler.draw(self.iteration, self.settings.samples)
        for rows in self.blocks(positions.shape[1]):
            error, leaves = self.error(rows, positions[rows], gradients=True)
            error.backward()
            for name, leaf in leaves.items():
                grad = self.weights[name].grad
                assert grad is not None and leaf.grad is not None
                grad[rows] = leaf.grad
        self.optimiser.step()

    def error(
        self, rows: slice, positions: Tensor, *, gradients: bool
    ) -> tuple[Tensor, TensorWeights]:
        """Share of the mean squared error (network units) that partitions `rows` contribute.

        Local weights enter as leaves of their own, so that a block's backward pass touches only
        its rows; they come back for their gradients.
        """
        tile, frame, targets = self.sampler.batch(rows, positions)
        leaves = {
            name: value.detach()[rows].requires_grad_(gradients)
            for name, value in self.weights.items()
            if name.startswith("local.")
        }
        weights = {**self.weights, **leaves}
        seen = self.learner(weights) if self.learner else weights
        outputs = self.family.forward(seen, tile, frame)
        if not gradients:
            outputs = outputs.clamp(-1, 1)
        share = len(positions) / self.sampler.partitions
        return torch.nn.functional.mse_loss(outputs, targets) * share, leaves

    def blocks(self, samples: int) -> list[slice]:
        """Runs of partitions whose samples fit the cache; one run on an accelerator."""
        count = self.sampler.partitions
        run = max(1, BLOCK // samples) if self.device.type == "cpu" else max(1, 2**20 // samples)
        return [slice(at, min(at + run, count)) for at in range(0, count, run)]

    @torch.no_grad()
    def measure(self) -> None:
        """Quality on the fixed samples; keep the weights if they are the best so far."""
        positions = self.sampler.spread(-(-MEASURED // self.sampler.partitions))
        blocks = self.blocks(positions.shape[1])
        mse = sum(float(self.error(rows, positions[rows], gradients=False)[0]) for rows in blocks)
        psnr = 10 * log10(self.peak**2 / max(mse, 1e-20))
        if psnr >= self.best_psnr:
            self.keep(psnr)
        if self.report:
            self.report(FitProgress(min(self.done(), 1.0), self.iteration, self.best_psnr))

    def keep(self, psnr: float) -> None:
        self.best_psnr = psnr
        self.best = {name: value.detach().clone() for name, value in self.weights.items()}
        self.best_steps = self.learner.steps() if self.learner else None

    def result(self, *, interrupted: bool = False) -> Fitted:
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

    def _optimiser(self) -> torch.optim.Optimizer:
        groups = []
        rates = {"local.": self.settings.rate, "global.": self.settings.global_rate}
        for scope, rate in rates.items():
            params = [value for name, value in self.weights.items() if name.startswith(scope)]
            for value in params:
                value.grad = torch.zeros_like(value)
            if params:
                groups.append({"params": params, "lr": rate, "base": rate})
        fused = self.device.type in ("cpu", "cuda")
        return torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=0.0, fused=fused)
