"""Sixty-four Laplace distributions as integer frequencies, and the symbols of their slots.

Class k has the scale b = 2**((k - 32) / 5) steps. The probability of 0 and the ratio from one
magnitude to the next are 16-bit fractions that the specification lists, and the rest is integer
arithmetic: every machine gets the same frequencies. A class ends at the magnitude 1 + 6 b; its
last symbol, the escape, says that two bytes with the value follow, by the class BYTES.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import exp
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

__all__ = ["BYTES", "CLASSES", "PRECISION", "Slots", "scale_of", "slots"]

CLASSES: Final = 64
BYTES: Final = CLASSES  # the class of a byte: 256 symbols of the same frequency
PRECISION: Final = 14  # frequencies of a class add up to 2**14
Integers = NDArray[np.int64]


def scale_of(class_: int) -> float:
    """Scale of a class in steps of the quantiser."""
    return float(2 ** ((class_ - 32) / 5))


def shape_of(class_: int) -> tuple[int, int, int]:
    """Of a class: probability of 0 and ratio of neighbours as 16-bit fractions, most magnitude."""
    scale = scale_of(class_)
    zero = min(65535, round(65536 * (1 - exp(-0.5 / scale))))
    return zero, max(1, round(65536 * exp(-1 / scale))), 1 + int(6 * scale)


@final
@dataclass(frozen=True)
class Slots:
    """All classes side by side. A symbol's place: the first of its class + magnitudes + symbol.

    first, most   [65] place of the lowest symbol of a class, largest magnitude of a class
    frequency, start, value   per place; `escape` tells the places of escapes
    owner         [65 * 2**14] place that owns a slot of a class
    """

    first: Integers
    most: Integers
    frequency: Integers
    start: Integers
    value: Integers
    escape: NDArray[np.bool_]
    owner: NDArray[np.int32]


@cache
def slots() -> Slots:
    """The tables, made once."""
    shapes = [shape_of(class_) for class_ in range(CLASSES)]
    counts = [_frequencies(*shape) for shape in shapes]
    counts.append(np.full(256, (1 << PRECISION) // 256, np.int64))
    values = [np.arange(-most, most + 2) for _, _, most in shapes]
    escapes = [np.arange(2 * most + 2) > 2 * most for _, _, most in shapes]
    first = np.cumsum([0, *map(len, counts[:-1])])
    return Slots(
        first=first,
        most=np.array([most for _, _, most in shapes] + [0]),
        frequency=np.concatenate(counts),
        start=np.concatenate([np.cumsum(count) - count for count in counts]),
        value=np.concatenate([*values, np.arange(256)]),
        escape=np.concatenate([*escapes, np.zeros(256, np.bool_)]),
        owner=_owners(counts, first),
    )


def _frequencies(zero: int, ratio: int, most: int) -> Integers:
    """Counts of -most .. most and of the escape: each at least 1, 2**PRECISION in all."""
    weights, weight = [zero << 15], ((65536 - zero) * (65536 - ratio)) >> 2
    for _ in range(most):
        weights.append(weight)
        weight = weight * ratio >> 16
    shares = np.array([*weights[:0:-1], *weights, 0], np.int64)
    spare = (1 << PRECISION) - len(shares)  # after one for every symbol
    counts: Integers = 1 + shares * spare // int(shares.sum())
    counts[most] += (1 << PRECISION) - int(counts.sum())
    return counts


def _owners(counts: Sequence[Integers], first: NDArray[Any]) -> NDArray[np.int32]:
    parts = [
        np.repeat(np.arange(len(count)) + at, count)
        for count, at in zip(counts, first, strict=True)
    ]
    owners: NDArray[np.int32] = np.concatenate(parts).astype(np.int32)
    return owners
