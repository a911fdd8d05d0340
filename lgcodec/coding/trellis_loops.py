"""Dependent quantisation, number after number: which of two sets of levels each is taken from.

The first set has the even multiples of a step, the second the odd ones and 0. A state of four says
which is next, and the parity of a value moves it: two levels of a set are never confused, and those
of both together lie half as far apart. Trellis-coded quantisation, Marcellin and Fischer 1990, with
the states of Schwarz et al. 2019 (dependent quantization of H.266). Imported when it is needed.

    level of value k = 2 k                    in the states 0 and 1
                       2 k - sign(k)          in the states 2 and 3
    state' = 2 ((state + k) mod 2) + state div 2
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import compiled

__all__ = ["levels_of", "values_of"]

Integers = NDArray[np.int64]


@compiled
def values_of(
    levels: Integers, moves: NDArray[np.bool_], values: Integers, sets: Integers
) -> NDArray[np.bool_]:
    """Put the values of levels [C, N] and the set of each, 0 or 1, into `values` and `sets`.

    moves   [N] whether a number is one of these; of others the level is the value, the set 0

    Whether the levels of each chunk [C] are some that a path through the states has.
    """
    good = np.ones(len(levels), np.bool_)
    for row in range(len(levels)):
        state = 0
        for number in range(levels.shape[1]):
            level = levels[row, number]
            values[row, number], sets[row, number] = level, 0
            if moves[number]:
                second = state >> 1
                if level & 1 != second and level:
                    good[row] = False
                value = (level + second * ((level > 0) - (level < 0))) >> 1
                values[row, number], sets[row, number] = value, second
                state = 2 * ((state ^ value) & 1) + second
    return good


@compiled
def levels_of(values: NDArray[Any], moves: NDArray[np.bool_], levels: Integers) -> None:
    """Undo `values_of`."""
    for row in range(len(values)):
        state = 0
        for number in range(values.shape[1]):
            value = np.int64(values[row, number])
            levels[row, number] = value
            if moves[number]:
                second = state >> 1
                levels[row, number] = 2 * value - second * ((value > 0) - (value < 0))
                state = 2 * ((state ^ value) & 1) + second
