"""The classes that the specification lists, and how well they are Laplace distributions."""

import numpy as np
import pytest

from coding import context_reference as reference
from lgcodec.coding.laplace import CLASSES, scale_of, shape_of, slots


def test_the_specification_lists_every_class() -> None:
    assert reference.rows() == [(k, *shape_of(k)) for k in range(CLASSES)]


def test_frequencies_are_those_of_the_specification() -> None:
    table = slots()
    for class_, *shape in reference.rows():
        counts = reference.frequencies(*shape)
        first = table.first[class_]
        part = slice(first, first + len(counts))
        assert table.frequency[part].tolist() == counts
        assert sum(counts) == 2**14
        assert min(counts) >= 1
        most = shape[2]
        assert table.most[class_] == most
        assert table.value[part][:-1].tolist() == list(range(-most, most + 1))
        assert table.escape[part].tolist() == [False] * (2 * most + 1) + [True]


@pytest.mark.parametrize("class_", [10, 20, 32, 45, 55])
def test_a_class_costs_little_more_than_its_distribution(class_: int) -> None:
    """Bits of symbols of the scale, against the entropy of the rounded Laplace distribution."""
    scale, most = scale_of(class_), shape_of(class_)[2]
    m = np.arange(1, 40 * most + 40)
    tail = np.exp(-(m - 0.5) / scale) - np.exp(-(m + 0.5) / scale)
    chance = np.concatenate([tail[::-1] / 2, [1 - np.exp(-0.5 / scale)], tail / 2])
    symbols = np.arange(-len(m), len(m) + 1)
    counts = np.array(reference.frequencies(*shape_of(class_)))
    escapes = np.abs(symbols) > most
    own = counts[np.where(escapes, 2 * most + 1, symbols + most)]
    bits = (chance * (14 - np.log2(own) + 16 * escapes)).sum()
    entropy = -(chance[chance > 0] * np.log2(chance[chance > 0])).sum()
    assert entropy - 1e-9 <= bits <= 1.02 * entropy + 0.12
