"""Steps in the axes of gradients: those of any other axes, and a state that goes on."""

from itertools import product

import pytest
import torch
from torch import Tensor

from lgcodec.fit.optimiser import AdamW, Optimiser
from lgcodec.fit.soap import LAST, Soap

CPU = torch.device("cpu")
SIZE, SAMPLES, RATE, STEPS = 6, 200, 0.03, 150


def drawn(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def layer(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Of one partition, without biases to begin with."""
    own = weights[None].clone().requires_grad_()
    return own, torch.zeros(1, weights.shape[1], requires_grad=True)


def descend(
    optimiser: Optimiser, weights: Tensor, inputs: Tensor, targets: Tensor, level: float = 1.0
) -> float:
    """One step towards `targets` [S, O] from `inputs` [S, I]; the error before it."""
    optimiser.clear()
    error = (inputs @ weights[0] - targets).square().mean()
    error.backward()  # type: ignore[no-untyped-call]
    optimiser.step(1.0, level)
    return float(error.detach())


def test_axes_do_not_matter() -> None:
    """Inputs and outputs turned by any rotation are fitted along the same path."""
    inputs, targets = drawn(1, SAMPLES, SIZE), drawn(2, SAMPLES, SIZE)
    left, right = (torch.linalg.qr(drawn(seed, SIZE, SIZE))[0] for seed in (3, 4))
    one, other = layer(drawn(5, SIZE, SIZE)), layer(left.T @ drawn(5, SIZE, SIZE) @ right)
    first, second = Soap([one], RATE), Soap([other], RATE)
    for step in range(20):  # of other samples each: gradients that repeat have zeros in their axes
        own, wanted = inputs[10 * step :][:20], targets[10 * step :][:20]
        descend(first, one[0], own, wanted)
        descend(second, other[0], own @ left, wanted @ right)
        turned = left @ other[0].detach() @ right.T
        torch.testing.assert_close(turned, one[0].detach(), rtol=0, atol=1e-3)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_oblique_valleys_are_descended_faster(seed: int) -> None:
    """Inputs whose variances differ, along axes that are not theirs."""
    turn = torch.linalg.qr(drawn(seed, SIZE, SIZE))[0]
    inputs = drawn(seed + 10, SAMPLES, SIZE) * torch.logspace(0, -2, SIZE) @ turn
    targets = inputs @ drawn(seed + 20, SIZE, SIZE)
    ends = {}
    for kind, rate in product(("soap", "adamw"), (0.03, 0.1, 0.3)):
        weights, biases = layer(torch.zeros(SIZE, SIZE))
        optimiser: Optimiser = AdamW([weights], rate, CPU)
        if kind == "soap":
            optimiser = Soap([(weights, biases)], rate / LAST)
        for step in range(STEPS):
            own = torch.randint(SAMPLES, (50,), generator=torch.Generator().manual_seed(step))
            descend(optimiser, weights, inputs[own], targets[own], 1 - step / STEPS)
        error = float((inputs @ weights[0].detach() - targets).square().mean())
        ends[kind] = min(ends.get(kind, error), error)
    assert ends["soap"] < 0.5 * ends["adamw"]


def test_steps_are_as_long_as_the_rate() -> None:
    """In every axis; of the last layer three times as long; the first sets the axes alone."""
    layers = [layer(drawn(seed, SIZE, SIZE)) for seed in (1, 2)]
    before = [weights.detach()[0].clone() for weights, _ in layers]
    optimiser = Soap(layers, RATE)
    for step in range(2):
        assert all(torch.equal(w, old[None]) for (w, _), old in zip(layers, before, strict=True))
        for number, (weights, biases) in enumerate(layers):
            weights.grad = drawn(3 + number + 2 * step, 1, SIZE, SIZE)
            biases.grad = drawn(7 + number + 2 * step, 1, SIZE)
        optimiser.step(0.5, 0.5)
    lengths = [
        float((weights.detach() - old).square().mean().sqrt())
        for (weights, _), old in zip(layers, before, strict=True)
    ]
    assert lengths[0] == pytest.approx(RATE / 4, rel=0.1)
    assert lengths[1] == pytest.approx(LAST * RATE / 4, rel=0.1)


def test_a_restart_has_half_the_rate_and_forgets() -> None:
    inputs, targets = drawn(1, SAMPLES, SIZE), drawn(2, SAMPLES, SIZE)
    one, other = layer(drawn(5, SIZE, SIZE)), layer(drawn(6, SIZE, SIZE))
    first, second = Soap([one], RATE / 2), Soap([other], RATE)
    descend(second, other[0], inputs[:50], targets[:50])
    with torch.no_grad():
        other[0].copy_(one[0])
    second.restart()
    for step in range(4):
        for optimiser, own in ((first, one), (second, other)):
            descend(optimiser, own[0], inputs[step:], targets[step:])
    assert torch.equal(one[0], other[0])


def test_a_restored_state_goes_on_as_before() -> None:
    inputs, targets = drawn(1, SAMPLES, SIZE), drawn(2, SAMPLES, SIZE)
    one = layer(drawn(5, SIZE, SIZE))
    first = Soap([one], RATE)
    for _ in range(5):
        descend(first, one[0], inputs, targets)
    other, fresh = layer(one[0][0].detach()), layer(one[0][0].detach())
    second = Soap([other], 3 * RATE)
    second.restore({name: value.clone() for name, value in first.state().items()})
    for _ in range(5):
        for optimiser, own in ((first, one), (second, other), (Soap([fresh], RATE), fresh)):
            descend(optimiser, own[0], inputs, targets)
    assert torch.equal(one[0], other[0])
    assert not torch.equal(one[0], fresh[0])
