"""Where blocks of pictures are seen in those before and after, in machine code; see `motion.py`.

First roughly, in pictures of half the size, of all displacements in reach the one of least cost;
then around it in ever smaller steps. The cost of a difference e is s e^2 / (e^2 + s^2) with s some
steps (Geman and McClure): what is not found at all costs no more for being far off.

Letters in shapes: P tiles, T pictures, H and W of a picture; I and J blocks.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import compiled, inlined
from lgcodec.coding.motion import AFTER, BEFORE
from lgcodec.nets.motion_loops import UNIT

__all__ = ["Terms", "search"]

BOTH: Final = 0
HALF: Final = 2  # samples of the rough search
Floats = NDArray[Any]
Integers = NDArray[np.int64]


class Terms(NamedTuple):
    """Of the search.

    edge      of a block, a multiple of 4
    price     of a bit
    soft      differences that are no longer small
    still     a block stands still if that costs at most so many times as much
    reach     samples, up and down, to the left and right, of the rough search
    """

    edge: int
    price: float
    soft: float
    still: float
    reach: int
    left: float
    above: float
    new: float


class Pair(NamedTuple):
    """A picture [H, W], and those before and after it; a block of it, from row and column."""

    own: Floats
    before: Floats
    after: Floats
    row: int
    column: int
    edge: int


@inlined
def _mirrored(place: int, length: int) -> int:
    at = abs(min(max(place, 1 - length), 2 * length - 2))
    return min(at, 2 * length - 2 - at)


@inlined
def _bits(number: int) -> int:
    """That a number takes, roughly."""
    bits, rest = 1, abs(number)
    while rest:
        bits, rest = bits + 2, rest >> 1
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


@compiled
def _difference(pair: Pair, one: Floats, two: Floats, soft: float) -> float:
    """What a block costs that is seen as the mean of two."""
    own, row, column, edge = pair.own, pair.row, pair.column, pair.edge
    high, wide = min(edge, own.shape[0] - row), min(edge, own.shape[1] - column)
    total, square = 0.0, np.float32(soft * soft)
    for y in range(high):
        part: Any = np.float32(0)
        line, left, right = own[row + y], one[y], two[y]
        for x in range(wide):
            error = line[column + x] - np.float32(0.5) * (left[x] + right[x])
            error = error * error
            part += error / (error + square)
        total += part
    return total * soft


@compiled
def _cost(
    pair: Pair, down: int, right: int, which: int, soft: float, taps: Floats, rooms: Floats
) -> float:
    """Of a displacement, and which pictures are seen."""
    row, column, edge = UNIT * pair.row, UNIT * pair.column, pair.edge
    one, two, room = rooms[0, :edge, :edge], rooms[1, :edge, :edge], rooms[2]
    if which != AFTER:
        _between(pair.before, row + down, column + right, edge, taps, room, one)
    if which != BEFORE:
        _between(pair.after, row - down, column - right, edge, taps, room, two)
    if which == BEFORE:
        return _difference(pair, one, one, soft)
    if which == AFTER:
        return _difference(pair, two, two, soft)
    _alone(pair, down, right, one, two)
    return _difference(pair, one, two, soft)


@compiled
def _roughly(
    pair: Pair, which: int, guess: tuple[int, int], terms: Terms, rooms: Floats
) -> tuple[int, int]:
    """The displacement of least cost in whole samples, of a picture of half the size."""
    edge, reach = pair.edge, terms.reach // HALF
    one, two = rooms[0, :edge, :edge], rooms[1, :edge, :edge]
    best, found = np.inf, (0, 0)
    price = terms.price / HALF**2
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            bits = _bits(HALF * UNIT * down - guess[0]) + _bits(HALF * UNIT * right - guess[1])
            cost = price * bits
            if cost >= best:
                continue
            if which != AFTER:
                _at(pair.before, pair.row + down, pair.column + right, edge, one)
            if which != BEFORE:
                _at(pair.after, pair.row - down, pair.column - right, edge, two)
            if which == BEFORE:
                cost += _difference(pair, one, one, terms.soft)
            elif which == AFTER:
                cost += _difference(pair, two, two, terms.soft)
            else:
                _alone(pair, UNIT * down, UNIT * right, one, two)
                cost += _difference(pair, one, two, terms.soft)
            if cost < best:
                best, found = cost, (down, right)
    return found


@compiled
def _refined(
    pair: Pair,
    start: tuple[int, int],
    which: int,
    guess: tuple[int, int],
    hint: tuple[int, int],
    terms: Terms,
    taps: Floats,
    rooms: Floats,
) -> tuple[float, int, int]:
    """Cost and displacement, in parts of a sample, near one in samples of half the size."""
    most = UNIT * max(pair.own.shape)
    down, right = HALF * UNIT * start[0], HALF * UNIT * start[1]
    best = np.inf
    for y, x in ((down, right), guess, hint):
        if max(abs(y), abs(x)) > most:
            continue
        cost = _cost(pair, y, x, which, terms.soft, taps, rooms)
        cost += terms.price * (_bits(y - guess[0]) + _bits(x - guess[1]))
        if cost < best:
            best, down, right = cost, y, x
    step = UNIT
    while step:
        from_down, from_right = down, right
        for y in range(from_down - step, from_down + step + 1, step):
            for x in range(from_right - step, from_right + step + 1, step):
                if max(abs(y), abs(x)) > most or (y == from_down and x == from_right):
                    continue
                cost = _cost(pair, y, x, which, terms.soft, taps, rooms)
                cost += terms.price * (_bits(y - guess[0]) + _bits(x - guess[1]))
                if cost < best:
                    best, down, right = cost, y, x
        if down == from_down and right == from_right:
            step //= 2
    return best, down, right


@compiled
def _kept(
    pair: Pair, said: Integers, terms: Terms, taps: Floats, rooms: Floats, alone: bool
) -> float:
    """What a block costs that moves as another."""
    which = BEFORE if alone else said[2]
    most = UNIT * max(pair.own.shape)
    if max(abs(said[0]), abs(said[1])) > most:
        return np.inf
    return _cost(pair, said[0], said[1], which, terms.soft, taps, rooms)


@compiled
def _block(
    pair: Pair,
    small: Pair,
    left: Integers,
    above: Integers,
    hint: tuple[int, int],
    alone: bool,
    terms: Terms,
    taps: Floats,
    rooms: Floats,
) -> tuple[int, int, int]:
    """What a block says: displacement down and right, and which pictures it sees."""
    least, found = np.inf, (0, 0, BOTH)
    guess = (left[0], left[1])
    for which in range(BEFORE, BEFORE + 1) if alone else range(AFTER + 1):
        start = _roughly(small, which, guess, terms, rooms)
        cost, down, right = _refined(pair, start, which, guess, hint, terms, taps, rooms)
        chosen = 0.0 if which == BOTH or alone else 2 * terms.price
        cost += terms.new * terms.price + chosen
        if down or right:
            still = _cost(pair, 0, 0, which, terms.soft, taps, rooms) + chosen
            still += terms.price * (_bits(guess[0]) + _bits(guess[1]))
            if still * terms.still <= cost:
                cost, down, right = still, 0, 0
        if cost < least:
            least, found = cost, (down, right, 0 if alone else which)
    cost = _kept(pair, left, terms, taps, rooms, alone) + terms.left * terms.price
    if cost <= least:
        least, found = cost, (left[0], left[1], left[2])
    cost = _kept(pair, above, terms, taps, rooms, alone) + terms.above * terms.price
    if cost < least:
        least, found = cost, (above[0], above[1], above[2])
    return found


@compiled
def search(
    pictures: Floats, halves: Floats, splits: int, terms: Terms, taps: Floats, found: Integers
) -> None:
    """Motion [P, T, I, J, 3] of pictures [P, T, H, W], those of half the size beside them."""
    edge, length = terms.edge, pictures.shape[1]
    zero = np.zeros(3, np.int64)
    rooms = np.empty((3, edge + 3, edge + 3), pictures.dtype)
    for p in range(len(pictures)):
        for split in range(splits):
            step = 1 << split
            for t in range(step, length, 2 * step):
                alone = t + step >= length
                other, blocks = t - step if alone else t + step, found[p, t]
                for i in range(blocks.shape[0]):
                    for j in range(blocks.shape[1]):
                        left = blocks[i, j - 1] if j else (blocks[i - 1, j] if i else zero)
                        above = blocks[i - 1, j] if i else zero
                        hint = (0, 0)
                        if split:
                            near = found[p, t - step // 2, i, j]
                            hint = (2 * near[0], 2 * near[1])
                        pair = Pair(
                            pictures[p, t],
                            pictures[p, t - step],
                            pictures[p, other],
                            edge * i,
                            edge * j,
                            edge,
                        )
                        small = Pair(
                            halves[p, t],
                            halves[p, t - step],
                            halves[p, other],
                            edge // HALF * i,
                            edge // HALF * j,
                            edge // HALF,
                        )
                        said = _block(pair, small, left, above, hint, alone, terms, taps, rooms)
                        for part in range(3):
                            blocks[i, j, part] = said[part]
