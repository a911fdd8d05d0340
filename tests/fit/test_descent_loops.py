"""Symbols of a band one after the other, against the error of the samples after every one."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from lgcodec.coding.distributions import CLASSES
from lgcodec.coding.pyramid import Pyramid
from lgcodec.fit.descent_loops import settle
from lgcodec.fit.entropy import costs, sign_bits
from lgcodec.fit.overlaps import REACH, overlaps
from lgcodec.fit.parts import band_of, made_of
from lgcodec.fit.rounding import LAMBDA, prices
from lgcodec.nets.norms import norms

NONE = np.zeros((0, 0), np.float32)
# Bands of so few numbers that all of them count.
SMALL = [Pyramid((6,), (1,), 2), Pyramid((5, 6), (1, 1), 3), Pyramid((4, 3, 5), (1, 1, 1), 1)]


class Band:
    """A band of a pyramid, numbers in steps of error; classes and odds are drawn."""

    def __init__(self, pyramid: Pyramid, number: int, seed: int) -> None:
        self.pyramid, self.random = pyramid, np.random.default_rng(seed)
        self.band = pyramid.bands[number]
        self.norm, self.shared = norms(pyramid)[number], overlaps(pyramid)[number]
        self.size = pyramid.channels * self.norm.numel()
        self.now = self.random.integers(-2, 3, (2, self.size)).astype(np.int16)
        self.classes = self.random.integers(0, CLASSES, self.now.shape)
        self.odds = self.random.integers(-20, 21, self.now.shape)
        shape = (2, pyramid.channels, *pyramid.tile)
        self.error = torch.from_numpy(self.random.normal(0, 1, shape))

    def made(self, change: NDArray[np.int16] | NDArray[np.float32]) -> Tensor:
        """What changes of symbols add to the samples."""
        scale = (1 / self.norm).expand(self.pyramid.channels, *self.norm.shape).double()
        values = torch.from_numpy(change.astype(np.float64)).view(-1, *scale.shape) * scale
        return made_of(self.pyramid, self.band, values)

    def wanted(self) -> NDArray[np.float32]:
        """The numbers that would leave the least error, each alone."""
        slope = band_of(self.pyramid, self.band, self.error) / self.norm
        wanted: NDArray[np.float32] = (self.now - slope.flatten(1).numpy()).astype(np.float32)
        return wanted

    def squares(self, symbols: NDArray[np.int16]) -> NDArray[np.float64]:
        """Squared error of partitions."""
        error = self.error + self.made(symbols - self.now)
        return np.asarray(error.square().flatten(1).sum(1).numpy(), np.float64)

    def price(self, symbols: NDArray[np.int16]) -> NDArray[np.float64]:
        """Squared error and bits of partitions, in squared steps."""
        sizes = np.abs(symbols).astype(np.float32)
        signs = sign_bits(np.sign(symbols) * self.odds) - 1
        bits = costs(self.classes, sizes) + signs * (symbols != 0)
        both: NDArray[np.float64] = self.squares(symbols) + LAMBDA * bits.sum(axis=1)
        return both

    def settled(self) -> NDArray[np.int16]:
        """What the loop finds."""
        return settle(self.wanted(), self.now, self.classes, self.odds, NONE, prices(), self.shared)


@pytest.mark.parametrize("pyramid", SMALL, ids=["1", "2", "3"])
@pytest.mark.parametrize("seed", range(6))
def test_every_symbol_costs_the_least_by_then(pyramid: Pyramid, seed: int) -> None:
    """Of the nearest, the one below and 0; the error is that of all samples."""
    band = Band(pyramid, seed % len(pyramid.bands), seed)
    found, symbols, tried = band.settled(), band.now.copy(), np.arange(-9, 10)
    for place in range(band.size):
        own, errors = [], []
        for value in tried:
            symbols[:, place] = value
            own.append(band.price(symbols))
            errors.append(band.squares(symbols))
        for row, nearest in enumerate(tried[np.argmin(errors, axis=0)]):
            near = {0, int(nearest), int(nearest - np.sign(nearest))}
            least = min(own[value + 9][row] for value in near)
            assert int(found[row, place]) in near
            assert own[found[row, place] + 9][row] <= least + 1e-3
        symbols[:, place] = found[:, place]
    assert (found != band.now).any()


@pytest.mark.parametrize("seed", range(4))
def test_a_tile_gains(seed: int) -> None:
    """Of a band where some numbers are too far apart to count; the error is one of the band."""
    band = Band(Pyramid((32, 40), (2, 2), 1), seed, seed)
    band.error = band.made(band.random.normal(0, 1, band.now.shape).astype(np.float32))
    found = band.settled()
    assert (band.price(found) < 0.9 * band.price(band.now)).all()
    symbols = band.settled()
    band.error, band.now = band.error + band.made(symbols - band.now), symbols
    assert (band.price(band.settled()) <= band.price(symbols) + 0.05).all()


def test_partitions_do_not_see_each_other() -> None:
    both = Band(SMALL[1], 0, 1)
    found = both.settled()
    parts = both.wanted(), both.now, both.classes, both.odds
    alone = settle(*(part[1:] for part in parts), NONE, prices(), both.shared)
    np.testing.assert_array_equal(alone, found[1:])


def test_where_errors_count_more_bits_count_less() -> None:
    """As if steps were as much wider there: everything in squared steps of the place."""
    band = Band(SMALL[1], 0, 2)
    roots = np.full(band.now.shape, 3, np.float32)
    heavy = settle(band.wanted(), band.now, band.classes, band.odds, roots, prices(), band.shared)
    cheap = prices()._replace(bit=LAMBDA / 9)
    plain = settle(band.wanted(), band.now, band.classes, band.odds, NONE, cheap, band.shared)
    np.testing.assert_array_equal(heavy, plain)
    assert (plain != band.settled()).any()


@pytest.mark.parametrize("seed", range(4))
def test_errors_that_count_differently(seed: int) -> None:
    """By another root at every number: against a plain loop over what two numbers share."""
    band = Band(SMALL[seed % 3], 0, seed)
    roots = band.random.uniform(1, 3, band.now.shape).astype(np.float32)
    cosines = _cosines(band)
    expected = band.now.copy()
    for row, own in enumerate(roots.astype(np.float64)):
        wanted = band.wanted()[row].astype(np.float64)
        for place in range(band.size):
            value = float(wanted[place])
            near = {0, round(abs(value)), max(round(abs(value)) - 1, 0)}
            bits = {
                size: costs(band.classes[row, place], np.float32(size))
                + (sign_bits(np.sign(value) * band.odds[row, place]) - 1) * (size > 0)
                for size in near
            }
            price = LAMBDA / own[place] ** 2
            best = min(near, key=lambda size: (abs(value) - size) ** 2 + price * bits[size])
            expected[row, place] = np.sign(value) * best
            change = float(expected[row, place]) - float(band.now[row, place])
            wanted -= change * cosines[place] * own[place] / own
    found = settle(band.wanted(), band.now, band.classes, band.odds, roots, prices(), band.shared)
    np.testing.assert_array_equal(found, expected)


def _cosines(band: Band) -> NDArray[np.float64]:
    """Of what two numbers of a partition make of the samples, by the norms of both."""
    units = np.zeros((band.size, band.size), np.int16)
    np.fill_diagonal(units, 1)
    made = band.made(units).flatten(1).numpy()
    return np.asarray(made @ made.T, np.float64)


def test_an_axis_that_is_split_ahead_counts_as_orthogonal() -> None:
    for first, *others in overlaps(Pyramid((8, 12, 10), (2, 1, 1), 1, 1)):
        assert first.tolist() == [[0, 0, 1, 0, 0]] * len(first)
        assert all(np.abs(other[:, REACH + 1]).max() > 0.01 for other in others)


def test_no_symbol_is_larger_than_there_are() -> None:
    band = Band(SMALL[0], 0, 0)
    wanted = np.full_like(band.wanted(), 60000)
    wanted[:, ::2] = -40000
    parts = band.now, band.classes, band.odds, NONE, prices()
    found = settle(wanted, *parts, tuple(0 * part for part in band.shared))
    assert (found[:, 1::2] == 32767).all()
    assert (found[:, ::2] == -32767).all()


def test_reach() -> None:
    """Numbers farther apart than that share less than 2 % of what they make."""
    pyramid = Pyramid((64, 48), (4, 3), 1)
    for number, band in enumerate(pyramid.bands):
        shape = (band.shape[0] * band.shape[1], 1, *band.shape)
        units = torch.eye(shape[0], dtype=torch.float64).view(shape) / norms(pyramid)[number]
        made = made_of(pyramid, band, units).flatten(1)
        cosines = (made @ made.T).view(*band.shape, *band.shape).numpy()
        first, second, third = overlaps(pyramid)[number]
        assert first.tolist() == [[0, 0, 1, 0, 0]]
        for i, j in np.ndindex(*band.shape):
            for a, b in np.ndindex(*band.shape):
                down, right = a - i, b - j
                if max(abs(down), abs(right)) <= REACH:
                    expected = second[i, REACH + down] * third[j, REACH + right]
                    assert abs(cosines[i, j, a, b] - expected) < 1e-3
                else:
                    assert abs(cosines[i, j, a, b]) < 0.02
