"""The last phase of a fit: rounding in the loop, minimising D + lambda R.

D is the mean squared error and R the bits of all N weights. Multiplying every step by e^x changes D
by 2 x D_q, with D_q the part of D that rounding adds (uniform noise: D_q goes with the square of
the steps), and R by -N x / ln 2. So D + lambda R is stationary where D_q = lambda N / (2 ln 2), and

    lambda = 2 ln 2 share D_float / N

lets rounding cost the share `ROUNDING` of the error. A goal is met by widening all steps at once:
to so many bytes of the real file, by the formula for R, or to a quality, little by little. What the
weights have learned about being rounded is lost when steps change, 5 dB of a sound: so they are
left alone near the goal and towards the end, where lambda alone follows the bytes.
"""

from collections.abc import Collection, Mapping
from math import exp, log
from typing import Any, Final, final

import torch

from lgcodec.coding.frequencies import FrequencyTable
from lgcodec.fit.candidate import AIM, BAND, Candidate, Score
from lgcodec.fit.objective import Objective
from lgcodec.fit.quantise import StepLearner
from lgcodec.fit.rate import RateModel
from lgcodec.fit.settings import SizeOf
from lgcodec.nets import TensorWeights

__all__ = ["Aware"]

ROUNDING: Final = 0.04  # share of the error that rounding may cost
MARGIN: Final = 0.1  # dB above the quality wanted
EXCESS: Final = 0.35  # dB above the quality wanted, up to which steps are left alone
PULL: Final = 20  # power of the bytes, against those aimed at, by which lambda changes
FAR: Final = 8  # times that lambda may be away from its first value
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
        self.weight = self._first_weight(weights)
        if self.size is not None:
            self.settle(weights, fixed=True)
        self.rate = RateModel(weights, self.learner)

    def settle(self, weights: TensorWeights, *, fixed: bool = False) -> None:
        """Set the steps so that `weights` as they are meet the goal, if there is one.

        Steps that are not learned stay as they are, once their tensors are rounded for good; in the
        beginning, with `fixed`, they are set as well.
        """
        for _ in range(TRIALS):
            if abs(self._correct(weights, fixed=fixed)) < CLOSE:
                break

    def adjust(self, weights: TensorWeights, error: float, *, late: bool) -> None:
        """Bring the steps nearer to the goal, unless it is `late`, and the tables up to date."""
        if self.size is not None:
            change = (self._bytes(weights) / (AIM * self.size)) ** PULL
            first = self._first_weight(weights)
            self.weight = min(max(self.weight * change, first / FAR), first * FAR)
        if not (late or self._near(weights, error)):
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
            size = self._bytes(weights)
            low, high = (bound * self.size for bound in BAND)
            return (1.0, psnr) if low <= size <= high else (0.0, -abs(size - AIM * self.size))
        if self.psnr is not None and self.rate:
            with torch.no_grad():
                bits = float(self.rate.bits(weights))
            return (1.0, -bits) if psnr >= self.psnr + MARGIN / 2 else (0.0, psnr)
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
        rounded = Candidate(self.learner(weights), steps=self.learner.steps())
        return self._size_of(rounded.fitted(self.learner.bits))

    def _first_weight(self, weights: TensorWeights) -> float:
        count = sum(value.numel() for value in weights.values())
        return 2 * log(2) * ROUNDING * self._float_error / count

    def _near(self, weights: TensorWeights, error: float) -> bool:
        if self.size is not None:
            return BAND[0] * self.size <= self._bytes(weights) <= BAND[1] * self.size
        if self.psnr is not None:
            return MARGIN / 2 <= self._objective.psnr(error) - self.psnr <= EXCESS
        return True

    def _correct(
        self, weights: TensorWeights, error: float | None = None, *, fixed: bool = False
    ) -> float:
        """Widen steps towards the goal; the natural logarithm of the factor."""
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
        self.learner.widen(exp(change), fixed=fixed)
        return change
