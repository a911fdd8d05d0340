"""How the pictures of a tile move, as numbers in its chunk; see context.md, Motion.

A row for every picture but the first: by how much it moves otherwise than the one before. The class
of a magnitude follows from those just before it, without a network.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.distributions import CLASSES
from lgcodec.coding.neighbours import ONE, magnitude
from lgcodec.coding.streams import Reader, Writer

__all__ = ["classes_of_motion", "read_motion", "write_motion"]

EACH: Final = 2  # numbers of a picture
FIRST: Final = 36  # class of the first of them, of which nothing is known
STILL: Final = 18  # class where all before is 0
PER_OCTAVE: Final = 6
Integers = NDArray[np.int64]


def write_motion(writer: Writer, motion: NDArray[Any]) -> None:
    """All numbers [P, n] of some chunks: magnitudes, then the signs of those that are not 0."""
    sizes, kept = np.abs(motion.astype(np.int64)), motion != 0
    writer.put(sizes, classes_of_motion(sizes))
    signs = motion[kept] < 0
    writer.put_signs(signs, np.zeros(len(signs), np.int64), kept.sum(axis=1))


def read_motion(reader: Reader, count: int) -> Integers:
    """The next `count` numbers of every chunk, [P, count]."""
    sizes = np.zeros((reader.chunks, count), np.int64)
    for at in range(count):
        sizes[:, at] = reader.sizes(_classes(sizes, at))
    signs = np.stack([reader.even_signs(sizes[:, at] != 0) for at in range(count)], axis=1)
    return np.where(signs, -sizes, sizes)


def classes_of_motion(sizes: Integers) -> Integers:
    """Of the magnitudes [P, n] of all numbers of some tiles."""
    return np.stack([_classes(sizes, at) for at in range(sizes.shape[1])], axis=1)


def _classes(sizes: Integers, at: int) -> Integers:
    """Of the magnitudes [P] at one place of `sizes` [P, n], by those of two pictures before it."""
    if at < EACH:
        return np.full(len(sizes), FIRST)
    before = sizes[:, max(0, at - at % EACH - 2 * EACH) : at].sum(axis=1)
    octaves = PER_OCTAVE * magnitude(before).astype(np.int64)
    return np.minimum(STILL + octaves // ONE, CLASSES - 1)
