"""Numbers in steps -> symbols: plainly, or where a bit buys the most.

Each symbol is chosen by its squared error and its bits under the entropy network, contexts as they
are: D + lambda R (rate-distortion optimised rounding).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.base import Floats, Symbols
from lgcodec.coding.integer import LARGEST
from lgcodec.fit.entropy import costs, sign_bits

__all__ = ["cheapest", "dead_zone"]

LAMBDA: Final = 0.12  # price of a bit in squared steps
DEAD_ZONE: Final = 0.36  # what is added before the first rounding down


def dead_zone(scaled: Floats) -> Symbols:
    """Symbols as they are rounded before anything is known of their price."""
    return _signed(scaled, np.floor(np.abs(scaled) + np.float32(DEAD_ZONE)))


def cheapest(
    scaled: Floats,
    classes: NDArray[np.intp],
    odds: NDArray[np.int64] | None = None,
    weights: Floats | None = None,
) -> Symbols:
    """Symbols that cost the least: squared error in steps + LAMBDA x bits, contexts as they are.

    odds      of their signs, as `Context.odds`; None: a sign has one bit
    weights   by which errors count more; None: not at all
    """
    size, bit = np.abs(scaled), LAMBDA if weights is None else LAMBDA / weights
    sign = 0 if odds is None else bit * (sign_bits(np.sign(scaled) * odds) - 1)
    near = np.rint(size)
    best, price = near, (size - near) ** 2 + bit * costs(classes, near) + sign * (near > 0)
    for candidate in (np.maximum(near - 1, 0), np.zeros_like(near)):
        cost = (size - candidate) ** 2 + bit * costs(classes, candidate)
        cost = cost + sign * (candidate > 0)
        best = np.where(cost < price, candidate, best)
        price = np.minimum(cost, price)
    return _signed(scaled, best)


def _signed(values: Floats, sizes: NDArray[np.float32]) -> Symbols:
    symbols: Symbols = (np.sign(values) * np.minimum(sizes, LARGEST)).astype(np.int16)
    return symbols
