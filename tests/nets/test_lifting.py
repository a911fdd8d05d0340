"""The wavelet: exactly inverse, and the filters of Cohen, Daubechies and Feauveau inside.

Along time it follows what moves, and stays inverse wherever a file says that pictures are.
"""

import numpy as np
import pytest
import torch
from coding.builders import moving, pyramids
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


# --- motion


def drawn(pyramid: Pyramid, seed: int, most: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two tiles in binary64, and displacements of blocks of their pictures."""
    generator = torch.Generator().manual_seed(seed)
    samples = torch.randn(2, pyramid.channels, *pyramid.tile, generator=generator).double()
    displaced = torch.zeros(2, pyramid.tile[0], *pyramid.blocks, 3, dtype=torch.int64)
    shape = 2, len(pyramid.predicted), *pyramid.blocks
    away = torch.randint(-most, most + 1, (*shape, 2), generator=generator)
    which = torch.randint(0, 3, (*shape, 1), generator=generator)
    displaced[:, list(pyramid.predicted)] = torch.cat([away, which], -1)
    return samples, displaced


@given(moving(), st.integers(0, 2**16), st.sampled_from([1, 9, 100, 2**40]))
def test_what_was_taken_apart_along_motion_is_joined(
    pyramid: Pyramid, seed: int, most: int
) -> None:
    samples, displaced = drawn(pyramid, seed, most)
    bands, low = analyse(samples, pyramid, displaced)
    assert [tuple(band.shape[2:]) for band in bands] == [band.shape for band in pyramid.bands]
    found = synthesise(bands, low, pyramid, displaced)
    torch.testing.assert_close(found, samples, rtol=0, atol=1e-9)


@pytest.mark.parametrize("count", range(2, 10))
def test_lines_of_any_length(count: int) -> None:
    """As many splits as there can be; what is joined without motion is something else."""
    pyramid = Pyramid((count, 6, 9), ((count - 1).bit_length(), 1, 2), 1, 1, 4)
    samples, displaced = drawn(pyramid, count, 30)
    bands, low = analyse(samples, pyramid, displaced)
    found = synthesise(bands, low, pyramid, displaced)
    torch.testing.assert_close(found, samples, rtol=0, atol=1e-9)
    assert (synthesise(bands, low, pyramid) - samples).abs().max() > 0.1


@given(moving(), st.integers(0, 2**16))
def test_a_tile_that_stands_still_beside_one_that_moves(pyramid: Pyramid, seed: int) -> None:
    """The bits that it has without motion, both ways; and so where none moves."""
    samples, displaced = drawn(pyramid, seed, 20)
    samples, displaced[0] = samples.float(), 0
    (bands, low), (plain, plain_low) = (
        analyse(samples, pyramid, moves) for moves in (displaced, None)
    )
    for one, other in zip([*bands, low], [*plain, plain_low], strict=True):
        assert torch.equal(one[0], other[0])
    plain_tiles = synthesise(plain, plain_low, pyramid)
    assert torch.equal(synthesise(plain, plain_low, pyramid, displaced)[0], plain_tiles[0])
    still = torch.zeros_like(displaced)
    assert torch.equal(synthesise(plain, plain_low, pyramid, still), plain_tiles)


def high_parts(samples: torch.Tensor, displaced: torch.Tensor | None) -> float:
    """The largest number of all parts but the low one; three splits of time, one of pictures."""
    pyramid = film(samples)
    bands, _ = analyse(samples, pyramid, displaced)
    pairs = zip(pyramid.bands, bands, strict=True)
    return max(float(values.abs().max()) for band, values in pairs if band.part)


def film(samples: torch.Tensor) -> Pyramid:
    return Pyramid(tuple(samples.shape[2:]), (3, 1, 1), samples.shape[1], 1, 8)


def followed(samples: torch.Tensor, places: torch.Tensor, which: int) -> torch.Tensor:
    """Displacements of all blocks of pictures that are at places [T, 2], quarters of a sample."""
    pyramid = film(samples)
    displaced = torch.zeros(1, pyramid.tile[0], *pyramid.blocks, 3, dtype=torch.int64)
    for t in pyramid.predicted:
        far = t & -t  # as many pictures away as t has factors of 2
        away = places[t] - places[t + far] if which == 2 else places[t - far] - places[t]
        displaced[0, t, :, :, :2] = away
        displaced[0, t, :, :, 2] = which
    return displaced


def noise_at(places: torch.Tensor, seed: int) -> torch.Tensor:
    """A film of noise in front of nothing, at whole samples [T, 2]."""
    noise = torch.randn(2, 7, 5, generator=torch.Generator().manual_seed(seed)).double()
    samples = torch.zeros(1, 2, len(places), 28, 30, dtype=torch.float64)
    for at, (y, x) in enumerate(places.tolist()):
        samples[0, :, at, y : y + 7, x : x + 5] += noise
    return samples


@pytest.mark.parametrize("count", [8, 9])
def test_what_moves_is_in_the_low_part_alone(count: int) -> None:
    """Seen before and after, one way all the time."""
    places = torch.arange(count)[:, None] * torch.tensor([1, -1]) + torch.tensor([10, 12])
    samples = noise_at(places, count)
    assert high_parts(samples, None) > 1
    assert high_parts(samples, followed(samples, -4 * places, 0)) > 1  # the other way
    assert high_parts(samples, followed(samples, 4 * places, 0)) < 1e-9


@pytest.mark.parametrize(("count", "which"), [(8, 1), (9, 1), (9, 2)])
def test_what_moves_is_seen_before_or_after(count: int, which: int) -> None:
    """Some way every time."""
    generator = torch.Generator().manual_seed(count)
    steps = torch.randint(-1, 2, (count, 2), generator=generator)
    places = steps.cumsum(0) + torch.tensor([10, 12])
    samples = noise_at(places, count)
    assert high_parts(samples, followed(samples, 4 * places, 0)) > 1
    assert high_parts(samples, followed(samples, -4 * places, which)) > 1
    assert high_parts(samples, followed(samples, 4 * places, which)) < 1e-9


def test_what_moves_by_parts_of_samples() -> None:
    """A smooth spot, half a sample down and a quarter to the left each time."""
    t, y, x = np.indices((9, 28, 32))
    spot = np.exp(-((y - 12 - t / 2) ** 2 + (x - 17 + t / 4) ** 2) / 8)
    samples = torch.from_numpy(spot)[None, None]
    places = torch.arange(9)[:, None] * torch.tensor([2, -1])
    still = high_parts(samples, None)
    assert high_parts(samples, followed(samples, places, 0)) < 0.03 * still
