"""Features of all symbols of bands, side by side. Imported when needed.

All is in whole numbers below 2**24. Of an end 1 + m that a float32 holds, g(m) is the exponent and
the first bits of the mantissa: 16 times the logarithm, and a straight line between powers of 2. A
table of it, as `neighbours.magnitudes`, could not be read for many symbols at once.

Letters in shapes: R partitions and channels; I, J and K the axes, of which the first may be 1.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import vectorised
from lgcodec.coding.neighbours import MOST, ONE

__all__ = ["edges", "g_of", "sums_around"]

BITS: Final = ONE.bit_length() - 1  # of a feature after the point
MANTISSA: Final = 23  # bits of float32
BIAS: Final = 127  # of its exponent
Floats = NDArray[np.float32]
Integers = NDArray[np.int32]


@vectorised
def g_of(symbols: Integers) -> Floats:
    """g of symbols [N]."""
    found, ends = np.empty(len(symbols), np.float32), np.empty(len(symbols), np.float32)
    for n in range(len(symbols)):
        ends[n] = np.float32(min(abs(symbols[n]), MOST) + 1)
    _logarithms(ends, found)
    return found


@vectorised
def _logarithms(ends: Floats, found: Floats) -> None:
    """g of what ends [N] are one more than, put into `found`."""
    bits = ends.view(np.int32)
    for n in range(len(bits)):
        found[n] = np.float32((bits[n] >> (MANTISSA - BITS)) - (BIAS << BITS))


@vectorised
def sums_around(values: Floats) -> Floats:
    """Sums [R, I, J, K] over the two neighbours of each of `values` along every axis."""
    found = np.zeros(values.shape, np.float32)
    rows, many, lines, length = values.shape
    for row, i, j in np.ndindex(rows, many, lines):
        into, own = found[row, i, j], values[row, i, j]
        for k in range(1, length):
            into[k] += own[k - 1]
        for k in range(1, length):
            into[k - 1] += own[k]
        if j > 0:
            _add(into, values[row, i, j - 1])
        if j + 1 < lines:
            _add(into, values[row, i, j + 1])
        if i > 0:
            _add(into, values[row, i - 1, j])
        if i + 1 < many:
            _add(into, values[row, i + 1, j])
    return found


@vectorised
def _add(total: Floats, other: Floats) -> None:
    for k in range(len(total)):
        total[k] += other[k]


@vectorised
def edges(low: Integers, shape: tuple[int, ...], axis: int, between: bool) -> Floats:
    """g of a quarter of first and second differences [2, R, *shape] along an axis of `low`.

    low       [R, I, J, K], of at least `shape` [3]; the border goes on
    axis      0 to 2
    between   whether places lie between two of the low part, else on them
    """
    rows, (many, lines, length) = len(low), shape
    found = np.empty((2, rows, many, lines, length), np.float32)
    last, line = low.shape[axis + 1] - 1, low.shape[3]
    first, second = np.empty(length, np.float32), np.empty(length, np.float32)
    longer = np.empty(line + 3, np.int32)  # a line along the last axis, and what goes on
    for row, i, j in np.ndindex(rows, many, lines):
        at = i if axis == 0 else j
        before, after, beyond = max(at - 1, 0), min(at + 1, last), min(at + 2, last)
        if axis == 0:
            lines_of = low[row, before, j], low[row, i, j], low[row, after, j], low[row, beyond, j]
        elif axis == 1:
            lines_of = low[row, i, before], low[row, i, j], low[row, i, after], low[row, i, beyond]
        else:
            own = low[row, i, j]
            longer[0], longer[1:-2], longer[-2:] = own[0], own, own[-1]
            lines_of = longer[:line], longer[1:], longer[2:], longer[3:]
        _differences(*lines_of, between, first, second)
        _logarithms(first, found[0, row, i, j])
        _logarithms(second, found[1, row, i, j])
    return found


@vectorised
def _differences(
    before: Integers,
    own: Integers,
    after: Integers,
    beyond: Integers,
    between: bool,
    first: Floats,
    second: Floats,
) -> None:
    """One more than a quarter of first and second differences [K], put into the last two."""
    for k in range(len(first)):
        a, b, c, d = before[k], own[k], after[k], beyond[k]
        slope, bend = (c - b, a - b - c + d) if between else (c - a, a - 2 * b + c)
        first[k] = np.float32(min(abs(slope) >> 2, MOST) + 1)
        second[k] = np.float32(min(abs(bend) >> 2, MOST) + 1)
