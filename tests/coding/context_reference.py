"""Latents in plain Python, one symbol at a time, written from spec/codings/context.md alone."""

from collections.abc import Sequence
from functools import cache
from itertools import combinations, product
from math import prod
from pathlib import Path
from struct import unpack
from typing import NamedTuple

from coding.pyramid_reference import (
    Band,
    Grid,
    Known,
    Low,
    Place,
    bands,
    by_phase,
    depth,
    is_high,
    low_parts,
    near,
    order,
    parts,
    raster,
)

LANE = 2**17  # magnitudes for each lane
PAGES = Path(__file__).parents[2] / "spec" / "codings"
LIKELIER = (
    *(8192, 9710, 10672, 11564, 12369, 13077, 13689, 14206),
    *(14636, 14990, 15277, 15509, 15694, 15842, 15959, 16051),
)


@cache
def rows(name: str = "magnitudes.csv") -> list[tuple[int, ...]]:
    """A file beside the page; of magnitudes: zero, one, ratio, most, escape of every class; of
    motion: the frequencies of its symbols."""
    lines = (PAGES / name).read_text().splitlines()
    return [tuple(map(int, line.split(","))) for line in lines]


def networks(axes: int, ahead: int = 0) -> list[int]:
    name = f"context-{axes}d-ahead.csv" if ahead else f"context-{axes}d.csv"
    return [number for row in rows(name) for number in row]


def g(s: int) -> int:
    m = min(abs(s), 4095) + 1
    b = m.bit_length() - 1
    return 16 * b + m * 16 // (1 << b) - 16


def t(s: int) -> int:
    return g(s) if s >= 0 else -g(s)


