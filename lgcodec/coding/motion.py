"""How blocks of a tile's pictures move, as symbols in its chunk; see context.md, Motion.

First of all whether anything moves. Then a block moves as the one to its left, as the one above, or
on its own: then follows by how much displacements differ from those on the left, each as the length
of its magnitude, its other bits and a sign, and which neighbours of the picture it is seen in.
Frequencies stand in a table; no network is asked.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.distributions import (
    ABOVE,
    DOWN,
    LENGTHS,
    MOVES,
    OWN,
    PRECISION,
    RIGHT,
    SIGNS,
    WHICH,
    slots,
)
from lgcodec.coding.pyramid import OF_BLOCK
from lgcodec.coding.streams import Reader, Writer
from lgcodec.errors import UsageError

__all__ = ["AFTER", "BEFORE", "MOST", "PARTS", "bits_of_motion", "read_motion", "write_motion"]

PARTS: Final = OF_BLOCK  # displacement along two axes, and which neighbours are seen:
BEFORE, AFTER = 1, 2  # one of both, 0 both
MOST: Final = 2**14 - 1  # magnitude of a displacement: differences have 15 bits
NONE: Final = -1  # the place of a symbol that is not coded
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Shape = tuple[int, ...]  # [M, I, J, PARTS] of a tile: pictures, blocks, numbers


def write_motion(writer: Writer, motion: NDArray[Any], shape: Shape) -> None:
    """All numbers [P, n] of some chunks; UsageError where one is none that there is."""
    values = motion.astype(np.int64).reshape(-1, *shape)
    _check(values)
    moves = values.any(axis=(1, 2, 3, 4))
    writer.put_alone(np.arange(len(values)), slots().first[MOVES] + moves)
    places = _places(values[moves])
    row, *_ = np.nonzero(places != NONE)
    writer.put_alone(np.flatnonzero(moves)[row], places[places != NONE])


def read_motion(reader: Reader, shape: Shape) -> Integers:
    """The next numbers of every chunk, [P, n]."""
    found = np.zeros((reader.chunks, *shape), np.int64)
    reader.motion(found)
    return found.reshape(len(found), -1)


def bits_of_motion(values: Integers) -> NDArray[np.float64]:
    """What the numbers [P, M, I, J, PARTS] of tiles take, [P]: ideal lengths of their symbols."""
    table, moves = slots(), values.any(axis=(1, 2, 3, 4))
    lengths = np.append(PRECISION - np.log2(table.frequency), 0)  # of NONE as well
    bits: NDArray[np.float64] = lengths[table.first[MOVES] + moves]
    bits[moves] += lengths[_places(values[moves])].sum(axis=(1, 2, 3, 4))
    return bits


def _check(values: Integers) -> None:
    which, away = values[..., PARTS - 1], values[..., : PARTS - 1]
    if ((which < 0) | (which > AFTER)).any():
        raise UsageError(
            f"neighbours of a block are {which.min()} to {which.max()}, not 0 to {AFTER}"
        )
    if (np.abs(away) > MOST).any():
        raise UsageError(f"a block moves by {np.abs(away).max()}, allowed is up to {MOST}")


def _places(values: Integers) -> Integers:
    """Places of symbols [P, M, I, J, 5 + 2 (LENGTHS - 1)], in order; NONE of those not coded."""
    first = slots().first
    left, above, differ = _neighbours(values)
    own = (values != left).any(axis=-1)
    as_above = own & differ & (values == above).all(axis=-1)
    own &= ~as_above
    of_left, of_above = _beside(own)
    away = values - left
    sizes = np.frexp(np.abs(away))[1].astype(np.int64)
    down, right = sizes[..., 0], sizes[..., 1]
    own_symbols = [
        (first[DOWN] + down)[..., None],
        _further(away[..., 0], down),
        (first[RIGHT + down] + right)[..., None],
        _further(away[..., 1], right),
        (first[WHICH + left[..., 2]] + values[..., 2])[..., None],
    ]
    others = np.where(own[..., None], np.concatenate(own_symbols, axis=-1), NONE)
    is_own = first[OWN + of_left + of_above] + own
    is_above = np.where(differ & ~own, first[ABOVE + 2 * of_left + of_above] + as_above, NONE)
    places: Integers = np.concatenate([is_own[..., None], is_above[..., None], others], axis=-1)
    return places


def _neighbours(values: Integers) -> tuple[Integers, Integers, Flags]:
    """Of every block those on its left and above, and whether the latter is another one.

    In the first column the one above is that on the left too; 0 where there is none.
    """
    left, above = np.zeros_like(values), np.zeros_like(values)
    left[:, :, 1:, 0] = values[:, :, :-1, 0]
    left[:, :, :, 1:] = values[:, :, :, :-1]
    above[:, :, 1:] = values[:, :, :-1]
    differ = (left != above).any(axis=-1)
    differ[:, :, 0] = False
    return left, above, differ


def _beside(own: Flags) -> tuple[Integers, Integers]:
    """Whether the blocks to the left and above move on their own: 1 where there is none."""
    left, above = np.ones(own.shape, np.int64), np.ones(own.shape, np.int64)
    left[:, :, :, 1:] = own[:, :, :, :-1]
    above[:, :, 1:] = own[:, :, :-1]
    return left, above


def _further(numbers: Integers, sizes: Integers) -> Integers:
    """Places of the bits that follow a length [.., LENGTHS - 1]: but the first, and a sign."""
    left = sizes[..., None] - 1 - np.arange(LENGTHS - 1)  # bits after each
    magnitudes = np.abs(numbers)[..., None] >> np.maximum(left - 1, 0) & 1
    bits = np.where(left == 0, numbers[..., None] < 0, magnitudes)
    places: Integers = np.where(left >= 0, slots().first[SIGNS] + bits, NONE)
    return places
