"""Which sign a symbol is likely to have: from signs around it, and from edges in the low part.

Along an edge the signs of a band follow each other, and where the low part rises the band knows
which way. Places are coded in phases, every other one along each axis, so that most have known
neighbours on all sides. The network is odd: the negative of what it sees gives the negative of
what it says. In integers held by float32, like the network of classes. Specification: context.md.
"""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import combinations, product
from math import prod
from typing import Any, Final, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.neighbours import magnitude, magnitudes
from lgcodec.coding.pyramid import Band, Pyramid

__all__ = [
    "GAINS",
    "SIGN_HIDDEN",
    "BandSigns",
    "Seen",
    "SignLayers",
    "SignNetwork",
    "SignPlaces",
    "phases",
    "sign_inputs",
    "sign_places",
    "signed",
]

SIGN_HIDDEN: Final[Mapping[int, int]] = {1: 24, 2: 64, 3: 24}  # units of a layer, by axes
GAINS: Final = 7  # of the four finest levels and of three kinds of channels; then those of phases
MOST_HIDDEN: Final = 256  # stands for 1: units saturate
MOST_THEN: Final = 1024  # of the second layer
BEFORE, AFTER = 1, 2  # how far neighbours in the low part reach
BACK: Final = 2  # channels of the same band, and bands of the same level, that are looked back at
Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


class SignLayers(NamedTuple):
    """What a network makes of the signs of one level and channel.

    first, second, vector   [F, U], [U, U] and [U]
    gains   [2**axes] of each phase
    """

    first: Floats
    second: Floats
    vector: Floats
    gains: Integers


class SignPlaces(NamedTuple):
    """The places of a band in the order of signs [N], in it and in the arrays of `Seen`.

    phase   [N] of each
    near    [N] in a channel of `Seen.near`, whose channels are `wide` apart
    low     [N] in a channel of `Seen.low`
    around, window   how far what a sign sees is from its own place in those two arrays
    """

    inner: Integers
    phase: Integers
    near: Integers
    low: Integers
    around: Integers
    window: Integers
    wide: int


class Seen(NamedTuple):
    """What signs of a band are told from.

    near   [P, (1 + BACK) * (BACK + C) * wide] signed g of the band, of the one before it and of
           that before; BACK channels of zeros come before each, and zeros are around each channel
    low    [P, C, low] what the level leaves low, whose border goes on
    """

    near: Floats
    low: Integers


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

    def layers(self, level: int, channel: int) -> SignLayers:
        """For the signs of a level and channel."""
        gain = self.gains[min(level, 3)] + self.gains[4 + min(channel, 2)]
        return SignLayers(self.matrix, self.then, self.vector, gain + self.gains[GAINS:])


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


