"""Shares of a fit of latents."""

import pytest

from lgcodec.fit.work import SEARCH, SYMBOLS_PER_ITERATION, Work


@pytest.mark.parametrize("searches", [False, True])
def test_shares_grow_with_rounds_and_never_reach_the_end(searches: bool) -> None:
    work = Work(SYMBOLS_PER_ITERATION, 30, 2, searches=searches)
    assert work.training == 30
    shares = []
    for rounds in range(3):
        work.done = work.until(rounds)
        shares.append(work.share())
    work.done *= 2  # more than was foreseen
    shares.append(work.share())
    assert sorted(set(shares)) == shares
    assert shares[2] < 1
    assert shares[3] == 0.99


def test_training_comes_before_the_first_rounds() -> None:
    work = Work(SYMBOLS_PER_ITERATION, 30, 6, searches=False)
    lengths = [work.until(rounds + 1) - work.until(rounds) for rounds in range(6)]
    assert lengths == [31, 31, 1, 1, 1, 1]


def test_a_search_counts_twice() -> None:
    """For a target the step is searched for before the rounds, and corrected after them."""
    plain, searching = (Work(100, 0, 2, searches=searches) for searches in (False, True))
    plain.done = searching.done = 1.0
    assert 1 / searching.share() == pytest.approx(1 / plain.share() + 2 * SEARCH)


def test_a_quick_search_is_seldom_corrected() -> None:
    """Before the rounds it takes as long, by what some symbols and descents tell."""
    slow, quick = (Work(100, 0, 2, searches=True, quickly=quickly) for quickly in (False, True))
    assert slow.until(0) == quick.until(0)
    slow.done = quick.done = 1.0
    assert 1 / slow.share() == pytest.approx(1 / quick.share() + SEARCH - 1)


def test_a_search_that_begins_anew_is_told_of_and_nothing_is_taken_back() -> None:
    work = Work(100, 0, 2, searches=True, quickly=True)
    work.done = work.until(0)
    before, rounds = work.share(), work.until(1) - work.until(0)
    work.search_slowly()
    assert work.share() == before
    work.done += SEARCH
    assert work.done == work.until(0)
    work.done = work.until(2)
    assert before < work.share() < 1
    assert work.until(1) - work.until(0) == rounds
