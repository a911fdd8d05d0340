"""The lattice of a tile of latents in plain Python, written from spec/families/latent.md alone."""

from collections.abc import Mapping, Sequence
from itertools import product
from math import ceil, cos, floor, pi, sin, sqrt
from pathlib import Path
from typing import NamedTuple

from coding.pyramid_reference import Band, bands, depth, parts

Place = tuple[int, ...]
Grid = dict[Place, float]
PAGES = Path(__file__).parents[2] / "spec" / "families"


def step(steps: Sequence[float], depth: int, level: int, channel: int) -> float:
    return float(2.0 ** min(max((steps[level] + steps[depth + 1 + channel]) / 32, -24), 24))


def running(coarse: Grid) -> Grid:
    """The grid of one channel from its differences."""
    grid = dict(coarse)
    axes = len(next(iter(grid)))
    for a in range(axes):
        for p in sorted(grid):
            if p[a] > 0 and not any(p[a + 1 :]):
                before = (*p[:a], p[a] - 1, *p[a + 1 :])
                grid[p] = coarse[p] + grid[before]
    return grid


def spline(d: float) -> float:
    d = abs(d)
    if d < 1:
        return 2 / 3 - d**2 + d**3 / 2
    return (2 - d) ** 3 / 6 if d < 2 else 0.0


def smooth(grid: Grid, index: Place, tile: Place, count: Place, s: Place) -> float:
    """Of values `grid`, whose lengths follow from its places, at sample s of the tile `index`."""
    lengths = [max(p[a] for p in grid) + 1 for a in range(len(tile))]
    x = [
        t * c + (n + 0.5) * c / whole - 0.5
        for t, c, n, whole in zip(index, count, s, tile, strict=True)
    ]
    total = 0.0
    for p in product(*(range(floor(v) - 1, floor(v) + 3) for v in x)):
        weight = 1.0
        for v, n in zip(x, p, strict=True):
            weight *= spline(v - n)
        inside = tuple(min(max(n, 0), most - 1) for n, most in zip(p, lengths, strict=True))
        total += weight * grid[inside]
    return total


