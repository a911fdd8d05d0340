"""Moving a step to where a target is met: on amounts that fall as steps get wider."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lgcodec.fit.choices import Choice
from lgcodec.fit.correction import CORRECTIONS, MOST, Correction
from lgcodec.fit.pyramids import Rounded
from lgcodec.fit.steps import StepTarget


class Tried:
    """Choices that are known by their step, and which of them were asked for."""

    def __init__(self, amount: Callable[[int], float], guess: Callable[[int, float], int]) -> None:
        self.steps: list[int] = []
        self._amount, self._guess = amount, guess
        self._of: dict[int, int] = {}  # steps of choices

    def choice(self, step: int) -> Choice:
        rounded: Any = object.__new__(Rounded)
        made = Choice(rounded, [np.array([[step]], np.int16)])
        self.steps.append(step)
        return made

    def of(self, target: StepTarget, step: int) -> int:
        """The step of what a correction ends with, from `step` on."""
        correction = Correction(
            target,
            searched=self._guess,
            refined=self.choice,
            amount=lambda choice: self._amount(int(choice.symbols[0][0, 0])),
        )
        return int(correction.of(step, self.choice(step)).symbols[0][0, 0])


def bytes_at(step: int) -> float:
    return 1000 * 0.97**step


def test_a_choice_that_is_close_is_taken_as_it_is() -> None:
    tried = Tried(bytes_at, lambda step, amount: step - 1)
    assert tried.of(StepTarget(1010, None), 0) == 0
    assert tried.steps == [0]


@pytest.mark.parametrize(
    ("target", "amount"),
    [(StepTarget(1035, None), bytes_at), (StepTarget(None, 38.0), lambda step: 38.15 - 0.1 * step)],
    ids=["size", "quality"],
)
def test_the_next_step_is_tried_where_nothing_beyond_is_known(
    target: StepTarget, amount: Callable[[int], float]
) -> None:
    """A search that answers the step it was asked about tells nothing of it."""
    target.close_size = 0.98
    tried = Tried(amount, lambda step, amount: step)
    best = tried.of(target, 0)
    assert best == (-1 if target.size else 1)
    assert target.is_close(amount(best))


def test_no_step_is_tried_twice() -> None:
    tried = Tried(lambda step: 1200 if step < 3 else 900, lambda step, amount: 2 if step > 2 else 3)
    assert tried.of(StepTarget(1000, None), 2) == 3
    assert sorted(tried.steps) == [2, 3]


def test_guesses_that_lead_nowhere_end() -> None:
    """Then the middle between the best step and the next that is not good."""
    guesses = {-200: 100, 100: -150, -150: 50, 50: -140}
    tried = Tried(bytes_at, lambda step, amount: guesses.get(step, step))
    assert tried.of(StepTarget(1000, None), -200) in (0, 1)
    assert tried.steps[: CORRECTIONS + 2] == [-200, 100, -150, 50, -50]
    assert len(tried.steps) <= MOST


def test_a_size_out_of_reach_is_not_sought_for_ever() -> None:
    tried = Tried(lambda step: 5000, lambda step, amount: step + 1)
    assert tried.of(StepTarget(1000, None), 0) == MOST - 1
    assert tried.steps == list(range(MOST))
