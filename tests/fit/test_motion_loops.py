"""The search for blocks: what a block is said to cost, against numpy and the coder."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lgcodec.coding.motion import AFTER, BEFORE, bits_of_motion
from lgcodec.fit import motion, motion_loops
from lgcodec.fit.motion_loops import EDGE, Pair, Room, Terms
from lgcodec.nets.motion_loops import UNIT
from lgcodec.nets.smooth import catmull_rom

SOFT = 0.05
TAPS = catmull_rom(torch.arange(UNIT) / UNIT).float().numpy()
Floats = NDArray[Any]


def hadamard(block: Floats) -> Floats:
    """The orthonormal transform of [8, 8]."""
    two = np.array([[1.0, 1.0], [1.0, -1.0]])
    matrix = np.kron(np.kron(two, two), two) / EDGE**0.5
    return matrix @ block @ matrix.T


def room_of(edge: int) -> Room:
    then = np.empty((EDGE, EDGE), np.float32)
    first, lines = np.empty_like(then), np.empty((edge + 3, edge), np.float32)
    one, two = np.empty((2, edge, edge), np.float32)
    return Room(one, two, lines, first, then, then.view(np.int32))


def cost(pictures: Floats, place: tuple[int, int], away: tuple[int, int], which: int) -> float:
    """Of a block of the second of three pictures, the edge of which is 16."""
    before, own, after = pictures
    pair = Pair(own, before, after, *place, 16)
    terms = Terms(16, SOFT, 1.0, 8, TAPS)
    return float(motion_loops._cost(pair, *away, which, np.inf, terms, room_of(16)))


def expected(difference: Floats) -> float:
    """Half the octaves of every coefficient's power, in blocks of 8 x 8, filled up by 0."""
    high, wide = (-(-n // EDGE) * EDGE for n in difference.shape)
    full = np.zeros((high, wide))
    full[: difference.shape[0], : difference.shape[1]] = difference
    parts = full.reshape(high // EDGE, EDGE, wide // EDGE, EDGE).swapaxes(1, 2).reshape(-1, 8, 8)
    return sum(float(np.log2(1 + (hadamard(part) / SOFT) ** 2).sum() / 2) for part in parts)


PLACES = (0, 0), (16, 16), (16, 32), (32, 32)  # of 42 x 45 samples: the last ones are not whole
FAR = (3, -5)
ONE_SIDE = [(place, FAR, which) for place in PLACES for which in (BEFORE, AFTER)]
BOTH_SIDES = [((16, 16), FAR, 0)]  # elsewhere one of the two is outside


@pytest.mark.parametrize(
    ("place", "away", "which"), [*ONE_SIDE, *BOTH_SIDES, *((place, (0, 0), 0) for place in PLACES)]
)
def test_what_a_block_costs(place: tuple[int, int], away: tuple[int, int], which: int) -> None:
    """By whole samples, mirrored at the border of a picture."""
    pictures = np.random.default_rng(0).normal(0, 0.2, (3, 42, 45)).astype(np.float32)
    padded = np.pad(pictures.astype(np.float64), ((0, 0), (20, 20), (20, 20)), "reflect")

    def seen(picture: int, sign: int) -> Floats:
        rows, columns = (20 + at + sign * by for at, by in zip(place, away, strict=True))
        return padded[picture, rows : rows + 16, columns : columns + 16]

    inside = pictures[1, place[0] : place[0] + 16, place[1] : place[1] + 16]
    high, wide = inside.shape
    both = seen(0, 1), seen(2, -1)
    mean = (both[0] + both[1]) / 2 if which == 0 else both[which - BEFORE]
    asked = cost(pictures, place, (UNIT * away[0], UNIT * away[1]), which)
    exact = expected(inside - mean[:high, :wide])
    assert 0.9 * exact < asked <= exact  # the logarithm is a line between powers of 2


def test_a_block_that_is_seen_costs_nothing() -> None:
    pictures = np.repeat(np.random.default_rng(1).normal(0, 1, (1, 40, 40)), 3, 0)
    assert cost(pictures.astype(np.float32), (16, 16), (0, 0), 0) == 0


@pytest.mark.parametrize("number", [(0, 0, 1), (0, 1, 0), (-9, 70, 2), (300, -2, 0)])
def test_motion_costs_what_the_coder_takes(number: tuple[int, int, int]) -> None:
    """Of a block alone, but for the symbol that says that anything moves."""
    prices, (down, right, which) = motion._prices(), number
    first, second = abs(down).bit_length(), abs(right).bit_length()
    price = prices.own[2, 1] + prices.down[first] + prices.right[first, second]
    price += prices.which[0, which]
    bits = bits_of_motion(np.array(number).reshape(1, 1, 1, 1, 3)).item()
    assert price / motion.PRICE == pytest.approx(bits - 1, abs=1e-3)
