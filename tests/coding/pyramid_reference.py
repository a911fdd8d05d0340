"""The pyramid of latents in plain Python, written from spec/codings/context.md alone.

Its bands, the order in which they and their places are decoded, and the low part z.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

Place = tuple[int, ...]
Grid = dict[Place, int]
Known = dict[tuple[int, int, int], list[Grid]]  # part, level, orientation -> [place -> symbol]


class Band(NamedTuple):
    level: int
    orientation: int
    shape: Place
    part: int = 0


def is_high(o: int, axes: int) -> list[bool]:
    return [bool(o >> (axes - 1 - a) & 1) for a in range(axes)]


def parts(tile: Place, levels: Place, ahead: int = 0) -> list[tuple[Place, Place]]:
    """Samples and levels of each, as of a tile of its own; the tile itself if not split ahead."""
    if not ahead:
        return [(tile, levels)]
    low, high = tile[0], list[int]()
    for _ in range(levels[0]):
        high.insert(0, low // 2)
        low -= low // 2
    return [((n, *tile[1:]), (0, *levels[1:])) for n in (low, *high)]


def depth(levels: Place, part: int) -> int:
    """How often axis 0 was split for a part."""
    return levels[0] - part + 1 if part else levels[0]


def bands(tile: Place, levels: Place, ahead: int = 0) -> list[Band]:
    """In the order of decoding."""
    found = []
    for part, (own, splits) in enumerate(parts(tile, levels, ahead)):
        up = 2 ** (len(tile) - 1) if part else 0  # high along axis 0
        if part:
            found.append(Band(max(splits), up, coarse(own, splits), part))
        found += [
            band._replace(orientation=band.orientation + up, part=part)
            for band in bands_of_part(own, splits)
        ]
    return found


def bands_of_part(tile: Place, levels: Place) -> list[Band]:
    axes, low, found = len(tile), tile, list[Band]()
    for k in range(max(levels)):
        made = []
        for o in range(1, 2**axes):
            high = is_high(o, axes)
            if all(levels[a] > k or not high[a] for a in range(axes)):
                shape = [
                    n if levels[a] <= k else n // 2 if high[a] else n - n // 2
                    for a, n in enumerate(low)
                ]
                made.append(Band(k, o, tuple(shape)))
        found = made + found
        low = tuple(n - n // 2 if levels[a] > k else n for a, n in enumerate(low))
    return found


def coarse(tile: Place, levels: Place) -> Place:
    """What is low after every level."""
    for k in range(max(levels)):
        tile = tuple(n - n // 2 if levels[a] > k else n for a, n in enumerate(tile))
    return tile


def raster(shape: Place) -> Iterator[Place]:
    return product(*map(range, shape))


def order(shape: Place) -> list[Place]:
    places = list(raster(shape))  # sorting is stable
    return sorted(places, key=lambda p: sum((len(p) - a) * n for a, n in enumerate(p)))


def by_phase(shape: Place) -> list[tuple[int, Place]]:
    """Phase and place, in the order of signs."""
    tuples = list(product((0, 1), repeat=len(shape)))
    listed = [p for p in tuples if sum(p) % 2 == 0] + [p for p in tuples if sum(p) % 2]
    found = [(listed.index(tuple(n % 2 for n in p)), p) for p in raster(shape)]
    return sorted(found, key=lambda pair: pair[0])


def near(p: Place, at: Mapping[int, int]) -> Place:
    return tuple(n + at.get(a, 0) for a, n in enumerate(p))


# --- low part


def mul(v: int, f: int) -> int:
    return (v * f + 2048) // 4096


def line(low: Sequence[int], high: Sequence[int]) -> list[int]:
    even, odd = [mul(v, 3563) for v in low], [mul(v, 4709) for v in high]
    for for_even, for_odd in ((-1817, -3616), (217, 6497)):
        before, here = [odd[max(i - 1, 0)] for i in range(len(even))], [*odd, odd[-1]]
        even = [e + mul(before[i] + here[i], for_even) for i, e in enumerate(even)]
        after = [*even[1:], even[-1]]
        odd = [o + mul(even[i] + after[i], for_odd) for i, o in enumerate(odd)]
    joined = [0] * (len(even) + len(odd))
    joined[::2], joined[1::2] = even, odd
    return joined


def along(grids: Sequence[Grid], a: int, make: Callable[..., list[int]]) -> Grid:
    """What `make` makes of the lines of grids along axis a."""
    lines: dict[tuple[Place, Place], list[dict[int, int]]] = {}
    for place, grid in enumerate(grids):
        for p, v in grid.items():
            key = p[:a], p[a + 1 :]
            lines.setdefault(key, [{} for _ in grids])[place][p[a]] = v
    return {
        (*before, i, *after): v
        for (before, after), parts in lines.items()
        for i, v in enumerate(make(*([part[i] for i in range(len(part))] for part in parts)))
    }


def join(low: Grid, symbols: Mapping[int, Grid], splits: Sequence[bool]) -> Grid:
    """The low part of the next finer level, from that of a level and its bands by orientation.

    A band of orientation 0 stands for the low part.
    """
    axes = len(splits)
    part = {0: low} | {o: {p: 16 * s for p, s in grid.items()} for o, grid in symbols.items()}
    for a in range(axes - 1, -1, -1):
        if splits[a]:
            bit = 2 ** (axes - 1 - a)
            part = {o: along((part[o], part[o + bit]), a, line) for o in part if not o & bit}
    return {p: min(max(v, -(2**20)), 2**20) for p, v in part[0].items()}


def low_parts(
    known: Known,
    low: Mapping[tuple[int, int], list[Grid]],
    band: Band,
    of: tuple[Place, Place],
    channels: int,
) -> list[Grid]:
    """z of the level of a band in every channel; `of`: samples and levels of its part."""
    (tile, levels), above, bit = of, (band.part, band.level + 1), 2 ** (len(band.shape) - 1)
    symbols = {
        o % bit if band.part else o: grids
        for (part, level, o), grids in known.items()
        if (part, level) == above
    }
    if not symbols:  # the first band of the part
        return [dict.fromkeys(raster(coarse(tile, levels)), 0)] * channels
    splits = [n > above[1] for n in levels]
    return [
        join(low[above][c], {o: grids[c] for o, grids in symbols.items()}, splits)
        for c in range(channels)
    ]


class Low:
    """z, its border going on."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.last = max(grid)

    def __getitem__(self, q: Place) -> int:
        return self.grid[tuple(min(max(n, 0), m) for n, m in zip(q, self.last, strict=True))]
