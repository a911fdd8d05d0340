"""Which sign a symbol is likely to have: from signs around it, and from edges in the low part.

Along an edge the signs of a band follow each other, and where the low part rises the band knows
which way. Places are coded in phases, every other one along each axis, so that most have known
neighbours on all sides. The network is odd: the negative of what it sees gives the negative of
what it says. In integers held by float32, like the network of classes. Specification: context.md.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import combinations, product
from math import prod
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.neighbours import fitted, magnitude
from lgcodec.coding.pyramid import Band, Pyramid

__all__ = ["GAINS", "SIGN_HIDDEN", "BandSigns", "SignNetwork", "phases", "sign_inputs", "signed"]

SIGN_HIDDEN: Final[Mapping[int, int]] = {1: 24, 2: 64, 3: 24}  # units of a layer, by axes
GAINS: Final = 7  # of the four finest levels and of three kinds of channels; then those of phases
MOST_HIDDEN: Final = 256  # stands for 1: units saturate
MOST_THEN: Final = 1024  # of the second layer
BEFORE, AFTER = 1, 2  # how far neighbours in the low part reach
Floats = NDArray[np.float32]
Code = Callable[[NDArray[np.intp], NDArray[np.intp], NDArray[np.int64]], NDArray[np.bool_]]


@final
class SignNetwork:
    """One orientation's network: signed features -> four times the log-odds of a positive sign.

    `weights` is flat: the matrix [inputs, U], what a second layer adds to its units [U, U], the
    vector [U], and the gains [GAINS + 2**axes], all 16 times what they stand for; U = SIGN_HIDDEN.
    """

    def __init__(self, weights: NDArray[np.int64], inputs: int, axes: int) -> None:
        units = SIGN_HIDDEN[axes]
        rows, self.gains = np.split(weights, [(inputs + units + 1) * units])
        floats: Floats = rows.reshape(-1, units).astype(np.float32)
        self.matrix, self.vector = floats[:inputs], floats[-1]
        # what comes of it is cut off to whole numbers, of which MOST_THEN stands for 1
        self.then = (floats[inputs:-1] + 16 * np.eye(units, dtype=np.float32)) / np.float32(4)

    @staticmethod
    def size(inputs: int, axes: int) -> int:
        """Numbers in the flat tensor."""
        units = SIGN_HIDDEN[axes]
        return (inputs + units + 1) * units + GAINS + (1 << axes)

    def odds(self, features: Floats, level: int, channel: int, phase: int) -> NDArray[np.int64]:
        """Odds [n] of features [n, inputs]: above 0 where a positive sign is likelier."""
        from lgcodec.coding import context_loops  # noqa: PLC0415 (numba, only when coding)

        sums = context_loops.sums_of_signs(self.matrix, self.then, self.vector, features)
        gain = self.gains[min(level, 3)] + self.gains[4 + min(channel, 2)]
        sums *= gain + self.gains[GAINS + phase]
        odds: NDArray[np.int64] = np.sign(sums) * (np.abs(sums) >> 16)
        return odds


def signed(symbols: NDArray[Any]) -> Floats:
    """g of the magnitudes of symbols, with their signs; same shape."""
    values: Floats = magnitude(symbols) * np.sign(symbols)
    return values


@cache
def _beside(axes: int) -> tuple[tuple[int, ...], ...]:
    """Neighbours along each axis, then along the diagonals of each pair of axes."""
    unit = np.eye(axes, dtype=int)
    offsets = [sign * unit[axis] for axis in range(axes) for sign in (-1, 1)]
    for (i, j), (one, other) in product(combinations(range(axes), 2), product((-1, 1), repeat=2)):
        offsets.append(one * unit[i] + other * unit[j])
    return tuple(tuple(map(int, offset)) for offset in offsets)


@cache
def _window(high: tuple[bool, ...]) -> list[tuple[int, ...]]:
    """Neighbours in the low part: an odd sample, which is high, lies between two of them."""
    reach = [range(-BEFORE, AFTER + 1) if up else range(-BEFORE, 2) for up in high]
    return [at for at in product(*reach) if 0 < sum(map(bool, at)) <= 2]


def sign_inputs(high: tuple[bool, ...]) -> int:
    """Features of a sign in a band that is high along these axes."""
    axes = len(high)
    beside = len(_beside(axes))
    return beside + 2 * (1 + 2 * axes) + 2 * (1 + beside) + len(_window(high))


@lru_cache(maxsize=256)
def phases(shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Phase [*band] of every place: even sums of coordinates first, by their lowest bits."""
    axes = len(shape)
    order = sorted(product((0, 1), repeat=axes), key=lambda p: (sum(p) % 2, p))
    number = np.zeros((2,) * axes, np.intp)
    for phase, odd in enumerate(order):
        number[odd] = phase
    found: NDArray[np.intp] = number[tuple(index % 2 for index in np.indices(shape))]
    return found


