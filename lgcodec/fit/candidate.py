"""Weights that a fit may end with."""

from dataclasses import dataclass
from typing import Final, final

from lgcodec.coding.base import Floats
from lgcodec.coding.uniform import MAX_BITS
from lgcodec.fit.settings import Fitted
from lgcodec.nets import TensorWeights

__all__ = ["UNKNOWN", "Candidate", "Score"]

Score = tuple[float, float]  # the larger the better
UNKNOWN: Final = float("-inf")  # dB


@final
@dataclass(frozen=True)
class Candidate:
    """Weights as the network sees them, and what they are worth.

    weights   by "local.<name>", [P, *shape], and "global.<name>", [*shape]
    psnr      dB on the measured samples
    steps     that the weights are multiples of, by the same names; None: not rounded
    """

    weights: TensorWeights
    psnr: float = UNKNOWN
    score: Score = (0.0, 0.0)
    steps: dict[str, float] | None = None

    def fitted(
        self, bits: int = MAX_BITS, iterations: int = 0, *, interrupted: bool = False
    ) -> Fitted:
        """What is to be coded; `bits` hold every symbol if the weights are rounded."""
        scopes: dict[str, dict[str, Floats]] = {"local": {}, "global": {}}
        for name, value in self.weights.items():
            scope, tensor = name.split(".", 1)
            scopes[scope][tensor] = value.detach().cpu().numpy()
        return Fitted(
            scopes["local"],
            scopes["global"],
            self.steps,
            bits=None if self.steps is None else bits,
            psnr=self.psnr,
            iterations=iterations,
            interrupted=interrupted,
        )
