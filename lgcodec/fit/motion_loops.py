"""Where blocks of pictures are seen in those before and after, in machine code; see `motion.py`.

First roughly, in pictures of half the size, of all displacements in reach the one of least cost;
then around it and around what others say in ever smaller steps. What a block costs is roughly what
its differences take in bits, by a transform of 8 x 8 samples (Hadamard), and what its motion takes.
It may also move as the blocks to the left or above do.

Letters in shapes: P tiles, T pictures, H and W of a picture; I and J blocks.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import compiled, inlined
from lgcodec.coding.distributions import LENGTHS
from lgcodec.coding.motion import AFTER, BEFORE, MOST
from lgcodec.nets.motion_loops import UNIT

__all__ = ["Prices", "Terms", "search"]

BOTH: Final = 0
HALF: Final = 2  # how many times smaller pictures of the rough search are
EDGE: Final = 8  # of a transform
ONE: Final = 0x3F800000  # a float32 of 1, as an integer
OCTAVE: Final = 2.0**23  # in such an integer
Floats = NDArray[Any]
Integers = NDArray[np.int64]


class Prices(NamedTuple):
    """What symbols of motion take, times the price of a bit; see `coding/motion.py`.

    own     [3, 2] by how many of two neighbours move on their own
    above   [2, 2, 2] by which of them do
    down, right   [16] a length and what follows it; [16, 16] by the other one
    which   [3, 3] by what the block on the left has
    """

    own: Floats
    above: Floats
    down: Floats
    right: Floats
    which: Floats


class Terms(NamedTuple):
    """Of the search.

    edge    of a block, a multiple of 4
    soft    differences that take half a bit
    still   a block stands still if that costs at most so many times as much
    reach   samples, up and down, to the left and right, of the rough search
    taps    [UNIT, 4] weights of the samples around each part of one
    """

    edge: int
    soft: float
    still: float
    reach: int
    taps: Floats


class Pair(NamedTuple):
    """A picture [H, W], and those before and after it; a block of it, from row and column."""

    own: Floats
    before: Floats
    after: Floats
    row: int
    column: int
    edge: int


class Beside(NamedTuple):
    """What is known of blocks to the left and above, and of the picture that joins the next two.

    left, above     [3] what they say; `differs`: whether there is one above that says other things
    of_left, of_above   whether they move on their own
    hint            a displacement
    """

    left: Integers
    above: Integers
    differs: bool
    of_left: int
    of_above: int
    hint: tuple[int, int]


class Room(NamedTuple):
    """Places to work: two blocks that are seen, lines between, a transform of differences twice."""

    one: Floats
    two: Floats
    lines: Floats
    first: Floats
    then: Floats
    bits: NDArray[np.int32]


@inlined
def _plain(number: int) -> Any:
    """The same as any other: for constants among its arguments a loop would be compiled anew."""
    return np.int64(number)


@inlined
def _mirrored(place: int, length: int) -> int:
    at = abs(min(max(place, 1 - length), 2 * length - 2))
    return min(at, 2 * length - 2 - at)


@inlined
def _length(number: int) -> int:
    """In bits."""
    bits, rest = 0, abs(number)
    while rest:
        bits, rest = bits + 1, rest >> 1
    return bits


@compiled
def _at(picture: Floats, row: int, column: int, edge: int, found: Floats) -> None:
    """A block of a picture, mirrored at its borders, from a row and a column."""
    height, width = picture.shape
    for y in range(edge):
        line = picture[_mirrored(row + y, height)]
        if column >= 0 and column + edge <= width:
            for x in range(edge):
                found[y, x] = line[column + x]
        else:
            for x in range(edge):
                found[y, x] = line[_mirrored(column + x, width)]


@compiled
def _between(
    picture: Floats, row: int, column: int, edge: int, taps: Floats, room: Floats, found: Floats
) -> None:
    """The same from a place in parts of a sample."""
    whole_y, whole_x, y_part, x_part = row // UNIT, column // UNIT, row % UNIT, column % UNIT
    if y_part == 0 and x_part == 0:
        _at(picture, whole_y, whole_x, edge, found)
        return
    height, width = picture.shape
    a, b, c, d = taps[x_part, 0], taps[x_part, 1], taps[x_part, 2], taps[x_part, 3]
    first = whole_x - 1
    for y in range(edge + 3):
        line, out = picture[_mirrored(whole_y - 1 + y, height)], room[y]
        if first >= 0 and first + edge + 3 <= width:
            for x in range(edge):
                at = first + x
                out[x] = a * line[at] + b * line[at + 1] + c * line[at + 2] + d * line[at + 3]
        else:
            for x in range(edge):
                at = first + x
                one, two = line[_mirrored(at, width)], line[_mirrored(at + 1, width)]
                three, four = line[_mirrored(at + 2, width)], line[_mirrored(at + 3, width)]
                out[x] = a * one + b * two + c * three + d * four
    a, b, c, d = taps[y_part, 0], taps[y_part, 1], taps[y_part, 2], taps[y_part, 3]
    for y in range(edge):
        for x in range(edge):
            found[y, x] = (
                a * room[y, x] + b * room[y + 1, x] + c * room[y + 2, x] + d * room[y + 3, x]
            )


@inlined
def _sees(picture: Floats, row: int, column: int) -> bool:
    """Whether a place, in parts of a sample, is in a picture, half a sample around included."""
    height, width = picture.shape
    down, right = row + UNIT // 2, column + UNIT // 2
    return bool(0 <= down <= UNIT * height and 0 <= right <= UNIT * width)


@compiled
def _alone(pair: Pair, down: int, right: int, one: Floats, two: Floats) -> None:
    """Where one of the two pictures does not have a sample, that of the other stands for it."""
    row, column, edge = UNIT * pair.row, UNIT * pair.column, pair.edge
    reach = UNIT * (edge - 1)
    corners = (
        _sees(pair.own, row + down, column + right)
        and _sees(pair.own, row + down + reach, column + right + reach)
        and _sees(pair.own, row - down, column - right)
        and _sees(pair.own, row - down + reach, column - right + reach)
    )
    if corners:
        return
    for y in range(edge):
        for x in range(edge):
            at, across = row + UNIT * y, column + UNIT * x
            before = _sees(pair.own, at + down, across + right)
            if before != _sees(pair.own, at - down, across - right):
                if before:
                    two[y, x] = one[y, x]
                else:
                    one[y, x] = two[y, x]


@inlined
def _butterflies(values: Floats) -> None:
    """The Hadamard transform along the first axis of [8, 8]."""
    for half in (4, 2, 1):
        for first in range(0, EDGE, 2 * half):
            for y in range(first, first + half):
                for x in range(EDGE):
                    one, two = values[y, x], values[y + half, x]
                    values[y, x], values[y + half, x] = one + two, one - two


@inlined
def _difference(pair: Pair, one: Floats, two: Floats, top: int, left: int, found: Floats) -> None:
    """Of a part of a block and the mean of two, [8, 8]; 0 outside the block or the picture."""
    own, row, column = pair.own, pair.row + top, pair.column + left
    high = min(EDGE, pair.edge - top, own.shape[0] - row)
    wide = min(EDGE, pair.edge - left, own.shape[1] - column)
    if high < EDGE or wide < EDGE:
        found[:] = 0
    for y in range(high):
        line, before, after = own[row + y], one[top + y], two[top + y]
        for x in range(wide):
            mean = np.float32(0.5) * (before[left + x] + after[left + x])
            found[y, x] = line[column + x] - mean


@compiled
def _taken(pair: Pair, one: Floats, two: Floats, soft: float, most: float, room: Room) -> float:
    """Bits that a block takes, roughly, which is seen as the mean of two; some, if above `most`."""
    first, then, bits = room.first, room.then, room.bits
    high = min(pair.edge, pair.own.shape[0] - pair.row)
    wide = min(pair.edge, pair.own.shape[1] - pair.column)
    share, total, enough = np.float32(1 / (EDGE * soft) ** 2), np.int64(0), 2 * OCTAVE * most
    for top in range(0, high, EDGE):
        for left in range(0, wide, EDGE):
            _difference(pair, one, two, top, left, first)
            _butterflies(first)
            for y in range(EDGE):
                for x in range(EDGE):
                    then[x, y] = first[y, x]
            _butterflies(then)
            for y in range(EDGE):
                for x in range(EDGE):
                    then[y, x] = np.float32(1) + share * then[y, x] * then[y, x]
            for y in range(EDGE):  # of a float its integer is about the logarithm
                for x in range(EDGE):
                    total += bits[y, x] - ONE
            if total > enough:
                return total / (2 * OCTAVE)
    return total / (2 * OCTAVE)


@compiled
def _cost(
    pair: Pair, down: int, right: int, which: int, most: float, terms: Terms, room: Room
) -> float:
    """Bits of a block, for a displacement and which pictures are seen; some, if above `most`."""
    row, column, edge = UNIT * pair.row, UNIT * pair.column, pair.edge
    one, two = room.one[:edge, :edge], room.two[:edge, :edge]
    if which != AFTER:
        _between(pair.before, row + down, column + right, edge, terms.taps, room.lines, one)
    if which != BEFORE:
        _between(pair.after, row - down, column - right, edge, terms.taps, room.lines, two)
    if which == BEFORE:
        return _taken(pair, one, one, terms.soft, most, room)
    if which == AFTER:
        return _taken(pair, two, two, terms.soft, most, room)
    _alone(pair, down, right, one, two)
    return _taken(pair, one, two, terms.soft, most, room)


@inlined
def _said(down: int, right: int, beside: Beside, prices: Prices) -> Any:
    """What a displacement takes."""
    first, second = _length(down - beside.left[0]), _length(right - beside.left[1])
    first, second = min(first, LENGTHS - 1), min(second, LENGTHS - 1)
    return prices.down[first] + prices.right[first, second]


@compiled
def _better(
    pair: Pair,
    size: int,
    best: tuple[float, int, int],
    place: tuple[int, int],
    which: int,
    beside: Beside,
    terms: Terms,
    prices: Prices,
    room: Room,
) -> tuple[float, int, int]:
    """The better of the best so far, cost and displacement, and another one.

    size   how many times smaller the pictures are
    """
    y, x = place
    said, samples = _said(y, x, beside, prices), size**2
    if said >= best[0] or max(abs(y), abs(x)) > MOST:
        return best
    most = (best[0] - said) / samples
    cost = said + samples * _cost(pair, y // size, x // size, which, most, terms, room)
    return (cost, y, x) if cost < best[0] else best


@compiled
def _roughly(
    half: Pair, which: int, beside: Beside, terms: Terms, prices: Prices, room: Room
) -> tuple[int, int]:
    """The displacement of least cost in pictures of half the size."""
    step = HALF * UNIT
    reach, left, none, size = terms.reach // HALF * step, beside.left, _plain(0), _plain(HALF)
    best = (np.inf, none, none)
    for y, x in ((0, 0), (left[0], left[1]), beside.hint):  # then most others are soon too much
        place = step * ((y + UNIT) // step), step * ((x + UNIT) // step)
        best = _better(half, size, best, place, which, beside, terms, prices, room)
    for y in range(-reach, reach + 1, step):
        for x in range(-reach, reach + 1, step):
            best = _better(half, size, best, (y, x), which, beside, terms, prices, room)
    return best[1], best[2]


@compiled
def _moved(
    whole: Pair,
    starts: tuple[tuple[int, int], tuple[int, int]],
    which: int,
    beside: Beside,
    terms: Terms,
    prices: Prices,
    room: Room,
) -> tuple[float, int, int]:
    """Cost and displacement of a block that moves on its own, about as one of `starts`."""
    left, above, none, size = beside.left, beside.above, _plain(0), _plain(1)
    best = (np.inf, none, none)
    for place in (*starts, (left[0], left[1]), (above[0], above[1]), beside.hint):
        best = _better(whole, size, best, place, which, beside, terms, prices, room)
    step = UNIT
    while step:
        _, down, right = best
        for y in range(down - step, down + step + 1, step):
            for x in range(right - step, right + step + 1, step):
                if y != down or x != right:
                    best = _better(whole, size, best, (y, x), which, beside, terms, prices, room)
        if down == best[1] and right == best[2]:
            step //= 2
    return best


@compiled
def _block(
    whole: Pair,
    half: Pair,
    beside: Beside,
    alone: bool,
    terms: Terms,
    prices: Prices,
    room: Room,
) -> tuple[int, int, int]:
    """What a block says: displacement down and right, and which pictures it sees."""
    left, above = beside.left, beside.above
    own = prices.own[beside.of_left + beside.of_above]
    like_left = own[0]
    if beside.differs:
        like_left += prices.above[beside.of_left, beside.of_above, 0]
    seen = BEFORE if alone else left[2]
    least = _cost(whole, left[0], left[1], seen, np.inf, terms, room) + like_left
    found = (left[0], left[1], left[2])
    if beside.differs:
        seen = BEFORE if alone else above[2]
        cost = _cost(whole, above[0], above[1], seen, np.inf, terms, room) + own[0]
        cost += prices.above[beside.of_left, beside.of_above, 1]
        if cost < least:
            least, found = cost, (above[0], above[1], above[2])
    stands, standing, none = np.inf, BOTH, _plain(0)
    before = _roughly(half, _plain(BEFORE), beside, terms, prices, room)
    after = before if alone else _roughly(half, _plain(AFTER), beside, terms, prices, room)
    starts = ((before, after), (before, before), (after, after))
    for which in range(BEFORE, BEFORE + 1) if alone else range(AFTER + 1):
        said = 0 if alone else which
        chosen = own[1] + prices.which[left[2], said]
        cost = _cost(whole, none, none, which, np.inf, terms, room) + chosen
        cost += _said(0, 0, beside, prices)
        if cost < stands:
            stands, standing = cost, said
        cost, down, right = _moved(whole, starts[which], which, beside, terms, prices, room)
        if cost + chosen < least:
            least, found = cost + chosen, (down, right, said)
    if (found[0] or found[1]) and stands * terms.still <= least:
        found = (0, 0, standing)
    return found


@inlined
def _beside(found: Integers, own: NDArray[np.bool_], i: int, j: int, hint: Integers) -> Beside:
    """Of a picture's blocks so far, and which of them move on their own, one more along axes."""
    above = found[max(i - 1, 0), j]
    left = found[i, j - 1] if j else above
    differs = i > 0 and j > 0 and bool((left != above).any())
    ahead = 2 * hint[0], 2 * hint[1]
    return Beside(left, above, differs, int(own[i + 1, j]), int(own[i, j + 1]), ahead)


