"""Classes of many magnitudes at once are those of the specification, one after the other."""

import numpy as np
import pytest

from lgcodec.coding.distributions import CLASSES
from lgcodec.coding.network import HIDDEN, MAX_BIAS, MAX_WEIGHT, MOST_HIDDEN, EntropyNetwork

INPUTS, CONSTANTS = 27, 3
MOST_FEATURE = 255


def one(weights: np.ndarray, features: list[int]) -> int:
    """Section "classes" of context.md in whole numbers."""
    at, values = 0, features
    for width, divisor in ((HIDDEN, 16), (HIDDEN, 16), (1, 256)):
        matrix = weights[at : at + len(values) * width].reshape(-1, width)
        bias = weights[at + len(values) * width :][:width]
        at += (len(values) + 1) * width
        sums = [
            sum(int(v) * int(w) for v, w in zip(values, column, strict=True)) + 16 * int(b)
            for column, b in zip(matrix.T, bias, strict=True)
        ]
        most = MOST_HIDDEN if width > 1 else CLASSES - 1
        values = [min(max(total // divisor, 0), most) for total in sums]
    return values[0]


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 16), (1, 2, 129), (3, 1, 128), (1, 1, 300)])
@pytest.mark.parametrize("density", [0.0, 0.02, 1.0])
@pytest.mark.parametrize("reach", [40, MAX_WEIGHT])
def test_classes_are_those_of_whole_numbers(
    shape: tuple[int, int, int], density: float, reach: int
) -> None:
    random = np.random.default_rng([*shape, reach])
    weights = random.integers(-reach, reach + 1, EntropyNetwork.size(INPUTS + CONSTANTS))
    weights[-1] = random.integers(0, min(20 * reach, MAX_BIAS))
    sizes = random.integers(0, MOST_FEATURE + 1, (INPUTS, *shape))
    features = sizes * (random.random(sizes.shape) < density)
    constants = random.integers(0, MOST_FEATURE + 1, (shape[1], CONSTANTS))
    network = EntropyNetwork(weights.astype(np.float32), INPUTS + CONSTANTS)
    found = network.classes(features.astype(np.float32), constants.astype(np.float32))
    for place in np.ndindex(*shape):
        known = [*features[(slice(None), *place)], *constants[place[1]]]
        assert found[place] == one(weights, known)
