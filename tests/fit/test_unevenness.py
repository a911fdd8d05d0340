"""How uneven partitions are: nothing where they are alike, half an octave of variance a bit."""

from fractions import Fraction

import numpy as np
import pytest

from lgcodec.fit.unevenness import MOST, unevenness
from lgcodec.partition import RULES
from lgcodec.signal import Signal

NOISE = np.random.default_rng(0).normal(0, 1, (64, 64, 1))


def picture(factors: list[float]) -> Signal:
    """Noise in four tiles of 32 x 32, so much of it in each."""
    scale = np.kron(np.reshape(factors, (2, 2)), np.ones((32, 32)))[..., None]
    return Signal("image", (128 + NOISE * scale).round().astype(np.uint8))


def of(signal: Signal, *counts: int) -> float:
    return unevenness(signal, RULES["counts"](signal.grid, counts))


def test_partitions_that_are_alike() -> None:
    assert of(picture([20, 20, 20, 20]), 2, 2) < 0.01
    assert of(picture([20, 1, 3, 9]), 1, 1) == 0


def test_half_the_logarithm_of_the_means() -> None:
    """Amplitudes of 24 and 6: log2((24^2 + 6^2) / 2 / (24 * 6)) / 2 = 0.544 bits.

    A little less, as neighbours across borders belong to either partition.
    """
    assert of(picture([24, 6, 6, 24]), 2, 2) == pytest.approx(0.544, abs=0.06)


def test_flat_partitions_do_not_count_without_bound() -> None:
    assert of(picture([0, 0, 0, 20]), 2, 2) == MOST
    flat = Signal("image", np.full((20, 30, 3), 7, np.uint8))
    assert of(flat, 2, 2) == 0


@pytest.mark.parametrize("grid", [(50,), (7, 9, 11)])
def test_any_number_of_axes(grid: tuple[int, ...]) -> None:
    """Tiles that do not divide the grid."""
    kind, rate = ("audio", Fraction(8000)) if len(grid) == 1 else ("volume", None)
    samples = np.random.default_rng(1).normal(0, 1000, (*grid, 1)).astype(np.int16)
    assert 0 <= of(Signal(kind, samples, rate), *[3] * len(grid)) < 0.3
