"""The wavelet: exactly inverse, and the filters of Cohen, Daubechies and Feauveau inside."""

import numpy as np
import torch
from coding.builders import pyramids
from hypothesis import given
from hypothesis import strategies as st

from lgcodec.coding.pyramid import Pyramid
from lgcodec.nets.lifting import analyse, synthesise

# ITU-T T.800 (JPEG 2000), table F.2: analysis filters from the middle outwards.
LOW = (0.602949018236, 0.266864118443, -0.078223266529, -0.016864118443, 0.026748757411)
HIGH = (1.115087052457, -0.591271763114, -0.057543526229, 0.091271763114)


@given(pyramids(), st.integers(0, 2**16))
def test_what_was_taken_apart_is_joined(pyramid: Pyramid, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    shape = (2, pyramid.channels, *pyramid.tile)
    samples = torch.randn(shape, generator=generator, dtype=torch.float64)
    bands, low = analyse(samples, pyramid)
    assert low.shape == (2, pyramid.channels, *pyramid.coarse)
    assert [tuple(band.shape[2:]) for band in bands] == [band.shape for band in pyramid.bands]
    torch.testing.assert_close(synthesise(bands, low, pyramid), samples, rtol=0, atol=1e-9)


def test_the_filters_are_those_of_the_textbook() -> None:
    """Up to one scale for each part, which makes the basis nearly orthonormal."""
    size, middle = 64, 32
    responses = [[], []]
    for place in range(size):
        samples = torch.zeros(1, 1, size, dtype=torch.float64)
        samples[0, 0, place] = 1
        (high,), low = analyse(samples, Pyramid((size,), (1,), 1))
        responses[0].append(float(low[0, 0, middle // 2]))
        responses[1].append(float(high[0, 0, middle // 2]))
    for found, expected, centre in zip(responses, (LOW, HIGH), (middle, middle + 1), strict=True):
        taps = np.zeros(size)
        for offset, value in enumerate(expected):
            taps[[centre - offset, centre + offset]] = value
        scale = found[centre] / expected[0]
        assert 0.5 < scale < 2
        np.testing.assert_allclose(found, taps * scale, rtol=0, atol=1e-8)
        np.testing.assert_allclose(sum(v * v for v in found), 1, rtol=0.1)


def test_a_constant_is_low_alone() -> None:
    samples = torch.ones(1, 1, 9, 7, dtype=torch.float64)
    bands, low = analyse(samples, Pyramid((9, 7), (3, 2), 1))
    assert max(float(band.abs().max()) for band in bands) < 1e-9
    torch.testing.assert_close(low, torch.full_like(low, float(low[0, 0, 0, 0])))


def test_what_stands_still_is_in_the_low_part_alone() -> None:
    """Where time is split ahead; however fine it is, it is there once and not in every frame."""
    picture = torch.randn(2, 3, 1, 9, 8, generator=torch.Generator().manual_seed(0)).double()
    pyramid = Pyramid((7, 9, 8), (3, 2, 3), 3, ahead=1)
    bands, low = analyse(picture.expand(-1, -1, 7, -1, -1), pyramid)
    for band, values in zip(pyramid.bands, bands, strict=True):
        assert bool(values.abs().max() > (0.1 if band.part == 0 else 1e-9)) == (band.part == 0)
    assert low.abs().max() > 0.1
