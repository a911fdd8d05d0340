"""What is low in tiles that move, against their analysis."""

import pytest
import torch

from fit.builders import restless
from lgcodec.coding.pyramid import Pyramid
from lgcodec.fit.low_parts import LowParts, low_parts
from lgcodec.nets.lifting import analyse
from lgcodec.nets.smooth import around, spread

PYRAMIDS = [
    Pyramid((4, 8, 8), (2, 3, 3), 2, ahead=1, motion=4),
    Pyramid((6, 9, 16), (2, 4, 4), 2, ahead=1, motion=6),  # two coarse samples along time
]


@pytest.mark.parametrize("pyramid", PYRAMIDS)
@pytest.mark.parametrize("alike", [False, True])
def test_what_a_grid_leaves_low(pyramid: Pyramid, alike: bool) -> None:
    """As the analysis of what it leaves of tiles says."""
    random = torch.Generator().manual_seed(3)
    tiles = torch.randn(6, 2, *pyramid.tile, generator=random)
    index = torch.cartesian_prod(torch.arange(1), torch.arange(2), torch.arange(3))
    moved = restless(pyramid, 1 if alike else 6, random)
    counts = [n * c for n, c in zip((1, 2, 3), pyramid.coarse, strict=True)]
    grid = torch.randn(2, *counts, generator=random)
    left = tiles - spread(grid, index, pyramid.tile, pyramid.coarse)
    expected = analyse(left, pyramid, moved.expand(6, -1, -1, -1, -1))[1]
    found = low_parts(pyramid, tiles, moved).left(around(grid, index, pyramid.coarse))
    torch.testing.assert_close(found, expected.flatten(2), rtol=0, atol=2e-4)
    assert expected.abs().max() > 1


def test_tiles_one_after_the_other_and_of_two_kinds() -> None:
    parts = [LowParts(torch.full((2, 1, 1), n), torch.full((2, 1, 4), n)) for n in (1.0, 2.0)]
    other = LowParts(torch.zeros(4, 1, 1), torch.zeros(4, 1, 4))
    found = LowParts.joined(parts).where(torch.tensor([True, False, False, True]), other)
    assert found.own.flatten().tolist() == [1, 0, 0, 2]
    assert found.seen[:, 0, 0].tolist() == [1, 0, 0, 2]