@lru_cache(maxsize=1024)
def phases(shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Phase [*band] of every place: even sums of coordinates first, by their lowest bits."""
    axes = len(shape)
    order = sorted(product((0, 1), repeat=axes), key=lambda p: (sum(p) % 2, p))
    number = np.zeros((2,) * axes, np.intp)
    for phase, odd in enumerate(order):
        number[odd] = phase
    found: NDArray[np.intp] = number[tuple(index % 2 for index in np.indices(shape))]
    return found


@lru_cache(maxsize=1024)  # bands of a few pyramids
def sign_places(
    shape: tuple[int, ...], low: tuple[int, ...], high: tuple[bool, ...], channels: int
) -> SignPlaces:
    """The places of a band of this shape, beside a low part of the shape `low`.

    high   along which axes they lie between two places of it
    """
    own, axes = phases(shape).ravel(), len(shape)
    order = np.argsort(own, kind="stable")
    places = np.stack(np.unravel_index(order, shape))
    strides, low_strides = _strides(shape, 2), _strides(low, BEFORE + AFTER)
    beside = np.array(_beside(axes)) @ strides
    cross, wide = np.array([0, *beside[: 2 * axes]]), prod(n + 2 for n in shape)
    channels_back = [cross - back * wide for back in range(1, BACK + 1)]
    bands_back = [
        np.array([0, *beside]) + back * (BACK + channels) * wide for back in range(1, BACK + 1)
    ]
    around = np.concatenate([beside, *channels_back, *bands_back])
    window = np.array(_window(high)) @ low_strides
    return SignPlaces(
        order, own[order], strides @ (places + 1), low_strides @ (places + BEFORE), around, window,
        wide,
    )  # fmt: skip


def _strides(shape: Sequence[int], more: int) -> Integers:
    """Of an array that is longer than `shape` by so much along every axis."""
    return np.array([prod(n + more for n in shape[axis + 1 :]) for axis in range(len(shape))])


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
        low: Integers,
    ) -> None:
        high = pyramid.between(band.orientation)
        self._network, self._level = network, band.level
        self.places = sign_places(band.shape, low.shape[2:], high, pyramid.channels)
        before = [known.get(band.orientation - back) for back in range(1, BACK + 1)]
        self.seen = Seen(_near(before, band.shape, low.shape[:2]), _continued(low))

    def layers(self, channel: int) -> SignLayers:
        """The network of the signs of a channel."""
        return self._network.layers(self._level, channel)

    def odds(self, channel: int, values: NDArray[Any], asked: NDArray[np.bool_]) -> Integers:
        """Odds [P, N] of the places that are `asked` for, 0 elsewhere, among symbols [P, *band].

        They are in the order of coding, above 0 where a positive sign is likelier.
        """
        from lgcodec.coding import context_loops  # noqa: PLC0415 (numba, only when coding)

        # One type of symbols: of every other one the loop would be compiled anew, for seconds.
        ordered = self.ordered(values).astype(np.int64)
        layers, wanted = self.layers(channel), self.ordered(asked)
        return context_loops.odds_of_signs(
            layers, self.places, self.seen, channel, ordered, wanted, magnitudes()
        )

    def examples(
        self, channel: int, values: NDArray[Any]
    ) -> tuple[Floats, NDArray[np.intp], NDArray[Any]]:
        """Features [n, inputs] of symbols [P, *band] but 0, phases [n] and the symbols [n]."""
        from lgcodec.coding import context_loops  # noqa: PLC0415 (numba, only when coding)

        ordered = self.ordered(values)
        features = context_loops.features_of_signs(
            self.places, self.seen, channel, ordered, magnitudes()
        )
        _, at = np.nonzero(ordered)
        return features, self.places.phase[at], ordered[ordered != 0]

    def ordered(self, values: NDArray[Any]) -> NDArray[Any]:
        """[P, *band] as [P, N] in the order of coding, row after row in memory."""
        return values.reshape(len(values), -1).take(self.places.inner, axis=1)


def _near(
    before: Sequence[Floats | None], shape: tuple[int, ...], count: tuple[int, ...]
) -> Floats:
    """`Seen.near` before any sign of the band is known, of the bands [P, C, *any] before it."""
    wide = tuple(length + 2 for length in shape)
    near = np.zeros((count[0], 1 + BACK, BACK + count[1], *wide), np.float32)
    for number, part in enumerate(before, 1):
        if part is not None:  # bands of a level may differ in length
            lengths = [min(pair) for pair in zip(part.shape[2:], shape, strict=True)]
            into, every = near[:, number, BACK:], (slice(None), slice(None))
            inside = part[(*every, *(slice(0, n) for n in lengths))]
            into[(*every, *(slice(1, 1 + n) for n in lengths))] = inside
    return near.reshape(count[0], prod(near.shape[1:]))


def _continued(low: Integers) -> Integers:
    """`Seen.low` of a low part [P, C, *low]."""
    for axis in range(2, low.ndim):
        length = low.shape[axis]
        low = low.take(np.arange(-BEFORE, length + AFTER).clip(0, length - 1), axis)
    return low.reshape(*low.shape[:2], prod(low.shape[2:]))
