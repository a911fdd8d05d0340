"""Norms of the synthesis: those of whole tiles, also where most of a line is left out."""

import pytest
import torch
from coding.builders import AHEAD, moving, pyramids
from hypothesis import given, settings

from lgcodec.coding.pyramid import Pyramid
from lgcodec.fit.parts import motions_of, tile_of
from lgcodec.nets.lifting import synthesise
from lgcodec.nets.norms import norms, norms_ahead


def of_whole_tiles(pyramid: Pyramid) -> list[torch.Tensor]:
    """Every number of every band synthesised by itself, one channel."""
    found = []
    for place, band in enumerate(pyramid.bands):
        count = torch.Size(band.shape).numel()
        parts = [torch.zeros(count, 1, *b.shape, dtype=torch.float64) for b in pyramid.bands]
        parts[place] = torch.eye(count, dtype=torch.float64).view(count, 1, *band.shape)
        low = torch.zeros(count, 1, *pyramid.coarse, dtype=torch.float64)
        tiles = synthesise(parts, low, pyramid)
        found.append(tiles.flatten(1).square().sum(1).sqrt().view(band.shape))
    return found


@settings(max_examples=40)
@given(pyramids())
def test_norms_are_those_of_whole_tiles(pyramid: Pyramid) -> None:
    assert_norms(pyramid)


@pytest.mark.parametrize("pyramid", AHEAD)
def test_norms_of_tiles_split_ahead(pyramid: Pyramid) -> None:
    assert_norms(pyramid)


def assert_norms(pyramid: Pyramid) -> None:
    single = Pyramid(pyramid.tile, pyramid.levels, 1, pyramid.ahead)
    for found, expected in zip(norms(pyramid), of_whole_tiles(single), strict=True):
        torch.testing.assert_close(found.double(), expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("length", [67, 160, 255, 256])
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_the_middle_of_long_lines_is_not_computed(length: int, levels: int) -> None:
    pyramid = Pyramid((length,), (levels,), 1)
    for found, expected in zip(norms(pyramid), of_whole_tiles(pyramid), strict=True):
        torch.testing.assert_close(found.double(), expected, rtol=1e-6, atol=0)


def test_the_longest_tiles_take_little() -> None:
    last = norms(Pyramid((2**22,), (16,), 1))[-1]
    assert last.shape == (2**21,)
    assert 0.9 < float(last[2**20]) < 1.1


@settings(max_examples=40)
@given(moving())
def test_norms_of_the_pictures_of_parts(pyramid: Pyramid) -> None:
    assert_norms_ahead(pyramid)


@pytest.mark.parametrize(("length", "levels"), [(67, 2), (128, 3), (255, 5), (33, 6)])
def test_norms_of_many_pictures(length: int, levels: int) -> None:
    assert_norms_ahead(Pyramid((length, 2, 1), (levels, 1, 0), 1, 1))


def assert_norms_ahead(pyramid: Pyramid) -> None:
    """Each picture alone, 1 at one sample, is as large as its norm once it is a tile."""
    still = motions_of(pyramid, None)
    for part, own in enumerate(pyramid.parts):
        count = own.tile[0]
        unit = torch.zeros(count, 1, *own.tile, dtype=torch.float64)
        unit[range(count), 0, range(count), -1, 0] = 1
        expected = tile_of(pyramid, part, unit, still).square().flatten(1).sum(1).sqrt()
        found = norms_ahead(pyramid, part)
        assert found.shape == (count, 1, 1)
        torch.testing.assert_close(found[:, 0, 0].double(), expected, rtol=1e-6, atol=0)


def test_nothing_is_ahead() -> None:
    assert float(norms_ahead(Pyramid((4, 6), (1, 2), 3), 0)) == 1
