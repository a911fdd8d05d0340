"""Signs: what their networks see and say, against the page of the specification."""

from itertools import product, takewhile
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coding import context_reference as reference
from coding import pyramid_reference
from coding.builders import AHEAD, pyramids, ready, symbols, told
from lgcodec.coding import context_loops, signs
from lgcodec.coding.context import Context
from lgcodec.coding.known import Known
from lgcodec.coding.pyramid import Pyramid
from lgcodec.coding.signs import BACK, SIGN_HIDDEN, SignNetwork, phases, sign_inputs, signed
from lgcodec.coding.streams import Reader

pytestmark = pytest.mark.usefixtures("lively")
Seen = list[tuple[list[int], int]]
SEEDS = st.integers(0, 2**16)


def seen(coder: Context, values: NDArray[Any]) -> Seen:
    """Features and odds of every sign, in the order of coding; one partition."""
    found: Seen = []
    parts = np.split(values, np.cumsum(coder.pyramid.sizes)[:-1], axis=1)
    for band, part, known in coder._bands(parts):
        signs, others = coder._signs(band, known), coder._signs(band, known)
        for channel in range(coder.pyramid.channels):
            own = part[:, channel]
            features, *_ = signs.examples(channel, own)
            odds = others.odds(channel, own, own != 0)[others.ordered(own) != 0]
            found.extend(zip(features.astype(int).tolist(), odds.tolist(), strict=True))
    return found


def odds_of(weights: NDArray[np.int64], axes: int, features: Any, place: list[int]) -> list[int]:
    """Of features [n, inputs], for a level, channel and phase."""
    network, units = SignNetwork(weights, features.shape[1], axes), SIGN_HIDDEN[axes]
    level, channel, phase = place
    layers, room = network.layers(level, channel), np.zeros((2, units), np.float32)
    return [int(context_loops._odds(layers, row, *room, phase)) for row in features]


@settings(max_examples=30)
@given(pyramids(), SEEDS)
def test_signs_see_what_the_specification_says(pyramid: Pyramid, seed: int) -> None:
    """LGI-K-48: features and odds, and which sign it is."""
    assert_signs(pyramid, seed)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("pyramid", AHEAD)
def test_signs_of_tiles_split_ahead(pyramid: Pyramid, seed: int) -> None:
    """LGI-K-48."""
    assert_signs(pyramid, seed)


def assert_signs(pyramid: Pyramid, seed: int) -> None:
    coder = ready(Context(pyramid), seed)
    values = symbols(coder, 1, seed)
    found = told(coder, values, seed=seed)
    assert seen(coder, values) == [(row, odds) for row, odds, _ in found.signs]
    assert sum(negative for *_, negative in found.signs) == (values < 0).sum()


@settings(max_examples=30)
@given(pyramids(), SEEDS)
@example(Pyramid((4, 3, 5), (1, 2, 2), 2, ahead=1), 19)
def test_negative_symbols_have_negative_odds(pyramid: Pyramid, seed: int) -> None:
    """On the coarsest level, where the low part is 0: it is rounded, and not as an odd function.

    Of an axis that is split ahead, in the first part alone: others come after finer levels of it.
    """
    coder = ready(Context(pyramid), seed)
    values = symbols(coder, 1, seed)
    before, after = seen(coder, values), seen(coder, -values)
    assert len(before) == len(after)
    levels = [band.level for band in pyramid.bands]
    first = len(list(takewhile(lambda level: level == levels[0], levels)))
    coarsest = sum(pyramid.sizes[:first])
    count = np.count_nonzero(values[0, :coarsest])
    for (row, odds), (turned, other) in list(zip(before, after, strict=True))[:count]:
        assert turned == [-number for number in row]
        assert other == -odds


@given(st.integers(1, 3), st.data(), SEEDS)
def test_networks_are_odd(axes: int, data: st.DataObject, seed: int) -> None:
    random = np.random.default_rng(seed)
    inputs = data.draw(st.integers(1, 40))
    weights = random.integers(-255, 256, SignNetwork.size(inputs, axes))
    features = random.integers(-192, 193, (7, inputs)).astype(np.float32)
    place = [data.draw(st.integers(0, most)) for most in (15, 63, 2**axes - 1)]
    odds = odds_of(weights, axes, features, place)
    assert odds_of(weights, axes, -features, place) == [-number for number in odds]
    assert odds == [
        reference.odds_of(weights.tolist(), row, *place) for row in features.astype(int).tolist()
    ]


