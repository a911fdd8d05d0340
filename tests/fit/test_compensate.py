"""Rounding with compensation: on the lattice, better than plain rounding, dearer bits are fewer."""

from collections.abc import Callable
from functools import cache

import pytest
import torch
from torch import Tensor

from fit.builders import lattice, sampler, smooth
from lgcodec.fit.compensate import Rounded, Rounding
from lgcodec.fit.gauss_newton import Residuals, polish
from lgcodec.nets import Siren

PICTURE = smooth("image", (40, 40), 3)
NETWORK = Siren(3, 5, 0, ((-1.0, 1.0),) * 2, tile_range=0.5, layers=3, w0=10.0)
RESIDUALS = Residuals(NETWORK, sampler(PICTURE, lattice(PICTURE, (2, 2))), 400)
EVERYONE = torch.arange(4)
PRICE = 0.02
Way = Callable[[Tensor, float], Rounded]


@cache
def fitted(seed: int) -> Tensor:
    flat = RESIDUALS.flat(NETWORK.initialise(4, torch.Generator().manual_seed(seed)))
    damping = torch.full((4,), 1e-2)
    for _ in range(10):
        polish(RESIDUALS, flat, damping, 1, cost=Rounding(RESIDUALS, PRICE).ridge)
    return flat


def in_turn(flat: Tensor, price: float) -> Rounded:
    *_, last = Rounding(RESIDUALS, price).in_turn(flat, torch.full((4,), 1e-2))
    return last


def at_once(flat: Tensor, price: float) -> Rounded:
    return Rounding(RESIDUALS, price).at_once(flat, RESIDUALS.normal(flat).matrix)


def plain(flat: Tensor, like: Rounded) -> Tensor:
    """Each weight rounded for itself, by the steps of another rounding."""
    parts = []
    for name, place in RESIDUALS.places.items():
        steps = (like.steps[name] * like.scales)[:, None]
        parts.append((flat[:, place] / steps).round() * steps)
    return torch.cat(parts, 1).float()


def error(flat: Tensor) -> float:
    return float(RESIDUALS.errors(flat, EVERYONE).sum())


def entropy(rounded: Rounded) -> float:
    """Bits of all symbols, each tensor by itself."""
    total = 0.0
    for name, place in RESIDUALS.places.items():
        symbols = (rounded.flat[:, place] / rounded.steps[name] / rounded.scales[:, None]).round()
        counts = symbols.unique(return_counts=True)[1]
        total -= float((counts * (counts / counts.sum()).log2()).sum())
    return total


@pytest.mark.parametrize("way", [in_turn, at_once])
def test_weights_are_multiples_of_their_steps(way: Way) -> None:
    rounded = way(fitted(0), PRICE)
    torch.testing.assert_close(plain(rounded.flat, rounded), rounded.flat)
    assert set(rounded.steps) == set(RESIDUALS.places)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_beats_plain_rounding(seed: int) -> None:
    """With the same steps, by a part of what rounding costs."""
    flat = fitted(seed)
    rounded = in_turn(flat, PRICE)
    before = error(flat)
    assert error(rounded.flat) - before < 0.7 * (error(plain(flat, rounded)) - before)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_at_once_it_beats_plain_rounding_where_the_error_is_a_parabola(seed: int) -> None:
    flat = fitted(seed)
    matrix = RESIDUALS.normal(flat).matrix
    rounded = Rounding(RESIDUALS, PRICE).at_once(flat, matrix)
    costs = []
    for other in (rounded.flat, plain(flat, rounded)):
        shift = (other - flat)[:, :, None]
        costs.append(float((shift.mT @ matrix @ shift).sum()))
    assert costs[0] < 0.7 * costs[1]


def test_dearer_bits_are_fewer() -> None:
    cheap, dear = (in_turn(fitted(0), price) for price in (PRICE / 4, PRICE * 4))
    assert entropy(dear) < 0.9 * entropy(cheap)
    assert error(dear.flat) > error(cheap.flat)
    assert all(dear.steps[name] > cheap.steps[name] for name in cheap.steps)


def test_layers_that_are_rounded_stay() -> None:
    first, *_, last = [
        r.flat.clone()
        for r in Rounding(RESIDUALS, PRICE).in_turn(fitted(0), torch.full((4,), 1e-2))
    ]
    end = RESIDUALS.places["local.0.b"].stop
    assert torch.equal(first[:, :end], last[:, :end])
    assert not torch.equal(first[:, end:], last[:, end:])


def test_the_weights_given_are_left_alone() -> None:
    flat = fitted(0)
    before = flat.clone()
    in_turn(flat, PRICE)
    at_once(flat, PRICE)
    assert torch.equal(flat, before)


def test_a_ridge_stays_below_the_curvature_however_small_the_weights() -> None:
    """Not infinite, which would spoil the factor of all of J^T J."""
    flat, matrix = fitted(0), RESIDUALS.normal(fitted(0)).matrix
    flat = flat * torch.where(torch.arange(flat.shape[1]) < 20, 1e-20, 1.0)
    ridge = Rounding(RESIDUALS, PRICE).ridge(flat, matrix)
    curvature = matrix.diagonal(dim1=1, dim2=2)
    for place in RESIDUALS.places.values():
        assert float(ridge[:, place].max()) < 0.2 * float(curvature[:, place].mean())


def test_weights_that_do_nothing_are_rounded_too() -> None:
    """J^T J is singular then."""
    flat, matrix = fitted(0), RESIDUALS.normal(fitted(0)).matrix
    silent = torch.zeros_like(matrix)
    silent[:, :40, :40] = matrix[:, :40, :40]
    rounded = Rounding(RESIDUALS, 1e-12).at_once(flat, silent)
    assert bool(rounded.flat.isfinite().all())
