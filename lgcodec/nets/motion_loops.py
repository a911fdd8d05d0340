"""Pictures seen where they were and will be, and back, in machine code; see `nets/motion.py`.

A picture is gone through in cells between the middles of four blocks, which share what is in them
by bilinear weights. Products are added term by term, so that last bits are the same on every
machine and whatever is computed beside them.

Letters in shapes: P tiles, C channels, m pictures that are seen, K that see; H and W of a picture;
I and J blocks of one.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.compiled import compiled, inlined
from lgcodec.coding.motion import AFTER, BEFORE

__all__ = ["UNIT", "Line", "see", "see_back"]

UNIT: Final = 4  # of a displacement: one sample
Floats = NDArray[Any]
Integers = NDArray[np.int64]


class Line(NamedTuple):
    """What K pictures see.

    before, after   [K] which of the m others they are between; the same where there is one alone
    moved           [P, K, I, J, 3] of their blocks: displacement, and which of the two they see
    edge            of a block, an even number of samples
    taps            [UNIT, 4] weights of the samples around each part of one
    """

    before: Integers
    after: Integers
    moved: Integers
    edge: int
    taps: Floats


class Cell(NamedTuple):
    """Samples from, to along both axes; blocks above and left, below and right; their weights."""

    top: int
    bottom: int
    left: int
    right: int
    above: int
    below: int
    west: int
    east: int


class How(NamedTuple):
    """Whether what is seen goes back, and whether what is seen alone counts once."""

    back: bool
    once: bool


class Times(NamedTuple):
    """How often a picture counts: where both are seen or neither, and where it alone is.

    own, other   samples that see it, and the other: from row, to row, from column, to column
    """

    both: int
    alone: int
    own: tuple[int, int, int, int]
    other: tuple[int, int, int, int]


class Room(NamedTuple):
    """Places to work: a cell with the samples around it, its weights along both axes, two lines."""

    rows: Floats
    down: Floats
    across: Floats
    line: Floats
    weights: Floats


@inlined
def _room(edge: int, like: Floats) -> Room:
    room = np.empty((edge + 3, edge), like.dtype)
    lines = np.empty((4, edge), like.dtype)
    return Room(room, lines[0], lines[1], lines[2], lines[3])


@inlined
def _mirrored(place: int, length: int) -> int:
    """The sample that stands for one at a place outside, once mirrored at each border."""
    at = abs(min(max(place, 1 - length), 2 * length - 2))
    return min(at, 2 * length - 2 - at)


@inlined
def _cell(i: int, j: int, edge: int, blocks: Integers, height: int, width: int) -> Cell:
    """Between the middles of blocks (i - 1, j - 1) and (i, j), or of an outer one and beyond."""
    top, left = i * edge - edge // 2, j * edge - edge // 2
    return Cell(
        max(top, 0),
        min(top + edge, height),
        max(left, 0),
        min(left + edge, width),
        max(i - 1, 0),
        min(i, blocks.shape[0] - 1),
        max(j - 1, 0),
        min(j, blocks.shape[1] - 1),
    )


@inlined
def _alike(blocks: Integers, cell: Cell) -> bool:
    """Whether the four blocks around a cell say the same."""
    first = blocks[cell.above, cell.west]
    for part in range(3):
        if (
            blocks[cell.above, cell.east, part] != first[part]
            or blocks[cell.below, cell.west, part] != first[part]
            or blocks[cell.below, cell.east, part] != first[part]
        ):
            return False
    return True


@inlined
def _weigh(first: int, last: int, block: int, other: int, edge: int, weights: Floats) -> None:
    """Of a block at samples of a cell along an axis, where `other` is on the other side."""
    for at in range(first, last):
        if block == other:
            weights[at - first] = 1
        else:
            away = abs(2 * (at - block * edge) - edge + 1)
            weights[at - first] = (2 * edge - away) / (2 * edge)


@inlined
def _inside(away: tuple[int, int], height: int, width: int) -> tuple[int, int, int, int]:
    """Samples whose places are in a picture, half a sample around it included."""
    top, left = -((away[0] + UNIT // 2) // UNIT), -((away[1] + UNIT // 2) // UNIT)
    bottom = (UNIT * (height - 1) + UNIT // 2 - away[0]) // UNIT + 1
    right = (UNIT * (width - 1) + UNIT // 2 - away[1]) // UNIT + 1
    return top, bottom, left, right


@inlined
def _all_of(cell: Cell, area: tuple[int, int, int, int]) -> bool:
    rows = area[0] <= cell.top and cell.bottom <= area[1]
    return rows and area[2] <= cell.left and cell.right <= area[3]


@inlined
def _count(times: Times, y: int, x: int) -> int:
    """How often a picture counts at a sample."""
    own, other = times.own, times.other
    sees = own[0] <= y < own[1] and own[2] <= x < own[3]
    if sees == (other[0] <= y < other[1] and other[2] <= x < other[3]):
        return times.both
    return times.alone if sees else 0


@inlined
def _counted(
    weights: Floats, cell: Cell, y: int, is_even: bool, share: Any, across: Floats, times: Times
) -> None:
    """Weights of row `y` of a cell, times how often the picture counts."""
    for x in range(cell.right - cell.left):
        weights[x] = times.both * (share * across[x])
    if not is_even:
        for x in range(cell.right - cell.left):
            count = _count(times, cell.top + y, cell.left + x)
            weights[x] = count * (share * across[x])


@inlined
def _begin(first: int, away: int, taps: Floats) -> tuple[int, Floats]:
    """The first sample that is asked for along an axis, and the weights of each four."""
    return away // UNIT - 1 + first, taps[away % UNIT]


@compiled
def _add(
    picture: Floats,
    cell: Cell,
    away: tuple[int, int],
    times: Times,
    taps: Floats,
    room: Room,
    found: Floats,
) -> None:
    """So many times a picture, seen so far away, to a cell of `found`, by the weights of `room`."""
    height, width = picture.shape
    rows, down, across, line, weights = room
    first_y, weight_y = _begin(cell.top, away[0], taps)
    first_x, weight_x = _begin(cell.left, away[1], taps)
    high, wide = cell.bottom - cell.top, cell.right - cell.left
    a, b, c, d = weight_x[0], weight_x[1], weight_x[2], weight_x[3]
    is_inside = first_x >= 0 and first_x + wide + 3 <= width
    for y in range(high + 3):
        row, seen = picture[_mirrored(first_y + y, height)], rows[y]
        if is_inside:
            for x in range(wide):
                at = first_x + x
                seen[x] = ((a * row[at] + b * row[at + 1]) + c * row[at + 2]) + d * row[at + 3]
        else:
            for x in range(wide):
                at = first_x + x
                left = a * row[_mirrored(at, width)] + b * row[_mirrored(at + 1, width)]
                left = left + c * row[_mirrored(at + 2, width)]
                seen[x] = left + d * row[_mirrored(at + 3, width)]
    a, b, c, d = weight_y[0], weight_y[1], weight_y[2], weight_y[3]
    is_even = _all_of(cell, times.own) and _all_of(cell, times.other)
    for y in range(high):
        total, share = found[cell.top + y, cell.left : cell.right], down[y]
        one, two, three, four = rows[y], rows[y + 1], rows[y + 2], rows[y + 3]
        for x in range(wide):
            line[x] = ((a * one[x] + b * two[x]) + c * three[x]) + d * four[x]
        _counted(weights, cell, y, is_even, share, across, times)
        for x in range(wide):
            total[x] += weights[x] * line[x]


@compiled
def _add_back(
    slopes: Floats,
    cell: Cell,
    away: tuple[int, int],
    times: Times,
    taps: Floats,
    room: Room,
    found: Floats,
) -> None:
    """The transpose of `_add`: what each sample of a picture counts, added to `found` [H, W]."""
    height, width = found.shape
    rows, down, across, line, _ = room
    first_y, weight_y = _begin(cell.top, away[0], taps)
    first_x, weight_x = _begin(cell.left, away[1], taps)
    high, wide = cell.bottom - cell.top, cell.right - cell.left
    rows[: high + 3] = 0
    is_even = _all_of(cell, times.own) and _all_of(cell, times.other)
    for y in range(high):
        slope, share = slopes[cell.top + y, cell.left : cell.right], down[y]
        _counted(line, cell, y, is_even, share, across, times)
        for x in range(wide):
            line[x] *= slope[x]
        for tap in range(4):
            weight, row = weight_y[tap], rows[y + tap]
            for x in range(wide):
                row[x] += weight * line[x]
    is_inside = first_x >= 0 and first_x + wide + 3 <= width
    for y in range(high + 3):
        row, back = found[_mirrored(first_y + y, height)], rows[y]
        for tap in range(4):
            weight, first = weight_x[tap], first_x + tap
            if is_inside:
                for x in range(wide):
                    row[first + x] += weight * back[x]
            else:
                for x in range(wide):
                    row[_mirrored(first + x, width)] += weight * back[x]


@inlined
def _sides(first: int, last: int, is_last: bool, alike: bool) -> tuple[int, int]:
    """A block on one side of a cell along an axis, and that on the other; the same twice if alike.

    -1 for the last one where that has been gone through as the first.
    """
    if alike or first == last:
        return (-1, -1) if is_last else (first, first)
    return (last, first) if is_last else (first, last)


@compiled
def _share(
    pictures: Floats,
    found: Floats,
    line: Line,
    p: int,
    k: int,
    cell: Cell,
    block: Integers,
    how: How,
    room: Room,
) -> None:
    """What one block of picture k says of a cell, in all channels."""
    before, after = line.before[k], line.after[k]
    which = BEFORE if before == after else block[2]
    alone, height, width = 1 if how.once else 2, found.shape[3], found.shape[4]
    for side in (BEFORE, AFTER):
        if which not in (0, side):
            continue
        sign, other = (1, before) if side == BEFORE else (-1, after)
        away = sign * block[0], sign * block[1]
        own = _inside(away, height, width)
        times = Times(1, alone, own, _inside((-away[0], -away[1]), height, width))
        if which:
            times = Times(alone, alone, own, own)
        for c in range(pictures.shape[1]):
            if how.back:
                _add_back(pictures[p, c, k], cell, away, times, line.taps, room, found[p, c, other])
            else:
                _add(pictures[p, c, other], cell, away, times, line.taps, room, found[p, c, k])


@compiled
def _walk(
    pictures: Floats, found: Floats, line: Line, p: int, k: int, how: How, room: Room
) -> None:
    """All cells of one picture that sees: it is in `found` or, back, in `pictures`."""
    blocks, edge, height, width = line.moved[p, k], line.edge, found.shape[3], found.shape[4]
    for i, j in np.ndindex(blocks.shape[0] + 1, blocks.shape[1] + 1):
        cell = _cell(i, j, edge, blocks, height, width)
        if cell.top >= cell.bottom or cell.left >= cell.right:
            continue
        alike = _alike(blocks, cell)
        for corner in range(4):
            row, other_row = _sides(cell.above, cell.below, corner >= 2, alike)
            column, other_column = _sides(cell.west, cell.east, corner % 2 == 1, alike)
            if row >= 0 and column >= 0:
                _weigh(cell.top, cell.bottom, row, other_row, edge, room.down)
                _weigh(cell.left, cell.right, column, other_column, edge, room.across)
                _share(pictures, found, line, p, k, cell, blocks[row, column], how, room)


@compiled
def see(pictures: Floats, line: Line, once: bool, found: Floats) -> None:
    """What is seen in pictures [P, C, m, H, W] of both neighbours, added to [P, C, K, H, W].

    once   a picture that one sees alone counts once, else as often as two
    """
    room, how = _room(line.edge, pictures), How(False, once)
    for p in range(len(found)):
        for k in range(found.shape[2]):
            _walk(pictures, found, line, p, k, how, room)


@compiled
def see_back(slopes: Floats, line: Line, once: bool, found: Floats) -> None:
    """The transpose: what [P, C, K, H, W] is, added to where it is seen in [P, C, m, H, W]."""
    room, how = _room(line.edge, slopes), How(True, once)
    for p in range(len(slopes)):
        for k in range(slopes.shape[2]):
            _walk(slopes, found, line, p, k, how, room)