def test_the_largest_sums_are_exact() -> None:
    """LGI-K-48: all numbers of the network and all features at their limits."""
    inputs = sign_inputs((True, True, True))
    weights = np.full(SignNetwork.size(inputs, 3), 255)
    features = np.full((1, inputs), reference.g(4095), np.float32)
    (odds,) = odds_of(weights, 3, features, [0, 0, 0])
    assert odds == reference.odds_of(weights.tolist(), [reference.g(4095)] * inputs, 0, 0, 0)
    assert inputs * reference.g(4095) * 255 < 2**24
    units = max(SIGN_HIDDEN.values())
    assert (units * 255 + 16) * signs.MOST_HIDDEN < 2**24
    assert units * signs.MOST_THEN * 255 < 2**24


@pytest.mark.parametrize("high", [h for n in (1, 2, 3) for h in product((False, True), repeat=n)])
def test_features_are_counted(high: tuple[bool, ...]) -> None:
    o = sum(up << (len(high) - 1 - a) for a, up in enumerate(high))
    assert sign_inputs(high) == reference.sign_inputs(o, len(high))


@pytest.mark.parametrize("o", range(1, 8))
def test_features_of_tiles_split_ahead_are_counted(o: int) -> None:
    """As the table of the page has them."""
    between = AHEAD[0].between(o)
    expected = (88, 93, 99)[(o & 3).bit_count()]
    assert sign_inputs(between) == reference.sign_inputs(o, 3, ahead=1) == expected


@pytest.mark.parametrize("shape", [(1,), (5,), (1, 4), (4, 7), (3, 2, 5), (2, 1, 1)])
def test_neighbours_are_in_other_phases(shape: tuple[int, ...]) -> None:
    found = phases(shape)
    told = dict(reversed(pair) for pair in pyramid_reference.by_phase(shape))
    assert {p: int(found[p]) for p in told} == told
    for p, n in product(told, reference.neighbours(len(shape))):
        assert told.get(pyramid_reference.near(p, n)) != told[p]


def test_magnitudes_have_their_signs() -> None:
    values = np.array([[0, 1, -1, 4095, -4096, 32767, -32767]], "<i2")
    assert signed(values).tolist() == [[reference.t(int(v)) for v in values[0]]]


def test_symbols_without_signs_are_not_read() -> None:
    pyramid = Pyramid((6, 4), (1, 1), 2)
    coder, known = ready(Context(pyramid), 0), Known(pyramid, 3)
    band = pyramid.bands[0]
    known.begin(band)
    sizes = np.zeros((3, *band.shape), np.int64)
    sizes[1, 2, 1], sizes[2, 0, 0] = 5, 1
    told, reader = coder._signs(band, known), Reader([b"\0"] * 3, 10)
    flat = sizes.reshape(3, -1)
    values = reader.signs(told.layers(1), told.places, told.seen, flat, 1)
    assert abs(values).tolist() == flat.tolist()
    assert reader._signs.tolist() == [0, 1, 1]


@settings(max_examples=30)
@given(pyramids(), SEEDS)
def test_odds_are_given_where_they_are_asked_for(pyramid: Pyramid, seed: int) -> None:
    """Also of symbols that are 0; who asks for fewer sees the same signs."""
    coder = ready(Context(pyramid), seed)
    values = symbols(coder, 2, seed)
    parts = np.split(values, np.cumsum(pyramid.sizes)[:-1], axis=1)
    some = [np.random.default_rng(seed).random(part.shape) < 0.5 for part in parts]
    every = coder.odds(parts, [np.ones_like(asked) for asked in some])
    for part, odds, asked in zip(coder.odds(parts, some), every, some, strict=True):
        assert (part == np.where(asked, odds, 0)).all()


def test_odds_are_compiled_once() -> None:
    """Whatever the type of symbols, and of how many partitions."""
    coder = ready(Context(Pyramid((6, 5), (1, 1), 2)), 0)
    for count in (1, 3):
        values = symbols(coder, count, 0)
        parts = np.split(values, np.cumsum(coder.pyramid.sizes)[:-1], axis=1)
        for kind in (np.int16, np.int64):
            typed = [part.astype(kind) for part in parts]
            coder.odds(typed, [part != 0 for part in typed])
    assert len(context_loops.odds_of_signs.signatures) == 1


@settings(max_examples=30)
@given(pyramids())
def test_nothing_is_read_outside_arrays(pyramid: Pyramid) -> None:
    """Loops do not check; neither do they leave the channel of a low part, or its partition."""
    coder, known = ready(Context(pyramid), 0), Known(pyramid, 1)
    for band in pyramid.bands:
        known.begin(band)
        (told, channels) = coder._signs(band, known), np.arange(pyramid.channels)
        places, (near, low) = told.places, told.seen
        at = np.add.outer((BACK + channels) * places.wide, places.near)
        at = np.add.outer(at, np.append(places.around, 0))
        assert at.min() >= 0 and at.max() < near.shape[1]
        window = np.add.outer(places.low, np.append(places.window, 0))
        assert window.min() >= 0 and window.max() < low.shape[2]
        known.add(band, np.zeros((1, pyramid.channels, *band.shape), np.int64))
