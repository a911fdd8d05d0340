"""What bands and parts make of a tile, by what synthesis makes of them; and transposes of it."""

import numpy as np
import torch
from coding.builders import moving, pyramids
from hypothesis import given, settings
from hypothesis import strategies as st

from fit.builders import restless
from lgcodec.coding.pyramid import Pyramid
from lgcodec.fit.parts import band_of, made_of, motions_of, part_of, tile_of
from lgcodec.nets.lifting import analyse, synthesise


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
    found = made_of(pyramid, band, values)
    if pyramid.ahead:
        found = tile_of(pyramid, band.part, found, motions_of(pyramid, None))
    expected = synthesise(parts, low, pyramid)
    assert expected.abs().max() > 0
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


@settings(max_examples=20)
@given(pyramids(), st.integers(0, 2**16), st.data())
def test_the_slope_of_the_error(pyramid: Pyramid, seed: int, data: st.DataObject) -> None:
    """The adjoint: <error, what values make of their part> is <slope, values>."""
    band = data.draw(st.sampled_from(pyramid.bands))
    generator = torch.Generator().manual_seed(seed)
    shape = pyramid.parts[band.part].tile
    error = torch.randn(1, pyramid.channels, *shape, generator=generator).double()
    values = torch.randn(1, pyramid.channels, *band.shape, generator=generator).double()
    slope = band_of(pyramid, band, error)
    made = made_of(pyramid, band, values)
    np.testing.assert_allclose((error * made).sum(), (slope * values).sum(), rtol=1e-9, atol=1e-9)


@settings(max_examples=20)
@given(moving(), st.integers(0, 2**16), st.booleans())
def test_the_slope_of_the_pictures_of_a_part(pyramid: Pyramid, seed: int, moves: bool) -> None:
    """The adjoint once more: of what pictures make of their tile, wherever they are."""
    generator = torch.Generator().manual_seed(seed)
    error = torch.randn(2, pyramid.channels, *pyramid.tile, generator=generator).double()
    displaced = restless(pyramid, 2, generator)
    asked = motions_of(pyramid, displaced if moves else None)
    for number, part in enumerate(pyramid.parts):
        values = torch.randn(2, pyramid.channels, *part.tile, generator=generator).double()
        slope = part_of(pyramid, number, error, asked)
        made = tile_of(pyramid, number, values, asked)
        np.testing.assert_allclose(
            (error * made).sum(), (slope * values).sum(), rtol=1e-9, atol=1e-9
        )


@given(moving(), st.integers(0, 2**16), st.booleans())
def test_parts_add_up(pyramid: Pyramid, seed: int, moves: bool) -> None:
    """What each makes of a tile alone, to what all of them make."""
    generator = torch.Generator().manual_seed(seed)
    samples = torch.randn(2, pyramid.channels, *pyramid.tile, generator=generator).double()
    displaced = restless(pyramid, 2, generator) if moves else None
    bands, low = analyse(samples, pyramid, displaced)
    motions, total = motions_of(pyramid, displaced), torch.zeros_like(samples)
    for number, part in enumerate(pyramid.parts):
        pairs = zip(pyramid.bands, bands, strict=True)
        own = [values for band, values in pairs if band.part == number]
        pictures = synthesise(own[number > 0 :], own[0] if number else low, part)
        total += tile_of(pyramid, number, pictures, motions)
    torch.testing.assert_close(total, samples, rtol=0, atol=1e-9)
