"""Phases of a fit, their learning rates, and what a resumed fit knows."""

from dataclasses import replace

import pytest

from lgcodec.fit.schedule import ROOM, Schedule
from lgcodec.fit.settings import FitSettings

SETTINGS = FitSettings(
    iterations=100, samples=1, rate=1.0, global_rate=1.0, aware_share=0.4, aware_rate=0.25
)


def schedule(*, is_float: bool = False, **changes: float) -> Schedule:
    settings = replace(SETTINGS, **changes)  # type: ignore[arg-type]
    return Schedule(settings, is_float=is_float, warm_up=10)


def at(iteration: int, plan: Schedule) -> tuple[float, float]:
    plan.iteration = iteration
    return plan.rates(plan.done())


def test_rates_warm_up() -> None:
    warm = [at(iteration, schedule())[0] for iteration in range(12)]
    assert warm == [*((n + 1) / 10 for n in range(10)), 1.0, 1.0]


@pytest.mark.parametrize(
    ("iteration", "level"), [(0, 1.0), (30, 0.625), (60, 0.25), (80, 0.125), (100, 0.0)]
)
def test_each_phase_ends_half_a_cosine(iteration: int, level: float) -> None:
    assert at(iteration, schedule())[1] == pytest.approx(level)


@pytest.mark.parametrize(("iteration", "level"), [(0, 1.0), (50, 0.5), (100, 0.0)])
def test_a_fit_without_rounding_has_one_phase(iteration: int, level: float) -> None:
    plan = schedule(is_float=True)
    assert at(iteration, plan)[1] == pytest.approx(level)
    assert plan.aware_from == 1.0


def test_a_quality_reached_ends_the_first_phase() -> None:
    plan = schedule(psnr=30.0)
    plan.iteration = 20
    plan.skip_ahead(30.0)
    assert plan.done() == 0.2
    plan.skip_ahead(30.0 + ROOM)
    assert plan.done() == pytest.approx(plan.aware_from)
    assert plan.left() == pytest.approx(1.0)


def test_a_restored_schedule_goes_on() -> None:
    before, after = schedule(psnr=30.0), schedule(psnr=30.0)
    before.iteration = 20
    before.skip_ahead(40.0)
    after.restore({**before.state(), "spent": 100.0})
    assert (after.iteration, after.done()) == (before.iteration, before.done())
    assert 100 <= after.elapsed() < 101