@inlined
def _pair(
    pictures: Floats, t: int, step: int, other: int, row: int, column: int, edge: int
) -> Pair:
    return Pair(pictures[t], pictures[t - step], pictures[other], row, column, edge)


@compiled
def _picture(
    wholes: Floats,
    halves: Floats,
    t: int,
    step: int,
    hints: Integers,
    terms: Terms,
    prices: Prices,
    room: Room,
    found: Integers,
) -> None:
    """What all blocks of one picture [I, J, 3] say; `hints` are those of the one before it."""
    edge, last = terms.edge, t + step >= len(wholes)
    other = t - step if last else t + step
    own = np.ones((found.shape[0] + 1, found.shape[1] + 1), np.bool_)
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):
            whole = _pair(wholes, t, step, other, edge * i, edge * j, edge)
            small = edge // HALF
            half = _pair(halves, t, step, other, small * i, small * j, small)
            beside = _beside(found, own, i, j, hints[i, j])
            said = _block(whole, half, beside, last, terms, prices, room)
            for part in range(3):
                found[i, j, part] = said[part]
            as_left = bool((found[i, j] == beside.left).all())
            as_above = beside.differs and bool((found[i, j] == beside.above).all())
            own[i + 1, j + 1] = not (as_left or as_above)


@compiled
def search(
    wholes: Floats,
    halves: Floats,
    splits: int,
    terms: Terms,
    prices: Prices,
    found: Integers,
) -> None:
    """Motion [P, T, I, J, 3] of pictures [P, T, H, W], beside them those HALF as large."""
    edge, kind = terms.edge, wholes.dtype
    lines, then = np.empty((edge + 3, edge), kind), np.empty((EDGE, EDGE), np.float32)
    one, two = np.empty((edge, edge), kind), np.empty((edge, edge), kind)
    first = np.empty((EDGE, EDGE), np.float32)
    room = Room(one, two, lines, first, then, then.view(np.int32))
    still = np.zeros(found.shape[2:], np.int64)
    for p in range(len(found)):
        for split in range(splits):
            step = 1 << split
            for t in range(step, wholes.shape[1], 2 * step):
                hints = found[p, t - step // 2] if split else still
                _picture(wholes[p], halves[p], t, step, hints, terms, prices, room, found[p, t])
