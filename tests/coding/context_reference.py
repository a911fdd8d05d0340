"""Latents in plain Python, one symbol at a time, written from spec/codings/context.md alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from struct import unpack

Place = tuple[int, ...]
Known = dict[tuple[int, int], list[dict[Place, int]]]  # level, orientation -> channel -> place -> s
PAGE = Path(__file__).parents[2] / "spec" / "codings" / "context.md"


def rows() -> list[tuple[int, ...]]:
    """Class, zero, ratio, most: the table of the page."""
    found = re.findall(r"^\| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE.read_text(), re.M)
    return [tuple(map(int, row)) for row in found]


def g(s: int) -> int:
    m = min(abs(s), 4095) + 1
    b = m.bit_length() - 1
    return 16 * b + m * 16 // 2**b - 16


def bands(tile: Place, levels: Place) -> list[tuple[int, int, Place]]:
    """Level, orientation and shape, in the order of decoding."""
    axes, low, found = len(tile), tile, []
    for k in range(max(levels)):
        made = []
        for o in range(1, 2**axes):
            high = [o >> (axes - 1 - a) & 1 for a in range(axes)]
            if all(levels[a] > k or not high[a] for a in range(axes)):
                shape = [
                    n if levels[a] <= k else n // 2 if high[a] else n - n // 2
                    for a, n in enumerate(low)
                ]
                made.append((k, o, tuple(shape)))
        found = made + found
        low = tuple(n - n // 2 if levels[a] > k else n for a, n in enumerate(low))
    return found


def order(shape: Place) -> list[Place]:
    places = list(product(*map(range, shape)))  # raster order; sorting is stable
    return sorted(places, key=lambda p: sum((len(p) - a) * n for a, n in enumerate(p)))


def near(p: Place, at: Mapping[int, int]) -> Place:
    return tuple(n + at.get(a, 0) for a, n in enumerate(p))


def features(
    known: Known, band: tuple[int, int, Place], c: int, p: Place, levels: Place
) -> list[int]:
    """Those of symbol p, of what is decoded already."""
    k, o, shape = band
    axes = len(shape)
    beside = [{a: step} for a in range(axes) for step in (-1, 1)]

    def at(level: int, orientation: int, channel: int, q: Place) -> int:
        grids = known.get((level, orientation))
        return g(grids[channel].get(q, 0)) if grids else 0

    def inside(q: Place) -> bool:
        return all(0 <= n < most for n, most in zip(q, shape, strict=True))

    own = [{a: -step} for a in range(axes) for step in (1, 2)]
    for a in range(axes):
        for b in range(a + 1, axes):
            own += [{a: -1, b: -1}, {a: -1, b: 1}]
    q = tuple(n // 2 if levels[a] > k + 1 else n for a, n in enumerate(p))
    above = [other for level, other in known if level == k + 1]
    siblings = [other for level, other in known if level == k and other < o]
    parent = known.get((k + 1, o))
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
        16 * (c == 1),
        16 * (c >= 2),
        *(16 * (o >> (axes - 1 - a) & 1) for a in range(axes)),
        16 * k,
    ]


def class_of(entropy: Sequence[int], hidden: int, inputs: Sequence[int]) -> int:
    """The network, in Python's integers."""
    values, at = list(inputs), 0
    for outputs, shift, most in ((hidden, 16, 1023), (hidden, 16, 1023), (1, 256, 63)):
        weights = entropy[at : at + len(values) * outputs]
        at += len(values) * outputs
        biases = entropy[at : at + outputs]
        at += outputs
        sums = [
            sum(v * weights[j * outputs + i] for j, v in enumerate(values)) + 16 * biases[i]
            for i in range(outputs)
        ]
        values = [min(max(s // shift, 0), most) for s in sums]
    return values[0]


def frequencies(zero: int, ratio: int, most: int) -> list[int]:
    """Of -most .. most and the escape."""
    w, weight = [zero * 2**15], (65_536 - zero) * (65_536 - ratio) // 4
    for _ in range(most):
        w.append(weight)
        weight = weight * ratio // 2**16
    shares = [w[abs(s)] for s in range(-most, most + 1)]
    counts = [1 + share * (2**14 - 2 * most - 2) // sum(shares) for share in shares] + [1]
    counts[most] += 2**14 - sum(counts)
    return counts


class Lanes:
    """The symbols of one chunk."""

    def __init__(self, chunk: bytes, total: int) -> None:
        count = max(1, total // 2**15)
        head = 4 * count
        if count == 1:
            head = len(chunk) if len(chunk) < 5 else 4 - len(chunk) % 2
        self.states = list(unpack(f"<{count}I", chunk[:head] + bytes(4 * count - head)))
        self.words = list(unpack(f"<{(len(chunk) - head) // 2}H", chunk[head:]))
        self.tables = {k: (frequencies(*shape), shape[2]) for k, *shape in rows()}
        self.j = 0

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

    def symbol(self, class_: int) -> int:
        lane = self.j % len(self.states)
        self.j += 1
        counts, most = self.tables[class_]
        place = self.step(lane, counts)
        if place <= 2 * most:
            return place - most
        high, low = (self.step(lane, [64] * 256) for _ in range(2))
        return 256 * high + low - 2**15


def decoded(
    chunk: bytes, tile: Place, levels: Place, *, channels: int, hidden: int, entropy: Sequence[int]
) -> tuple[list[int], list[int], list[list[int]]]:
    """The tensor `latents`; class and features of every symbol, in the order of that tensor."""
    plan = bands(tile, levels)
    total = channels * sum(len(order(shape)) for *_, shape in plan)
    lanes, known = Lanes(chunk, total), Known()
    latents, classes, inputs = [], [], []
    for band in plan:
        known[band[:2]] = [{} for _ in range(channels)]
        for c in range(channels):
            told: dict[Place, tuple[int, list[int]]] = {}
            for p in order(band[2]):
                row = features(known, band, c, p, levels)
                told[p] = class_of(entropy, hidden, row), row
                known[band[:2]][c][p] = lanes.symbol(told[p][0])
            for p in raster(band[2]):
                latents.append(known[band[:2]][c][p])
                classes.append(told[p][0])
                inputs.append(told[p][1])
    assert lanes.words == []
    assert set(lanes.states) == {2**16 if len(lanes.states) > 1 else 0}
    return latents, classes, inputs


def raster(shape: Place) -> Iterator[Place]:
    return product(*map(range, shape))
