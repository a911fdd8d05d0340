"""The network that tells classes of magnitudes, in integers held by float32; see context.md."""

from itertools import pairwise
from typing import Final, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.base import Floats, bad_payload
from lgcodec.coding.distributions import CLASSES
from lgcodec.coding.neighbours import Kinds

__all__ = ["HIDDEN", "MAX_BIAS", "MAX_WEIGHT", "MOST_HIDDEN", "EntropyNetwork", "Layers"]

HIDDEN: Final = 32
MAX_WEIGHT: Final = 255  # 16 stands for 1
MAX_BIAS: Final = 4095  # 16 stands for 1
MOST_HIDDEN: Final = 1023  # 16 stands for 1


class Layers(NamedTuple):
    """A network for one band; its first layer has parts.

    causal   [K, H] rows of the causal neighbours
    across   [3, H] those of earlier channels: the one before, what is beside it, the sum of others
    others   [F, H] those of features that are known before the band
    fixed    [C, K, H] biases, and what features add that all places of a kind share
    still    [C, K] the class of such a place where all other features are 0: most of them, often
    second, third   [H, H] and [H], their biases [H] and [1]
    """

    causal: Floats
    across: Floats
    others: Floats
    fixed: Floats
    still: NDArray[np.intp]
    second: Floats
    second_bias: Floats
    third: Floats
    third_bias: Floats


@final
class EntropyNetwork:
    """Features -> class, two hidden ReLU layers of HIDDEN units.

    `weights` is flat: per layer its matrix [inputs, outputs] in raster order, then its biases.
    Products and their sums stay below 2**24, so that float32 arithmetic is exact; what the sums of
    a layer are divided by, a power of 2, divides its weights already.
    """

    def __init__(self, weights: Floats, inputs: int) -> None:
        widths = [inputs, HIDDEN, HIDDEN, 1]
        at, self.matrices, self.biases = 0, [], []
        for (before, after), divisor in zip(pairwise(widths), (16, 16, 256), strict=True):
            matrix = weights[at : at + before * after].reshape(before, after)
            bias = weights[at + before * after :][:after]
            if np.abs(matrix).max() > MAX_WEIGHT or np.abs(bias).max() > MAX_BIAS:
                raise bad_payload(
                    f"the entropy network has a weight of {np.abs(matrix).max():.0f} or a bias of "
                    f"{np.abs(bias).max():.0f}, allowed are ±{MAX_WEIGHT} and ±{MAX_BIAS}"
                )
            self.matrices.append(np.ascontiguousarray(matrix / np.float32(divisor), np.float32))
            self.biases.append((bias * np.float32(16 / divisor)).astype(np.float32))
            at += (before + 1) * after

    @staticmethod
    def size(inputs: int) -> int:
        """Numbers in the flat tensor."""
        return (inputs + 1) * HIDDEN + (HIDDEN + 1) * HIDDEN + HIDDEN + 1

    def layers(
        self, constants: Floats, kinds: Kinds, causal: int = 0, across: slice = slice(0, 0)
    ) -> Layers:
        """For a band whose last features are those of `kinds` and `constants` [C, n].

        causal, across   first features and others that are known one symbol after the other
        """
        (first, second, third), (bias, *biases) = self.matrices, self.biases
        last = len(first) - constants.shape[1]
        varied, at_ends, of_channels = np.split(first, [last - kinds.features.shape[1], last])
        others = np.concatenate([varied[causal : across.start], varied[across.stop :]])
        fixed = (constants @ of_channels + bias)[:, None] + kinds.features @ at_ends
        units = _units(_units(fixed) @ second + biases[0])
        still = np.floor(units @ third + biases[1])[..., 0].clip(0, CLASSES - 1)
        return Layers(
            first[:causal], first[across], others, fixed, still.astype(np.intp),
            second, biases[0], third[:, 0].copy(), biases[1],
        )  # fmt: skip

    def classes(self, features: Floats, constants: Floats, kinds: Kinds) -> NDArray[np.intp]:
        """Classes [P, C, N] from features [F, P, C, N] and those of channels [C, n] and places."""
        from lgcodec.coding import class_loops  # noqa: PLC0415 (numba, only when encoding)

        return class_loops.classes_of(self.layers(constants, kinds), features, kinds.of)


def _units(sums: Floats) -> Floats:
    units: Floats = np.floor(sums).clip(0, MOST_HIDDEN)
    return units
