"""The step of latents that meets a target: the finest for a size, the widest for a quality."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor, log, log2, prod
from typing import Final, final

from lgcodec.coding.integer import LARGEST
from lgcodec.nets.latent import STEP_UNIT

__all__ = ["CLOSER_SIZE", "FINEST", "STEPS_PER_E", "WIDEST", "StepTarget"]

FINEST: Final = -12 * STEP_UNIT  # steps that are searched
WIDEST: Final = 2 * STEP_UNIT
STEPS_PER_E: Final = 45.0  # that divide a size by e, roughly
STEPS_PER_DB: Final = 6.5
PATIENCE: Final = 2  # steps on one side, after which the middle is tried
CLOSE_SIZE, CLOSE_PSNR = 0.96, 0.1  # of the size, dB: near enough to a target
CLOSER_SIZE: Final = 0.98  # of the size, where another choice takes next to no time
ROOM_SIZE, ROOM_PSNR = 0.99, 0.02  # as far from it, what is foreseen is likely to meet it


@final
class _Sides:
    """Two steps and how far off they are, between which the best one lies."""

    def __init__(self, finest: int) -> None:
        self._finest = finest
        self.narrow: tuple[int, float] | None = None
        self.wide: tuple[int, float] | None = None
        self._same = 0  # how often in a row the same side moved

    def put(self, step: int, off: float, *, narrow: bool) -> None:
        """What was found of a step."""
        self._same = min(self._same, 0) - 1 if narrow else max(self._same, 0) + 1
        if narrow:
            self.narrow = step, max(off, 0.0)
        else:
            self.wide = step, min(off, 0.0)

    def next(self, near: int) -> int | None:
        """The step to try; None: there is none, or the two are as close as that."""
        if self.narrow is None or self.wide is None:
            return self._outward(self.narrow or self.wide)
        (low, before), (high, after) = self.narrow, self.wide
        if high - low <= near:
            return None
        if abs(self._same) > PATIENCE:
            return (low + high) // 2
        share = before / (before - after) if before > after else 0.5
        return min(max(low + round((high - low) * share), low + 1), high - 1)

    def _outward(self, known: tuple[int, float] | None) -> int | None:
        step, off = known or (0, 0.0)
        further = step + (max(1, ceil(off)) if self.narrow else min(-1, floor(off)))
        further = min(max(further, self._finest), WIDEST)
        return None if further == step else further

    def answer(self, *, small: bool) -> int:
        """Of the two the one that meets the target, if one does."""
        first, other = (self.wide, self.narrow) if small else (self.narrow, self.wide)
        return (first or other or (0, 0.0))[0]


@final
class StepTarget:
    """A size in bytes that is not to be exceeded, or else a quality in dB to be reached, or none.

    An *amount* is what a step gives of the one or of the other. Finer steps give more of both, down
    to `finest`. More of the size than `close_size` is near enough to it.
    """

    def __init__(self, size: int | None, psnr: float | None) -> None:
        self.size, self.psnr = size, psnr
        self.finest, self.close_size = FINEST, CLOSE_SIZE

    def bound(self, step: int, largest: int) -> None:
        """Search no step at which a number is cut off whose magnitude is `largest` at `step`."""
        room = floor(STEP_UNIT * log2(LARGEST / min(largest + 1, LARGEST)))
        self.finest = max(FINEST, min(step - room, WIDEST))

    @property
    def exists(self) -> bool:
        """Whether there is one."""
        return (self.size, self.psnr) != (None, None)

    def with_room(self) -> "StepTarget":
        """A narrower one: what is near it is near enough to this one."""
        size = None if self.size is None else floor(ROOM_SIZE * self.size)
        narrower = StepTarget(size, None if self.psnr is None else self.psnr + ROOM_PSNR)
        narrower.finest = self.finest
        return narrower

    def change(self, before: float, after: float) -> float:
        """How an amount changes: by a factor of bytes, by dB."""
        return after - before if self.size is None else after / max(before, 1)

    def is_small(self, change: float) -> bool:
        """Whether a change is by less than a factor of 2, or 3 dB."""
        return abs(change) < 3 if self.size is None else 1 / 2 < change < 2

    def changed(self, amount: float, *changes: float) -> float:
        """An amount that changes so."""
        return amount + sum(changes) if self.size is None else amount * prod(changes)

    def meets(self, amount: float) -> bool:
        """Whether an amount meets the target."""
        return amount >= (self.psnr or 0) if self.size is None else amount <= self.size

    def is_close(self, amount: float) -> bool:
        """Whether an amount meets the target, and not by far."""
        if self.size is None:
            return self.meets(amount) and amount < (self.psnr or 0) + CLOSE_PSNR
        return self.close_size * self.size < amount <= self.size

    def search(self, begin: int, amount: Callable[[int], float], *, near: int = 1) -> int:
        """The best step, or one at most `near` - 1 from it that meets the target, by its amount.

        From `begin` along the usual slope, then by regula falsi between steps on both sides. The
        finest step where even that is not good enough, the widest where that is not small enough.
        """
        sides, step = _Sides(self.finest), min(max(begin, self.finest), WIDEST)
        while True:
            found = amount(step)
            sides.put(step, self._steps_to_go(found), narrow=self._is_narrow(found))
            following = sides.next(near)
            if following is None:
                return sides.answer(small=self.size is not None)
            step = following

    def _steps_to_go(self, amount: float) -> float:
        """About how far the target is, in steps towards wider ones."""
        if self.size is not None:
            return log(max(amount, 1) / max(self.size, 1)) * STEPS_PER_E
        return (amount - (self.psnr or 0)) * STEPS_PER_DB

    def _is_narrow(self, amount: float) -> bool:
        """Whether a wider step may be better than one with this amount."""
        return self.meets(amount) != (self.size is not None)

    def best(self, amounts: Mapping[int, float]) -> int | None:
        """The step that meets the target by the least; None if none does."""
        good = [step for step, amount in amounts.items() if self.meets(amount)]
        return self._last(good) if good else None

    def following(self, amounts: Mapping[int, float]) -> int | None:
        """A step between the best and the next that is not good; None: it is met well enough.

        Where nothing is known beyond the best one, the next step.
        """
        best, outward = self.best(amounts), 1 if self.size is not None else -1
        bad = [step for step, amount in amounts.items() if not self.meets(amount)]
        if best is None:
            further = -self._last([-step for step in bad]) + outward
            return further if self.finest <= further <= WIDEST else None
        if self.is_close(amounts[best]):
            return None
        beyond = [step for step in bad if (best - step) * outward > 0]
        if not beyond:
            return best - outward if self.finest <= best - outward <= WIDEST else None
        nearest = -self._last([-step for step in beyond])
        return None if abs(best - nearest) == 1 else (best + nearest) // 2

    def _last(self, steps: Sequence[int]) -> int:
        """The step of these that gives the most bytes, or the least quality."""
        return min(steps) if self.size is not None else max(steps)