@final
class BandSigns:
    """The signs of one band of P partitions, channel after channel.

    known   signed g [P, C, *band] of the bands of this level that are decoded
    low     [P, C, *low] what this level leaves low along all axes
    """

    def __init__(
        self,
        network: SignNetwork,
        pyramid: Pyramid,
        band: Band,
        known: Mapping[int, Floats],
        low: NDArray[np.int64],
    ) -> None:
        self._network, self._band = network, band
        axes, shape, count = len(band.shape), band.shape, low.shape[0] * low.shape[1]
        self._channels = low.shape[1]
        self._low = _Window(
            low.reshape(count, *low.shape[2:]), _window(pyramid.high(band.orientation)), shape
        )
        beside = _beside(axes)
        near = [(0,) * axes, *beside]
        self._siblings = [
            _Around(fitted(known[o].reshape(count, *known[o].shape[2:]), shape), near)
            if (o := band.orientation - back) in known
            else None
            for back in (1, 2)
        ]
        self._own = _Around(np.zeros((count, *shape), np.float32), near)

    def values(self, channel: int, sizes: NDArray[np.int64], code: Code) -> NDArray[np.int64]:
        """Symbols [P, *band] of one channel from their magnitudes.

        code   partitions [n], places [n] and odds [n] of signs, in the order of coding -> whether
               each is negative
        """
        flat = sizes.reshape(len(sizes), -1)
        values = flat.copy()
        for phase, rows, places in self._asked(flat > 0):
            negative = code(rows, places, self._odds(channel, phase, rows, places))
            values[rows, places] = np.where(negative, -1, 1) * flat[rows, places]
            self._put(channel, rows, places, values[rows, places])
        return values.reshape(sizes.shape)

    def odds(
        self, channel: int, values: NDArray[Any], asked: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Odds [P, *band] of the places that are `asked` for, 0 elsewhere, among given symbols."""
        flat, odds = values.reshape(len(values), -1), np.zeros(values.shape, np.int64)
        wanted = asked.reshape(flat.shape) | (flat != 0)
        for phase, rows, places in self._asked(wanted):
            odds.reshape(flat.shape)[rows, places] = self._odds(channel, phase, rows, places)
            self._put(channel, rows, places, flat[rows, places])
        return odds

    def examples(
        self, channel: int, values: NDArray[Any]
    ) -> Iterator[tuple[int, Floats, NDArray[Any]]]:
        """Every phase, the features [n, inputs] of its symbols, and these [n]."""
        flat = values.reshape(len(values), -1)
        for phase, rows, places in self._asked(flat != 0):
            yield phase, self.features(channel, rows, places), flat[rows, places]
            self._put(channel, rows, places, flat[rows, places])

    def _asked(
        self, asked: NDArray[np.bool_]
    ) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.intp]]]:
        """Phases, partitions and places of those `asked` for, in the order of coding."""
        own = phases(self._band.shape).ravel()
        for phase in range(1 << len(self._band.shape)):
            rows, places = np.nonzero(asked & (own == phase))
            if rows.size:
                yield phase, rows, places

    def _put(
        self, channel: int, rows: NDArray[np.intp], places: NDArray[np.intp], values: NDArray[Any]
    ) -> None:
        self._own.put(rows * self._channels + channel, places, signed(values))

    def _odds(
        self, channel: int, phase: int, rows: NDArray[np.intp], places: NDArray[np.intp]
    ) -> NDArray[np.int64]:
        features = self.features(channel, rows, places)
        return self._network.odds(features, self._band.level, channel, phase)

    def features(self, channel: int, rows: NDArray[np.intp], places: NDArray[np.intp]) -> Floats:
        """Features [n, inputs] of places [n] of partitions [n]."""
        axes, at = len(self._band.shape), rows * self._channels + channel
        parts = [self._own.get(at, places)[:, 1:]]
        for back in (1, 2):
            count = 1 + 2 * axes
            none = np.zeros((len(at), count), np.float32)
            parts.append(self._own.get(at - back, places)[:, :count] if channel >= back else none)
        for sibling in self._siblings:
            none = np.zeros((len(at), 1 + len(_beside(axes))), np.float32)
            parts.append(none if sibling is None else sibling.get(at, places))
        return np.concatenate([*parts, self._low.get(at, places)], axis=1)


@final
class _Around:
    """Neighbours at fixed offsets in [rows, *band], 0 beyond its border."""

    def __init__(self, values: Floats, offsets: Sequence[tuple[int, ...]]) -> None:
        shape = values.shape[1:]
        wide = tuple(length + 2 for length in shape)
        padded = np.zeros((len(values), *wide), np.float32)
        padded[(slice(None), *[slice(1, -1)] * len(shape))] = values
        self._flat, self._size = padded.reshape(-1), prod(wide)
        self._places, self._steps = _places(shape, wide, 1), _steps(wide, tuple(offsets))

    def _at(self, rows: NDArray[np.intp], places: NDArray[np.intp]) -> NDArray[np.intp]:
        at: NDArray[np.intp] = rows * self._size + self._places[places]
        return at

    def get(self, rows: NDArray[np.intp], places: NDArray[np.intp]) -> Floats:
        """[n, offsets] around places [n] of rows [n]."""
        return self._flat.take(self._at(rows, places)[:, None] + self._steps)

    def put(self, rows: NDArray[np.intp], places: NDArray[np.intp], values: Floats) -> None:
        """Set values [n]."""
        self._flat[self._at(rows, places)] = values


@final
class _Window:
    """Differences of neighbours in the low part to the one at a place, as signed g of quarters."""

    def __init__(
        self, low: NDArray[np.int64], offsets: Sequence[tuple[int, ...]], shape: Sequence[int]
    ) -> None:
        for axis in range(1, low.ndim):  # the border goes on
            length = low.shape[axis]
            around = np.arange(-BEFORE, length + AFTER).clip(0, length - 1)
            low = low.take(around, axis)
        wide = low.shape[1:]
        self._flat, self._size = low.reshape(-1), prod(wide)
        self._places, self._steps = (
            _places(tuple(shape), wide, BEFORE),
            _steps(wide, tuple(offsets)),
        )

    def get(self, rows: NDArray[np.intp], places: NDArray[np.intp]) -> Floats:
        """[n, offsets] around places [n] of rows [n]."""
        at = rows * self._size + self._places[places]
        changes = self._flat.take(at[:, None] + self._steps) - self._flat.take(at)[:, None]
        return signed(np.sign(changes) * (np.abs(changes) >> 2))


@lru_cache(maxsize=256)  # bands of a few pyramids
def _places(shape: tuple[int, ...], wide: tuple[int, ...], first: int) -> NDArray[np.intp]:
    """Where the places of a band are in a wider one, flat, that it lies in from `first` on."""
    inside = tuple(slice(first, first + length) for length in shape)
    return np.arange(prod(wide)).reshape(wide)[inside].ravel()


@lru_cache(maxsize=256)
def _steps(wide: tuple[int, ...], offsets: tuple[tuple[int, ...], ...]) -> NDArray[np.intp]:
    """How far places at these offsets are in an array of the shape `wide`, flat."""
    strides = [prod(wide[axis + 1 :]) for axis in range(len(wide))]
    return np.array(offsets, np.intp) @ np.array(strides, np.intp)
