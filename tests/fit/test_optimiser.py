"""Rates of several groups, and a state that goes on."""

import torch

from lgcodec.fit.optimiser import AdamW

CPU = torch.device("cpu")


def step(parameter: torch.Tensor, optimiser: AdamW, slope: float, level: float) -> None:
    optimiser.clear()
    parameter.grad = torch.full_like(parameter, slope)
    optimiser.step(1.0, level)


def test_every_parameter_has_its_rate_scaled() -> None:
    first, second = (torch.zeros(3, requires_grad=True) for _ in range(2))
    optimiser = AdamW([first], 0.1, CPU)
    optimiser.add([second], 0.2)
    optimiser.add([], 0.3)
    second.grad = torch.ones(3)
    step(first, optimiser, 1.0, 0.5)
    torch.testing.assert_close(first.detach(), torch.full((3,), -0.05))
    assert not second.any()  # its gradient was cleared
    second.grad = torch.ones(3)
    optimiser.step(1.0, 0.5)
    assert second.detach().abs().max() > 0


def test_a_restored_state_goes_on_as_before() -> None:
    one = torch.zeros(3, requires_grad=True)
    first = AdamW([one], 0.1, CPU)
    step(one, first, 1.0, 1.0)
    assert set(first.state()) == {"0.step", "0.exp_avg", "0.exp_avg_sq"}
    other, fresh = (one.detach().clone().requires_grad_() for _ in range(2))
    second = AdamW([other], 0.1, CPU)
    second.restore({name: value.clone() for name, value in first.state().items()})
    for value, optimiser in ((one, first), (other, second), (fresh, AdamW([fresh], 0.1, CPU))):
        step(value, optimiser, -3.0, 1.0)
    assert torch.equal(one, other)
    assert not torch.equal(one, fresh)
