"""What the coder of latents does symbol after symbol; see context.md. Imported when it is needed.

All is in integers, or in float32 that hold integers below 2**24. Nothing here can read or write
outside an array, whatever bytes a chunk has: a slot is less than 2**14, a class less than 108, and
words are counted. Loops over chunks P give `SOUND`, or what is wrong with the first bad chunk.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import compiled, inlined
from lgcodec.coding.distributions import (
    ABOVE,
    CLASSES,
    DOWN,
    MOVES,
    OWN,
    PRECISION,
    RIGHT,
    SIGN_CLASSES,
    SIGNS,
    WHICH,
    Slots,
)
from lgcodec.coding.lanes import LOWEST
from lgcodec.coding.motion import MOST
from lgcodec.coding.neighbours import Places
from lgcodec.coding.network import HIDDEN, MOST_HIDDEN, Layers
from lgcodec.coding.signs import BACK, MOST_THEN, Seen, SignLayers, SignPlaces
from lgcodec.coding.signs import MOST_HIDDEN as MOST_SIGNED
from lgcodec.coding.streams import LARGEST, Words

__all__ = [
    "BEYOND",
    "ENDS",
    "FAR",
    "KNOWN",
    "SOUND",
    "STILL",
    "features_of_signs",
    "odds_of_signs",
    "read_magnitudes",
    "read_motion",
    "read_signs",
]

MASK: Final = (1 << PRECISION) - 1
MOST_LENGTH: Final = 14  # bits after the first of a number below 2**15
SOUND, ENDS, BEYOND = 0, -1, -2  # a chunk ends before its last symbol; a magnitude is too large
FAR, STILL, KNOWN = -3, -4, -5  # motion that is none, of what stands still, as that of others
Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@compiled
def read_magnitudes(
    slots: Slots,
    words: Words,
    layers: Layers,
    places: Places,
    features: Floats,
    busy: NDArray[np.bool_],
    own: Floats,
    channel: int,
    first: int,
    g: Floats,
) -> tuple[Integers, int]:
    """Magnitudes [P, N] in raster order, the `first` one being so many since the chunk began.

    features   [F, P, C, N] what is known before the band
    busy       [P, N] where not all of them are 0, in this channel
    own        [P, C, wide] g of the band's magnitudes, which those of `channel` are put into
    g          [4096] of every magnitude
    """
    # Out of their tuples once: numba counts references to an array each time it is taken out, which
    # took longer than all else when it was done for every symbol.
    kinds, inners, outers, causal, beside, _ = places
    of_causal, of_across, of_others, fixed, still = layers[:5]
    second, second_bias, third, third_bias = layers[5:]
    firsts, _, frequencies, _, values, escapes = slots
    states = words.states
    count, lanes = len(inners), states.shape[1]
    found = np.zeros((len(own), count), np.int64)
    hidden, then = np.zeros(HIDDEN, np.float32), np.zeros(HIDDEN, np.float32)
    for row in range(len(own)):
        lane = first % lanes
        for number in range(count):
            inner, outer, kind = inners[number], outers[number], kinds[number]
            class_ = still[channel, kind]
            if busy[row, inner] or _sees(causal, beside, own, row, channel, outer):
                for unit in range(HIDDEN):
                    hidden[unit] = fixed[channel, kind, unit]
                for place in range(len(features)):
                    _add(hidden, features[place, row, channel, inner], of_others, place)
                for place in range(len(causal)):
                    _add(hidden, own[row, channel, outer + causal[place]], of_causal, place)
                if channel:
                    _add_across(hidden, of_across, beside, own, row, channel, outer)
                class_ = _class(hidden, then, second, second_bias, third, third_bias)
            place, state = _next(firsts, frequencies, states[row, lane], class_)
            if state < LOWEST or escapes[place]:
                symbol = _magnitude(slots, words, class_, row, lane)
            else:
                states[row, lane], symbol = state, values[place]
            lane = lane + 1 if lane + 1 < lanes else 0
            if symbol < 0:
                return found, symbol
            found[row, inner], own[row, channel, outer] = symbol, g[min(symbol, len(g) - 1)]
    return found, SOUND


@compiled
def read_motion(slots: Slots, words: Words, numbers: Integers) -> Any:
    """Numbers [P, M, I, J, 3] of tiles, where 0 were: see `motion.py`. All is in the first lane."""
    own = np.ones((numbers.shape[2] + 1, numbers.shape[3] + 1), np.bool_)  # beyond the border too
    for row in range(len(numbers)):
        moves = _symbol(slots, words, MOVES, row)
        if moves < 0:
            return moves
        for m, i, j in np.ndindex(numbers.shape[1:4] if moves else (0, 0, 0)):
            state = _block(slots, words, row, numbers[row, m], i, j, own)
            if state != SOUND:
                return state
        if moves and not numbers[row].any():
            return STILL
    return SOUND


@compiled
def _block(
    slots: Slots, words: Words, row: int, blocks: Integers, i: int, j: int, own: NDArray[np.bool_]
) -> Any:
    """The numbers of a block of a picture [I, J, 3]; which ones are their own, [I + 1, J + 1]."""
    found, left, above = blocks[i, j], blocks[i, max(j - 1, 0)], blocks[max(i - 1, 0), j]
    if j == 0:
        left = above  # 0 in the corner, as it is the block itself
    differ = i > 0 and _differ(left, above)
    beside = own[i + 1, j], own[i, j + 1]
    alone = _symbol(slots, words, OWN + beside[0] + beside[1], row)
    own[i + 1, j + 1] = alone == 1
    other = 0
    if alone == 0 and differ:
        other = _symbol(slots, words, ABOVE + 2 * beside[0] + beside[1], row)
    if alone < 0 or other < 0:
        return ENDS
    found[:] = above if other else left
    return _on_its_own(slots, words, row, found, above, differ) if alone else SOUND


@compiled
def _on_its_own(
    slots: Slots, words: Words, row: int, found: Integers, above: Integers, differ: bool
) -> Any:
    """The numbers of a block, where those on its left were."""
    from_left, size = found.copy(), DOWN - RIGHT
    for part in range(2):
        size = _symbol(slots, words, RIGHT + size, row)
        number, state = _displacement(slots, words, size, row)
        found[part] += number
        if state != SOUND or abs(found[part]) > MOST:
            return state if state != SOUND else FAR
    found[2] = _symbol(slots, words, WHICH + found[2], row)
    if found[2] < 0:
        return ENDS
    known = not _differ(found, from_left) or (differ and not _differ(found, above))
    return KNOWN if known else SOUND


@inlined
def _differ(one: Integers, other: Integers) -> bool:
    return bool(one[0] != other[0] or one[1] != other[1] or one[2] != other[2])


@inlined
def _displacement(slots: Slots, words: Words, size: int, row: int) -> tuple[int, int]:
    """One of so many bits, of which the first is known and the last is followed by the sign."""
    number = 1 if size > 0 else 0
    for _ in range(size):
        bit = _symbol(slots, words, SIGNS, row)
        if bit < 0:
            return 0, ENDS
        number = number << 1 | bit
    half = number >> 1
    return (-half if number & 1 else half), (ENDS if size < 0 else SOUND)


@inlined
def _symbol(slots: Slots, words: Words, class_: int, row: int) -> Any:
    """The next one of the first lane, or ENDS."""
    place = _place(slots, words, class_, row, 0)
    return slots.value[place] if place >= 0 else np.int64(ENDS)


@compiled
def read_signs(
    slots: Slots,
    words: Words,
    layers: SignLayers,
    places: SignPlaces,
    seen: Seen,
    sizes: Integers,
    channel: int,
    before: Integers,
    g: Floats,
) -> tuple[Integers, int]:
    """Symbols [P, N] in raster order from magnitudes; `before` [P] counts the signs of chunks."""
    values, lanes = np.zeros_like(sizes), words.states.shape[1]
    inners, phases = places.inner, places.phase
    features, hidden, then = _room(layers)
    for row in range(len(sizes)):
        for at in range(len(inners)):
            value = sizes[row, inners[at]]
            if not value:
                continue
            _see(features, places, seen, row, channel, at, g)
            odds = _odds(layers, features, hidden, then, phases[at])
            class_, lane = SIGNS + min(abs(odds), SIGN_CLASSES - 1), before[row] % lanes
            place = _place(slots, words, class_, row, lane)
            if place < 0:
                return values, ENDS
            value = -value if bool(slots.value[place]) != (odds < 0) else value
            values[row, inners[at]] = value
            _put(seen, places, row, channel, at, value, g)
            before[row] += 1
    return values, SOUND


@compiled
def odds_of_signs(
    layers: SignLayers,
    places: SignPlaces,
    seen: Seen,
    channel: int,
    values: Integers,
    asked: NDArray[np.bool_],
    g: Floats,
) -> Integers:
    """Odds [P, N] where `asked` for, in the order of coding, as the symbols `values` are."""
    odds = np.zeros(values.shape, np.int64)
    features, hidden, then = _room(layers)
    for row in range(len(values)):
        for at in range(len(places.inner)):
            if asked[row, at]:
                _see(features, places, seen, row, channel, at, g)
                odds[row, at] = _odds(layers, features, hidden, then, places.phase[at])
            _put(seen, places, row, channel, at, values[row, at], g)
    return odds


@compiled
def features_of_signs(
    places: SignPlaces, seen: Seen, channel: int, values: Integers, g: Floats
) -> Floats:
    """Features [n, inputs] of the symbols [P, N], in the order of coding, that are not 0."""
    inputs, number = len(places.around) + len(places.window), 0
    features = np.zeros((np.count_nonzero(values), inputs), np.float32)
    for row in range(len(values)):
        for at in range(len(places.inner)):
            if values[row, at]:
                _see(features[number], places, seen, row, channel, at, g)
                _put(seen, places, row, channel, at, values[row, at], g)
                number += 1
    return features


@inlined
def _room(layers: SignLayers) -> tuple[Floats, Floats, Floats]:
    """For features and units of one sign."""
    inputs, units = layers.first.shape
    return (
        np.zeros(inputs, np.float32), np.zeros(units, np.float32), np.zeros(units, np.float32),
    )  # fmt: skip


@inlined
def _see(
    features: Floats, places: SignPlaces, seen: Seen, row: int, channel: int, at: int, g: Floats
) -> None:
    """The features of the sign of one place."""
    near, low = (BACK + channel) * places.wide + places.near[at], places.low[at]
    for number in range(len(places.around)):
        features[number] = seen.near[row, near + places.around[number]]
    for number in range(len(places.window)):
        change = seen.low[row, channel, low + places.window[number]] - seen.low[row, channel, low]
        features[len(places.around) + number] = _signed(change, 2, g)


@inlined
def _put(
    seen: Seen, places: SignPlaces, row: int, channel: int, at: int, value: int, g: Floats
) -> None:
    """A symbol whose sign is known from now on."""
    seen.near[row, (BACK + channel) * places.wide + places.near[at]] = _signed(
        np.int64(value), 0, g
    )


@inlined
def _signed(value: Any, shift: int, g: Floats) -> Any:
    """g of the magnitude, which is divided by a power of 2, with the sign."""
    size = g[min(abs(value) >> shift, len(g) - 1)]
    return size if value >= 0 else -size


@inlined
def _odds(layers: SignLayers, features: Floats, hidden: Floats, then: Floats, phase: int) -> Any:
    """What a network says of features; `hidden` and `then` are places to work."""
    hidden[:], then[:] = 0, 0
    for place in range(len(features)):
        _add(hidden, features[place], layers.first, place)
    for unit in range(len(hidden)):
        hidden[unit] = _between(hidden[unit], MOST_SIGNED)
    _add_layer(then, hidden, layers.second)
    for unit in range(len(then)):
        then[unit] = _between(np.trunc(then[unit]), MOST_THEN) * layers.vector[unit]
    odds = np.int64(_total(then)) * layers.gains[phase]
    return odds >> 16 if odds >= 0 else -(-odds >> 16)


@inlined
def _sees(
    causal: Integers, beside: Integers, own: Floats, row: int, channel: int, outer: int
) -> bool:
    """Whether a causal neighbour, or one in an earlier channel, is not 0."""
    total = np.float32(0)  # of what is 0 or more
    for place in range(len(causal)):
        total += own[row, channel, outer + causal[place]]
    if channel:
        for place in range(len(beside)):
            total += own[row, channel - 1, outer + beside[place]]
    for other in range(channel):
        total += own[row, other, outer]
    return bool(total > 0)


@inlined
def _add(sums: Floats, value: Any, weights: Floats, row: int) -> None:
    """One feature of all units; most are 0."""
    if value:
        for unit in range(len(sums)):
            sums[unit] += value * weights[row, unit]


@inlined
def _add_layer(sums: Floats, values: Floats, weights: Floats) -> None:
    """Units [4 n] of a layer to all of the next; by fours, as each sum waits for the one before."""
    for k in range(0, len(values) - 3, 4):
        a, b, c, d = values[k], values[k + 1], values[k + 2], values[k + 3]
        for unit in range(len(sums)):
            sums[unit] += (a * weights[k, unit] + b * weights[k + 1, unit]) + (
                c * weights[k + 2, unit] + d * weights[k + 3, unit]
            )


@inlined
def _total(values: Floats) -> Any:
    """The sum of [4 n]."""
    total = np.float32(0)
    for k in range(0, len(values) - 3, 4):
        total += (values[k] + values[k + 1]) + (values[k + 2] + values[k + 3])
    return total


@inlined
def _add_across(
    sums: Floats, weights: Floats, beside: Integers, own: Floats, row: int, channel: int, outer: int
) -> None:
    """The features of earlier channels."""
    _add(sums, own[row, channel - 1, outer], weights, 0)
    near, others = np.float32(0), np.float32(0)
    for step in beside:
        near += own[row, channel - 1, outer + step]
    for other in range(channel - 1):
        others += own[row, other, outer]
    _add(sums, near, weights, 1)
    _add(sums, others, weights, 2)


@inlined
def _class(
    hidden: Floats, then: Floats, second: Floats, biases: Floats, third: Floats, bias: Floats
) -> Any:
    """The class that follows from the sums of the first layer; `then` is a place to work."""
    for unit in range(HIDDEN):
        then[unit] = biases[unit]
        hidden[unit] = _limited(hidden[unit], MOST_HIDDEN)
    _add_layer(then, hidden, second)
    for unit in range(HIDDEN):
        then[unit] = _limited(then[unit], MOST_HIDDEN) * third[unit]
    total = bias[0] + _total(then)
    return np.int64(_limited(total, CLASSES - 1))


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
    more = _more(slots, words, row, lane)
    if more < 0:
        return more
    number = slots.most[class_] + more
    return number if number <= LARGEST else np.int64(BEYOND)


@inlined
def _more(slots: Slots, words: Words, row: int, lane: int) -> Any:
    """A number from 1 on in Elias' gamma code: as many ones as bits follow its first, 0, these."""
    length, number, more = 0, np.int64(1), True
    while more:
        place = _place(slots, words, SIGNS, row, lane)
        if place < 0:
            return np.int64(ENDS)
        more = slots.value[place] == 1
        length += more
        if length > MOST_LENGTH:
            return np.int64(BEYOND)
    for _ in range(length):
        place = _place(slots, words, SIGNS, row, lane)
        if place < 0:
            return np.int64(ENDS)
        number = number << 1 | slots.value[place]
    return number


@inlined
def _next(firsts: Integers, frequencies: Integers, state: Any, class_: int) -> tuple[Any, Any]:
    """The place of the next symbol, and the state after it, which may need a word."""
    slot = state & MASK
    place = firsts[class_]
    slot -= frequencies[place]
    while slot >= 0:  # small magnitudes come first and are frequent
        place += 1
        slot -= frequencies[place]
    frequency = frequencies[place]
    return place, frequency * (state >> PRECISION) + slot + frequency


@inlined
def _place(slots: Slots, words: Words, class_: int, row: int, lane: int) -> Any:
    """The place of the next symbol of a lane, or ENDS."""
    place, state = _next(slots.first, slots.frequency, words.states[row, lane], class_)
    if state < LOWEST:
        at = words.at[row]
        if at < words.end[row]:
            state = state << 16 | np.int64(words.words[at])
            words.at[row] = at + 1
        elif words.must_last:
            return np.int64(ENDS)
    words.states[row, lane] = state
    return place
