"""The search for a step: on amounts that fall as steps get wider, as bytes and qualities do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgcodec.errors import UsageError
from lgcodec.fit.steps import FINEST, WIDEST, StepTarget

steps = st.integers(FINEST + 1, WIDEST - 1)


def size_at(step: int) -> float:
    """Bytes: 2 % fewer from step to step."""
    return 1e6 * 0.98 ** (step - FINEST)


def psnr_at(step: int) -> float:
    return 90 - 0.19 * (step - FINEST)


@given(steps, steps)
def test_the_finest_step_that_is_small_enough(best: int, begin: int) -> None:
    target = StepTarget(int(size_at(best)) + 1, None)
    assert target.search(begin, begin + 1, lambda step: target.meets(size_at(step))) == best


@given(steps, steps)
def test_the_widest_step_that_is_good_enough(best: int, begin: int) -> None:
    target = StepTarget(None, psnr_at(best) - 0.01)
    assert target.search(begin, begin + 1, lambda step: target.meets(psnr_at(step))) == best


def test_a_size_that_no_step_reaches() -> None:
    target = StepTarget(10, None)
    with pytest.raises(UsageError, match="10 bytes are too few"):
        target.search(0, 1, lambda step: target.meets(1000))


@given(steps, st.sets(steps, min_size=1, max_size=4), st.booleans())
def test_from_any_steps_the_target_is_met_and_not_by_far(
    best: int, tried: set[int], sized: bool
) -> None:
    amount = size_at if sized else psnr_at
    target = StepTarget(int(size_at(best)) + 1, None) if sized else StepTarget(None, psnr_at(best))
    amounts = {step: amount(step) for step in tried}
    while (step := target.following(amounts)) is not None:
        assert step not in amounts
        amounts[step] = amount(step)
    found, good = target.best(amounts), [target.meets(value) for value in amounts.values()]
    assert found is not None
    assert target.meets(amounts[found])
    if not all(good):
        assert abs(found - best) <= 1


def test_no_target() -> None:
    assert not StepTarget(None, None).exists
    assert StepTarget(5, None).exists
    assert StepTarget(None, 30.0).exists
