"""Rounding in the loop shows the network what a decoder will see, and lets gradients through."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lgcodec.coding import ChunkCodec, Uniform
from lgcodec.coding.rans import Rans
from lgcodec.fit.quantise import StepLearner, bits_of
from lgcodec.format.conf import TensorSpec
from lgcodec.nets import Siren

LOCAL, GLOBAL = (TensorSpec("w", (9, 5)),), (TensorSpec("g", (40,)),)


def drawn(seed: int, scale: float) -> dict[str, torch.Tensor]:
    """Weights with a long tail, so that some lie beyond the largest symbol."""
    rng = np.random.default_rng(seed)
    return {
        "local.w": torch.from_numpy(rng.laplace(0, scale, (3, 9, 5)).astype(np.float32)),
        "global.g": torch.from_numpy(rng.laplace(0, scale, 40).astype(np.float32)),
    }


@given(st.integers(0, 2**32), st.integers(2, 10), st.sampled_from([1e-6, 0.1, 40.0]))
def test_what_the_network_sees_is_what_a_decoder_sees(seed: int, bits: int, scale: float) -> None:
    """Bit for bit, also where the file's symbols reach further than those of the fit."""
    weights = drawn(seed, scale)
    learner = StepLearner(weights, dict.fromkeys(weights, bits))
    seen = {name: value.detach().numpy() for name, value in learner(weights).items()}
    codec = ChunkCodec(Uniform(bits + 2), Rans(), LOCAL, GLOBAL)
    head, chunks = codec.encode({"g": seen["global.g"]}, {"w": seen["local.w"]}, learner.steps())
    part = codec.decode_global(head)
    assert part.weights["g"].tobytes() == seen["global.g"].tobytes()
    assert codec.decode_local(part, chunks)["w"].tobytes() == seen["local.w"].tobytes()


@given(st.integers(0, 2**32), st.integers(2, 10))
def test_symbols_stay_in_their_range(seed: int, bits: int) -> None:
    weights = drawn(seed, 1.0)
    learner = StepLearner(weights, dict.fromkeys(weights, bits))
    for name, value in learner(weights).items():
        symbols = value.detach().numpy() / learner.steps()[name]
        assert np.abs(symbols).max() <= (2 ** (bits - 1) - 1) * (1 + 1e-6)
        np.testing.assert_allclose(symbols, np.rint(symbols), rtol=0, atol=1e-3)


def learned(values: list[float], step: float, bits: int) -> tuple[torch.Tensor, StepLearner]:
    """One tensor whose step is set by hand."""
    weights = torch.tensor(values, requires_grad=True)
    learner = StepLearner({"local.w": weights}, {"local.w": bits})
    with torch.no_grad():
        learner.log_steps["local.w"].fill_(float(np.log(step)))
    return weights, learner


def test_gradients_take_rounding_for_the_identity() -> None:
    """One inside the range, nothing beyond it."""
    weights, learner = learned([0.3, -1.2, 2.9, 99.0, -99.0], 1.0, 3)
    seen = learner({"local.w": weights})["local.w"]
    assert seen.tolist() == pytest.approx([0, -1, 3, 3, -3])
    seen.sum().backward()
    assert weights.grad is not None
    assert weights.grad.tolist() == pytest.approx([1, 1, 1, 0, 0])


def test_gradients_of_the_step() -> None:
    """Inside, rounding's error; beyond, the largest symbol; the logarithm brings in the step."""
    weights, learner = learned([0.3, 99.0], 0.5, 3)
    learner({"local.w": weights})["local.w"].sum().backward()
    (log_step,) = learner.parameters()
    assert log_step.grad is not None
    expected = ((1 - 0.6) + 3) * 0.5  # 0.3 is 0.6 steps and becomes 1, 99 becomes 3
    assert float(log_step.grad) == pytest.approx(expected, rel=1e-5)


def test_steps_can_be_learned() -> None:
    """Plain gradient descent on the error finds the step that covers the weights."""
    weights, learner = learned([0.0, 1.0, 2.0, 3.0], 0.6, 3)
    target = weights.detach()

    def error() -> torch.Tensor:
        return ((learner({"local.w": target})["local.w"] - target) ** 2).sum()

    before = error().item()
    for _ in range(50):
        (slope,) = torch.autograd.grad(error(), learner.parameters())
        with torch.no_grad():
            learner.log_steps["local.w"] -= 0.02 * slope
    assert error().item() < before / 4


@pytest.mark.parametrize("nominal", [2, 8, 10, 13])
def test_bits_of_every_tensor(nominal: int) -> None:
    """At least the nominal ones, and no more than the quantiser has."""
    family = Siren(3, 5, 4, ((-1.0, 1.0),), tile_range=50.0)
    bits = bits_of(family, nominal)
    assert len(bits) == len(family.local_tensors()) + len(family.global_tensors())
    assert all(nominal <= width <= 13 for width in bits.values())
    assert bits["local.0.w"] >= bits["local.1.w"] >= bits["local.2.w"] == nominal
