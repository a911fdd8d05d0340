"""The network of magnitudes against Python's integers, and its limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coding import context_reference as reference
from lgcodec.coding.neighbours import Kinds
from lgcodec.coding.network import HIDDEN, MAX_BIAS, MAX_WEIGHT, EntropyNetwork
from lgcodec.errors import FileError


@given(st.integers(1, 40), st.integers(0, 2**16), st.sampled_from([3, 20, MAX_WEIGHT]))
def test_classes_are_those_of_exact_integers(inputs: int, seed: int, most: int) -> None:
    """LGI-K-47: also of units and classes at their limits."""
    random, constant = np.random.default_rng(seed), inputs // 3
    size = EntropyNetwork.size(inputs)
    weights = random.integers(-most, most + 1, size)
    weights[-1] = random.integers(-MAX_BIAS, MAX_BIAS + 1)
    features = random.integers(0, 193, (inputs - constant, 2, 3, 5))
    constants = random.integers(0, 193, (3, constant))
    network = EntropyNetwork(weights.astype(np.float32), inputs)
    alike = Kinds(np.zeros((1, 0), np.float32), np.zeros(5, np.intp))
    found = network.classes(features.astype(np.float32), constants.astype(np.float32), alike)
    assert found.shape == (2, 3, 5)
    for p, c, n in np.ndindex(found.shape):
        row = [*features[:, p, c, n].tolist(), *constants[c].tolist()]
        assert found[p, c, n] == reference.class_of(weights.tolist(), row)


@pytest.mark.parametrize("inputs", [16, 23, 32])
def test_the_size_is_that_of_the_specification(inputs: int) -> None:
    assert EntropyNetwork.size(inputs) == 32 * (inputs + 1) + 1089


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("sign", [-1, 1])
def test_weights_and_biases_have_limits(layer: int, sign: int) -> None:
    """LGI-K-43."""
    inputs = 7
    ends = np.cumsum([0, inputs * HIDDEN + HIDDEN, HIDDEN * HIDDEN + HIDDEN, HIDDEN + 1])
    outputs = 1 if layer == 2 else HIDDEN
    for at, most in ((ends[layer], MAX_WEIGHT), (ends[layer + 1] - 1, MAX_BIAS),
                     (ends[layer + 1] - outputs - 1, MAX_WEIGHT)):  # fmt: skip
        weights = np.zeros(EntropyNetwork.size(inputs), np.float32)
        weights[at] = sign * most
        EntropyNetwork(weights, inputs)
        weights[at] += sign
        with pytest.raises(FileError, match="E_PAYLOAD: the entropy network has"):
            EntropyNetwork(weights, inputs)