def change(d: int) -> int:
    """Of a difference in the low part, with its sign."""
    return g(abs(d) // 4) if d >= 0 else -g(abs(d) // 4)


# --- magnitudes


def edges(z: Low, p: Place, high: Sequence[bool]) -> list[int]:
    """Of every axis two differences, those of a high one in the midst of two places."""
    found = []
    for a, is_up in enumerate(high):
        before, here, after, beyond = (z[near(p, {a: step})] for step in (-1, 0, 1, 2))
        found += (
            [after - here, before - here - after + beyond]
            if is_up
            else [after - before, before - 2 * here + after]
        )
    return found


def of_other_parts(known: Known, band: Band, c: int, p: Place) -> list[int]:
    """The features of bands that differ in the part alone."""
    k, o, shape, part = band
    if part == 0:
        return [0, 0, 0]
    bit = 2 ** (len(shape) - 1)

    def at(other: int, halvings: int, place: Place) -> int:
        grids = known.get((other, k, o % bit + bit * (other > 0)))
        inside = all(0 <= n < most for n, most in zip(place, shape, strict=True))
        q = place[0] // 2**halvings, *place[1:]
        return g(grids[c].get(q, 0)) if grids and inside else 0

    halvings = 1 if part > 1 else 0
    beside = [{a: step} for a in range(len(shape)) for step in (-1, 1)]
    return [
        at(part - 1, halvings, p),
        sum(at(part - 1, halvings, near(p, step)) for step in beside),
        at(0, part - 1, p),
    ]


def features(
    known: Known, z: Low, band: Band, c: int, p: Place, *, levels: Place, ahead: int = 0
) -> list[int]:
    """Those of the magnitude of p, of what is decoded already."""
    k, o, shape, part = band
    axes, high = len(shape), is_high(o, len(shape))
    beside = [{a: step} for a in range(axes) for step in (-1, 1)]
    splits = (0, *levels[1:]) if ahead else levels

    def at(level: int, orientation: int, channel: int, q: Place) -> int:
        grids = known.get((part, level, orientation))
        return g(grids[channel].get(q, 0)) if grids else 0

    def inside(q: Place) -> bool:
        return all(0 <= n < most for n, most in zip(q, shape, strict=True))

    own = [{a: -step} for a in range(axes) for step in (1, 2)]
    for a in range(axes):
        for b in range(a + 1, axes):
            own += [{a: -1, b: -1}, {a: -1, b: 1}]
    q = tuple(n // 2 if splits[a] > k + 1 else n for a, n in enumerate(p))
    above = [other for of, level, other in known if (of, level) == (part, k + 1)]
    siblings = [other for of, level, other in known if (of, level) == (part, k) and other < o]
    parent = known.get((part, k + 1, o))
    has_parent = parent is not None and q in parent[c]
    return [
        *(at(k, o, c, near(p, step)) for step in own),
        at(k + 1, o, c, q),
        sum(at(k + 1, o, c, near(q, step)) for step in beside) if has_parent else 0,
        sum(at(k + 1, other, c, q) for other in above),
        sum(at(k, other, c, p) for other in siblings),
        sum(
            at(k, other, c, near(p, step))
            for other in siblings
            for step in beside
            if inside(near(p, step))
        ),
        at(k, o, c - 1, p) if c else 0,
        sum(at(k, o, c - 1, near(p, step)) for step in beside) if c else 0,
        sum(at(k, o, before, p) for before in range(c - 1)),
        *(g(abs(d) // 4) for d in edges(z, p, [False, *high[1:]] if ahead else high)),
        *(of_other_parts(known, band, c, p) if ahead else []),
        *(16 * (p[a] == end) for a in range(axes) for end in (0, shape[a] - 1)),
        16 * (c == 1),
        16 * (c >= 2),
        *(16 * up for up in high),
        16 * k,
        *([16 * depth(levels, part)] if ahead else []),
    ]


def class_of(network: Sequence[int], inputs: Sequence[int]) -> int:
    values, at = list(inputs), 0
    for outputs, divisor, most in ((32, 16, 1023), (32, 16, 1023), (1, 256, 63)):
        weights = network[at : at + len(values) * outputs]
        at += len(values) * outputs
        biases = network[at : at + outputs]
        at += outputs
        sums = [
            sum(v * weights[j * outputs + i] for j, v in enumerate(values)) + 16 * biases[i]
            for i in range(outputs)
        ]
        values = [min(max(s // divisor, 0), most) for s in sums]
    return values[0]


# --- signs


def neighbours(axes: int) -> list[dict[int, int]]:
    found = [{a: step} for a in range(axes) for step in (-1, 1)]
    for a, b in combinations(range(axes), 2):
        found += [{a: -1, b: -1}, {a: -1, b: 1}, {a: 1, b: -1}, {a: 1, b: 1}]
    return found


def windows(o: int, axes: int, ahead: int = 0) -> list[Place]:
    reach = [(-1, 0, 1, 2) if high else (-1, 0, 1) for high in is_high(o, axes)]
    if ahead:
        reach[0] = (-1, 0, 1)
    return [w for w in product(*reach) if len(w) - w.count(0) in (1, 2)]


def sign_features(
    known: Known, z: Low, band: Band, c: int, p: Place, *, ahead: int = 0
) -> list[int]:
    """Those of the sign of p; `known` has no symbol where the sign is not decoded yet."""
    k, o, shape, part = band
    axes = len(shape)

    def at(orientation: int, channel: int, q: Place) -> int:
        grids = known.get((part, k, orientation)) if channel >= 0 else None
        inside = all(0 <= n < most for n, most in zip(q, shape, strict=True))
        return t(grids[channel].get(q, 0)) if grids and inside else 0

    beside = [{}, *({a: step} for a in range(axes) for step in (-1, 1))]
    found = [at(o, c, near(p, n)) for n in neighbours(axes)]
    found += [at(o, channel, near(p, n)) for channel in (c - 1, c - 2) for n in beside]
    for orientation in (o - 1, o - 2):
        found += [at(orientation, c, near(p, n)) for n in ({}, *neighbours(axes))]
    changes = [z[near(p, dict(enumerate(w)))] - z[p] for w in windows(o, axes, ahead)]
    return found + [change(d) for d in changes]


def quot(v: int, divisor: int) -> int:
    return v // divisor if v >= 0 else -(-v // divisor)


def odds_of(network: Sequence[int], inputs: Sequence[int], k: int, c: int, phase: int) -> int:
    u = units(len(network), len(inputs))
    ends = u * len(inputs), u * (len(inputs) + u), u * (len(inputs) + u + 1)
    first, second, vector = network[: ends[0]], network[ends[0] : ends[1]], network[ends[1] :]
    gains = network[ends[2] :]
    h = []
    for i in range(u):
        total = sum(f * first[u * j + i] for j, f in enumerate(inputs))
        h.append(min(max(total, -256), 256))
    v = 0
    for i in range(u):
        total = quot(16 * h[i] + sum(h[j] * second[u * j + i] for j in range(u)), 4)
        v += min(max(total, -1024), 1024) * vector[i]
    return quot(v * (gains[min(k, 3)] + gains[4 + min(c, 2)] + gains[7 + phase]), 2**16)


def units(size: int, inputs: int) -> int:
    """Of a layer in a network of `size` numbers: 64 for grids of two axes, 24 for others."""
    return 64 if size == 64 * (inputs + 65) + 11 else 24


def sign_inputs(o: int, axes: int, ahead: int = 0) -> int:
    """F."""
    beside = len(neighbours(axes))
    return beside + 2 * (1 + 2 * axes) + 2 * (1 + beside) + len(windows(o, axes, ahead))


def split(numbers: Sequence[int], axes: int, ahead: int = 0) -> list[Sequence[int]]:
    """The network of magnitudes, then those of signs by orientation."""
    inputs = 7 * axes + axes * (axes - 1) + 11 + (4 if ahead else 0)
    sizes = [32 * (inputs + 1) + 1089]
    u = 64 if axes == 2 else 24
    for o in range(1, 2**axes):
        sizes.append(u * (sign_inputs(o, axes, ahead) + u + 1) + 7 + 2**axes)
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    assert len(numbers) == ends[-1]
    return [numbers[end - size : end] for end, size in zip(ends, sizes, strict=True)]


# --- sequences


def frequencies(zero: int, one: int, ratio: int, most: int, escape: int) -> list[int]:
    """Of 0 .. most and the escape."""
    others = 65_536 - zero
    w, weight = [zero * 2**16, others * one], others * (65_536 - one) * (65_536 - ratio) // 2**16
    for _ in range(2, most + 1):
        w.append(weight)
        weight = weight * ratio // 2**16
    counts = [1 + share * (2**14 - most - 1 - escape) // sum(w) for share in w]
    counts[0] += 2**14 - escape - sum(counts)
    return [*counts, escape]


class Lanes:
    """The symbols of one chunk."""

    def __init__(self, chunk: bytes, total: int) -> None:
        count = max(1, total // LANE)
        head = 4 * count
        if count == 1:
            head = len(chunk) if len(chunk) < 5 else 4 - len(chunk) % 2
        self.states = list(unpack(f"<{count}I", chunk[:head] + bytes(4 * count - head)))
        self.words = list(unpack(f"<{(len(chunk) - head) // 2}H", chunk[head:]))
        self.tables = [(frequencies(*row), row[3]) for row in rows()]
        self.magnitudes, self.signs = 0, 0

    def step(self, lane: int, counts: Sequence[int]) -> int:
        state, start, place = self.states[lane], 0, 0
        while state % 2**14 >= start + counts[place]:
            start += counts[place]
            place += 1
        count = counts[place]
        state = count * (state // 2**14) + state % 2**14 - start
        refill = state < 2**16 and (self.words or len(self.states) > 1)
        self.states[lane] = state * 2**16 + self.words.pop(0) if refill else state
        return place

    def magnitude(self, class_: int) -> int:
        lane = self.magnitudes % len(self.states)
        self.magnitudes += 1
        counts, most = self.tables[class_]
        place = self.step(lane, counts)
        if place <= most:
            return place
        n = 0
        while self.step(lane, [8192, 8192]):
            n += 1
            assert n <= 14
        v = 1
        for _ in range(n):
            v = 2 * v + self.step(lane, [8192, 8192])
        assert most + v <= 32_767
        return most + v

    def is_negative(self, odds: int) -> bool:
        lane = self.signs % len(self.states)
        self.signs += 1
        count = LIKELIER[min(abs(odds), 15)]
        other = self.step(lane, [count, 2**14 - count])
        return (odds < 0) != bool(other)

    def of_motion(self, line: int) -> int:
        """A symbol of a class of motion."""
        return self.step(0, rows("motion.csv")[line])


# --- motion


def blocks(tile: Place, levels: Place, motion: int) -> Place:
    """R, I and J for blocks of the edge `motion`."""
    pictures = tile[0] - -(-tile[0] // 2 ** levels[0])
    return pictures, *(-(-n // motion) for n in tile[1:])


def motion_of(lanes: Lanes, shape: Place) -> list[int]:
    """The tensor `motion`, flat, for R, I and J; its symbols come before those of the bands."""
    pictures, *counts = shape
    if not lanes.of_motion(0):
        return [0] * (3 * prod(shape))
    m = [n for _ in range(pictures) for block in picture_of(lanes, counts) for n in block]
    assert any(m)
    return m


def picture_of(lanes: Lanes, counts: Sequence[int]) -> list[Place]:
    """m(i, k) of the blocks of a picture, in raster order."""
    m, own = dict[Place, Place](), dict[Place, int]()
    for i, k in raster(tuple(counts)):
        above = m.get((i - 1, k), (0, 0, 0))
        left = m[i, k - 1] if k > 0 else above
        differ = i > 0 and k > 0 and above != left
        a, b = own.get((i, k - 1), 1), own.get((i - 1, k), 1)
        own[i, k] = lanes.of_motion(1 + a + b)
        if own[i, k]:
            m[i, k] = own_motion(lanes, left)
            assert m[i, k] != left
            assert not differ or m[i, k] != above
        else:
            is_above = lanes.of_motion(4 + 2 * a + b) if differ else 0
            m[i, k] = above if is_above else left
    return list(m.values())


def own_motion(lanes: Lanes, left: Place) -> Place:
    """m of a block on its own."""
    m, line = [], 8
    for j in (0, 1):
        e = lanes.of_motion(line)
        line = 9 + e
        halves = [lanes.step(0, [8192, 8192]) for _ in range(e)]
        size = 1 if e else 0
        for bit in halves[:-1]:
            size = 2 * size + bit
        m.append(left[j] + (-size if e and halves[-1] else size))
        assert -16_383 <= m[j] <= 16_383
    return *m, lanes.of_motion(25 + left[2])


class Decoded(NamedTuple):
    """The tensor `latents`; class and features of each magnitude in its order; the rest.

    signs   features, odds and whether it is negative of every sign, in the order of decoding
    low     z by part, level and channel
    motion  that tensor in its order; empty where there is none
    """

    latents: list[int]
    classes: list[int]
    inputs: list[list[int]]
    signs: list[tuple[list[int], int, bool]]
    low: dict[tuple[int, int], list[Grid]]
    motion: list[int]


def decoded(
    chunk: bytes,
    tile: Place,
    levels: Place,
    *,
    channels: int,
    entropy: Sequence[int],
    numbers: Sequence[int] | None = None,
    ahead: int = 0,
    motion: int = 0,
) -> Decoded:
    """A chunk. `numbers`: those of the networks; None: those of the files.

    motion   the edge of blocks that move; 0: there is no such key
    """
    axes, plan = len(tile), bands(tile, levels, ahead)
    first, *of_signs = split(networks(axes, ahead) if numbers is None else numbers, axes, ahead)
    first = [usual + more for usual, more in zip(first, entropy, strict=True)]
    lanes = Lanes(chunk, channels * sum(len(order(band.shape)) for band in plan))
    known, low = Known(), dict[tuple[int, int], list[Grid]]()
    moves = motion_of(lanes, blocks(tile, levels, motion)) if motion else []
    found = Decoded([], [], [], [], low, moves)
    for band in plan:
        k, o, shape, part = band
        if (part, k) not in low:
            low[part, k] = low_parts(known, low, band, parts(tile, levels, ahead)[part], channels)
        known[part, k, o] = [{} for _ in range(channels)]
        for c in range(channels):
            z, told = Low(low[part, k][c]), {}
            for p in order(shape):
                row = features(known, z, band, c, p, levels=levels, ahead=ahead)
                told[p] = class_of(first, row), row
                known[part, k, o][c][p] = lanes.magnitude(told[p][0])
            sizes, known[part, k, o][c] = known[part, k, o][c], {}
            for phase, p in by_phase(shape):
                if sizes[p]:
                    row = sign_features(known, z, band, c, p, ahead=ahead)
                    odds = odds_of(of_signs[o - 1], row, k, c, phase)
                    negative = lanes.is_negative(odds)
                    found.signs.append((row, odds, negative))
                    known[part, k, o][c][p] = -sizes[p] if negative else sizes[p]
                else:
                    known[part, k, o][c][p] = 0
            for p in raster(shape):
                found.latents.append(known[part, k, o][c][p])
                found.classes.append(told[p][0])
                found.inputs.append(told[p][1])
    assert lanes.words == []
    assert set(lanes.states) == {2**16 if len(lanes.states) > 1 else 0}
    return found
