"""The network that predicts symbols: starting values, training, and what symbols cost under it."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import cos, log, pi, sqrt
from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load
from torch import Tensor

from lgcodec.coding.base import Floats, Symbols
from lgcodec.coding.context import MAX_BIAS, MAX_WEIGHT, Context
from lgcodec.coding.laplace import BYTES, scale_of
from lgcodec.coding.neighbours import ONE
from lgcodec.coding.pyramid import Pyramid

__all__ = ["Entropy", "costs"]

WEIGHT_ONE: Final = 16  # fixed point of weights and biases, see context.md
BIAS_ONE: Final = 16
MOST_HIDDEN: Final = 1023 / 16
RATE: Final = 3e-3
BATCH: Final = 8192
MIDDLING: Final = 26.0  # class of symbols that are 0 nearly half the time
MOST: Final = 2**21  # symbols whose features are held for training, or one partition's
FLOOR: Final = 2.0**-14  # no symbol has a smaller probability


@final
class Entropy:
    """Float weights of the network of one coder, to be trained on symbols.

    `flat` are the weights to start from, as in the tensor ENTROPY; None: the shipped ones.
    """

    def __init__(self, coder: Context, flat: Tensor | None = None) -> None:
        self._coder = coder
        widths = [coder.inputs, coder.hidden, coder.hidden, 1]
        flat = _start(len(coder.pyramid.tile), coder.hidden) if flat is None else flat
        at = 0
        self._layers: list[tuple[Tensor, Tensor]] = []
        for before, after in pairwise(widths):
            matrix = flat[at : at + before * after].reshape(before, after)
            at += before * after
            self._layers.append((matrix.clone(), flat[at : at + after].clone()))
            at += after

    @property
    def hidden(self) -> int:
        """Width of the network."""
        return self._coder.hidden

    def floats(self) -> Floats:
        """The weights before they are rounded, in the order of the tensor ENTROPY."""
        return torch.cat([value.flatten() for layer in self._layers for value in layer]).numpy()

    def integers(self) -> Floats:
        """The flat tensor ENTROPY."""
        parts = []
        for matrix, bias in self._layers:
            whole = (matrix * WEIGHT_ONE).round().clamp(-MAX_WEIGHT, MAX_WEIGHT)
            parts += [whole.flatten(), (bias * BIAS_ONE).round().clamp(-MAX_BIAS, MAX_BIAS)]
        return torch.cat(parts).numpy()

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
    ) -> None:
        """Fit the weights to magnitudes [N] in contexts `features` [N, inputs].

        counts   what each weighs [N]; None: all the same
        rate     of learning, at first
        """
        generator = torch.Generator().manual_seed(seed)
        leaves = [value.requires_grad_() for layer in self._layers for value in layer]
        optimiser = torch.optim.Adam(leaves, lr=rate)
        try:
            for iteration in range(iterations):
                for group in optimiser.param_groups:
                    group["lr"] = rate * (0.5 + 0.5 * cos(pi * iteration / iterations))
                rows = torch.randint(len(features), (BATCH,), generator=generator)
                bits = _bits(self._output(features[rows] / ONE), sizes[rows].float())
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
            values = values @ _rounded(matrix, WEIGHT_ONE) + _rounded(bias, BIAS_ONE)
            if place < len(self._layers) - 1:
                values = values.clamp(0, MOST_HIDDEN)
        return values[:, 0].clamp(0, BYTES - 0.01)


def costs(classes: NDArray[np.intp], sizes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bits of symbols of these magnitudes under these classes, any shape."""
    zero, first, more = _bit_table()
    bits: NDArray[np.float32] = np.where(
        sizes == 0, zero[classes], first[classes] + more[classes] * (sizes - 1)
    )
    return np.minimum(bits, np.float32(30))  # an escape: 14 bits, and two bytes


@cache
def _bit_table() -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Per class: bits of 0, of a magnitude of 1, and of each further one; sign included."""
    inverse = np.array([1 / scale_of(class_) for class_ in range(BYTES)])
    zero = np.maximum(1 - np.exp(-inverse / 2), FLOOR)
    first = np.maximum(np.exp(-inverse / 2) * (1 - np.exp(-inverse)) / 2, FLOOR)
    tables = -np.log2(zero), -np.log2(first), inverse / log(2)
    return tuple(table.astype(np.float32) for table in tables)  # type: ignore[return-value]


def _bits(output: Tensor, sizes: Tensor) -> Tensor:
    """Bits of symbols of these magnitudes, differentiable in the network's output."""
    inverse = torch.exp2((32.5 - output) / 5)
    zero = torch.log1p(-torch.exp(-inverse / 2).clamp(max=1 - 1e-7))
    more = torch.log1p(-torch.exp(-inverse).clamp(max=1 - 1e-7))
    other = log(0.5) - (sizes - 0.5) * inverse + more
    chosen = torch.where(sizes > 0, other, zero)
    return -torch.logaddexp(chosen, torch.full_like(chosen, log(FLOOR))) / log(2)


def _rounded(values: Tensor, one: int) -> Tensor:
    return values + ((values * one).round() / one - values).detach()


def _start(axes: int, hidden: int) -> Tensor:
    """Shipped starting values, trained by `python -m benchmarks.train_latent`; flat, float32."""
    resource = files("lgcodec.fit") / "start" / f"context-{axes}d.safetensors"
    if not resource.is_file():
        return _drawn(axes, hidden)
    values: NDArray[np.float32] = load(resource.read_bytes())[f"hidden.{hidden}"]
    return torch.from_numpy(values.copy())


def _drawn(axes: int, hidden: int) -> Tensor:
    """Values where none are shipped: small drawn weights, a middling class whatever is seen."""
    generator = torch.Generator().manual_seed(0)
    inputs = Context(Pyramid((2,) * axes, (1,) * axes, 1), hidden).inputs
    parts = []
    for before, after in pairwise([inputs, hidden, hidden, 1]):
        parts.append(torch.randn(before * after, generator=generator) / sqrt(before))
        parts.append(torch.zeros(after))
    parts[-1] += MIDDLING
    return torch.cat(parts)
