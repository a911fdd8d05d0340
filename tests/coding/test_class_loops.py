"""Classes of many magnitudes at once are those of the specification, one after the other."""

import numpy as np
import pytest

from coding import context_reference as reference
from lgcodec.coding.neighbours import kinds_of
from lgcodec.coding.network import MAX_BIAS, MAX_WEIGHT, EntropyNetwork

INPUTS, ENDS, CONSTANTS = 27, 2, 3
MOST_FEATURE = 255


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 16), (1, 2, 129), (3, 1, 128), (1, 1, 300)])
@pytest.mark.parametrize("density", [0.0, 0.02, 1.0])
@pytest.mark.parametrize("reach", [40, MAX_WEIGHT])
def test_classes_are_those_of_whole_numbers(
    shape: tuple[int, int, int], density: float, reach: int
) -> None:
    random = np.random.default_rng([*shape, reach])
    inputs = INPUTS + ENDS + CONSTANTS
    weights = random.integers(-reach, reach + 1, EntropyNetwork.size(inputs))
    weights[-1] = random.integers(0, min(20 * reach, MAX_BIAS))
    sizes = random.integers(0, MOST_FEATURE + 1, (INPUTS, *shape))
    features = sizes * (random.random(sizes.shape) < density)
    constants = random.integers(0, MOST_FEATURE + 1, (shape[1], CONSTANTS))
    network = EntropyNetwork(weights.astype(np.float32), inputs)
    kinds = kinds_of(shape[2:])
    found = network.classes(features.astype(np.float32), constants.astype(np.float32), kinds)
    for place in np.ndindex(*shape):
        ends = 16 * (place[2] == 0), 16 * (place[2] == shape[2] - 1)
        known = [*features[(slice(None), *place)], *ends, *constants[place[1]]]
        assert found[place] == reference.class_of(weights.tolist(), list(map(int, known)))
