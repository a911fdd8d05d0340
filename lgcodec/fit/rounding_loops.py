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

STATES: Final = 4
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
    for state in range(STATES):
        same = same and origin[state] == state
    return same


class Paths(NamedTuple):
    """The best path to each of the states 0 to 3, for one partition.

    cost     [4] error and price so far, WORST where there is no path
    wanted   [4] what would cost nothing more for the present weight, in steps
    level    [4] what it got; origin: [4] state of the path that this went on from
    moved    [4, n] what weights of the tensor are moved by; levels: [4, n] theirs
    """

    cost: Numbers
    wanted: Numbers
    level: Numbers
    origin: Integers
    moved: Numbers
    levels: Numbers


@inlined
def _begun(state: int, size: int) -> Paths:
    """One path, to `state`, of no weights of a tensor of `size`."""
    cost, origin = np.full(STATES, WORST), np.zeros(STATES, np.int64)
    cost[state] = 0.0
    moved, levels = np.zeros((STATES, size)), np.zeros((STATES, size))
    return Paths(cost, np.zeros(STATES), np.zeros(STATES), origin, moved, levels)


@inlined
def _end(paths: Paths, choice: Choice, row: int, shift: Numbers, found: Numbers) -> None:
    """Take the best path of a partition."""
    best, size = np.argmin(paths.cost), found.shape[1]
    choice.path[row] = choice.path[row] if choice.grows else best
    shift[row, choice.start : choice.start + size] = paths.moved[best]
    found[row] = paths.levels[best]


@compiled
def _branch(sharp: float, choice: Choice, row: int, paths: Paths) -> None:
    """Go on from every path to what is `wanted`.

    sharp   root of what a step squared costs
    row     the partition
    """
    cost, wanted, level, origin, _, _ = paths
    before, last = cost.copy(), level.copy()
    cost[:] = WORST
    bits, first, kind, most = choice.bits, choice.first, choice.which[row], choice.most[row]
    for state in range(STATES):
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
    size, start = found.shape[1], choice.start
    for p in range(len(weights)):
        step, paths = choice.steps[p], _begun(choice.path[p], size)
        moved, levels, level, origin = paths.moved, paths.levels, paths.level, paths.origin
        for k in range(size):
            column, pivot = rows[p, start + k], rows[p, start + k, start + k]
            base = np.dot(column[:start], shift[p, :start])
            for s in range(STATES):
                pushed = base + np.dot(column[start : start + k], moved[s, :k])
                paths.wanted[s] = (weights[p, start + k] - pushed / pivot) / step
            _branch(pivot * step, choice, p, paths)
            if not _same(origin):
                moved[:, :k], levels[:, :k] = moved[origin, :k], levels[origin, :k]
            moved[:, k], levels[:, k] = level * step - weights[p, start + k], level
        _end(paths, choice, p, shift, found)


@compiled
def _push(factors: Numbers, before: Numbers, moved: Numbers, above: Numbers) -> None:
    """Sums into `above` [4, O] of what rows were moved by, each with its factor.

    Rows are in one line: of all paths those `before` the tensor, then those of each in `moved`.
    """
    wide, start = above.shape[1], len(before)
    above[:] = 0.0
    for s in range(STATES):
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
    size, start, wide = found.shape[1], choice.start, outputs.shape[1]
    for p in range(len(weights)):
        step, paths = choice.steps[p], _begun(choice.path[p], size)
        moved, levels, level, origin = paths.moved, paths.levels, paths.level, paths.origin
        beginning, above = np.arange(STATES), np.zeros((STATES, wide))
        line, before = above.copy(), above.copy()  # of the row: levels, what it moved
        for k in range(size):
            row, column = (start + k) // wide, (start + k) % wide
            own = inputs[p, row, row]
            if column == 0:  # what the rows above push is the same for all of a row
                _push(inputs[p, row, :row], shift[p, :start], moved, above)
            pivot = own * outputs[p, column, column]
            for s in range(STATES):
                pushed = outputs[p, column, column] * above[s, column]
                for c in range(column):
                    pushed += outputs[p, column, c] * (above[s, c] + own * before[s, c])
                paths.wanted[s] = (weights[p, start + k] - pushed / pivot) / step
            _branch(pivot * step, choice, p, paths)
            if not _same(origin):
                line, before, above = line[origin], before[origin], above[origin]
                beginning = beginning[origin]
            line[:, column], before[:, column] = level, level * step - weights[p, start + k]
            if column == wide - 1:
                here = k - column
                moved[:, :here] = moved[beginning, :here]
                levels[:, :here] = levels[beginning, :here]
                moved[:, here : k + 1], levels[:, here : k + 1] = before, line
                beginning[:] = np.arange(STATES)
        _end(paths, choice, p, shift, found)
