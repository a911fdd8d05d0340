"""Symbols by what their errors and bits cost."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lgcodec.coding.base import Floats
from lgcodec.coding.distributions import CLASSES
from lgcodec.fit.rounding import cheapest


def drawn(seed: int) -> tuple[Floats, np.ndarray]:  # type: ignore[type-arg]
    rng = np.random.default_rng(seed)
    scaled = rng.laplace(scale=2.0, size=(3, 50)).astype(np.float32)
    return scaled, rng.integers(0, CLASSES, scaled.shape)


@given(st.integers(0, 2**16))
def test_errors_that_count_alike(seed: int) -> None:
    scaled, classes = drawn(seed)
    ones = np.ones_like(scaled)
    np.testing.assert_array_equal(cheapest(scaled, classes), cheapest(scaled, classes, ones))


@given(st.integers(0, 2**16))
def test_errors_that_count_more(seed: int) -> None:
    """The more, the nearer; at last each symbol is the nearest."""
    scaled, classes = drawn(seed)
    errors = [
        np.abs(cheapest(scaled, classes, np.full_like(scaled, weight)) - scaled)
        for weight in (1.0, 4.0, 1e6)
    ]
    assert (errors[0] >= errors[1]).all()
    assert (errors[1] >= errors[2]).all()
    np.testing.assert_array_equal(errors[2], np.abs(np.rint(scaled) - scaled))
