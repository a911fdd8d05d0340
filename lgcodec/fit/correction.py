"""Moving the step of latents to where a target is met: descent changes size and quality too."""

from collections.abc import Callable
from typing import Final, final

from lgcodec.fit.choices import Choice
from lgcodec.fit.steps import StepTarget

__all__ = ["Correction"]

CORRECTIONS: Final = 3  # of the step, by what descent did


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
            if self._target.is_close(amounts[step]):
                break
            following: int | None = self._searched(step, amounts[step])
            if following in amounts or len(amounts) > CORRECTIONS:
                following = self._target.following(amounts)
            if following is None:
                break
            step, choice = following, self._refined(following)
        return kept or choice
