"""Rounding weights one after the other along the best of some paths, in machine code.

Numbers are dependent levels (see `coding.trellis_loops`): which levels there are for one weight
depends on the values of those before. Four paths are kept, the best one to each state (Viterbi),
each with what its own rounding so far asks of the weights that follow (see `columns`).

Letters in shapes: P partitions, F weights, n numbers of a tensor, T kinds of tables, L values of
the longest; I inputs and O outputs of a layer.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import compiled, inlined

__all__ = ["Choice", "round_product", "round_whole"]

PATHS: Final = 4
WORST: Final = 1e300
Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]


class Choice(NamedTuple):
    """What a number may be and what it costs.

    start    weights before those of the tensor
    path     [P] states that those lead to, which move on
    steps    [P] between levels
    most     [P] largest magnitude of a level
    which    [P] kind of table
    bits     [T, 2, L] of values, in each of the two sets; first: [T, 2] value of the first
    price    of a bit
    grows    whether it is the difference to the number before that costs, and no path moves
    """

    start: int
    path: Integers
    steps: Numbers
    most: Numbers
    which: Integers
    bits: Numbers
    first: Integers
    price: float
    grows: bool


@inlined
def _cost(bits: Numbers, first: Integers, kind: int, second: int, value: int) -> float:
    """Bits of a value, beyond its table as its end."""
    at = min(max(value - first[kind, second], 0), bits.shape[2] - 1)
    return float(bits[kind, second, at])


@inlined
def _same(origin: Integers) -> bool:
    """Whether every path goes on from itself."""
    same = True
    for state in range(PATHS):
        same = same and origin[state] == state
    return same


@compiled
def _branch(
    wanted: Numbers,
    sharp: float,
    choice: Choice,
    row: int,
    last: Numbers,
    cost: Numbers,
    origin: Integers,
    level: Numbers,
) -> None:
    """Go on from every path: `cost`, where each comes from and its level are replaced.

    wanted   [4] what would cost nothing, in steps
    sharp    root of what a step squared costs
    last     [4] number before
    """
    before = cost.copy()
    cost[:] = WORST
    bits, first, kind, most = choice.bits, choice.first, choice.which[row], choice.most[row]
    for state in range(PATHS):
        if before[state] >= WORST:
            continue
        second = 0 if choice.grows else state >> 1
        width = 1 if choice.grows else 2
        sign = 1 if wanted[state] > 0 else -1
        furthest = np.floor((most + second) / width)
        nearest = np.rint((wanted[state] + second * sign) / width)
        near = np.int64(min(max(nearest, -furthest), furthest))
        for value in range(near - 1, near + 2):
            if abs(value) > furthest:
                continue
            found = width * value - second * ((value > 0) - (value < 0))
            coded = value - np.int64(last[state]) if choice.grows else value
            price = choice.price * _cost(bits, first, kind, second, int(coded))
            whole = before[state] + (sharp * (wanted[state] - found)) ** 2 + price
            then = state if choice.grows else 2 * ((state ^ value) & 1) + second
            if whole < cost[then]:
                cost[then], origin[then], level[then] = whole, state, found


@compiled
def round_whole(
    weights: Numbers, rows: Numbers, shift: Numbers, choice: Choice, found: Numbers
) -> None:
    """Levels of a tensor into `found` [P, n], under V [P, F, F] whose columns are `rows`.

    weights   [P, F]; shift: [P, F] what they are moved by, replaced from this tensor on
    """
    size, start, path = found.shape[1], choice.start, choice.path
    for p in range(len(weights)):
        step = choice.steps[p]
        cost = np.full(PATHS, WORST)
        cost[path[p]] = 0.0
        moved, levels = np.zeros((PATHS, size)), np.zeros((PATHS, size))
        wanted, last, level = np.zeros(PATHS), np.zeros(PATHS), np.zeros(PATHS)
        origin = np.zeros(PATHS, np.int64)
        for k in range(size):
            column, pivot = rows[p, start + k], rows[p, start + k, start + k]
            base = np.dot(column[:start], shift[p, :start])
            for s in range(PATHS):
                pushed = base + np.dot(column[start : start + k], moved[s, :k])
                wanted[s] = (weights[p, start + k] - pushed / pivot) / step
            _branch(wanted, pivot * step, choice, p, last, cost, origin, level)
            if not _same(origin):
                moved[:, :k], levels[:, :k] = moved[origin, :k], levels[origin, :k]
            moved[:, k], levels[:, k] = level * step - weights[p, start + k], level
            last[:] = level
        best = np.argmin(cost)
        path[p] = path[p] if choice.grows else best
        shift[p, start : start + size], found[p] = moved[best], levels[best]


@compiled
def _push(factors: Numbers, before: Numbers, moved: Numbers, above: Numbers) -> None:
    """Sums into `above` [4, O] of what rows were moved by, each with its factor.

    Rows are in one line: of all paths those `before` the tensor, then those of each in `moved`.
    """
    wide, start = above.shape[1], len(before)
    above[:] = 0.0
    for s in range(PATHS):
        for row in range(len(factors)):
            first = row * wide
            for c in range(wide):
                e = moved[s, first - start + c] if first >= start else before[first + c]
                above[s, c] += factors[row] * e


@compiled
def round_product(
    weights: Numbers,
    inputs: Numbers,
    outputs: Numbers,
    shift: Numbers,
    choice: Choice,
    found: Numbers,
) -> None:
    """The same under V of a product A x G, with columns of V of A [P, I, I] and of G [P, O, O]."""
    size, start, path = found.shape[1], choice.start, choice.path
    wide = outputs.shape[1]
    for p in range(len(weights)):
        step = choice.steps[p]
        cost = np.full(PATHS, WORST)
        cost[path[p]] = 0.0
        moved, levels = np.zeros((PATHS, size)), np.zeros((PATHS, size))
        wanted, last, level = np.zeros(PATHS), np.zeros(PATHS), np.zeros(PATHS)
        origin, above = np.zeros(PATHS, np.int64), np.zeros((PATHS, wide))
        beginning, before = np.arange(PATHS), above.copy()  # of the row: path, what it moved
        line = np.zeros((PATHS, wide))  # levels of the row
        for k in range(size):
            row, column = (start + k) // wide, (start + k) % wide
            own = inputs[p, row, row]
            if column == 0:  # what the rows above push is the same for all of a row
                _push(inputs[p, row, :row], shift[p, :start], moved, above)
            pivot = own * outputs[p, column, column]
            for s in range(PATHS):
                pushed = outputs[p, column, column] * above[s, column]
                for c in range(column):
                    pushed += outputs[p, column, c] * (above[s, c] + own * before[s, c])
                wanted[s] = (weights[p, start + k] - pushed / pivot) / step
            _branch(wanted, pivot * step, choice, p, last, cost, origin, level)
            if not _same(origin):
                line, before, above = line[origin], before[origin], above[origin]
                beginning = beginning[origin]
            line[:, column], before[:, column] = level, level * step - weights[p, start + k]
            last[:] = level
            if column == wide - 1:
                here = k - column
                moved[:, :here] = moved[beginning, :here]
                levels[:, :here] = levels[beginning, :here]
                moved[:, here : k + 1], levels[:, here : k + 1] = before, line
                beginning[:] = np.arange(PATHS)
        best = np.argmin(cost)
        path[p] = path[p] if choice.grows else best
        shift[p, start : start + size], found[p] = moved[best], levels[best]
