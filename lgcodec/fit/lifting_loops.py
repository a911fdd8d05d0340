"""What one band makes of its part along an axis, and the transpose, in machine code.

The same sums as those of `nets/lifting.py` where one of the two parts of a line is 0, and where one
of them is all that is asked for. Imported when it is needed.

Letters in shapes: A lines before, B beside each other; n numbers of a part, m of a whole line.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import compiled, inlined
from lgcodec.nets.lifting import SCALE, STEPS

__all__ = ["whole_of", "whole_to"]

Floats = NDArray[Any]
WIDE: Final = 64  # lines that are worked on at once
FIRST, SECOND, THIRD, FOURTH = STEPS


@inlined
def _to_low(low: Floats, high: Floats, step: Any) -> None:
    """Take off low numbers the high ones around each."""
    last = len(high) - 1
    for i in range(len(low)):
        own, one, two = low[i], high[max(i - 1, 0)], high[min(i, last)]
        for x in range(low.shape[1]):
            own[x] -= step * (one[x] + two[x])


@inlined
def _to_high(low: Floats, high: Floats, step: Any) -> None:
    """Take off high numbers the low ones around each."""
    last = len(low) - 1
    for i in range(len(high)):
        own, one, two = high[i], low[i], low[min(i + 1, last)]
        for x in range(high.shape[1]):
            own[x] -= step * (one[x] + two[x])


@inlined
def _back_from_low(low: Floats, high: Floats, step: Any) -> None:
    """The transpose of `_to_low`: take off high numbers the low ones that have them."""
    last = len(high) - 1
    for i in range(len(low)):
        own, one, two = low[i], high[max(i - 1, 0)], high[min(i, last)]
        for x in range(low.shape[1]):
            one[x] -= step * own[x]
        for x in range(low.shape[1]):
            two[x] -= step * own[x]


@inlined
def _back_from_high(low: Floats, high: Floats, step: Any) -> None:
    """The transpose of `_to_high`: take off low numbers the high ones that have them."""
    last = len(low) - 1
    for i in range(len(high)):
        own, one, two = high[i], low[i], low[min(i + 1, last)]
        for x in range(high.shape[1]):
            one[x] -= step * own[x]
        for x in range(high.shape[1]):
            two[x] -= step * own[x]


@inlined
def _copied(given: Floats, at: int, first: int, stride: int, lines: Floats, factor: Any) -> None:
    """Every so many numbers of the lines from `at` on, times `factor`, to `lines` [n, WIDE]."""
    across, count = given.shape[2], lines.shape[1]
    if across == 1:
        for x in range(count):
            row = given[at + x, :, 0]
            for i in range(len(lines)):
                lines[i, x] = factor * row[first + stride * i]
        return
    a, b = at // across, at % across
    for i in range(len(lines)):
        row = given[a, first + stride * i]
        for x in range(count):
            lines[i, x] = factor * row[b + x]


@inlined
def _stored(lines: Floats, at: int, first: int, stride: int, found: Floats, factor: Any) -> None:
    """The opposite of `_copied`."""
    across, count = found.shape[2], lines.shape[1]
    if across == 1:
        for x in range(count):
            row = found[at + x, :, 0]
            for i in range(len(lines)):
                row[first + stride * i] = factor * lines[i, x]
        return
    a, b = at // across, at % across
    for i in range(len(lines)):
        row = found[a, first + stride * i]
        for x in range(count):
            row[b + x] = factor * lines[i, x]


@inlined
def _count(given: Floats, at: int) -> int:
    """Lines that are worked on together from `at` on."""
    most = len(given) - at if given.shape[2] == 1 else given.shape[2] - at % given.shape[2]
    return min(WIDE, most)


@compiled
def whole_of(part: Floats, high: bool, found: Floats) -> None:
    """Lines [A, m, B] of which a low or high part [A, n, B] is given and the other is 0."""
    many, like = found.shape[1], part.dtype.type
    rooms = np.zeros((2, many - many // 2, WIDE), part.dtype)
    at, total = 0, part.shape[0] * part.shape[2]
    while at < total:
        count = _count(part, at)
        low, up = rooms[0, :, :count], rooms[1, : many // 2, :count]
        rooms[1 - high] = 0
        _copied(part, at, 0, 1, up if high else low, like(SCALE if high else 1 / SCALE))
        _to_low(low, up, like(FOURTH))
        _to_high(low, up, like(THIRD))
        _to_low(low, up, like(SECOND))
        _to_high(low, up, like(FIRST))
        _stored(low, at, 0, 2, found, like(1))
        _stored(up, at, 1, 2, found, like(1))
        at += count


@compiled
def whole_to(lines: Floats, high: bool, found: Floats) -> None:
    """The transpose: what each number of a part [A, n, B] has of lines [A, m, B]."""
    many, like = lines.shape[1], lines.dtype.type
    rooms = np.empty((2, many - many // 2, WIDE), lines.dtype)
    at, total = 0, lines.shape[0] * lines.shape[2]
    while at < total:
        count = _count(lines, at)
        low, up = rooms[0, :, :count], rooms[1, : many // 2, :count]
        _copied(lines, at, 0, 2, low, like(1))
        _copied(lines, at, 1, 2, up, like(1))
        _back_from_high(low, up, like(FIRST))
        _back_from_low(low, up, like(SECOND))
        _back_from_high(low, up, like(THIRD))
        _back_from_low(low, up, like(FOURTH))
        _stored(up if high else low, at, 0, 1, found, like(SCALE if high else 1 / SCALE))
        at += count
