"""The network that predicts magnitudes: training, and what symbols cost under it."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from math import cos, pi
from typing import Any, Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lgcodec.coding.base import Floats, Symbols
from lgcodec.coding.context import Context
from lgcodec.coding.distributions import CLASSES, EXPECTED, PRECISION
from lgcodec.coding.neighbours import ONE
from lgcodec.coding.network import HIDDEN, MAX_BIAS, MAX_WEIGHT, MOST_HIDDEN
from lgcodec.coding.tables import magnitudes

__all__ = ["MOST_BITS", "Entropy", "bit_table", "bits_between", "costs", "sign_bits"]

WEIGHT_ONE: Final = 16  # fixed point of weights and biases, see context.md
RATE: Final = 1e-3
BATCH: Final = 8192
MOST: Final = 2**21  # symbols whose features are held for training, or one partition's
FLOOR: Final = 2.0**-14  # no symbol has a smaller probability
MOST_BITS: Final = 16.0  # an escape: 8 to 14, and a few for how far it is
Sizes = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


@final
class Entropy:
    """Float weights of the network of one coder, to be trained on symbols.

    `flat` are the weights to start from, in the order of the tensor ENTROPY and 16 times what they
    stand for; None: those of the specification.
    """

    def __init__(self, coder: Context, flat: Tensor | None = None) -> None:
        self._coder = coder
        flat = torch.from_numpy(coder.usual) if flat is None else flat
        at = 0
        self._layers: list[tuple[Tensor, Tensor]] = []
        for before, after in pairwise([coder.inputs, HIDDEN, HIDDEN, 1]):
            matrix = flat[at : at + before * after].reshape(before, after) / WEIGHT_ONE
            at += before * after
            self._layers.append((matrix, flat[at : at + after] / WEIGHT_ONE))
            at += after

    def floats(self) -> Floats:
        """The weights before they are rounded, as `flat`."""
        return (
            WEIGHT_ONE * torch.cat([v.flatten() for layer in self._layers for v in layer]).numpy()
        )

    def integers(self) -> Floats:
        """The flat tensor ENTROPY: what the network differs by from that of the specification."""
        parts = []
        for matrix, bias in self._layers:
            whole = (matrix * WEIGHT_ONE).round().clamp(-MAX_WEIGHT, MAX_WEIGHT)
            parts += [whole.flatten(), (bias * WEIGHT_ONE).round().clamp(-MAX_BIAS, MAX_BIAS)]
        changes: Floats = torch.cat(parts).numpy() - self._coder.usual
        return changes

    def train(self, symbols: Sequence[Symbols], iterations: int, seed: int) -> None:
        """Fit the weights, rounded in the loop, to symbols [P, N_k] of every tensor.

        Of many partitions some are drawn, so that memory stays bounded.
        """
        total, most = len(symbols[0]), max(1, MOST // sum(part.shape[1] for part in symbols))
        if total > most:
            drawn = np.random.default_rng(seed).permutation(total)[:most]
            symbols = [part[drawn] for part in symbols]
        inputs = [part.reshape(-1, self._coder.inputs) for part in self._coder.features(symbols)]
        features = torch.from_numpy(np.concatenate(inputs))
        sizes = torch.from_numpy(np.concatenate([np.abs(part).ravel() for part in symbols]))
        self.learn(features, sizes, None, iterations, seed)

    def learn(
        self,
        features: Tensor,
        sizes: Tensor,
        counts: Tensor | None,
        iterations: int,
        seed: int,
        *,
        rate: float = RATE,
        table: NDArray[np.int64] | None = None,
    ) -> None:
        """Fit the weights to magnitudes [N] in contexts `features` [N, inputs].

        counts   what each weighs [N]; None: all the same
        rate     of learning, at first
        table    rows [64, 5] of the distributions; None: those of the specification
        """
        generator = torch.Generator().manual_seed(seed)
        leaves = [value.requires_grad_() for layer in self._layers for value in layer]
        optimiser = torch.optim.Adam(leaves, lr=rate)
        table = magnitudes() if table is None else table
        try:
            for iteration in range(iterations):
                for group in optimiser.param_groups:
                    group["lr"] = rate * (0.5 + 0.5 * cos(pi * iteration / iterations))
                rows = torch.randint(len(features), (BATCH,), generator=generator)
                bits = bits_between(self._output(features[rows] / ONE), sizes[rows].float(), table)
                if counts is not None:
                    bits = bits * counts[rows]
                optimiser.zero_grad()
                bits.mean().backward()  # type: ignore[no-untyped-call]
                optimiser.step()
        finally:  # on Ctrl-C too the weights are those of a network
            self._layers = [(m.detach(), b.detach()) for m, b in self._layers]

    def _output(self, values: Tensor) -> Tensor:
        """Classes [N] as real numbers."""
        for place, (matrix, bias) in enumerate(self._layers):
            values = values @ _rounded(matrix) + _rounded(bias)
            if place < len(self._layers) - 1:
                values = values.clamp(0, MOST_HIDDEN / WEIGHT_ONE)
        return values[:, 0].clamp(0, CLASSES - 0.01)


def costs(classes: NDArray[np.intp], sizes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bits of symbols of these magnitudes under these classes, any shape; a sign has one."""
    zero, one, two, more = bit_table()
    large = np.where(sizes == 1, one[classes], two[classes] + more[classes] * (sizes - 2))
    bits: NDArray[np.float32] = np.where(sizes == 0, zero[classes], large)
    return np.minimum(bits, np.float32(MOST_BITS))


