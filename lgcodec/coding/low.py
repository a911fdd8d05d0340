"""The low part of a tile, level after level, in integers: what a decoder knows around a symbol.

A fixed-point version of the wavelet, near enough to it to tell where edges are and which way they
go, and the same on every machine. Steps and norms do not enter: a symbol of 1 is ONE everywhere.
Specification: context.md.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["ONE", "joined"]

ONE: Final = 16  # of a low part: a symbol of 1
MOST: Final = 2**20
SHIFT: Final = 12  # of the multipliers
EVEN: Final = (
    -1817,
    217,
)  # of the lifting steps, first to last, in turns with those of odd samples
ODD: Final = (-3616, 6497)
LOW: Final = 3563  # scale of the parts
HIGH: Final = 4709
Integers = NDArray[np.int64]


def joined(parts: Mapping[int, Integers], split: Sequence[bool]) -> Integers:
    """The low part [P, C, *low] that a level split into `parts` [P, C, *band] by orientation.

    split   whether the level splits each axis; the part 0 is low along all of them
    """
    axes, known = len(split), dict(parts)
    for axis in reversed(range(axes)):
        if split[axis]:
            bit = 1 << (axes - 1 - axis)
            lows = [o for o in known if not o & bit]
            known = {o: _inverse(known[o], known[o | bit], axis + 2) for o in lows}
    low: Integers = np.clip(known[0], -MOST, MOST)
    return low


def _inverse(low: Integers, high: Integers, axis: int) -> Integers:
    """One part from a low and a high one along `axis`."""
    even, odd = _scaled(low.swapaxes(axis, -1), LOW), _scaled(high.swapaxes(axis, -1), HIGH)
    for for_even, for_odd in zip(EVEN, ODD, strict=True):
        around = np.concatenate([odd[..., :1], odd, odd[..., -1:]], axis=-1)
        even = even + _scaled(around[..., :-1] + around[..., 1:], for_even)[..., : even.shape[-1]]
        right = np.concatenate([even[..., 1:], even[..., -1:]], axis=-1)
        odd = odd + _scaled((even + right)[..., : odd.shape[-1]], for_odd)
    lines = np.empty((*even.shape[:-1], even.shape[-1] + odd.shape[-1]), np.int64)
    lines[..., 0::2], lines[..., 1::2] = even, odd
    return lines.swapaxes(axis, -1)


def _scaled(values: Integers, factor: int) -> Integers:
    return (values * factor + (1 << (SHIFT - 1))) >> SHIFT
