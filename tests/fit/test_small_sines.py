"""Slopes by compiled loops are those of automatic differentiation, in fits of any threads."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from fit.builders import CPU, lattice, network, sampler, smooth
from lgcodec.fit.objective import Objective
from lgcodec.fit.quantise import StepLearner, bits_of
from lgcodec.fit.sine_loops import SAMPLES
from lgcodec.fit.small_sines import are_small_sines, sine_slopes
from lgcodec.nets import Siren, TensorWeights

PARTITIONS = 3


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def family(
    width: int, layers: int = 4, channels: int = 3, axes: int = 2, w0: float = 30.0
) -> Siren:
    return Siren(channels, width, 0, ((-1.0, 1.0),) * axes, layers=layers, w0=w0)


def differentiated(of: Siren, weights: TensorWeights, places: Tensor, targets: Tensor) -> Tensor:
    """[P, N] by torch, in double precision."""
    leaves = {name: value.double().requires_grad_() for name, value in weights.items()}
    error = mse_loss(of.forward(leaves, places.double(), places.double()), targets.double())
    slopes = torch.autograd.grad(error, list(leaves.values()))
    return torch.cat([slope.flatten(1) for slope in slopes], 1)


def drawn(of: Siren, samples: int, seed: int = 0) -> tuple[TensorWeights, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    weights = of.initialise(PARTITIONS, generator)
    places = torch.rand(PARTITIONS, samples, len(of.ranges), generator=generator) * 2 - 1
    targets = torch.rand(PARTITIONS, samples, of.channels, generator=generator) * 2 - 1
    return weights, places, targets


@pytest.mark.parametrize("samples", [1, 16, SAMPLES, SAMPLES + 1, 3 * SAMPLES - 5])
@pytest.mark.parametrize(
    "of",
    [
        family(1, layers=2, channels=1, axes=1),
        family(3, layers=3, channels=2, axes=3),
        family(9),
        family(18, layers=6, w0=100.0),
        family(2, channels=7, axes=3),
    ],
    ids=str,
)
def test_slopes_are_those_of_automatic_differentiation(of: Siren, samples: int) -> None:
    weights, places, targets = drawn(of, samples)
    flat, slopes = sine_slopes(of, weights, places, targets)
    exact = differentiated(of, weights, places, targets)
    assert torch.equal(flat, torch.cat([value.flatten(1) for value in weights.values()], 1))
    torch.testing.assert_close(
        slopes.double(), exact, rtol=1e-4, atol=1e-5 * float(exact.abs().max())
    )


def test_slopes_of_large_phases() -> None:
    """Sines of hundreds of turns: as exact as float32 is about where in a turn they are."""
    of = family(6, w0=300.0)
    weights, places, targets = drawn(of, 200)
    places *= 3
    exact = differentiated(of, weights, places, targets)
    _, slopes = sine_slopes(of, weights, places, targets)
    assert float((slopes - exact).abs().max()) < 0.01 * float(exact.abs().max())


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rounded", [False, True], ids=["float", "rounded"])
def test_a_fit_descends_as_without_loops(
    monkeypatch: pytest.MonkeyPatch, threads: int, rounded: bool
) -> None:
    """Gradients of all weights and steps, of tiles that reach past the signal too."""
    picture = smooth("image", (50, 37), 3)
    of = network(picture, 5, 0)
    draws = sampler(picture, lattice(picture, (4, 3)))
    monkeypatch.setattr("lgcodec.fit.objective.BLOCK_LOOPS", 300)
    torch.set_num_threads(threads)
    found = {}
    for loops in (True, False):
        weights = dict(of.initialise(draws.partitions, torch.Generator().manual_seed(0)))
        learner = StepLearner(weights, bits_of(of, 6)) if rounded else None
        for value in weights.values():
            value.requires_grad_()
        monkeypatch.setattr("lgcodec.fit.objective.are_small_sines", lambda _, is_it=loops: is_it)
        objective = Objective(of, draws, peak=2.0, device=CPU)
        objective.descend(weights, learner, draws.draw(0, 60), frozen={"local.0.w"})
        parameters = [*weights.values(), *(learner.parameters() if learner else [])]
        found[loops] = [parameter.grad for parameter in parameters]
    assert found[True][0] is None
    assert len(found[True]) == len(found[False]) == (20 if rounded else 10)
    for one, other in zip(found[True][1:], found[False][1:], strict=True):
        assert one is not None
        assert float(one.abs().max()) > 0
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4 * float(one.abs().max()))


def test_fits_are_the_same_with_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = smooth("image", (40, 40), 3)
    of, draws = network(picture, 7, 0), sampler(picture, lattice(picture, (3, 3)))
    monkeypatch.setattr("lgcodec.fit.objective.BLOCK_LOOPS", 100)
    found = []
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        weights = dict(of.initialise(draws.partitions, torch.Generator().manual_seed(0)))
        for value in weights.values():
            value.requires_grad_()
        objective = Objective(of, draws, peak=2.0, device=CPU)
        objective.descend(weights, None, draws.draw(0, 64), frozen=())
        found.append(torch.cat([gradient_of(value) for value in weights.values()]))
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


def gradient_of(value: Tensor) -> Tensor:
    assert value.grad is not None
    return value.grad.flatten()


def test_which_networks_have_loops() -> None:
    ranges = ((-1.0, 1.0),) * 2
    assert are_small_sines(family(9))
    assert not are_small_sines(family(1000))
    assert not are_small_sines(Siren(3, 9, 5, ranges))


def test_numbers_that_are_none_stay_none() -> None:
    """Of a fit that has diverged: no other partition's slopes are touched."""
    of = family(5)
    weights, places, targets = drawn(of, 40)
    exact = sine_slopes(of, weights, places, targets)[1]
    weights["local.1.w"][1, 0, 0] = np.nan
    slopes = sine_slopes(of, weights, places, targets)[1]
    assert bool(slopes[1].isnan().any())
    assert torch.equal(slopes[[0, 2]], exact[[0, 2]])
