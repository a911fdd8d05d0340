"""What the coder of latents does symbol after symbol; see context.md. Imported when it is needed.

All is in integers, or in float32 that hold integers below 2**24. Nothing here can read or write
outside an array, whatever bytes a chunk has: a slot is less than 2**14, a class less than 81, and
words are counted. Loops over chunks P give `SOUND`, or what is wrong with the first bad chunk.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import compiled, inlined
from lgcodec.coding.distributions import BYTES, CLASSES, PRECISION, SIGNS, Slots
from lgcodec.coding.lanes import LOWEST
from lgcodec.coding.neighbours import Places
from lgcodec.coding.network import MOST_HIDDEN, Layers
from lgcodec.coding.signs import MOST_HIDDEN as MOST_SIGNED
from lgcodec.coding.signs import MOST_THEN
from lgcodec.coding.streams import LARGEST, Words

__all__ = [
    "ENDS",
    "NEEDLESS",
    "SOUND",
    "classes_of",
    "read_magnitudes",
    "read_signs",
    "sums_of_signs",
]

MASK: Final = (1 << PRECISION) - 1
SOUND, ENDS, NEEDLESS = 0, -1, -2  # a chunk ends before its last symbol; an escape needs none
Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@compiled
def read_magnitudes(
    slots: Slots,
    words: Words,
    layers: Layers,
    places: Places,
    sums: Floats,
    own: Floats,
    channel: int,
    first: int,
    g: Floats,
) -> tuple[Integers, int]:
    """Magnitudes [P, N] in raster order, the `first` one being so many since the chunk began.

    sums   [P, C, N, H] what other bands add to the first layer
    own    [P, C, wide] g of the band's magnitudes, which those of `channel` are put into
    g      [4096] of every magnitude
    """
    count, lanes = len(places.inner), words.states.shape[1]
    found = np.zeros((len(sums), count), np.int64)
    units = len(layers.second_bias)
    hidden, then = np.zeros(units, np.float32), np.zeros(units, np.float32)
    for row in range(len(sums)):
        lane = first % lanes
        for number in range(count):
            inner, outer = places.inner[number], places.outer[number]
            for unit in range(units):
                hidden[unit] = sums[row, channel, inner, unit]
            for place in range(len(places.causal)):
                _add(hidden, own[row, channel, outer + places.causal[place]], layers.causal, place)
            if channel:
                _add_across(hidden, layers, places, own, row, channel, outer)
            symbol = _magnitude(slots, words, _class(layers, hidden, then), row, lane)
            lane = lane + 1 if lane + 1 < lanes else 0
            if symbol < 0:
                return found, symbol
            found[row, inner], own[row, channel, outer] = symbol, g[min(symbol, len(g) - 1)]
    return found, SOUND


@compiled
def classes_of(layers: Layers, sums: Floats) -> NDArray[np.intp]:
    """Classes [n] from the sums [n, H] of the first layer."""
    found, then = np.zeros(len(sums), np.intp), np.zeros(sums.shape[1], np.float32)
    for row in range(len(sums)):
        found[row] = _class(layers, sums[row], then)
    return found


@compiled
def sums_of_signs(
    first: Floats, second: Floats, vector: Floats, features: NDArray[Any]
) -> Integers:
    """What a network of signs says of features [n, inputs], before its gain; [n]."""
    units, sums = len(vector), np.zeros(len(features), np.int64)
    hidden, then = np.zeros(units, np.float32), np.zeros(units, np.float32)
    for row in range(len(features)):
        hidden[:], then[:], total = 0, 0, np.float32(0)
        for place in range(features.shape[1]):
            _add(hidden, features[row, place], first, place)
        for unit in range(units):
            _add(then, _between(hidden[unit], MOST_SIGNED), second, unit)
        for unit in range(units):
            total += _between(np.trunc(then[unit]), MOST_THEN) * vector[unit]
        sums[row] = int(total)
    return sums


@compiled
def read_signs(
    slots: Slots, words: Words, classes: Integers, counts: Integers, before: Integers
) -> tuple[Integers, int]:
    """Signs of these classes [n], `counts` [P] of each chunk, which had `before` [P] already."""
    values, at, lanes = np.zeros(len(classes), np.int64), 0, words.states.shape[1]
    for row in range(len(counts)):
        for number in range(before[row], before[row] + counts[row]):
            place = _place(slots, words, SIGNS + classes[at], row, number % lanes)
            if place < 0:
                return values, ENDS
            values[at], at = slots.value[place], at + 1
    return values, SOUND


@inlined
def _add(sums: Floats, value: Any, weights: Floats, row: int) -> None:
    """One feature of all units; most are 0."""
    if value:
        for unit in range(len(sums)):
            sums[unit] += value * weights[row, unit]


@inlined
def _add_across(
    sums: Floats, layers: Layers, places: Places, own: Floats, row: int, channel: int, outer: int
) -> None:
    """The features of earlier channels."""
    _add(sums, own[row, channel - 1, outer], layers.across, 0)
    beside, others = np.float32(0), np.float32(0)
    for step in places.beside:
        beside += own[row, channel - 1, outer + step]
    for other in range(channel - 1):
        others += own[row, other, outer]
    _add(sums, beside, layers.across, 1)
    _add(sums, others, layers.across, 2)


@inlined
def _class(layers: Layers, hidden: Floats, then: Floats) -> int:
    """The class that follows from the sums of the first layer; `then` is a place to work."""
    for unit in range(len(hidden)):
        then[unit] = layers.second_bias[unit]
    for before in range(len(hidden)):
        _add(then, _limited(hidden[before], MOST_HIDDEN), layers.second, before)
    total = layers.third_bias[0]
    for before in range(len(hidden)):
        total += _limited(then[before], MOST_HIDDEN) * layers.third[before]
    return int(_limited(total, CLASSES - 1))


@inlined
def _limited(value: Any, most: int) -> Any:
    """clamp(floor(value), 0, most)."""
    return min(max(np.floor(value), np.float32(0)), np.float32(most))


@inlined
def _between(value: Any, most: int) -> Any:
    """clamp(value, -most, most)."""
    return min(max(value, np.float32(-most)), np.float32(most))


@inlined
def _magnitude(slots: Slots, words: Words, class_: int, row: int, lane: int) -> Any:
    """The next one of a lane, or what is wrong."""
    place = _place(slots, words, class_, row, lane)
    if place < 0:
        return ENDS
    if not slots.escape[place]:
        return slots.value[place]
    high, low = _place(slots, words, BYTES, row, lane), _place(slots, words, BYTES, row, lane)
    if high < 0 or low < 0:
        return ENDS
    number = slots.value[high] << 8 | slots.value[low]
    return number if slots.most[class_] < number <= LARGEST else NEEDLESS


@inlined
def _place(slots: Slots, words: Words, class_: int, row: int, lane: int) -> Any:
    """The place of the next symbol of a lane, or ENDS."""
    state = words.states[row, lane]
    slot = state & MASK
    place = slots.first[class_]
    slot -= slots.frequency[place]
    while slot >= 0:  # small magnitudes come first and are frequent
        place += 1
        slot -= slots.frequency[place]
    frequency = slots.frequency[place]
    state = frequency * (state >> PRECISION) + slot + frequency
    if state < LOWEST:
        at = words.at[row]
        if at < words.end[row]:
            state = state << 16 | np.int64(words.words[at])
            words.at[row] = at + 1
        elif words.must_last:
            return np.int64(ENDS)
    words.states[row, lane] = state
    return place
