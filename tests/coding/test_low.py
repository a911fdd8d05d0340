"""The low part against the page of the specification, and near the wavelet of latents."""

from itertools import product

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from coding import pyramid_reference
from coding.builders import pyramids
from lgcodec.coding.low import ONE, joined
from lgcodec.coding.pyramid import Pyramid
from lgcodec.nets.lifting import synthesise

Parts = dict[int, NDArray[np.int64]]
NEAR = 12  # of ONE * 60: what rounding may add up to over three axes


def drawn(pyramid: Pyramid, most: int, seed: int) -> Parts:
    """Symbols [2, C, *band] of the finest level by orientation; the part 0 is low."""
    random = np.random.default_rng(seed)
    shapes = {b.orientation: b.shape for b in pyramid.bands if b.level == 0}
    shapes[0] = pyramid.low(1)
    return {
        o: random.integers(-most, most + 1, (2, pyramid.channels, *shape))
        for o, shape in shapes.items()
    }


def grid(values: NDArray[np.int64]) -> pyramid_reference.Grid:
    return {p: int(values[p]) for p in product(*map(range, values.shape))}


@given(pyramids(), st.sampled_from([1, 60, 2**15 - 1]), st.integers(0, 2**16))
def test_it_is_that_of_the_specification(pyramid: Pyramid, most: int, seed: int) -> None:
    """LGI-K-48: also of the largest symbols, where every product must fit 64 bits."""
    pyramid = pyramid.parts[0]  # all of it where it is not split ahead
    symbols = drawn(pyramid, most, seed)
    if most > 60:
        symbols = {o: np.sign(part) * most for o, part in symbols.items()}
    low = ONE * 2 * symbols.pop(0)
    split = pyramid.split(0)
    found = joined({0: low, **{o: ONE * part for o, part in symbols.items()}}, split)
    assert found.shape == (2, pyramid.channels, *pyramid.tile)
    assert np.abs(found).max() <= 2**20
    at = 1, pyramid.channels - 1
    bands = {o: grid(part[at]) for o, part in symbols.items()}
    assert grid(found[at]) == pyramid_reference.join(grid(low[at]), bands, split)


@given(pyramids(), st.integers(0, 2**16))
def test_it_is_near_the_wavelet_of_latents(pyramid: Pyramid, seed: int) -> None:
    one = Pyramid(pyramid.tile, tuple(min(n, 1) for n in pyramid.levels), pyramid.channels)
    parts = drawn(one, 60, seed)
    found = joined({o: ONE * part for o, part in parts.items()}, one.split(0))
    bands = [torch.from_numpy(parts[band.orientation]).double() for band in one.bands]
    expected = synthesise(bands, torch.from_numpy(parts[0]).double(), one).numpy()
    assert np.abs(found - ONE * expected).max() < NEAR


def test_the_largest_numbers_fit() -> None:
    """All signs as they add up the most: the limit is reached, and Python's integers agree."""
    for axes in (1, 2, 3):
        for signs in product((-1, 1), repeat=2**axes):
            shape = (1, 1, *(2,) * axes)
            parts = {o: np.full(shape, 2**15 - 1) * ONE * sign for o, sign in enumerate(signs)}
            parts[0] = np.full(shape, 2**20) * signs[0]
            found = joined(parts, (True,) * axes)
            bands = {o: grid(part[0, 0] // ONE) for o, part in parts.items() if o}
            expected = pyramid_reference.join(grid(parts[0][0, 0]), bands, (True,) * axes)
            assert grid(found[0, 0]) == expected
