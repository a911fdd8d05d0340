"""Second-order steps: normal equations are of the Jacobian, errors fall, what is fixed stays."""

import pytest
import torch
from torch import Tensor
from torch.autograd.functional import jacobian

from fit.builders import lattice, network, sampler, smooth
from lgcodec.fit.gauss_newton import Residuals, polish
from lgcodec.nets import Siren

PICTURE = smooth("image", (25, 18), 3)
NETWORK = network(PICTURE, 5, 0)
EVERYONE = torch.arange(4)
ALL = slice(0, 4)


def residuals(samples: int = 10**6, network_: Siren = NETWORK) -> Residuals:
    return Residuals(network_, sampler(PICTURE, lattice(PICTURE, (2, 2))), samples)


def drawn(of: Residuals, seed: int = 0, network_: Siren = NETWORK) -> Tensor:
    return of.flat(network_.initialise(4, torch.Generator().manual_seed(seed)))


def test_flat_weights_are_tensors_again() -> None:
    of = residuals()
    weights = NETWORK.initialise(4, torch.Generator().manual_seed(0))
    again = of.tensors(of.flat(weights))
    assert set(again) == set(weights)
    assert all(torch.equal(again[name], value) for name, value in weights.items())


def differentiated(of: Residuals, flat: Tensor) -> tuple[Tensor, Tensor]:
    """Residuals [P, C S] and their Jacobian [P, C S, N], by automatic differentiation."""

    def outputs(row: Tensor) -> Tensor:
        return of.layers(row, ALL)[0].flatten(1).sum(0)

    residual = of.layers(flat, ALL)[0].flatten(1)
    return residual, jacobian(outputs, flat).permute(1, 0, 2)


def close(found: Tensor, exact: Tensor) -> None:
    """But for what float32 makes of sums of numbers as large as the largest."""
    largest = float(exact.abs().max())
    torch.testing.assert_close(found, exact, rtol=1e-5, atol=2e-6 * largest)


@pytest.mark.parametrize("frame", [False, True], ids=["tile", "frame"])
@pytest.mark.parametrize("layers", [2, 4])
def test_normal_equations_are_those_of_the_jacobian(layers: int, frame: bool) -> None:
    ranges = ((-1.0, 1.0),) * 2
    family = Siren(3, 5, 0, ranges, tile_range=0.0 if frame else 0.5, layers=layers, w0=5.0)
    of = residuals(network_=family)
    flat = drawn(of, network_=family)
    residual, rows = differentiated(of, flat)
    normal = of.normal(flat)
    close(normal.matrix, rows.mT @ rows)
    close(normal.gradient, (rows.mT @ residual[:, :, None])[:, :, 0])
    torch.testing.assert_close(normal.error, residual.square().sum(1))
    torch.testing.assert_close(normal.error, of.errors(flat, EVERYONE))


def test_blocks_of_partitions_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    of = residuals()
    flat = drawn(of)
    whole = of.normal(flat)
    monkeypatch.setattr("lgcodec.fit.gauss_newton.NUMBERS", 1)
    torch.testing.assert_close(of.normal(flat).matrix, whole.matrix)
    torch.testing.assert_close(of.errors(flat, EVERYONE), whole.error)


@pytest.mark.parametrize("seed", [0, 1])
def test_steps_lower_the_error_of_every_partition(seed: int) -> None:
    of = residuals()
    flat = drawn(of, seed)
    before = of.errors(flat, EVERYONE)
    polish(of, flat, torch.full((4,), 1e-2), 10)
    after = of.errors(flat, EVERYONE)
    assert bool((after <= before).all())
    assert float(after.sum()) < 0.5 * float(before.sum())


def test_what_is_fixed_stays() -> None:
    of = residuals()
    flat = drawn(of)
    start, first = flat.clone(), of.places["local.2.w"].start
    polish(of, flat, torch.full((4,), 1e-2), 3, first=first)
    assert torch.equal(flat[:, :first], start[:, :first])
    assert not torch.equal(flat[:, first:], start[:, first:])


def test_a_ridge_makes_weights_smaller() -> None:
    of = residuals()
    sizes = []
    for cost in (0.0, 10.0):
        flat = drawn(of)
        ridge = torch.full_like(flat, cost)
        polish(of, flat, torch.full((4,), 1e-2), 5, cost=lambda *_, ridge=ridge: ridge)
        sizes.append(float(flat.square().sum()))
    assert sizes[1] < 0.8 * sizes[0]


def test_samples_past_the_signal_do_not_count() -> None:
    """Of 25 rows two tiles of 13 rows cover 26: the last row of the lower tiles is none."""
    of = residuals()
    residual, rows = differentiated(of, drawn(of))
    tiles = residual.view(4, 3, 13, 9)
    assert bool((tiles[2:, :, -1] == 0).all())
    assert bool((tiles[:2, :, -1] != 0).any())
    assert bool((rows.view(4, 3, 13, 9, -1)[2:, :, -1] == 0).all())
