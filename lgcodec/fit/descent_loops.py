"""Symbols of a band, one after the other, each knowing what those before it left out.

Numbers that stand close together in a band make samples that overlap: once a symbol is chosen, what
is best for its neighbours has moved, by the product of what the two make of the samples. Imported
when it is needed.

Letters in shapes: P partitions, C channels, N places of a band, R how far numbers overlap.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import compiled, inlined
from lgcodec.coding.integer import LARGEST
from lgcodec.fit.rounding import Prices

__all__ = ["settle"]

Floats = NDArray[np.float32]


@compiled
def settle(
    wanted: Floats,
    now: NDArray[np.int16],
    classes: NDArray[np.intp],
    odds: NDArray[np.int64],
    roots: Floats,
    prices: Prices,
    shared: tuple[Floats, Floats, Floats],
) -> NDArray[np.int16]:
    """Better symbols [P, C * N], place after place.

    wanted   numbers in steps that would leave the least error, if no other changed; they move
    now      symbols so far
    odds     of signs, as `Context.odds`
    roots    of what errors count more by, as `wanted`; [0, 0]: they all count 1
    shared   of each of three axes [n, 2 R + 1], as `overlaps`
    """
    (zero, one, two, more), usual, other, most, bit = prices
    found = now.copy()
    for row in range(len(now)):
        for place in range(now.shape[1]):
            value, class_ = wanted[row, place], classes[row, place]
            own = odds[row, place] if value >= 0 else -odds[row, place]
            told = min(abs(own), len(usual) - 1)
            sign = usual[told] if own >= 0 else other[told]
            price = bit / roots[row, place] ** 2 if len(roots) else bit
            size = _cheapest(
                abs(value), price, zero[class_], one[class_], two[class_], more[class_], most, sign
            )
            symbol = size if value >= 0 else -size
            if symbol != now[row, place]:
                found[row, place] = symbol
                change = np.float32(symbol - now[row, place])
                _tell(wanted, roots, row, place, change, shared)
    return found


@inlined
def _tell(
    wanted: Floats,
    roots: Floats,
    row: int,
    place: int,
    change: Any,
    shared: tuple[Floats, Floats, Floats],
) -> None:
    """Move what is wanted around a symbol by what its change does to the samples."""
    first, second, third = shared
    count, rows, columns, reach = len(first), len(second), len(third), first.shape[1] // 2
    line, column = place // columns, place % columns
    slab, line = line // rows, line % rows
    start, slab = slab - slab % count, slab % count
    if len(roots):
        change *= roots[row, place]
    for a in range(max(slab - reach, 0), min(slab + reach + 1, count)):
        along_first = change * first[slab, a - slab + reach]
        if not along_first:
            continue
        for b in range(max(line - reach, 0), min(line + reach + 1, rows)):
            along_both = along_first * second[line, b - line + reach]
            near = ((start + a) * rows + b) * columns
            for c in range(max(column - reach, 0), min(column + reach + 1, columns)):
                moved = along_both * third[column, c - column + reach]
                wanted[row, near + c] -= moved / roots[row, near + c] if len(roots) else moved


@inlined
def _cheapest(
    size: float,
    bit: float,
    zero: float,
    one: float,
    two: float,
    more: float,
    most: float,
    sign: float,
) -> Any:
    """The magnitude near `size`, or 0, that costs the least."""
    best, least = 0, size * size + bit * zero
    near = int(min(size, LARGEST) + np.float32(0.5))
    for magnitude in range(max(near - 1, 1), near + 1):
        bits = one if magnitude == 1 else min(two + more * (magnitude - 2), most)
        cost = (size - magnitude) ** 2 + bit * (bits + sign)
        if cost < least:
            best, least = magnitude, cost
    return best
