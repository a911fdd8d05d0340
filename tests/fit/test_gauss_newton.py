"""Second-order steps: the Jacobian is that of the outputs, errors fall, what is fixed stays."""

import pytest
import torch
from torch import Tensor

from fit.builders import lattice, network, sampler, smooth
from lgcodec.fit.gauss_newton import Residuals, polish
from lgcodec.nets import Siren

PICTURE = smooth("image", (25, 18), 3)
NETWORK = network(PICTURE, 5, 0)
EVERYONE = torch.arange(4)


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


@pytest.mark.parametrize("frame", [False, True], ids=["tile", "frame"])
@pytest.mark.parametrize("layers", [2, 4])
def test_the_jacobian_is_what_finite_differences_are(layers: int, frame: bool) -> None:
    ranges = ((-1.0, 1.0),) * 2
    family = Siren(3, 5, 0, ranges, tile_range=0.0 if frame else 0.5, layers=layers, w0=5.0)
    of, some = residuals(network_=family), slice(1, 3)
    flat = drawn(of, network_=family)[some]
    _, jacobian = of.jacobian(flat, some)
    direction = torch.randn(flat.shape, generator=torch.Generator().manual_seed(1))
    size = 1e-3 * direction
    difference = of.jacobian(flat + size, some)[0] - of.jacobian(flat - size, some)[0]
    predicted = 2 * (jacobian @ size[:, :, None])[:, :, 0]
    assert float((difference - predicted).abs().max()) < 0.01 * float(predicted.abs().max())


def test_normal_equations_are_made_of_the_jacobian() -> None:
    of = residuals()
    flat = drawn(of)
    residual, jacobian = of.jacobian(flat, slice(0, 4))
    normal = of.normal(flat)
    torch.testing.assert_close(normal.matrix, jacobian.mT @ jacobian)
    torch.testing.assert_close(normal.gradient, (jacobian.mT @ residual[:, :, None])[:, :, 0])
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
    residual, jacobian = of.jacobian(drawn(of), slice(0, 4))
    rows = residual.view(4, 3, 13, 9)
    assert bool((rows[2:, :, -1] == 0).all())
    assert bool((rows[:2, :, -1] != 0).any())
    assert bool((jacobian.view(4, 3, 13, 9, -1)[2:, :, -1] == 0).all())
