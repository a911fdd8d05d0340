"""Splines over the frame and between the samples of a tile."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lgcodec.nets.smooth import KNOTS, MARGIN, interpolate, splines, spread
from nets import latent_reference as reference


@given(st.integers(1, 40), st.integers(1, 9))
def test_weights_of_the_spline_add_up_to_one(length: int, count: int) -> None:
    count = min(count, length)
    first, weights = splines(length, count)
    torch.testing.assert_close(weights.sum(0), torch.ones(length).double())
    assert weights.min() >= 0
    assert first.min() >= 0
    assert first.max() + KNOTS <= count + 2 * MARGIN


def test_long_tiles_take_memory_in_proportion() -> None:
    """Not that of a matrix from all coarse samples to all samples, which a file could ask for."""
    first, weights = splines(2**17, 2**16)
    assert first.numel() + weights.numel() == (1 + KNOTS) * 2**17


@pytest.mark.parametrize(
    ("tile", "count", "tiles"),
    [((8,), (2,), (3,)), ((5, 6), (3, 1), (2, 4)), ((3, 1, 4), (1, 1, 2), (2, 1, 2))],
)
def test_a_grid_is_spread_as_the_specification_says(
    tile: tuple[int, ...], count: tuple[int, ...], tiles: tuple[int, ...]
) -> None:
    """Also of tiles outside the grid, whose border goes on."""
    shape = [t * c for t, c in zip(tiles, count, strict=True)]
    values = np.random.default_rng(0).normal(size=shape)
    grid = {p: float(values[p]) for p in product(*map(range, shape))}
    index = list(product(*(range(-1, t + 1) for t in tiles)))
    found = spread(torch.from_numpy(values)[None], torch.tensor(index), tile, count)
    for row, i in enumerate(index):
        for s in product(*map(range, tile)):
            expected = reference.smooth(grid, i, tile, count, s)
            assert float(found[(row, 0, *s)]) == pytest.approx(expected, abs=1e-9)


def places(*axes: list[float]) -> torch.Tensor:
    return torch.cartesian_prod(*[torch.tensor(axis) for axis in axes]).view(1, -1, len(axes))


def test_on_the_lattice_the_values_are_those_of_the_lattice() -> None:
    """LGI-N-14."""
    lattice = torch.randn(1, 2, 5, 4, generator=torch.Generator().manual_seed(0))
    rows = places(list(map(float, range(5))), list(map(float, range(4))))
    assert interpolate(lattice, rows)[0].T.reshape(2, 5, 4).tolist() == lattice[0].tolist()
    mixed = torch.cat([rows, places([0.3], [1.7])], dim=1)  # now by splines
    torch.testing.assert_close(interpolate(lattice, mixed)[:, :-1], interpolate(lattice, rows))


def test_ramps_are_kept() -> None:
    """Catmull-Rom splines are exact for them inside; outside, the border goes on."""
    y, x = torch.meshgrid(torch.arange(9.0), torch.arange(8.0), indexing="ij")
    lattice = torch.stack([3 * y + x, 0 * x + 5])[None]
    rows = places([1.0, 2.25, 6.9], [1.5, 3.0, 5.99])
    found = interpolate(lattice, rows)[0]
    torch.testing.assert_close(found[:, 0], 3 * rows[0, :, 0] + rows[0, :, 1])
    torch.testing.assert_close(found[:, 1], torch.full((9,), 5.0))
    torch.testing.assert_close(
        interpolate(lattice, places([-3.0, 20.0], [0.0]))[0, :, 0], torch.tensor([0.0, 24.0])
    )


def test_places_of_long_tiles_are_on_the_lattice_despite_binary32() -> None:
    """Coordinates of a tile of a million samples are a few hundredths of a sample off."""
    length = 2**20
    lattice = torch.randn(1, 1, length, generator=torch.Generator().manual_seed(0))
    last = torch.arange(length - 4096, length, dtype=torch.float64)
    tile = (2 * ((last + 0.5) / length) - 1).float()
    found = interpolate(lattice, ((tile + 1) / 2 * length - 0.5).view(1, -1, 1))
    assert (found[0, :, 0] == lattice[0, 0, -4096:]).all()


@given(st.integers(0, 2**16))
def test_a_tile_has_the_same_bits_whatever_tiles_are_beside_it(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    grid = torch.randn(3, 4, 6, generator=generator)
    index = torch.cartesian_prod(torch.arange(4), torch.arange(6))
    whole = spread(grid, index, (24, 23), (1, 1))
    for row in range(0, len(index), 5):
        assert torch.equal(whole[row], spread(grid, index[row][None], (24, 23), (1, 1))[0])
