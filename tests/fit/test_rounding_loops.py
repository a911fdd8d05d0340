"""Paths of levels: the best there is where weights are independent, and better than no choice."""

from itertools import product
from math import inf

import numpy as np
import pytest
import torch
from coding.reference import level_of
from numpy.typing import NDArray

from lgcodec.coding.trellis import may_depend
from lgcodec.fit.columns import Columns, Whole
from lgcodec.fit.rounding_loops import Choice, round_whole

SIZE = 6
STEP = 0.5
PRICE = 0.03


def choice(path: int, *, grows: bool = False) -> Choice:
    """Of values -20 to 20, the dearer the larger."""
    bits = np.broadcast_to(np.abs(np.arange(-20.0, 21.0)), (1, 2, 41)).copy()
    first, which = np.full((1, 2), -20), np.zeros(1, np.int64)
    ends = np.array([STEP]), np.array([30.0])
    return Choice(0, np.array([path]), *ends, which, bits, first, PRICE, grows)


def rounded(weights: NDArray[np.float64], path: int) -> tuple[NDArray[np.float64], int]:
    """Levels of independent weights [N], and the state that they lead to."""
    rows, found = np.eye(len(weights))[None], np.zeros((1, len(weights)))
    made = choice(path)
    round_whole(weights[None], rows, np.zeros((1, len(weights))), made, found)
    return found[0], int(made.path[0])


def least_cost(weights: NDArray[np.float64], path: int) -> float:
    """Of all values in the neighbourhood of the weights, one after the other."""
    best = inf
    near = [[int(w / STEP / 2) + k for k in range(-2, 3)] for w in weights]
    for values in product(*near):
        state, cost = path, 0.0
        for weight, value in zip(weights, values, strict=True):
            level = level_of(value, state > 1)
            cost += (weight - level * STEP) ** 2 + PRICE * abs(value)
            state = 2 * ((state + value) % 2) + state // 2
        best = min(best, cost)
    return best


@pytest.mark.parametrize("path", range(4))
@pytest.mark.parametrize("seed", [0, 1])
def test_the_best_path_is_found(seed: int, path: int) -> None:
    weights = np.random.default_rng(seed).laplace(0, 2, SIZE)
    levels, end = rounded(weights, path)
    cost, state = ((weights - levels * STEP) ** 2).sum(), path
    for level in levels.astype(int).tolist():
        second = state // 2
        value = (level + second * int(np.sign(level))) // 2
        assert level_of(value, bool(second)) == level
        cost, state = cost + PRICE * abs(value), 2 * ((state + value) % 2) + second
    assert state == end
    assert cost == pytest.approx(least_cost(weights, path))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_path_is_nearer_than_multiples_that_cost_as_much(seed: int) -> None:
    """By nearly 1 of the 1.5 dB that any rounding of many weights together can gain."""
    weights = np.random.default_rng(seed).laplace(0, 30, 1500)
    whole = Whole(torch.eye(len(weights))[None], torch.zeros(1, len(weights)))
    columns = Columns(torch.from_numpy(weights)[None].float(), whole, np.zeros(1, np.int64))
    step = columns.tensor(slice(0, len(weights)), 1e-3, torch.tensor([16.0]).double(), grows=False)
    levels = np.rint(columns.moved(len(weights))[0].numpy() / step / 16).astype(np.int64)
    assert may_depend(levels[None], np.ones(len(weights), np.bool_)).all()
    error = ((levels * step * 16 - weights) ** 2).mean()
    gain = 10 * np.log10((2 * step * 16) ** 2 / 12 / error)
    assert 0.8 < gain < 1.53


def test_what_grows_stays_near() -> None:
    """No set, and differences that cost."""
    weights = np.array([0.1, 1.4, 1.6, 3.25, 3.2])
    rows, found = np.eye(5)[None], np.zeros((1, 5))
    made = choice(2, grows=True)
    round_whole(weights[None], rows, np.zeros((1, 5)), made, found)
    assert found[0].tolist() == [0, 3, 3, 6, 6]
    assert made.path[0] == 2
