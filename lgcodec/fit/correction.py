"""Moving the step of latents to where a target is met: descent changes size and quality too."""

from collections.abc import Callable, Mapping
from typing import Final, final

from lgcodec.fit.choices import Choice
from lgcodec.fit.steps import StepTarget

__all__ = ["Correction"]

CORRECTIONS: Final = 3  # of the step, by what descent did
MOST: Final = 12  # choices in all


@final
class Correction:
    """The choice that meets `target` best; see `StepTarget` for amounts.

    searched  the best step, if one gave an amount
    refined   the choice for a step, as good as those that are to be corrected
    amount    that a choice gives, by the real coder
    """

    def __init__(
        self,
        target: StepTarget,
        *,
        searched: Callable[[int, float], int],
        refined: Callable[[int], Choice],
        amount: Callable[[Choice], float],
    ) -> None:
        self._target, self._searched = target, searched
        self._refined, self._amount = refined, amount

    def of(self, step: int, choice: Choice) -> Choice:
        """The best choice, from this one of `step` on."""
        amounts: dict[int, float] = {}
        kept = None
        while True:
            amounts[step] = self._amount(choice)
            if step == self._target.best(amounts):
                kept = choice
            following = self._following(step, amounts)
            if following is None:
                break
            step, choice = following, self._refined(following)
        return kept or choice

    def _following(self, step: int, amounts: Mapping[int, float]) -> int | None:
        """What to try after `step`, the last of `amounts`."""
        if self._target.is_close(amounts[step]) or len(amounts) == MOST:
            return None
        if len(amounts) <= CORRECTIONS:
            guess = self._searched(step, amounts[step])
            if guess not in amounts:
                return guess
        return self._target.following(amounts)
