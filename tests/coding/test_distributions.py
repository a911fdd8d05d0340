"""Distributions against the page of the specification, and what they cost."""

from math import exp

import numpy as np
import pytest

from coding import context_reference as reference
from lgcodec.coding.distributions import EXPECTED, SIGN_CLASSES, SIGNS, slots

# Near Laplace distributions of some scales: zero, one, ratio, most, escape.
ROWS = [(65534, 65535, 1, 1, 1), (60855, 65202, 334, 2, 1), (25786, 41427, 24109, 7, 2),
        (5188, 9965, 55571, 37, 1), (1337, 2647, 62889, 146, 1)]  # fmt: skip


def test_frequencies_are_those_of_the_specification() -> None:
    """LGI-K-49."""
    table = slots()
    for class_, row in enumerate(reference.rows()):
        counts, most = reference.frequencies(*row), row[3]
        first = table.first[class_]
        part = slice(first, first + len(counts))
        assert table.frequency[part].tolist() == counts
        assert sum(counts) == 2**14
        assert min(counts) >= 1
        assert table.most[class_] == most
        assert table.value[part][:-1].tolist() == list(range(most + 1))
        assert table.escape[part].tolist() == [False] * (most + 1) + [True]


def test_signs_have_no_escape() -> None:
    table = slots()
    assert not table.escape[table.first[SIGNS] :].any()
    assert EXPECTED == reference.LIKELIER
    for class_, count in enumerate(EXPECTED):
        first = table.first[SIGNS + class_]
        assert table.frequency[first : first + 2].tolist() == [count, 2**14 - count]
        assert table.start[first : first + 2].tolist() == [0, count]
        assert table.value[first : first + 2].tolist() == [0, 1]


def test_signs_are_as_likely_as_their_odds_say() -> None:
    """Odds count quarters, rounded towards 0; those of class 0 are of both ways."""
    chances = [0.5, *(1 / (1 + exp(-(k + 0.5) / 4)) for k in range(1, SIGN_CLASSES))]
    assert [round(2**14 * chance) for chance in chances] == list(EXPECTED)


def test_symbols_share_all_slots_of_their_class() -> None:
    """Side by side, in order: a reader looks for the slot from the first on."""
    table = slots()
    ends = [*table.first[1:], len(table.frequency)]
    for first, end in zip(table.first, ends, strict=True):
        counts = table.frequency[first:end]
        assert (counts > 0).all()
        assert counts.sum() == 2**14
        assert table.start[first:end].tolist() == [0, *np.cumsum(counts)[:-1].tolist()]


@pytest.mark.parametrize("row", ROWS)
def test_a_class_costs_little_more_than_its_distribution(row: tuple[int, ...]) -> None:
    """Bits of magnitudes, against the entropy of the probabilities that its row stands for."""
    zero, one, ratio = (number / 65536 for number in row[:3])
    most = row[3]
    m = np.arange(40 * most + 40)
    chance = (1 - zero) * (1 - one) * (1 - ratio) * ratio ** np.maximum(m - 2.0, 0)
    chance[:2] = zero, (1 - zero) * one
    own = np.array(reference.frequencies(*row))[np.minimum(m, most + 1)]
    more = 2 * np.floor(np.log2(np.maximum(m - most, 1))) + 1
    bits = (chance * (14 - np.log2(own) + more * (m > most))).sum()
    entropy = -(chance[chance > 0] * np.log2(chance[chance > 0])).sum()
    assert entropy - 1e-9 <= bits <= 1.02 * entropy + 0.12