def sign_bits(odds: NDArray[Any]) -> NDArray[np.float32]:
    """Bits of signs that are expected with these odds, below 0 if the other is."""
    chances = np.array(EXPECTED, np.float32) / (1 << PRECISION)
    class_ = np.minimum(np.abs(odds), len(EXPECTED) - 1).astype(np.intp)
    chance = np.where(odds < 0, 1 - chances[class_], chances[class_])
    bits: NDArray[np.float32] = -np.log2(chance)
    return bits


@cache
def bit_table() -> Sizes:
    """Of the specification's classes [64]: bits of 0, of 1, of 2, and of each further one."""
    return _table_bits(magnitudes())


def _table_bits(table: NDArray[np.int64]) -> Sizes:
    """Per class: bits of 0, of 1, of 2, and of each further one; a sign included."""
    zero, one, ratio = (table[:, column] / 65536 for column in range(3))
    chances = zero, (1 - zero) * one / 2, (1 - zero) * (1 - one) * (1 - ratio) / 2
    bits = [-np.log2(np.maximum(chance, FLOOR)) for chance in chances]
    none, first, second, more = (part.astype(np.float32) for part in (*bits, -np.log2(ratio)))
    return none, first, second, more


def bits_between(output: Tensor, sizes: Tensor, table: NDArray[np.int64]) -> Tensor:
    """Bits of magnitudes [N] under real classes `output` [N], differentiable in them.

    table   rows [64, 5] as `tables.magnitudes`; between the middles of two classes bits are in line
    """
    known = torch.from_numpy(np.stack(_table_bits(table), axis=1))
    place = (output - 0.5).clamp(0, len(known) - 1.001)
    below = place.detach().floor().long()
    share = place - below
    first, second = (_priced(known[at], sizes) for at in (below, below + 1))
    return first + share * (second - first)


def _priced(known: Tensor, sizes: Tensor) -> Tensor:
    zero, one, two, more = known.unbind(1)
    large = torch.where(sizes == 1, one, two + more * (sizes - 2))
    return torch.where(sizes == 0, zero, large).clamp(max=MOST_BITS)


def _rounded(values: Tensor) -> Tensor:
    return values + ((values * WEIGHT_ONE).round() / WEIGHT_ONE - values).detach()
