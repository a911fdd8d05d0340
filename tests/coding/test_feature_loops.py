"""Features of all symbols at once, each by its definition in context.md."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgcodec.coding import feature_loops
from lgcodec.coding.neighbours import MOST

SHAPES = st.tuples(*[st.integers(1, 6)] * 3)


def g(magnitude: int) -> int:
    """What the specification says of a magnitude."""
    end = min(magnitude, 4095) + 1
    whole = end.bit_length() - 1
    return 16 * whole + 16 * end // 2**whole - 16


def test_g_of_every_magnitude_and_beyond() -> None:
    symbols = np.arange(-MOST - 5, MOST + 6, dtype=np.int32)
    expected = [g(abs(symbol)) for symbol in symbols.tolist()]
    assert feature_loops.g_of(symbols).tolist() == expected


@pytest.mark.parametrize("extreme", [-(2**31) + 1, -(2**20), 2**20, 2**31 - 1])
def test_g_ends_at_the_largest(extreme: int) -> None:
    found = feature_loops.g_of(np.array([extreme], np.int32))
    assert found.tolist() == [g(MOST)]


@given(SHAPES, st.integers(0, 2**32 - 1))
def test_sums_around_are_those_of_neighbours_inside(shape: tuple[int, ...], seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 200, (2, *shape)).astype(np.float32)
    found = feature_loops.sums_around(values)
    for row, *at in product(range(2), *map(range, shape)):
        expected = 0.0
        for axis, way in product(range(3), (-1, 1)):
            place = list(at)
            place[axis] += way
            if 0 <= place[axis] < shape[axis]:
                expected += float(values[(row, *place)])
        assert found[(row, *at)] == expected


@given(SHAPES, st.integers(0, 2), st.booleans(), st.integers(0, 2**32 - 1))
def test_edges_are_differences_of_the_low_part(
    shape: tuple[int, int, int], axis: int, between: bool, seed: int
) -> None:
    """The low part may be longer by one than a band that lies between its samples."""
    random = np.random.default_rng(seed)
    longer = tuple(length + random.integers(2) for length in shape)
    low = random.integers(-(2**20), 2**20, (2, *longer), endpoint=True).astype(np.int32)
    low >>= random.integers(0, 20)
    first, second = feature_loops.edges(low, shape, axis, between)

    def at(row: int, place: list[int], step: int) -> int:
        moved = list(place)
        moved[axis] = min(max(moved[axis] + step, 0), longer[axis] - 1)
        return int(low[(row, *moved)])

    for row, *place in product(range(2), *map(range, shape)):
        before, own, after, beyond = (at(row, place, step) for step in (-1, 0, 1, 2))
        slope = after - own if between else after - before
        bend = before - own - after + beyond if between else before - 2 * own + after
        assert first[(row, *place)] == g(abs(slope) // 4)
        assert second[(row, *place)] == g(abs(bend) // 4)
