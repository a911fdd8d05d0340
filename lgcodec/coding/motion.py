"""How blocks of a tile's pictures move, as numbers in its chunk; see context.md, Motion.

First of all whether anything moves; only then three numbers of every block follow: displacements
down and right as the length of their magnitude, its other bits and a sign, then which neighbours
are seen. The class of a length follows from those of neighbours, without a network.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.distributions import BYTES, CLASSES, SIGNS, slots
from lgcodec.coding.neighbours import ONE, magnitude
from lgcodec.coding.pyramid import OF_BLOCK
from lgcodec.coding.streams import Reader, Writer
from lgcodec.errors import UsageError

__all__ = [
    "AFTER",
    "BEFORE",
    "PARTS",
    "classes_of_motion",
    "lengths",
    "read_motion",
    "write_motion",
]

PARTS: Final = OF_BLOCK  # displacement along two axes, and which neighbours are seen:
BEFORE, AFTER = 1, 2  # one of both, 0 both
LONGEST: Final = 15  # bits of a displacement
Integers = NDArray[np.int64]
Shape = tuple[int, ...]  # [M, I, J, PARTS] of a tile: pictures, blocks, numbers


class Classes(NamedTuple):
    """Of whether anything moves, of the three lengths where all before is 0, and their growth."""

    moves: int
    still: tuple[int, int, int]
    per_octave: tuple[int, int, int]


CLASSES_OF_MOTION: Final = Classes(moves=30, still=(24, 18, 24), per_octave=(4, 5, 4))


def write_motion(writer: Writer, motion: NDArray[Any], shape: Shape) -> None:
    """All numbers [P, n] of some chunks; UsageError where a block sees what is not there."""
    values, table, known = motion.astype(np.int64), slots(), CLASSES_OF_MOTION
    which = values.reshape(-1, PARTS)[:, -1]
    if ((which < 0) | (which > AFTER)).any():
        raise UsageError(
            f"neighbours of a block are {which.min()} to {which.max()}, not 0 to {AFTER}"
        )
    moves = (values != 0).any(axis=1)
    writer.put_alone(np.arange(len(values)), table.first[known.moves] + moves)
    chunk, place = np.nonzero(np.broadcast_to(moves[:, None], values.shape))
    own, sizes = values[moves].ravel(), lengths(values, shape)
    classes, sizes = classes_of_motion(sizes, shape)[moves].ravel(), sizes[moves].ravel()
    escaped = 2 * (sizes > table.most[classes])
    further = np.where(_is_signed(shape)[place], sizes, 0)  # bits but the first, and the sign
    counts = 1 + escaped + further
    owner = np.repeat(np.arange(len(own)), counts)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    left = (escaped + further)[owner] - number  # symbols of the number that follow
    bits = np.where(left == 0, own[owner] < 0, np.abs(own[owner]) >> np.maximum(left - 1, 0) & 1)
    lengths_ = table.first[classes] + np.minimum(sizes, table.most[classes] + 1)
    halves = table.first[BYTES] + np.where(number == 1, 0, sizes[owner])  # of a length: 0, itself
    inner = np.where(number <= escaped[owner], halves, table.first[SIGNS] + bits)
    writer.put_alone(chunk[owner], np.where(number == 0, lengths_[owner], inner))


def read_motion(reader: Reader, shape: Shape) -> Integers:
    """The next numbers of every chunk, [P, n]."""
    found = np.zeros((reader.chunks, *shape), np.int64)
    reader.motion(CLASSES_OF_MOTION, found)
    return found.reshape(len(found), -1)


def lengths(values: NDArray[Any], shape: Shape) -> Integers:
    """Bits of displacements, for numbers [P, n]; what says which neighbours are seen as it is."""
    bits = np.frexp(np.abs(values))[1].astype(np.int64)
    found: Integers = np.where(_is_signed(shape), bits, np.abs(values).astype(np.int64))
    return found


def classes_of_motion(sizes: Integers, shape: Shape) -> Integers:
    """Of the lengths [P, n] of all numbers of some tiles."""
    own = sizes.reshape(len(sizes), *shape)
    near = np.zeros_like(own)
    near[:, 1:] += own[:, :-1]
    near[:, :, 1:] += own[:, :, :-1]
    near[:, :, :, 1:] += own[:, :, :, :-1]
    both = near[..., 0] + near[..., 1]
    before = np.stack([both, both + 2 * own[..., 0], near[..., 2]], axis=-1)
    known = CLASSES_OF_MOTION
    octaves = np.array(known.per_octave) * magnitude(before).astype(np.int64) // ONE
    found: Integers = np.minimum(np.array(known.still) + octaves, CLASSES - 1)
    return found.reshape(sizes.shape)


def _is_signed(shape: Shape) -> NDArray[np.bool_]:
    """Which of the numbers [n] of a tile are displacements."""
    return np.broadcast_to(np.arange(PARTS) < PARTS - 1, shape).ravel()
