"""Sixty-four distributions of magnitudes, 16 of signs, 28 of motion, as integer frequencies.

Class k of magnitudes is near a Laplace distribution of the scale 2**((k - 32) / 5) steps; what
`tables/magnitudes.csv` lists was measured on photographs: the probability of 0, that of 1 among
all others, and the ratio from one magnitude to the next beyond, as 16-bit fractions. The rest is
integer arithmetic: every machine gets the same frequencies. A class ends at a magnitude of its
own; its last symbol, the escape, which has a frequency of its own, says that it is larger, and by
how much follows (`context_loops`).
Of motion, `tables/motion.csv` lists every frequency.
"""

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.tables import magnitudes, motion

__all__ = [
    "ABOVE",
    "CLASSES",
    "DOWN",
    "EXPECTED",
    "LENGTHS",
    "MOVES",
    "OWN",
    "PRECISION",
    "RIGHT",
    "SIGNS",
    "SIGN_CLASSES",
    "WHICH",
    "Slots",
    "slots",
]

CLASSES: Final = 64
SIGNS: Final = CLASSES  # the first class of signs: symbol 0 is the expected sign, 1 the other
EXPECTED: Final = (  # of 2**14: 1 / (1 + exp(-(k + 1/2) / 4)); a half for k = 0, which is both ways
    *(8192, 9710, 10672, 11564, 12369, 13077, 13689, 14206),
    *(14636, 14990, 15277, 15509, 15694, 15842, 15959, 16051),
)
SIGN_CLASSES: Final = len(EXPECTED)
LENGTHS: Final = 16  # of a magnitude below 2**15, in bits
MOVES: Final = SIGNS + SIGN_CLASSES  # the classes of motion: whether anything moves
OWN: Final = MOVES + 1  # whether a block does on its own, by how many of two neighbours do
ABOVE: Final = OWN + 3  # whether as the block above, by which of them do
DOWN: Final = ABOVE + 4  # a length
RIGHT: Final = DOWN + 1  # a length, by the other one
WHICH: Final = RIGHT + LENGTHS  # neighbours, by those of the block on the left
PRECISION: Final = 14  # frequencies of a class add up to 2**14
Integers = NDArray[np.int64]


class Slots(NamedTuple):
    """All classes side by side. A symbol's place: the first of its class + the symbol.

    first, most   [108] place of the symbol 0 of a class, largest magnitude of a class
    frequency, start, value   per place; `escape` tells the places of escapes
    """

    first: Integers
    most: Integers
    frequency: Integers
    start: Integers
    value: Integers
    escape: NDArray[np.bool_]


@cache
def slots() -> Slots:
    """The tables, made once."""
    rows = magnitudes().tolist()
    counts = [_frequencies(*row) for row in rows]
    counts += [np.array([count, (1 << PRECISION) - count]) for count in EXPECTED]
    counts += list(motion())
    most = [row[3] for row in rows] + [0] * (len(counts) - len(rows))
    first = np.cumsum([0, *map(len, counts[:-1])])
    escape = np.zeros(sum(map(len, counts)), np.bool_)
    escape[first[:CLASSES] + most[:CLASSES] + 1] = True
    return Slots(
        first=first,
        most=np.array(most),
        frequency=np.concatenate(counts),
        start=np.concatenate([np.cumsum(count) - count for count in counts]),
        value=np.concatenate([np.arange(len(count)) for count in counts]),
        escape=escape,
    )


def _frequencies(zero: int, one: int, ratio: int, most: int, escape: int) -> Integers:
    """Counts of 0 .. most and of the escape: each at least 1, 2**PRECISION in all."""
    others = 65536 - zero
    weights, weight = [zero << 16, others * one], others * (65536 - one) * (65536 - ratio) >> 16
    for _ in range(2, most + 1):
        weights.append(weight)
        weight = weight * ratio >> 16
    shares = np.array(weights, np.int64)
    spare = (1 << PRECISION) - escape - len(shares)  # after one for every symbol
    counts = 1 + shares * spare // int(shares.sum())
    counts[0] += (1 << PRECISION) - escape - int(counts.sum())
    return np.append(counts, escape)
