"""The coarse grid that leaves nothing low in any tile."""

from itertools import product

import pytest
import torch

from lgcodec.fit.smooth_grid import solved
from lgcodec.nets import Latent
from lgcodec.nets.lifting import analyse
from lgcodec.nets.smooth import spread


@pytest.mark.parametrize(
    "family",
    [
        Latent(1, (8,), (2,), (24,)),
        Latent(3, (8, 6), (3, 1), (16, 17)),
        Latent(2, (4, 6, 5), (2, 2, 1), (8, 6, 10), ahead=1, motion=4),
        Latent(1, (4, 1), (2, 0), (9, 2)),
        Latent(1, (8,), (3,), (8 * 70 + 3,)),
        Latent(1, (40, 9), (3, 2), (40 * 30, 9 * 50)),
    ],
)
def test_nothing_is_left(family: Latent) -> None:
    index = torch.tensor(list(product(*map(range, family.tiles))))
    samples = torch.randn(
        len(index), family.channels, *family.tile, generator=torch.Generator().manual_seed(1)
    )
    low = analyse(samples, family.pyramid)[1]
    grid = solved(family, index, low)
    smooth = spread(grid, index, family.tile, family.pyramid.coarse)
    left = analyse(samples - smooth, family.pyramid)[1]
    assert low.abs().max() > 0.3
    torch.testing.assert_close(left, torch.zeros_like(left), rtol=0, atol=2e-4)


def test_a_long_line_of_tiles() -> None:
    """As of a quarter of an hour of sound: a matrix of all would have 13 GB."""
    family = Latent(1, (4096,), (10,), (10_000 * 4096,))
    index = torch.arange(10_000)[:, None]
    low = torch.randn(10_000, 1, 4, generator=torch.Generator().manual_seed(2))
    grid = solved(family, index, low)
    for first in (0, 5000, 9996):
        places = torch.arange(first, first + 4)
        smooth = spread(grid, places[:, None], family.tile, family.pyramid.coarse)
        found = analyse(smooth, family.pyramid)[1]
        torch.testing.assert_close(found, low[places], rtol=0, atol=2e-3)
