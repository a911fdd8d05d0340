"""The step of latents that meets a target: the finest for a size, the widest for a quality."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, final

from lgcodec.errors import UsageError
from lgcodec.nets.latent import STEP_UNIT

__all__ = ["FINEST", "NEARBY", "WIDEST", "StepTarget"]

FINEST: Final = -12 * STEP_UNIT  # steps that are searched
WIDEST: Final = 2 * STEP_UNIT
NEARBY: Final = 8  # how far the step moves when the network has changed
CLOSE_SIZE, CLOSE_PSNR = 0.98, 0.1  # of the size, dB: near enough to a target


@final
class StepTarget:
    """A size in bytes that is not to be exceeded, or else a quality in dB to be reached, or none.

    An *amount* is what a step gives of the one or of the other. Finer steps give more of both.
    """

    def __init__(self, size: int | None, psnr: float | None) -> None:
        self.size, self.psnr = size, psnr

    @property
    def exists(self) -> bool:
        """Whether there is one."""
        return (self.size, self.psnr) != (None, None)

    def meets(self, amount: float) -> bool:
        """Whether an amount meets the target."""
        return amount >= (self.psnr or 0) if self.size is None else amount <= self.size

    def search(self, low: int, high: int, passes: Callable[[int], bool]) -> int:
        """The best step that `passes`, sought from between `low` and `high`, and beyond if need be.

        UsageError where not even the widest step gives so small a size.
        """
        small = self.size is not None

        def wide(step: int) -> bool:
            return passes(step) == small

        while high < WIDEST and not wide(high):
            low, high = high, min(high + NEARBY, WIDEST)
        while low > FINEST and wide(low):
            low, high = max(low - NEARBY, FINEST), low
        if small and high == WIDEST and not wide(high):
            message = f"{self.size} bytes are too few for so many partitions; say larger ones"
            raise UsageError(message)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if wide(middle) else (middle, high)
        return high if small else low

    def best(self, amounts: Mapping[int, float]) -> int | None:
        """The step that meets the target by the least; None if none does."""
        good = [step for step, amount in amounts.items() if self.meets(amount)]
        return self._last(good) if good else None

    def following(self, amounts: Mapping[int, float]) -> int | None:
        """A step between the best and the next that is not good; None: it is met well enough."""
        best, outward = self.best(amounts), 1 if self.size is not None else -1
        bad = [step for step, amount in amounts.items() if not self.meets(amount)]
        if best is None:
            further = -self._last([-step for step in bad]) + outward
            return further if FINEST <= further <= WIDEST else None
        beyond = [step for step in bad if (best - step) * outward > 0]
        if not beyond or self._is_close(amounts[best]):
            return None
        nearest = -self._last([-step for step in beyond])
        return None if abs(best - nearest) == 1 else (best + nearest) // 2

    def _last(self, steps: Sequence[int]) -> int:
        """The step of these that gives the most bytes, or the least quality."""
        return min(steps) if self.size is not None else max(steps)

    def _is_close(self, amount: float) -> bool:
        if self.size is None:
            return amount < (self.psnr or 0) + CLOSE_PSNR
        return amount > CLOSE_SIZE * self.size
