"""Moving the step of latents to where a target is met: descent changes size and quality too."""

from collections.abc import Callable, Mapping
from typing import Final, final

from lgcodec.fit.choices import Choice
from lgcodec.fit.steps import StepTarget

__all__ = ["Correction"]

CORRECTIONS: Final = 3  # of the step, by what descent did


@final
class Correction:
    """The choice that meets `target` best; see `StepTarget` for amounts.

    plain     the amount that a step gives without descent
    refined   the choice for a step, as good as those that are to be corrected
    amount    that a choice gives, by the real coder
    """

    def __init__(
        self,
        target: StepTarget,
        *,
        plain: Callable[[int], float],
        refined: Callable[[int], Choice],
        amount: Callable[[Choice], float],
    ) -> None:
        self._target, self._plain = target, plain
        self._refined, self._amount = refined, amount

    def of(self, step: int, choice: Choice) -> Choice:
        """The best choice, from this one of `step` on."""
        amounts: dict[int, float] = {}
        kept = None
        while True:
            amounts[step] = self._amount(choice)
            if step == self._target.best(amounts):
                kept = choice
            if self._target.is_close(amounts[step]):
                break
            following = self._guess(step, amounts)
            if following is None or following in amounts:
                following = self._target.following(amounts)
            if following is None:
                break
            step, choice = following, self._refined(following)
        return kept or choice

    def _guess(self, step: int, amounts: Mapping[int, float]) -> int | None:
        """The best step if descent does to every one what it did to `step`; None after a few."""
        if len(amounts) > CORRECTIONS:
            return None
        before, after = self._plain(step), amounts[step]
        if self._target.size:
            gain = after / before
            return self._target.search(step, lambda other: self._plain(other) * gain)
        gain = after - before
        return self._target.search(step, lambda other: self._plain(other) + gain)
