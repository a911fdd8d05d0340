"""The weights of a fit and what changes them, in the end with rounding in the loop."""

from collections.abc import Mapping
from typing import Any, Final, final

import torch
from torch import Tensor

from lgcodec.fit.aware import Aware
from lgcodec.fit.beginning import Start
from lgcodec.fit.candidate import UNKNOWN, Candidate, Score
from lgcodec.fit.checkpoint import part_of
from lgcodec.fit.conditioning import Conditioning
from lgcodec.fit.objective import Objective
from lgcodec.fit.optimiser import AdamW, Optimiser
from lgcodec.fit.pull import Pull
from lgcodec.fit.quantise import StepLearner, bits_of
from lgcodec.fit.settings import FitSettings, SizeOf
from lgcodec.fit.soap import Soap
from lgcodec.nets import TensorWeights

__all__ = ["Training"]

WITHIN_REACH: Final = 0.5  # dB that the last phase adds, at least
LATE: Final = 0.3  # share of the last phase during which steps are steered no more
SENSITIVE: Final = 3  # extra bits from which a tensor stays as it was first rounded
DIVERGED: Final = 2.0  # dB below the best
STEP_RATE: Final = 0.1  # learning rate of the logarithms of the steps


@final
class Training:
    """Weights on their way to a better `objective`.

    start     weights to begin with; None draws them
    size_of   bytes that rounded weights take in the file
    aware     rounding, once it is in the loop
    """

    def __init__(
        self,
        objective: Objective,
        settings: FitSettings,
        *,
        device: torch.device,
        size_of: SizeOf,
        start: Start | None,
    ) -> None:
        self._objective, self._settings, self._size_of = objective, settings, size_of
        self._family, self._sampler = objective.family, objective.sampler
        self._encoded = start if start and start.freezes_global else None
        generator = torch.Generator().manual_seed(settings.seed)
        partitions = self._sampler.partitions
        drawn = start.weights if start else self._family.initialise(partitions, generator)
        self.weights = {
            name: value.to(device, copy=True).requires_grad_(not self._is_frozen(name))
            for name, value in drawn.items()
        }
        self.aware: Aware | None = None
        conditioner = self._family.conditioner(self._sampler.overview())
        self._conditioning = Conditioning(conditioner and conditioner.to(device), self.weights)
        scopes = {name: name.split(".")[0] for name in self.weights}
        local = [value for name, value in self.weights.items() if scopes[name] == "local"]
        shared = [value for name, value in self.weights.items() if scopes[name] == "global"]
        self._pull = Pull(self.weights) if settings.single else None
        self._optimiser: Optimiser
        if settings.single:
            layers = list(zip(local[::2], local[1::2], strict=True))
            self._optimiser = Soap(layers, settings.rate)
        else:
            self._optimiser = adamw = AdamW(local, settings.rate, device)
            adamw.add([v for v in shared if v.requires_grad], settings.global_rate)
            adamw.add(self._conditioning.parameters(), settings.global_rate)

    def _is_frozen(self, name: str) -> bool:
        """Whether a tensor keeps its encoded weights."""
        return self._encoded is not None and name.startswith("global.")

    @property
    def learner(self) -> StepLearner | None:
        """What rounds, once rounding is in the loop."""
        return self.aware.learner if self.aware is not None else None

    @property
    def _frozen(self) -> set[str]:
        """Local tensors that stay as first rounded while the others learn to make up for it.

        A step of the optimiser is a good part of a step of the quantiser in the tensors whose
        rounding hurts most: left free, they would hop between symbols to the end.
        """
        sensitive = {n for n in self.weights if self._family.extra_bits(n) >= SENSITIVE}
        return {name for name in sensitive if name.startswith("local.")}

    def step(self, iteration: int, rates: tuple[float, float]) -> None:
        """One update of all weights, block by block of partitions; see `Schedule.rates`."""
        self._optimiser.clear()
        positions = self._sampler.draw(iteration, self._settings.samples)
        frozen = self._frozen if self.aware is not None else set()
        self._objective.descend(self.weights, self.learner, positions, frozen)
        if self.aware is not None:
            self.aware.descend(self.weights, frozen)
        self._conditioning.take()
        if self._pull is not None:  # stronger towards the end
            self._pull.add(1 - rates[1])
        self._optimiser.step(*rates)
        self._conditioning.emit()

    def start_aware(self, best: Candidate) -> None:
        """Continue from the best float weights with rounding in the loop."""
        self._conditioning.bake()
        start = self._family.canonicalise(best.weights)
        with torch.no_grad():
            for name, value in self.weights.items():
                if not self._is_frozen(name):
                    value.copy_(start[name])
        self.aware = self._aware(best.psnr)
        if self._encoded is None:  # whose steps and tables do not change
            self.aware.begin(self.weights)
        self._adamw.forget_directions()  # of the weights before they were canonicalised

    @property
    def _adamw(self) -> AdamW:
        """What may have rounding in its loop: not the optimiser of a single network."""
        if not isinstance(self._optimiser, AdamW):
            raise TypeError("rounding is in the loop of AdamW alone")
        return self._optimiser

    def _aware(self, psnr_float: float) -> Aware:
        """Its goal is the size, or a quality that the float phase has all but reached."""
        size, psnr = self._settings.size, self._settings.psnr
        if size is not None or (psnr is not None and psnr_float < psnr - WITHIN_REACH):
            psnr = None
        bits = bits_of(self._family, self._settings.bits or 0)
        free = (size, psnr) != (None, None)
        kept = self._encoded.fixed if self._encoded else None
        learner = StepLearner(self.weights, bits, free=free, fixed=self._frozen, kept=kept)
        self._adamw.add(learner.parameters(), STEP_RATE)
        error = self._objective.error(self.weights, None)
        return Aware(self._objective, learner, error, size_of=self._size_of, size=size, psnr=psnr)

    def error(self) -> float:
        """Mean squared error of the present weights on the fixed samples."""
        error = self._objective.error(self.weights, self.learner)
        if self._pull is not None:
            self._pull.error = error
        return error

    def better(self, best: Candidate, error: float) -> Candidate:
        """The present weights, whose error this is, or `best` if they are worse."""
        psnr = self._objective.psnr(error)
        score = (0.0, psnr) if self.aware is None else self.aware.score(self.weights, psnr)
        return self.candidate(psnr, score) if score >= best.score else best

    def candidate(self, psnr: float = UNKNOWN, score: Score = (0.0, 0.0)) -> Candidate:
        """The present weights."""
        seen = self.learner(self.weights) if self.learner else self.weights
        copies = {name: value.detach().clone() for name, value in seen.items()}
        return Candidate(copies, psnr, score, self.learner.steps() if self.learner else None)

    def fall_back(self, best: Candidate, error: float) -> None:
        """Go back to the best weights of a single network where it has diverged.

        The best rate is near the largest that a network bears, which differs from one to another.
        """
        far = self._objective.psnr(error) < best.psnr - DIVERGED
        if far and isinstance(self._optimiser, Soap):
            with torch.no_grad():
                for name, value in self.weights.items():
                    value.copy_(best.weights[name])
            self._optimiser.restart()

    def adjust(self, error: float, left: float) -> None:
        """Steer what rounds, if anything does, by the error, with so much of its phase left."""
        if self.aware is not None and left > 0:
            self.aware.adjust(self.weights, error, late=left < LATE)

    def state(self) -> dict[str, TensorWeights]:
        """What `restore` needs, beside the state of `aware`."""
        return {
            "weights": {name: value.detach() for name, value in self.weights.items()},
            "conditioner": self._conditioning.state(),
            "moments": self._optimiser.state(),
            "pull": self._pull.state() if self._pull is not None else {},
            "log_steps": self.learner.log_steps if self.learner else {},
        }

    def restore(
        self, tensors: Mapping[str, Tensor], aware: Mapping[str, Any] | None, psnr_float: float
    ) -> None:
        """Undo `state`; `psnr_float` is the quality at which rounding came into the loop."""
        if aware is not None:
            self.aware = self._aware(psnr_float)
        with torch.no_grad():
            for name, value in part_of(tensors, "weights").items():
                self.weights[name].copy_(value)
            for name, step in self.learner.log_steps.items() if self.learner else ():
                step.copy_(tensors[f"log_steps.{name}"])
        if self.aware is not None and aware is not None:
            self.aware.load(self.weights, aware)
        self._conditioning.restore(part_of(tensors, "conditioner"))
        self._optimiser.restore(part_of(tensors, "moments"))
        if self._pull is not None:
            self._pull.restore(part_of(tensors, "pull"))
