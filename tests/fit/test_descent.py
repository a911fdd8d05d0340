"""Descent on symbols: what one band makes of a tile is what synthesis makes of it alone.

And it descends, also where pictures move: in the price that symbols are chosen by.
"""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from coding.builders import moving, pyramids
from hypothesis import given, settings
from hypothesis import strategies as st

from fit.builders import film, restless, steady
from lgcodec.coding.base import Symbols
from lgcodec.coding.context import ENTROPY, Context
from lgcodec.coding.pyramid import Pyramid
from lgcodec.fit import descent
from lgcodec.fit.curvature import error_weights, pulled
from lgcodec.fit.entropy import costs
from lgcodec.fit.rounding import LAMBDA, dead_zone
from lgcodec.nets.lifting import analyse, synthesise, tile_of_part
from lgcodec.nets.norms import norms


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
    if pyramid.ahead:
        found = tile_of_part(found, pyramid, band.part)
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
    slope = descent._slope(pyramid, band, error)
    made = descent._alone(pyramid, band, values)
    np.testing.assert_allclose((error * made).sum(), (slope * values).sum(), rtol=1e-9, atol=1e-9)


@settings(max_examples=20)
@given(moving(), st.integers(0, 2**16), st.booleans())
def test_the_slope_of_the_pictures_of_a_part(pyramid: Pyramid, seed: int, moves: bool) -> None:
    """The adjoint once more: of what pictures make of their tile, wherever they are."""
    generator = torch.Generator().manual_seed(seed)
    error = torch.randn(2, pyramid.channels, *pyramid.tile, generator=generator).double()
    displaced = restless(pyramid, 2, generator)
    asked = displaced if moves else None
    for number, part in enumerate(pyramid.parts):
        values = torch.randn(2, pyramid.channels, *part.tile, generator=generator).double()
        slope = pulled(pyramid, number, error, asked)
        made = tile_of_part(values, pyramid, number, asked)
        np.testing.assert_allclose(
            (error * made).sum(), (slope * values).sum(), rtol=1e-9, atol=1e-9
        )


STEP = 1 / 16  # of all bands, network units


@pytest.mark.parametrize(
    "velocity",
    [None, (0.0, 0.125), (0.5, -0.25), (1.0, 3.0)],
    ids=["still", "slow", "half", "fast"],
)
def test_it_descends(velocity: tuple[float, float] | None) -> None:
    """Squared steps of error and the price of bits, classes as they are: less than at first."""
    pyramid = Pyramid((9, 20, 26), (3, 2, 2), 1, 1, 0 if velocity is None else 8)
    samples = torch.from_numpy(film(pyramid.tile, velocity or (0, 0), seed=1)[None, None]).float()
    displaced = None if velocity is None else steady(pyramid, velocity)
    weights = None if displaced is None else error_weights(pyramid, displaced)
    scales = [STEP / norm[None] for norm in norms(pyramid)]
    bands, low = analyse(samples, pyramid, displaced)
    symbols: Sequence[Symbols] = [
        dead_zone((band / scale).flatten(1).numpy())
        for band, scale in zip(bands, scales, strict=True)
    ]
    coder = Context(pyramid)
    coder = coder.for_locals(pyramid.tensors(), {ENTROPY: np.zeros(coder.network_size, np.float32)})
    classes = coder.classes(symbols)

    def error() -> torch.Tensor:
        pairs = zip(symbols, scales, strict=True)
        parts = [torch.from_numpy(s).float().view(1, *scale.shape) * scale for s, scale in pairs]
        return synthesise(parts, low, pyramid, displaced) - samples

    def price() -> float:
        pairs = zip(classes, symbols, strict=True)
        bits = sum(costs(c, np.abs(s).astype(np.float32)).sum() for c, s in pairs)
        return float(error().square().sum() / STEP**2 + LAMBDA * bits)

    prices = [price()]
    for _ in range(2):
        symbols = descent.descend(
            pyramid,
            scales,
            error(),
            torch.ones(1, *pyramid.tile),
            symbols=symbols,
            classes=classes,
            odds=[np.zeros(s.shape, np.int64) for s in symbols],
            displaced=displaced,
            weights=weights,
        )
        prices.append(price())
    assert prices[1] < prices[0]
    assert prices[2] < prices[0]
