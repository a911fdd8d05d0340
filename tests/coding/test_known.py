"""What is known band after band, against the page of the specification."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding.builders import AHEAD, pyramids, ready, symbols, told
from lgcodec.coding.context import Context
from lgcodec.coding.known import Known
from lgcodec.coding.pyramid import Pyramid

pytestmark = pytest.mark.usefixtures("lively")


@settings(max_examples=25)
@given(pyramids(), st.integers(0, 2**16))
def test_low_parts_are_those_of_the_specification(pyramid: Pyramid, seed: int) -> None:
    """LGI-K-48: of every level and channel."""
    assert_low_parts(pyramid, seed)


@pytest.mark.parametrize("pyramid", AHEAD)
def test_low_parts_of_tiles_split_ahead(pyramid: Pyramid) -> None:
    """LGI-K-48: of every part too."""
    assert_low_parts(pyramid, 7)


def assert_low_parts(pyramid: Pyramid, seed: int) -> None:
    coder = ready(Context(pyramid), seed)
    values = symbols(coder, 1, seed)
    found = told(coder, values, seed=seed)
    known = Known(pyramid, 1)
    parts = np.split(values, np.cumsum(pyramid.sizes)[:-1], axis=1)
    for band, part in zip(pyramid.bands, parts, strict=True):
        known.begin(band)
        for channel, expected in zip(known.low[0], found.low[band.part, band.level], strict=True):
            assert {p: channel[p] for p in product(*map(range, channel.shape))} == expected
        known.add(band, part.reshape(1, pyramid.channels, *band.shape))


def test_signs_are_known_of_one_level() -> None:
    pyramid = Pyramid((8, 8), (2, 1), 1)
    known = Known(pyramid, 2)
    seen = []
    for band in pyramid.bands:
        known.begin(band)
        seen.append((band.level, band.orientation, sorted(known.signed)))
        known.add(band, np.full((2, 1, *band.shape), -1))
    assert seen == [(1, 2, []), (0, 1, []), (0, 2, [1]), (0, 3, [1, 2])]
    assert sorted(known.magnitudes) == [(0, 0, 1), (0, 0, 2), (0, 0, 3), (0, 1, 2)]
    assert (known.signed[3] == -16).all()
    assert (known.magnitudes[0, 0, 3] == 16).all()
