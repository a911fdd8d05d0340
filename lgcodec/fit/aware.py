"""The last phase of a fit: rounding in the loop, minimising D + lambda R.

D is the mean squared error and R the bits of all N weights. Multiplying every step by e^x changes D
by 2 x D_q, with D_q the part of D that rounding adds (uniform noise: D_q goes with the square of
the steps), and R by -N x / ln 2. So D + lambda R is stationary where D_q = lambda N / (2 ln 2), and

    lambda = 2 ln 2 share D_float / N

lets rounding cost the share `ROUNDING` of the error. A goal is met by widening all steps at once:
to so many bytes of the real file, by the formula for R, or to a quality, little by little.
"""

from collections.abc import Callable, Collection, Mapping
from math import exp, log
from typing import Any, Final, final

import torch

from lgcodec.coding.frequencies import FrequencyTable
from lgcodec.fit.objective import Objective
from lgcodec.fit.quantise import StepLearner
from lgcodec.fit.rate import RateModel
from lgcodec.nets import TensorWeights

__all__ = ["Aware", "Score", "SizeOf"]

SizeOf = Callable[[TensorWeights, dict[str, float]], int]  # rounded weights, steps -> bytes
Score = tuple[float, float]  # the larger the better
ROUNDING: Final = 0.04  # share of the error that rounding may cost
AIM: Final = 0.99  # of the bytes allowed
MARGIN: Final = 0.05  # dB above the quality wanted
TRIALS: Final = 8
CLOSE: Final = 0.005  # change of the steps that is none
WIDEST: Final = 1.0  # most that steps change at once, natural logarithm
PER_DB: Final = 0.5  # by how much, for each dB that the quality is too good


@final
class Aware:
    """Learned steps, the rate of the weights under them, and what steers both.

    error     mean squared error of the float weights
    size      bytes that `size_of` may give, or None; psnr: quality wanted, dB, or None
    """

    def __init__(
        self,
        objective: Objective,
        learner: StepLearner,
        error: float,
        *,
        size_of: SizeOf,
        size: int | None = None,
        psnr: float | None = None,
    ) -> None:
        self.learner = learner
        self._objective, self._float_error = objective, error
        self._size_of, self.size = size_of, size
        self.psnr = psnr
        self.rate: RateModel | None = None
        self.weight = 0.0

    def begin(self, weights: TensorWeights) -> None:
        """Set the steps for the goal, if there is one, and lambda."""
        count = sum(value.numel() for value in weights.values())
        self.weight = 2 * log(2) * ROUNDING * self._float_error / count
        if self.size is not None:
            self.settle(weights)
        self.rate = RateModel(weights, self.learner)

    def settle(self, weights: TensorWeights) -> None:
        """Set the steps so that `weights` as they are meet the goal, if there is one."""
        for _ in range(TRIALS):
            if abs(self._correct(weights)) < CLOSE:
                break

    def adjust(self, weights: TensorWeights, error: float) -> None:
        """Bring the steps nearer to the goal, and the tables up to date."""
        self._correct(weights, error)
        if self.rate:
            self.rate.refresh(weights)

    def descend(self, weights: TensorWeights, frozen: Collection[str]) -> None:
        """Add lambda times the gradient of the rate to the `grad` of weights and steps."""
        if self.rate is None:
            return
        free = [value for name, value in weights.items() if name not in frozen]
        parameters = [*free, *self.learner.parameters()]
        bits = self.rate.bits(weights) * self.weight
        for parameter, gradient in zip(
            parameters, torch.autograd.grad(bits, parameters), strict=True
        ):
            parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient

    @property
    def has_goal(self) -> bool:
        """Whether steps are steered."""
        return self.size is not None or self.psnr is not None

    def score(self, weights: TensorWeights, psnr: float) -> Score:
        """First the goal, then what else is worth having."""
        if self.size is not None:
            excess = self._bytes(weights) - self.size
            return (1.0, psnr) if excess <= 0 else (0.0, -excess)
        if self.psnr is not None and self.rate:
            with torch.no_grad():
                bits = float(self.rate.bits(weights))
            return (1.0, -bits) if psnr >= self.psnr else (0.0, psnr)
        return (1.0, psnr)

    def met(self, score: Score) -> bool:
        """Whether weights of this score meet the goal."""
        return score[0] == 1.0

    def state(self) -> dict[str, object]:
        """What `load` needs, beside weights and steps."""
        tables = self.rate.tables if self.rate else {}
        return {
            "weight": self.weight,
            "error": self._float_error,
            "tables": {name: table.pack().hex() for name, table in tables.items()},
        }

    def load(self, weights: TensorWeights, state: Mapping[str, Any]) -> None:
        """Undo `state`."""
        self.weight, self._float_error = float(state["weight"]), float(state["error"])
        self.rate = RateModel(weights, self.learner)
        for name, table in state["tables"].items():
            self.rate.tables[name] = FrequencyTable.unpack(bytes.fromhex(table))

    @torch.no_grad()
    def _bytes(self, weights: TensorWeights) -> int:
        """Of the real file."""
        return self._size_of(self.learner(weights), self.learner.steps())

    def _correct(self, weights: TensorWeights, error: float | None = None) -> float:
        """Widen all steps towards the goal; the natural logarithm of the factor."""
        if self.size is not None:
            count = sum(value.numel() for value in weights.values())
            excess = self._bytes(weights) - AIM * self.size
            change = log(2) * 8 * excess / count
        elif self.psnr is not None:
            if error is None:
                error = self._objective.error(weights, self.learner)
            change = PER_DB * (self._objective.psnr(error) - self.psnr - MARGIN)
        else:
            return 0.0
        change = min(max(change, -WIDEST), WIDEST)
        self.learner.widen(exp(change))
        return change
