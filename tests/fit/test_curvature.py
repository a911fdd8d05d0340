"""By what errors count more where pictures move: against the squares of what each sample makes."""

from functools import cache
from itertools import product

import torch

from fit.builders import steady
from lgcodec.coding.pyramid import Pyramid
from lgcodec.fit.curvature import error_weights, for_channels
from lgcodec.fit.parts import motions_of, tile_of
from lgcodec.nets.norms import norms_ahead

PYRAMID = Pyramid((5, 12, 10), (2, 1, 2), 3, ahead=1, motion=4)
FAST = steady(PYRAMID, (1.75, -2.5))


@cache
def exact(part: int) -> torch.Tensor:
    """Squared norms of what samples make, by those of a tile that stands still, [*part]."""
    one = Pyramid(PYRAMID.tile, PYRAMID.levels, 1, ahead=1, motion=4)
    found = torch.zeros(PYRAMID.parts[part].tile)
    for place in product(*map(range, found.shape)):
        alone = torch.zeros(1, 1, *found.shape)
        alone[0, 0][place] = 1
        found[place] = tile_of(one, part, alone, motions_of(one, FAST)).square().sum()
    return found / norms_ahead(PYRAMID, part).square()


def test_weights_are_near_the_squared_norms() -> None:
    """Their means over the pictures of a part: each is an estimate from random signs."""
    found = error_weights(PYRAMID, FAST)
    assert len(found) == len(PYRAMID.bands)
    for band, weights in zip(PYRAMID.bands, found, strict=True):
        assert weights.shape == (1, 1, *band.shape)
        expected = float(exact(band.part).clamp(min=1).mean())
        assert abs(float(weights.mean()) / expected - 1) < 0.1
    assert exact(0).mean() > 1.2


def test_what_is_seen_often_counts_more() -> None:
    """Of the low part, which all pictures are made from."""
    finest = max(n for n, band in enumerate(PYRAMID.bands) if band.part == 0)
    truth, weights = exact(0)[..., ::2, ::2], error_weights(PYRAMID, FAST)[finest][0, 0]
    often = truth[..., : weights.shape[1], : weights.shape[2]] > truth.median()
    assert weights[often].mean() > 1.1 * weights[~often].mean()


def test_a_tile_that_stands_still_has_no_weights() -> None:
    """Time is orthogonal then, but for what the extension does at its ends."""
    for weights in error_weights(PYRAMID, torch.zeros_like(FAST)):
        assert weights.min() >= 1
        assert weights.mean() < 1.2


def test_tiles_beside_it_do_not_matter() -> None:
    """So that fits go on from a checkpoint as they began."""
    both = torch.cat([torch.zeros_like(FAST), FAST])
    for alone, second in zip(
        error_weights(PYRAMID, FAST), error_weights(PYRAMID, both), strict=True
    ):
        torch.testing.assert_close(second[1:], alone)


def test_all_channels_share_weights() -> None:
    weights = torch.arange(1.0, 13).view(2, 1, 1, 2, 3)
    wide = for_channels(weights, torch.zeros(3, 1, 2, 3))
    assert wide.shape == (2, 18)
    assert wide[1].tolist() == [*range(7, 13)] * 3
