"""Numbers in steps -> symbols: plainly, or where a bit buys the most.

Each symbol is chosen by its squared error and its bits under the entropy network, contexts as they
are: D + lambda R (rate-distortion optimised rounding).
"""

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.base import Floats, Symbols
from lgcodec.coding.distributions import SIGN_CLASSES
from lgcodec.coding.integer import LARGEST
from lgcodec.fit.entropy import MOST_BITS, bit_table, costs, sign_bits

__all__ = ["LAMBDA", "Prices", "cheapest", "dead_zone", "prices"]

# Price of a bit in squared steps. Below 0.12, where finer steps cost what they bring, as what is
# not 0 tells of its neighbours too: 1.2 % fewer bytes at equal PSNR (three pictures and rates).
LAMBDA: Final = 0.08
DEAD_ZONE: Final = 0.36  # what is added before the first rounding down


class Prices(NamedTuple):
    """What symbols cost.

    sizes                  bits of a class [64]: of 0, of 1, of 2, and of each further one
    usual, other           bits of a sign, less 1, by the magnitude of its odds [16]: the one that
                           is expected, and the other
    most                   bits of a magnitude at most
    bit                    squared steps that a bit is worth
    """

    sizes: tuple[Floats, Floats, Floats, Floats]
    usual: Floats
    other: Floats
    most: float
    bit: float


@cache
def prices() -> Prices:
    """Those of the specification's distributions."""
    odds = np.arange(SIGN_CLASSES)
    return Prices(bit_table(), sign_bits(odds) - 1, sign_bits(-odds) - 1, MOST_BITS, LAMBDA)


def dead_zone(scaled: Floats) -> Symbols:
    """Symbols as they are rounded before anything is known of their price."""
    return _signed(scaled, np.floor(np.abs(scaled) + np.float32(DEAD_ZONE)))


def cheapest(
    scaled: Floats,
    classes: NDArray[np.intp],
    weights: Floats | None = None,
) -> Symbols:
    """Symbols that cost the least: squared error in steps + LAMBDA x bits, contexts as they are.

    weights   by which errors count more; None: not at all
    """
    size, bit = np.abs(scaled), LAMBDA if weights is None else LAMBDA / weights
    near = np.rint(size)
    best, price = near, (size - near) ** 2 + bit * costs(classes, near)
    for candidate in (np.maximum(near - 1, 0), np.zeros_like(near)):
        cost = (size - candidate) ** 2 + bit * costs(classes, candidate)
        best = np.where(cost < price, candidate, best)
        price = np.minimum(cost, price)
    return _signed(scaled, best)


def _signed(values: Floats, sizes: NDArray[np.float32]) -> Symbols:
    symbols: Symbols = (np.sign(values) * np.minimum(sizes, LARGEST)).astype(np.int16)
    return symbols
