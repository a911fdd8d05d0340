"""Pictures seen from where others are, and back, in machine code: what `motion` does on a CPU.

Products are added term by term, so that last bits are the same on every machine and whatever is
computed beside them. What does not move along an axis is copied, not multiplied by 0.

Letters in shapes: P tiles, C channels, m pictures of a line, K of them that are asked for, H and W
of a picture; n pictures.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import compiled, inlined
from lgcodec.nets.displaced import UNIT

__all__ = ["Asked", "shift", "sum_up", "sum_up_back"]

Floats = NDArray[Any]
Integers = NDArray[np.int64]


class Asked(NamedTuple):
    """`displaced.Asked` as arrays: which [K] neighbours, and where they are seen [P, K, 2]."""

    left: Integers
    right: Integers
    left_away: Integers
    right_away: Integers


class Room(NamedTuple):
    """Places to work: two pictures [H, W], one between, and a line [W + 3]."""

    one: Floats
    two: Floats
    between: Floats
    line: Floats


@inlined
def _room(height: int, width: int, like: Floats) -> Room:
    empty = np.empty((3, height, width), like.dtype)
    return Room(empty[0], empty[1], empty[2], np.empty(width + 3, like.dtype))


@inlined
def _mirrored(place: int, length: int) -> int:
    """The sample that stands for one at a place outside, once mirrored at each border."""
    at = abs(min(max(place, 1 - length), 2 * length - 2))
    return min(at, 2 * length - 2 - at)


@compiled
def _see(picture: Floats, down: int, right: int, taps: Floats, room: Room, found: Floats) -> None:
    """A picture [H, W] into `found`, at places so many eighths of a sample from every sample."""
    height, width = picture.shape
    rows = picture
    if down:
        rows = found if right == 0 else room.between
        first, weight = down // UNIT - 1, taps[down % UNIT]
        a, b, c, d = weight[0], weight[1], weight[2], weight[3]
        for y in range(height):
            row, at = rows[y], y + first
            one, two = picture[_mirrored(at, height)], picture[_mirrored(at + 1, height)]
            three, four = picture[_mirrored(at + 2, height)], picture[_mirrored(at + 3, height)]
            for x in range(width):
                row[x] = ((a * one[x] + b * two[x]) + c * three[x]) + d * four[x]
    if right:
        first, weight, line = right // UNIT - 1, taps[right % UNIT], room.line
        a, b, c, d = weight[0], weight[1], weight[2], weight[3]
        for y in range(height):
            for x in range(width + 3):
                line[x] = rows[y, _mirrored(x + first, width)]
            row = found[y]
            for x in range(width):
                row[x] = ((a * line[x] + b * line[x + 1]) + c * line[x + 2]) + d * line[x + 3]
    elif down == 0:
        found[:] = picture


@compiled
def _see_back(
    slopes: Floats, down: int, right: int, taps: Floats, room: Room, found: Floats
) -> None:
    """The transpose of `_see`: what each sample of a picture counts, added to `found` [H, W]."""
    height, width = slopes.shape
    rows = slopes
    if right:
        first, weight, line, rows = right // UNIT - 1, taps[right % UNIT], room.line, room.between
        for y in range(height):
            line[:] = 0
            for tap in range(4):
                for x in range(width):
                    line[x + tap] += weight[tap] * slopes[y, x]
            rows[y] = 0
            for x in range(width + 3):
                rows[y, _mirrored(x + first, width)] += line[x]
    first, weight = down // UNIT - 1, taps[down % UNIT]
    for y in range(height):
        for tap in range(4):
            if down or tap == 1:  # the only one with a weight where nothing moves
                row = found[_mirrored(y + first + tap, height)]
                for x in range(width):
                    row[x] += weight[tap] * rows[y, x]


@inlined
def _inside(away: int, length: int) -> tuple[int, int]:
    """Samples whose places are in a picture, half a sample around it included: from, to."""
    first, last = -((away + UNIT // 2) // UNIT), (UNIT * (length - 1) + UNIT // 2 - away) // UNIT
    return min(max(first, 0), length), min(max(last + 1, 0), length)


@compiled
def _where_alone(
    picture: Floats, times: int, own: Integers, other: Integers, found: Floats
) -> None:
    """So many times a picture into `found` where it is seen, from `own` [2], and no other is."""
    height, width = picture.shape
    top, bottom = _inside(own[0], height)
    left, right = _inside(own[1], width)
    other_top, other_bottom = _inside(other[0], height)
    other_left, other_right = _inside(other[1], width)
    for y in range(top, bottom):
        first = last = right
        if other_top <= y < other_bottom and other_left < other_right:
            first, last = min(max(other_left, left), right), min(max(other_right, left), right)
        for x in range(left, first):
            found[y, x] = times * picture[y, x]
        for x in range(last, right):
            found[y, x] = times * picture[y, x]


@compiled
def sum_up(pictures: Floats, asked: Asked, taps: Floats, found: Floats) -> None:
    """Sums [P, C, K, H, W] of the neighbours of pictures [P, C, m, H, W]; see `motion`.

    taps   [8, 4] weights of the four samples around each eighth of one
    """
    height, width = pictures.shape[3:]
    room = _room(height, width, pictures)
    for p in range(len(pictures)):
        for k in range(len(asked.left)):
            own, other = asked.left_away[p, k], asked.right_away[p, k]
            for c in range(pictures.shape[1]):
                one, two = pictures[p, c, asked.left[k]], pictures[p, c, asked.right[k]]
                total = found[p, c, k]
                if own[0] or own[1]:
                    _see(one, own[0], own[1], taps, room, room.one)
                    one = room.one
                if other[0] or other[1]:
                    _see(two, other[0], other[1], taps, room, room.two)
                    two = room.two
                for y in range(height):
                    for x in range(width):
                        total[y, x] = one[y, x] + two[y, x]
                _where_alone(one, 2, own, other, total)
                _where_alone(two, 2, other, own, total)


@compiled
def sum_up_back(slopes: Floats, asked: Asked, taps: Floats, found: Floats) -> None:
    """The transpose: of slopes [P, C, K, H, W] those of pictures, added to `found`."""
    height, width = slopes.shape[3:]
    room = _room(height, width, slopes)
    for p in range(len(slopes)):
        for k in range(len(asked.left)):
            own, other = asked.left_away[p, k], asked.right_away[p, k]
            for c in range(slopes.shape[1]):
                slope = slopes[p, c, k]
                room.one[:], room.two[:] = slope, slope
                _where_alone(slope, 2, own, other, room.one)
                _where_alone(slope, 0, own, other, room.two)
                _where_alone(slope, 0, other, own, room.one)
                _where_alone(slope, 2, other, own, room.two)
                _see_back(room.one, own[0], own[1], taps, room, found[p, c, asked.left[k]])
                _see_back(room.two, other[0], other[1], taps, room, found[p, c, asked.right[k]])


@compiled
def shift(pictures: Floats, away: Integers, taps: Floats, found: Floats) -> None:
    """Pictures [n, C, H, W] at places `away` [n, 2] from every sample."""
    room = _room(pictures.shape[2], pictures.shape[3], pictures)
    for n in range(len(pictures)):
        for c in range(pictures.shape[1]):
            _see(pictures[n, c], away[n, 0], away[n, 1], taps, room, found[n, c])
