"""Weights that a fit may end with."""

from dataclasses import dataclass, replace
from typing import Final, final

from lgcodec.coding.base import Floats
from lgcodec.coding.frequencies import SYMBOL_BITS
from lgcodec.coding.scaled import BITS, Scaled
from lgcodec.fit.settings import Fitted
from lgcodec.nets import TensorWeights

__all__ = ["AIM", "BAND", "UNKNOWN", "Candidate", "Score"]

Score = tuple[float, float]  # the larger the better
UNKNOWN: Final = float("-inf")  # dB
AIM: Final = 0.985  # of the bytes allowed
BAND: Final = (0.955, 1.0)  # of the bytes allowed, good enough


@final
@dataclass(frozen=True)
class Candidate:
    """Weights as the network sees them, and what they are worth.

    weights   by "local.<name>", [P, *shape], and "global.<name>", [*shape]
    psnr      dB on the measured samples
    steps     that the weights are multiples of, by the same names; None: not rounded
    coder     name of the one that they were rounded for
    """

    weights: TensorWeights
    psnr: float = UNKNOWN
    score: Score = (0.0, 0.0)
    steps: dict[str, float] | None = None
    coder: str = "rans"

    def judged(self, psnr: float, size: int, allowed: int) -> "Candidate":
        """The same, worth first that its `size` in bytes is near what is allowed, then its dB."""
        low, high = (bound * allowed for bound in BAND)
        score = (1.0, psnr) if low <= size <= high else (0.0, -abs(size - high))
        return replace(self, psnr=psnr, score=score)

    def fitted(
        self, bits: int | None = None, iterations: int = 0, *, interrupted: bool = False
    ) -> Fitted:
        """What is to be coded; `bits` hold every symbol if the weights are rounded.

        None: as many as the coder takes.
        """
        most = BITS if self.coder == Scaled.name else SYMBOL_BITS
        scopes: dict[str, dict[str, Floats]] = {"local": {}, "global": {}}
        for name, value in self.weights.items():
            scope, tensor = name.split(".", 1)
            scopes[scope][tensor] = value.detach().cpu().numpy()
        return Fitted(
            scopes["local"],
            scopes["global"],
            self.steps,
            bits=None if self.steps is None else bits or most,
            psnr=self.psnr,
            iterations=iterations,
            interrupted=interrupted,
            coder=self.coder,
        )
