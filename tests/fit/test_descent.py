"""Descent on symbols: what one band makes of a tile is what synthesis makes of it alone."""

import numpy as np
import torch
from coding.builders import pyramids
from hypothesis import given, settings
from hypothesis import strategies as st

from lgcodec.coding.pyramid import Pyramid
from lgcodec.fit import descent
from lgcodec.nets.lifting import synthesise


@settings(max_examples=40)
@given(pyramids(), st.integers(0, 2**16), st.data())
def test_a_band_alone(pyramid: Pyramid, seed: int, data: st.DataObject) -> None:
    band = data.draw(st.sampled_from(pyramid.bands))
    generator = torch.Generator().manual_seed(seed)
    shape = (2, pyramid.channels, *band.shape)
    values = torch.randn(shape, generator=generator, dtype=torch.float64)
    parts = [
        values if other == band else values.new_zeros(2, pyramid.channels, *other.shape)
        for other in pyramid.bands
    ]
    low = values.new_zeros(2, pyramid.channels, *pyramid.coarse)
    found = descent._alone(pyramid, band, values)
    expected = synthesise(parts, low, pyramid)
    assert expected.abs().max() > 0
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


@settings(max_examples=20)
@given(pyramids(), st.integers(0, 2**16), st.data())
def test_the_slope_of_the_error(pyramid: Pyramid, seed: int, data: st.DataObject) -> None:
    """The adjoint: <error, what values make> is <slope, values>."""
    band = data.draw(st.sampled_from(pyramid.bands))
    generator = torch.Generator().manual_seed(seed)
    error = torch.randn(1, pyramid.channels, *pyramid.tile, generator=generator).double()
    values = torch.randn(1, pyramid.channels, *band.shape, generator=generator).double()
    slope = descent._slope(pyramid, band, error)
    made = descent._alone(pyramid, band, values)
    np.testing.assert_allclose((error * made).sum(), (slope * values).sum(), rtol=1e-9, atol=1e-9)
