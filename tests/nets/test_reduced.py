"""lgcodec.nets.reduced: what is left of a picture without its finest levels."""

import pytest
import torch
from torch import Tensor

from lgcodec.coding.pyramid import Pyramid
from lgcodec.nets.lifting import analyse, synthesise
from lgcodec.nets.reduced import (
    centred,
    halved,
    left_out,
    low_gain,
    most_halvings,
    reduced_pyramid,
)

PYRAMIDS = [
    Pyramid((64,), (4,), 1),
    Pyramid((32, 48), (4, 3), 3),
    Pyramid((23, 30), (3, 4), 1),
    Pyramid((16, 8, 24), (3, 2, 3), 2),
]
cases = pytest.mark.parametrize("pyramid", PYRAMIDS)


def small(tile: Tensor, pyramid: Pyramid, halvings: int) -> Tensor:
    """The tile, by as many levels as are needed."""
    shown, levels = reduced_pyramid(pyramid, halvings), left_out(halvings)
    bands, coarse = analyse(tile, pyramid)
    low = synthesise(bands[: len(shown.bands)], coarse, shown) / low_gain(pyramid, levels)
    return halved(centred(low, levels))


def plane(pyramid: Pyramid) -> Tensor:
    """A tile [1, C, *tile] that rises along every axis."""
    grids = [torch.arange(n, dtype=torch.float64) for n in pyramid.tile]
    whole = sum(
        (grid * (axis + 1)).view(-1, *[1] * (len(grids) - 1 - axis))
        for axis, grid in enumerate(grids)
    )
    return torch.as_tensor(whole).expand(1, pyramid.channels, *pyramid.tile).clone()


def means(tile: Tensor, halvings: int) -> Tensor:
    """Of blocks of 2**halvings samples along each axis, those that are whole."""
    for axis in range(2, tile.ndim):
        count = tile.shape[axis] >> halvings
        blocks = tile.narrow(axis, 0, count << halvings).unflatten(axis, (count, -1))
        tile = blocks.mean(axis + 1)
    return tile


@cases
def test_bands_are_the_first_of_the_whole_pyramid(pyramid: Pyramid) -> None:
    for halvings in range(most_halvings(pyramid) + 1):
        shown = reduced_pyramid(pyramid, halvings)
        levels = left_out(halvings)
        assert [b.shape for b in shown.bands] == [
            b.shape for b in pyramid.bands if b.level >= levels
        ]
        assert shown.coarse == pyramid.coarse


@cases
def test_what_is_constant_stays(pyramid: Pyramid) -> None:
    tile = torch.full((1, pyramid.channels, *pyramid.tile), 3.0)
    for halvings in range(1, most_halvings(pyramid) + 1):
        torch.testing.assert_close(
            small(tile, pyramid, halvings),
            torch.full((1, pyramid.channels, *pyramid.low(halvings)), 3.0),
        )


@pytest.mark.parametrize(
    "pyramid",
    [
        Pyramid((64,), (4,), 1),
        Pyramid((71, 62), (5, 4), 3),
        Pyramid((48, 50, 55), (3, 2, 3), 1),
    ],
)
def test_samples_lie_in_the_middle_of_those_they_stand_for(pyramid: Pyramid) -> None:
    """A plane has its mean in the middle of each block; near the border it is bent."""
    tile = plane(pyramid)
    for halvings in (1, 2):
        expected = means(tile, halvings)
        inside = (..., *[slice(n // 2 - 1, n // 2) for n in expected.shape[2:]])
        found = small(tile, pyramid, halvings)[inside]
        torch.testing.assert_close(found, expected[inside], atol=1e-6, rtol=0)


def test_one_halving_is_the_mean_of_pairs() -> None:
    tile = torch.randn(2, 3, 8, 7, generator=torch.Generator().manual_seed(0))
    pyramid = Pyramid((8, 7), (2, 2), 3)
    found = small(tile, pyramid, 1)
    torch.testing.assert_close(found[..., :3], means(tile, 1))
    rows = tile.unflatten(2, (4, 2)).mean(3)  # extrapolated by one
    torch.testing.assert_close(found[..., 3], (3 * rows[..., 6] - rows[..., 5]) / 2)


def test_films_are_not_reduced() -> None:
    assert most_halvings(Pyramid((8, 16, 16), (3, 4, 4), 3, ahead=1)) == 0
