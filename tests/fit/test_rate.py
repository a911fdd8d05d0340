"""The model of the rate agrees with the coder, and its gradient with the model."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lgcodec.coding.rans import Rans
from lgcodec.fit.quantise import StepLearner
from lgcodec.fit.rate import RateModel


def drawn(seed: int, scale: float, count: int = 4000) -> dict[str, torch.Tensor]:
    rng = np.random.default_rng(seed)
    return {
        "local.w": torch.from_numpy(rng.normal(0, scale, (4, count)).astype(np.float32)),
        "global.g": torch.from_numpy(rng.laplace(0, scale, count).astype(np.float32)),
    }


def bits(rate: RateModel, weights: dict[str, torch.Tensor]) -> float:
    return float(rate.bits(weights).detach())


def model(weights: dict[str, torch.Tensor], width: int) -> tuple[RateModel, StepLearner]:
    learner = StepLearner(weights, dict.fromkeys(weights, width), free=True)
    return RateModel(weights, learner), learner


@given(st.integers(0, 99), st.integers(4, 9), st.sampled_from([1e-3, 0.1, 40.0]))
def test_the_bits_are_those_of_the_coder(seed: int, width: int, scale: float) -> None:
    """Within 3 %: the file's symbols are rounded and the model's are not."""
    weights = drawn(seed, scale)
    rate, learner = model(weights, width)
    symbols = {n: s.numpy().astype(np.int16) for n, s in learner.symbols(weights).items()}
    rows = [part.reshape(1, -1) for part in symbols.values()]
    coder = Rans()
    (chunk,) = coder.encode([coder.table(part) for part in rows], rows)
    assert bits(rate, weights) == pytest.approx(8 * len(chunk), rel=0.03)


def test_wider_steps_take_a_bit_less_for_each_doubling() -> None:
    weights = drawn(0, 0.1)
    rate, learner = model(weights, 8)
    before = bits(rate, weights)
    learner.widen(2.0)
    rate.refresh(weights)
    count = sum(value.numel() for value in weights.values())
    assert before - bits(rate, weights) == pytest.approx(count, rel=0.03)


def test_descent_makes_weights_cheaper() -> None:
    """Along the gradient of weights, and of steps, under fixed tables and under new ones."""
    weights = {name: value.requires_grad_() for name, value in drawn(1, 0.1).items()}
    rate, learner = model(weights, 7)
    before = bits(rate, weights)
    for leaves, pace in ((list(weights.values()), 1e-5), (learner.parameters(), 1e-6)):
        slopes = torch.autograd.grad(rate.bits(weights), leaves)
        with torch.no_grad():
            for leaf, slope in zip(leaves, slopes, strict=True):
                leaf.sub_(pace * slope)
        assert bits(rate, weights) < before
        rate.refresh(weights)
        assert bits(rate, weights) < before
        before = bits(rate, weights)
