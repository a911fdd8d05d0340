"""Shares of groups: what of the work is done, and how bytes that are left are given out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgcodec._shares import shares

GROUPS = st.dictionaries(
    st.integers(0, 9), st.tuples(st.integers(1, 40), st.floats(1.0, 1e6)), min_size=1
)


@given(groups=GROUPS, bytes_=st.floats(1.0, 1e9))
def test_bytes_are_given_out_in_proportion_to_needs(
    groups: dict[int, tuple[int, float]], bytes_: float
) -> None:
    """Whoever takes all of its share leaves theirs to those that follow, and the last takes all."""
    needs = {ordinal: need for ordinal, (_, need) in groups.items()}
    left, given_out = bytes_, {}
    for ordinal, share in shares({n: count for n, (count, _) in groups.items()}, needs):
        given_out[ordinal] = share.of_rest * left
        left -= given_out[ordinal]
    whole = sum(needs.values())
    assert given_out == pytest.approx({n: bytes_ * need / whole for n, need in needs.items()})
    assert left == 0


@pytest.mark.parametrize("looked", [0.0, 0.25])
def test_work_is_counted_in_partitions_behind_what_was_looked_at(looked: float) -> None:
    """A group of 6 after one of 2: whatever bytes they have."""
    first, second = (share for _, share in shares({3: 2, 5: 6}, {3: 9.0, 5: 1.0}, looked))
    assert first.done(0.0) == looked
    assert first.done(1.0) == second.done(0.0) == pytest.approx(looked + (1 - looked) / 4)
    assert second.done(1.0) == 1.0


def test_time_that_is_left_is_that_of_the_partitions_that_are_left() -> None:
    first, second = (share for _, share in shares({0: 2, 1: 6}, {0: 1.0, 1: 1.0}))
    assert first.seconds_left(0.5, 10.0) == 10 * 7
    assert second.seconds_left(0.5, 10.0) == 10
    assert second.seconds_left(1.0, 20.0) == 0
