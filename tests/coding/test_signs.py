"""Signs: what their networks see and say, against the page of the specification."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coding import context_reference as reference
from coding.builders import pyramids, ready, symbols, told
from lgcodec.coding import signs
from lgcodec.coding.context import Context
from lgcodec.coding.known import Known
from lgcodec.coding.pyramid import Pyramid
from lgcodec.coding.signs import SIGN_HIDDEN, SignNetwork, phases, sign_inputs, signed

pytestmark = pytest.mark.usefixtures("lively")
Seen = list[tuple[list[int], int]]
SEEDS = st.integers(0, 2**16)


def seen(coder: Context, values: NDArray[Any]) -> Seen:
    """Features and odds of every sign, in the order of coding; one partition."""
    found: Seen = []
    odds_of = SignNetwork.odds

    def odds(self: SignNetwork, features: Any, *place: int) -> NDArray[np.int64]:
        odds = odds_of(self, features, *place)
        found.extend(zip(features.astype(int).tolist(), odds.tolist(), strict=True))
        return odds

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SignNetwork, "odds", odds)
        coder.encode((), [values])
    return found


@settings(max_examples=30)
@given(pyramids(), SEEDS)
def test_signs_see_what_the_specification_says(pyramid: Pyramid, seed: int) -> None:
    """LGI-K-48: features and odds, and which sign it is."""
    coder = ready(Context(pyramid), seed)
    values = symbols(coder, 1, seed)
    found = told(coder, values, seed)
    assert seen(coder, values) == [(row, odds) for row, odds, _ in found.signs]
    assert sum(negative for *_, negative in found.signs) == (values < 0).sum()


@settings(max_examples=30)
@given(pyramids(), SEEDS)
def test_negative_symbols_have_negative_odds(pyramid: Pyramid, seed: int) -> None:
    """On the coarsest level, where the low part is 0: it is rounded, and not as an odd function."""
    coder = ready(Context(pyramid), seed)
    values = symbols(coder, 1, seed)
    before, after = seen(coder, values), seen(coder, -values)
    assert len(before) == len(after)
    sizes = zip(pyramid.bands, pyramid.sizes, strict=True)
    coarsest = sum(size for band, size in sizes if band.level == max(pyramid.levels) - 1)
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
    odds = SignNetwork(weights, inputs, axes).odds(features, *place)
    assert (SignNetwork(weights, inputs, axes).odds(-features, *place) == -odds).all()
    assert odds.tolist() == [
        reference.odds_of(weights.tolist(), row, *place) for row in features.astype(int).tolist()
    ]


def test_the_largest_sums_are_exact() -> None:
    """LGI-K-48: all numbers of the network and all features at their limits."""
    inputs = sign_inputs((True, True, True))
    weights = np.full(SignNetwork.size(inputs, 3), 255)
    features = np.full((1, inputs), reference.g(4095), np.float32)
    (odds,) = SignNetwork(weights, inputs, 3).odds(features, 0, 0, 0)
    assert odds == reference.odds_of(weights.tolist(), [reference.g(4095)] * inputs, 0, 0, 0)
    assert inputs * reference.g(4095) * 255 < 2**24
    units = max(SIGN_HIDDEN.values())
    assert (units * 255 + 16) * signs.MOST_HIDDEN < 2**24
    assert units * signs.MOST_THEN * 255 < 2**24


@pytest.mark.parametrize("high", [h for n in (1, 2, 3) for h in product((False, True), repeat=n)])
def test_features_are_counted(high: tuple[bool, ...]) -> None:
    o = sum(up << (len(high) - 1 - a) for a, up in enumerate(high))
    assert sign_inputs(high) == reference.sign_inputs(o, len(high))


@pytest.mark.parametrize("shape", [(1,), (5,), (1, 4), (4, 7), (3, 2, 5), (2, 1, 1)])
def test_neighbours_are_in_other_phases(shape: tuple[int, ...]) -> None:
    found = phases(shape)
    told = dict(reversed(pair) for pair in reference.by_phase(shape))
    assert {p: int(found[p]) for p in told} == told
    for p, n in product(told, reference.neighbours(len(shape))):
        assert told.get(reference.near(p, n)) != told[p]


def test_magnitudes_have_their_signs() -> None:
    values = np.array([[0, 1, -1, 4095, -4096, 32767, -32767]], "<i2")
    assert signed(values).tolist() == [[reference.t(int(v)) for v in values[0]]]


def test_symbols_without_signs_are_not_asked_for() -> None:
    pyramid = Pyramid((6, 4), (1, 1), 2)
    coder, known = ready(Context(pyramid), 0), Known(pyramid, 3)
    asked: list[int] = []

    def code(rows: NDArray[np.intp], places: NDArray[np.intp], _: Any) -> NDArray[np.bool_]:
        asked.extend((rows * 6 + places).tolist())
        return np.ones(len(rows), np.bool_)

    band = pyramid.bands[0]
    known.begin(band)
    sizes = np.zeros((3, *band.shape), np.int64)
    sizes[1, 2, 1], sizes[2, 0, 0] = 5, 1
    values = coder._signs(band, known).values(1, sizes, code)
    assert values.tolist() == (-sizes).tolist()
    assert sorted(asked) == [6 + 5, 12]
