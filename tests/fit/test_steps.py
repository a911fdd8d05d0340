"""The search for a step: on amounts that fall as steps get wider, as bytes and qualities do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgcodec.coding.integer import LARGEST
from lgcodec.fit.steps import FINEST, WIDEST, StepTarget
from lgcodec.nets.latent import STEP_UNIT

steps = st.integers(FINEST + 1, WIDEST - 1)


def size_at(step: int) -> float:
    """Bytes: 2 % fewer from step to step."""
    return 1e6 * 0.98 ** (step - FINEST)


def psnr_at(step: int) -> float:
    return 90 - 0.19 * (step - FINEST)


@given(steps, steps)
def test_the_finest_step_that_is_small_enough(best: int, begin: int) -> None:
    target = StepTarget(int(size_at(best)) + 1, None)
    assert target.search(begin, size_at) == best


@given(steps, steps)
def test_the_widest_step_that_is_good_enough(best: int, begin: int) -> None:
    target = StepTarget(None, psnr_at(best) - 0.01)
    assert target.search(begin, psnr_at) == best


@given(steps, steps, st.integers(2, 6), st.booleans())
def test_a_rough_search_meets_the_target_too(best: int, begin: int, near: int, sized: bool) -> None:
    target = StepTarget(int(size_at(best)) + 1, None)
    amount = size_at
    if not sized:
        target, amount = StepTarget(None, psnr_at(best) - 0.01), psnr_at
    found = target.search(begin, amount, near=near)
    assert target.meets(amount(found))
    assert abs(found - best) < near


@given(steps, steps, st.booleans())
def test_a_search_asks_few_times_whatever_the_slope(best: int, begin: int, steep: bool) -> None:
    asked = []

    def amount(step: int) -> float:
        asked.append(step)
        return 1e4 * float(np.exp((best - step) / (20 if steep else 90) + (best - step) ** 3 / 1e7))

    StepTarget(10_000, None).search(begin, amount)
    assert len(asked) == len(set(asked)) <= 24


@pytest.mark.parametrize(
    ("target", "amount", "nearest"),
    [(StepTarget(10, None), 1000, WIDEST), (StepTarget(None, 90), 30, FINEST)],
    ids=["size", "quality"],
)
def test_a_target_that_no_step_reaches(target: StepTarget, amount: int, nearest: int) -> None:
    assert target.search(0, lambda _: amount) == nearest
    assert target.following({nearest: amount}) is None


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
        assert abs(found - best) <= 1 or target.is_close(amounts[found])


@given(steps, st.integers(0, LARGEST))
def test_no_step_is_searched_that_cuts_numbers_off(step: int, largest: int) -> None:
    target = StepTarget(None, 90)
    target.bound(step, largest)
    found = target.search(0, lambda _: 30)
    assert found == target.finest >= FINEST
    widened = 2 ** ((step - found) / STEP_UNIT)  # of a number that was nearly rounded up
    assert found >= step or (largest + 1) * widened <= LARGEST
    finer = 2 ** ((step - found + 1) / STEP_UNIT)
    assert found in (FINEST, WIDEST, step) or (largest + 1) * finer > LARGEST


@given(steps, st.booleans())
def test_what_is_foreseen_has_room_on_both_sides(best: int, sized: bool) -> None:
    """It is near enough to the target itself, also where it turns out to be a little more."""
    target = StepTarget(int(size_at(best)) + 1, None) if sized else StepTarget(None, psnr_at(best))
    target.bound(best, 1000)
    narrower = target.with_room()
    assert narrower.finest == target.finest
    wanted = float((narrower.size if sized else narrower.psnr) or 0)
    assert target.is_close(wanted)
    assert target.is_close(0.99 * wanted if sized else wanted + 0.05)
    assert target.is_close(1.005 * wanted if sized else wanted - 0.01)


@given(st.floats(10, 1e6), st.floats(10, 1e6), st.booleans())
def test_changes_make_one_amount_of_another(before: float, after: float, sized: bool) -> None:
    target = StepTarget(9, None) if sized else StepTarget(None, 9)
    change = target.change(before, after)
    assert target.changed(before, change) == pytest.approx(after)
    assert target.changed(after, change, target.change(after, before)) == pytest.approx(after)


@pytest.mark.parametrize(
    ("target", "small", "large"),
    [(StepTarget(9, None), (0.6, 1, 1.9), (0.5, 2)), (StepTarget(None, 9), (-2, 2), (-3, 3))],
    ids=["size", "quality"],
)
def test_small_changes(
    target: StepTarget, small: tuple[float, ...], large: tuple[float, ...]
) -> None:
    assert all(map(target.is_small, small))
    assert not any(map(target.is_small, large))


def test_no_target() -> None:
    assert not StepTarget(None, None).exists
    assert StepTarget(5, None).exists
    assert StepTarget(None, 30.0).exists
