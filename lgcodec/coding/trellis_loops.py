"""Dependent quantisation, number after number: which of two sets of levels each is taken from.

The first set has the even multiples of a step, the second the odd ones and 0. A state of four says
which is next, and the parity of a value moves it: two levels of a set are never confused, and those
of both together lie half as far apart. Trellis-coded quantisation, Marcellin and Fischer 1990, with
the states of Schwarz et al. 2019 (dependent quantization of H.266). Imported when it is needed.

    level of value k = 2 k                    in the states 0 and 1
                       2 k - sign(k)          in the states 2 and 3
    state' = 2 ((state + k) mod 2) + state div 2

Numbers that `follows` [N] names do this and move the state; of others the level is the value.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import compiled, inlined

__all__ = ["levels_of", "may_depend", "values_of"]

Integers = NDArray[Any]
Flags = NDArray[np.bool_]


@inlined
def _sign(number: int) -> int:
    return int(number > 0) - int(number < 0)


@compiled
def may_depend(levels: Integers, follows: Flags) -> Flags:
    """[C] whether each level [C, N] is of the set that those before it lead to."""
    good = np.ones(len(levels), np.bool_)
    for row in range(len(levels)):
        state = 0
        for number in range(levels.shape[1]):
            if follows[number]:
                level, second = levels[row, number], state >> 1
                if level & 1 != second and level:
                    good[row] = False
                    break
                value = (level + second * _sign(level)) >> 1
                state = 2 * ((state ^ value) & 1) + second
    return good


@compiled
def values_of(levels: Integers, follows: Flags, values: Integers, sets: Integers) -> None:
    """Put the values of levels [C, N] that may depend, and their sets, into `values` and `sets`."""
    for row in range(len(levels)):
        state = 0
        for number in range(levels.shape[1]):
            level = levels[row, number]
            values[row, number], sets[row, number] = level, 0
            if follows[number]:
                second = state >> 1
                value = (level + second * _sign(level)) >> 1
                values[row, number], sets[row, number] = value, second
                state = 2 * ((state ^ value) & 1) + second


@compiled
def levels_of(values: Integers, follows: Flags, levels: Integers) -> None:
    """Undo `values_of`."""
    for row in range(len(values)):
        state = 0
        for number in range(values.shape[1]):
            value = values[row, number]
            levels[row, number] = value
            if follows[number]:
                second = state >> 1
                levels[row, number] = 2 * value - second * _sign(value)
                state = 2 * ((state ^ value) & 1) + second
