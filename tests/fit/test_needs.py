"""What groups need: the same step for all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgcodec.fit.needs import LOOKED_AT, SPARE, needs
from lgcodec.fit.steps import FINEST, WIDEST

SLOPES = st.floats(-1 / 20, -1 / 100)
AMOUNTS = st.floats(10.0, 1e6)


@given(
    groups=st.lists(st.tuples(AMOUNTS, SLOPES), min_size=1, max_size=5), step=st.integers(-120, 40)
)
def test_bytes_that_fall_evenly_are_found_at_one_step(
    groups: list[tuple[float, float]], step: int
) -> None:
    def at(where: int) -> list[float]:
        return [float(many * np.exp(slope * where)) for many, slope in groups]

    looks = list(zip(*map(at, LOOKED_AT), strict=True))
    found, shares = needs(looks, sum(at(step)))
    assert found == step
    assert shares == pytest.approx([SPARE + own for own in at(step)])


@pytest.mark.parametrize(("size", "step"), [(1e12, FINEST), (1, WIDEST)])
def test_what_is_out_of_reach_takes_the_last_step(size: float, step: int) -> None:
    found, shares = needs([(4000.0, 2000.0, 1000.0), (1000.0, 500.0, 250.0)], size)
    assert found == step
    assert shares[0] - SPARE == pytest.approx(4 * (shares[1] - SPARE))


def test_a_group_that_says_nothing_needs_no_more_at_fine_steps_than_it_should() -> None:
    """A black film: all its bytes are of its head, at any step."""
    _, shares = needs([(300.0, 300.0, 300.0), (9000.0, 3000.0, 900.0)], 30_000)
    assert shares[0] < 400 + SPARE