def line(low: Sequence[float], high: Sequence[float]) -> list[float]:
    k, m = 1.149604398860241, len(low) + len(high)
    even, odd = [v / k for v in low], [v * k for v in high]

    def o(i: int) -> float:
        return odd[min(max(i, 0), len(odd) - 1)]

    def e(i: int) -> float:
        return even[min(i, len(even) - 1)]

    even = [v - 0.443506852043971 * (o(i - 1) + o(i)) for i, v in enumerate(even)]
    odd = [v - 0.882911075530934 * (e(i) + e(i + 1)) for i, v in enumerate(odd)]
    even = [v + 0.052980118572961 * (o(i - 1) + o(i)) for i, v in enumerate(even)]
    odd = [v + 1.586134342059924 * (e(i) + e(i + 1)) for i, v in enumerate(odd)]
    return [odd[i // 2] if i % 2 else even[i // 2] for i in range(m)]


def joined(low: Grid, high: Grid, axis: int) -> Grid:
    """One part from two that differ along `axis`."""
    result: Grid = {}
    for start in {(*p[:axis], 0, *p[axis + 1 :]) for p in low}:
        lows, highs = (
            [part[p] for p in sorted(part) if (*p[:axis], 0, *p[axis + 1 :]) == start]
            for part in (low, high)
        )
        for i, value in enumerate(line(lows, highs)):
            result[(*start[:axis], i, *start[axis + 1 :])] = value
    return result


# --- motion


class Block(NamedTuple):
    """Its displacement in quarters of a sample along the axes 1 and 2, and `which`."""

    v: tuple[int, int]
    which: int


Blocks = dict[tuple[int, int], Block]
Weights = dict[tuple[int, Place], float]  # of samples s of the pictures t


def rows(tile: Place, levels: Place) -> list[int]:
    """The pictures of the rows of `motion`."""
    found = []
    for part in range(1, levels[0] + 1):
        b = levels[0] - part
        found += [t for t in range(tile[0]) if t % 2 ** (b + 1) == 2**b]
    return found


def displacements(
    motion: Sequence[float], tile: Place, levels: Place, edge: int
) -> dict[int, Blocks]:
    """The blocks of pictures; `motion` as it is stored, last axis fastest."""
    numbers = iter(motion)
    counts = [ceil(n / edge) for n in tile[1:]]
    found: dict[int, Blocks] = {}
    for t in rows(tile, levels):
        blocks: Blocks = {}
        for i, k in product(*map(range, counts)):
            down, right = (limited(next(numbers), -16_383, 16_383) for _ in range(2))
            blocks[i, k] = Block((down, right), limited(next(numbers), 0, 2))
        found[t] = blocks
    assert not list(numbers)
    return found


def limited(number: float, least: int, most: int) -> int:
    """Rounded, halves to even, and limited to least .. most."""
    return round(min(max(number, least), most))


def catmull_rom(t: float) -> list[float]:
    """Weights of the samples i - 1 .. i + 2 at the place i + t."""
    return [
        ((2 - t) * t - 1) * t / 2,
        ((3 * t - 5) * t**2 + 2) / 2,
        ((4 - 3 * t) * t + 1) * t / 2,
        (t - 1) * t**2 / 2,
    ]


def mirrored(q: int, length: int) -> int:
    """The index that takes the place of q."""
    q = abs(min(max(q, 1 - length), 2 * length - 2))
    return 2 * length - 2 - q if q > length - 1 else q


def value_at(place: Sequence[int], lengths: Place) -> list[tuple[Place, float]]:
    """Samples whose weighted sum is the value at `place`, in quarters of a sample."""
    found = []
    down, right = (catmull_rom(p % 4 / 4) for p in place)
    for (y, of_y), (x, of_x) in product(enumerate(down, -1), enumerate(right, -1)):
        q = place[0] // 4 + y, place[1] // 4 + x
        found.append(
            ((mirrored(q[0], lengths[0]), mirrored(q[1], lengths[1])), of_y * of_x),
        )
    return found


def sees(place: Sequence[int], lengths: Place) -> bool:
    """Whether `place`, in quarters of a sample, is in a picture or half a sample around it."""
    return all(-1 / 2 <= p / 4 <= n - 1 / 2 for p, n in zip(place, lengths, strict=True))


def share(block: Place, counts: Sequence[int], s: Place, edge: int) -> float:
    """w of a block at sample s of a picture."""
    result = 1.0
    for n, count, at in zip(block, counts, s, strict=True):
        c = [edge * i + (edge - 1) / 2 for i in range(count)]
        result *= max(0.0, 1 - abs(min(max(at, c[0]), c[-1]) - c[n]) / edge)
    return result


def seen_with(
    blocks: Blocks, s: Place, edge: int, lengths: Place, *, before: int, after: int | None
) -> tuple[Weights, Weights]:
    """What a picture sees at s of those before and after it: in seen(), and u."""
    often: Weights = {}
    u: Weights = {}
    counts = [n + 1 for n in max(blocks)]
    for at, block in blocks.items():
        w = share(at, counts, s, edge)
        if not w:
            continue
        places = {
            side: [4 * n + sign * v for n, v in zip(s, block.v, strict=True)]
            for side, sign in ((1, 1), (2, -1))
        }
        which = 1 if after is None else block.which
        seeing = [side for side, place in places.items() if sees(place, lengths)]
        if which == 0 and len(seeing) == 1:
            which = seeing[0]
        for side, other in ((1, before), (2, after)):
            if other is None or which not in (0, side):
                continue
            for sample, weight in value_at(places[side], lengths):
                key = other, sample
                u[key] = u.get(key, 0.0) + w * weight
                often[key] = often.get(key, 0.0) + w * weight * (2 if which else 1)
    return often, u


def joined_moving(low: Grid, high: Grid, moves: Sequence[Blocks], edge: int) -> Grid:
    """One part from two along axis 0; moves: the blocks of its odd pictures."""
    k, m = 1.149604398860241, 2 * len(moves) + (max(low)[0] == len(moves))
    pictures: list[Grid] = [{} for _ in range(m)]
    for p, v in low.items():
        pictures[2 * p[0]][p[1:]] = v / k
    for p, v in high.items():
        pictures[2 * p[0] + 1][p[1:]] = v * k
    samples = sorted(pictures[0])
    lengths = tuple(n + 1 for n in samples[-1])
    weights_of = {
        (t, s): seen_with(
            moves[t // 2], s, edge, lengths, before=t - 1, after=t + 1 if t + 1 < m else None
        )
        for t in range(1, m, 2)
        for s in samples
    }

    def predict(factor: float) -> None:
        for (t, s), (often, _) in weights_of.items():
            seen = sum(weight * pictures[other][q] for (other, q), weight in often.items())
            pictures[t][s] += factor * seen

    def update(factor: float) -> None:
        back = dict.fromkeys(product(range(0, m, 2), samples), 0.0)
        cover = dict(back)
        for (t, s), (_, u) in weights_of.items():
            for key, weight in u.items():
                back[key] += weight * pictures[t][s]
                cover[key] += weight
        for (t, s), total in back.items():
            pictures[t][s] += factor * total * 2 / max(cover[t, s], 1)

    update(-0.443506852043971)
    predict(-0.882911075530934)
    update(0.052980118572961)
    predict(1.586134342059924)
    return {(i, *s): v for i, picture in enumerate(pictures) for s, v in picture.items()}


# --- norms, channels and the filter


def norm(length: int, level: int, *, high: bool, i: int) -> float:
    """Of the line of `length` samples that a 1 at place i of a part after `level` makes."""
    lengths = [ceil(length / 2**k) for k in range(level + 2)]
    low, up = [0.0] * lengths[level + 1], [0.0] * (lengths[level] // 2)
    (up if high else low)[i] = 1.0
    whole = line(low, up)
    for k in reversed(range(level)):
        whole = line(whole, [0.0] * (lengths[k] // 2))
    return sqrt(sum(v * v for v in whole))


def norm_of(tile: Place, levels: Place, band: Band, p: Place, ahead: int = 0) -> float:
    splits = [min(band.level + 1, most) for most in levels]
    if ahead:
        splits[0] = depth(levels, band.part)
    result = 1.0
    for a, (length, count, i) in enumerate(zip(tile, splits, p, strict=True)):
        high = bool(band.orientation >> (len(tile) - 1 - a) & 1)
        if count:
            result *= norm(length, count - 1, high=high, i=i)
    return result


def rotated(coded: Sequence[float], angles: Sequence[float]) -> list[float]:
    """The channels at a place from those that are coded."""
    values, count = list(coded), len(coded)
    planes = [(i, j) for i in range(count) for j in range(i + 1, count)]
    for (i, j), angle in reversed(list(zip(planes, angles, strict=True))):
        c, s = cos(angle * pi / 2048), sin(angle * pi / 2048)
        values[i], values[j] = c * values[i] - s * values[j], s * values[i] + c * values[j]
    return values


Network = list[tuple[list[float], list[float]]]


def weights(channels: int, ahead: int = 0) -> tuple[Network, Network]:
    """Matrix and bias of each layer of the filter's networks."""
    text = (PAGES / f"latent-filter-{channels}c{'-ahead' if ahead else ''}.csv").read_text()
    numbers = [int(number) / 4096 for number in text.replace("\n", ",").split(",") if number]
    layers, at = [], 0
    for before, after in 2 * ((channels, 32), (32, 32), (32, 32), (32, channels)):
        size = 9 * before * after
        layers.append((numbers[at : at + size], numbers[at + size : at + size + after]))
        at += size + after
    assert at == len(numbers)
    return layers[:4], layers[4:]


def filtered(
    channels: Sequence[Grid], tile: Place, steps: Sequence[float], most: int, ahead: int = 0
) -> list[Grid]:
    """Coded channels of a picture, or of a tile split ahead, from v. `most`: the levels, L."""
    count = len(channels)
    widths = [step(steps, most, 0, c) for c in range(count)]
    d = [{s: v / width for s, v in z.items()} for z, width in zip(channels, widths, strict=True)]
    fine, coarse = weights(count, ahead)
    axes = [axis for axis in (-2, -1) if tile[axis] > 1]
    low = d
    for axis in axes:
        low = [low_of(grid, len(tile) + axis) for grid in low]
    half = *tile[:-2], *(ceil(n / 2) for n in tile[-2:])
    r = net(low, half, coarse)
    for axis in reversed(axes):
        r = [with_nothing(grid, len(tile) + axis, tile[axis] // 2) for grid in r]
    sums = [{s: v + own[s] for s, v in grid.items()} for grid, own in zip(r, d, strict=True)]
    found = net(sums, tile, fine)
    e = [{s: v + own[s] for s, v in grid.items()} for grid, own in zip(r, found, strict=True)]
    shares = [share / 16 * width for share, width in zip(steps[-count:], widths, strict=True)]
    return [
        {s: v + share * change[s] for s, v in grid.items()}
        for grid, share, change in zip(channels, shares, e, strict=True)
    ]


def low_of(grid: Grid, axis: int) -> Grid:
    """What one split along `axis` leaves low."""
    result: Grid = {}
    for start in {(*p[:axis], 0, *p[axis + 1 :]) for p in grid}:
        whole = [grid[p] for p in sorted(grid) if (*p[:axis], 0, *p[axis + 1 :]) == start]
        for i, v in enumerate(low_line(whole)):
            result[(*start[:axis], i, *start[axis + 1 :])] = v
    return result


def low_line(whole: Sequence[float]) -> list[float]:
    even, odd = list(whole[::2]), list(whole[1::2])

    def o(i: int) -> float:
        return odd[min(max(i, 0), len(odd) - 1)]

    def e(i: int) -> float:
        return even[min(i, len(even) - 1)]

    odd = [v - 1.586134342059924 * (e(i) + e(i + 1)) for i, v in enumerate(odd)]
    even = [v - 0.052980118572961 * (o(i - 1) + o(i)) for i, v in enumerate(even)]
    odd = [v + 0.882911075530934 * (e(i) + e(i + 1)) for i, v in enumerate(odd)]
    even = [v + 0.443506852043971 * (o(i - 1) + o(i)) for i, v in enumerate(even)]
    return [1.149604398860241 * v for v in even]


def with_nothing(low: Grid, axis: int, count: int) -> Grid:
    """A low part joined with a high one of `count` places along `axis` that are 0."""
    high = {(*p[:axis], i, *p[axis + 1 :]): 0.0 for p in low for i in range(count)}
    return joined(low, high, axis)


def net(x: Sequence[Grid], tile: Place, layers: Network) -> list[Grid]:
    for number, (matrix, bias) in enumerate(layers):
        x = [
            {s: layer(x, s, tile, matrix[j * 9 * len(x) :], b, last=number == 3) for s in x[0]}
            for j, b in enumerate(bias)
        ]
    return list(x)


def layer(
    x: Sequence[Grid], s: Place, tile: Place, matrix: Sequence[float], bias: float, *, last: bool
) -> float:
    total = bias
    for i, values in enumerate(x):
        for number, (dy, dx) in enumerate(product((-1, 0, 1), repeat=2)):
            moved = zip((s[-2] + dy, s[-1] + dx), tile[-2:], strict=True)
            place = *s[:-2], *(min(max(n, 0), most - 1) for n, most in moved)
            total += matrix[9 * i + number] * values[place]
    return total if last else min(max(total, 0.0), 1.5)


def lattice(
    latents: Sequence[float],
    steps: Sequence[float],
    coarse: Sequence[Grid],
    *,
    index: Place,
    tile: Place,
    levels: Place,
    ahead: int = 0,
    motion: Sequence[float] = (),
    edge: int = 0,
) -> list[Grid]:
    """Coded channels of the tile at `index`, before they are rotated.

    motion   as it is stored, last axis fastest; edge: of its blocks, 0 where there is none
    """
    channels, most = len(coarse), max(levels)
    count = tuple(ceil(n / 2**k) for n, k in zip(tile, levels, strict=True))
    plan: list[dict[Band, Grid]] = [{} for _ in coarse]
    at = 0
    for band in bands(tile, levels, ahead):
        places = list(product(*map(range, band.shape)))
        for c in range(channels):
            width = step(steps, most, min(band.level, most - 1), c)
            plan[c][band] = {
                p: latents[at + i] * width / norm_of(tile, levels, band, p, ahead)
                for i, p in enumerate(places)
            }
            at += len(places)
    assert at == len(latents)
    result = []
    for c in range(channels):
        z = detail(plan[c], tile, levels, ahead, motion=motion, edge=edge)
        width = step(steps, most, most, c)
        grid = {p: v * width for p, v in running(coarse[c]).items()}
        result.append({s: v + smooth(grid, index, tile, count, s) for s, v in z.items()})
    has_filter = channels in (1, 3) and (len(tile) == 2 or ahead)
    return filtered(result, tile, steps, most, ahead) if has_filter else result


def detail(
    plan: Mapping[Band, Grid],
    tile: Place,
    levels: Place,
    ahead: int,
    *,
    motion: Sequence[float] = (),
    edge: int = 0,
) -> Grid:
    """What the wavelet makes of the bands of a channel."""
    moves = displacements(motion, tile, levels, edge) if edge else {}
    assert ahead or not edge
    whole: Grid = {}
    for part, (own, splits) in enumerate(parts(tile, levels, ahead)):
        found = {band: grid for band, grid in plan.items() if band.part == part}
        bit = 1 << (len(tile) - 1) if part else 0
        begun = [grid for band, grid in found.items() if part and band.level == max(splits)]
        count = [ceil(n / 2**k) for n, k in zip(own, splits, strict=True)]
        z = begun[0] if begun else dict.fromkeys(product(*map(range, count)), 0.0)
        for level in reversed(range(max(splits))):
            z = finer(
                {0: z} | {b.orientation - bit: v for b, v in found.items() if b.level == level},
                [n > level for n in splits],
            )
        if part == 0:
            whole = z
        elif not edge:
            whole = joined(whole, z, 0)
        else:
            b = levels[0] - part
            own_moves = [moves[t] for t in range(2**b, tile[0], 2 ** (b + 1))]
            whole = joined_moving(whole, z, own_moves, edge)
    return whole


def finer(by_orientation: Mapping[int, Grid], splits: Sequence[bool]) -> Grid:
    """A low part joined with the bands of its level."""
    made = dict(by_orientation)
    for axis in reversed(range(len(splits))):
        if splits[axis]:
            bit = 1 << (len(splits) - 1 - axis)
            made = {o: joined(made[o], made[o | bit], axis) for o in made if not o & bit}
    return made[0]
