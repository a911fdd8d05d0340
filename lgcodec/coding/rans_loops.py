"""What rANS does symbol after symbol; see rans.md. Imported when it is needed.

Nothing here can read or write outside an array, whatever bytes a chunk has: a slot is less than
2**14, and where words run out the last one is read again, which the caller notices by their count.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import compiled
from lgcodec.coding.frequencies import PRECISION
from lgcodec.coding.lanes import LOWEST

__all__ = ["read", "write"]

MASK: Final = (1 << PRECISION) - 1
Integers = NDArray[np.int64]


@compiled
def read(
    states: Integers,
    words: NDArray[np.uint16],
    at: Integers,
    ends: Integers,
    must_last: bool,
    follows: NDArray[np.bool_],
    first: Integers,
    steps: NDArray[np.uint32],
    symbols: NDArray[np.int32],
    found: NDArray[np.int32],
) -> None:
    """Put symbols into `found` [C, N]; states [C, K] and the next words `at` [C] move on.

    ends, must_last         where the words of each chunk end [C], and whether a state that falls
                            below LOWEST needs one even there
    follows, first, steps, symbols   as in `lanes.SlotTable`
    """
    lanes, last = states.shape[1], len(words) - 1  # a word that does no harm
    for row in range(found.shape[0]):
        lane, word, path = 0, at[row], 0
        for number in range(found.shape[1]):
            state = states[row, lane]
            slot = first[path >> 1, number] + (state & MASK)
            step = np.int64(steps[slot])
            state = (state >> PRECISION) * (step >> 16) + (step & 0xFFFF)
            if state < LOWEST and (must_last or word < ends[row]):
                state = state << 16 | np.int64(words[min(word, last)])
                word += 1
            states[row, lane], found[row, number] = state, symbols[slot]
            lane = lane + 1 if lane + 1 < lanes else 0
            if follows[number]:
                path = 2 * ((path ^ symbols[slot]) & 1) + (path >> 1)
        at[row] = word


@compiled
def write(
    frequency: NDArray[Any],
    start: NDArray[Any],
    lanes: NDArray[Any],
    ends: Integers,
    states: Integers,
) -> tuple[NDArray[np.uint16], Integers]:
    """Words of all chunks, in the order of the decoder, and how many each has [C].

    frequency, start, lanes   [n] of symbols, chunk after chunk, each of which `ends` [C]
    states   [C, K], which move from those of an encoder that has nothing to those of the file
    """
    words, counts = np.zeros(len(lanes), np.uint16), np.zeros(len(ends), np.int64)
    free = len(words)
    for row in range(len(ends) - 1, -1, -1):
        for number in range(ends[row] - 1, (ends[row - 1] if row else 0) - 1, -1):
            state, count = states[row, lanes[number]], np.int64(frequency[number])
            if state >= count << (32 - PRECISION):
                free, counts[row] = free - 1, counts[row] + 1
                words[free] = state & 0xFFFF
                state >>= 16
            state = ((state // count) << PRECISION) + state % count + start[number]
            states[row, lanes[number]] = state
    return words[free:], counts
