"""Rounding a single network of many weights: layer by layer, under a Kronecker product.

J^T J of tens of thousands of weights is out of reach. That of one layer is close to the product of
two small matrices, what its inputs and what comes back from its outputs have in common: K-FAC,
Martens and Grosse 2015, equation 1, with A = mean of a a^T and G = mean of g g^T over samples. V of
a product is the product of V of both, and rounding goes as in `columns`. The price of a bit that
gives the size is searched for by rounding again.

Letters in shapes: P partitions, I inputs with the 1 of the bias and O outputs of a layer.
"""

from collections.abc import Iterator
from math import exp2
from typing import Final, final

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from lgcodec.coding.scaled import Scaled
from lgcodec.fit.candidate import AIM, Candidate
from lgcodec.fit.columns import Columns, Factor, Numbers, upper
from lgcodec.fit.gauss_newton import Residuals
from lgcodec.fit.later_layers import LaterLayers
from lgcodec.fit.objective import Objective
from lgcodec.fit.pull import PRICE
from lgcodec.fit.rounding_loops import Choice, round_product
from lgcodec.fit.scales import USUAL
from lgcodec.fit.settings import FitSettings, SizeOf
from lgcodec.nets import Siren

__all__ = ["SINGLE_FLOAT_SHARE", "SingleRounding", "damped"]

SINGLE_FLOAT_SHARE: Final = 0.8  # of a fit, what comes before
SAMPLES: Final = 2**14  # that matrices are means over
CLOSE: Final = 0.015  # of the bytes: near enough to go no further
SHRINKS: Final = 0.012  # of the bytes: what a thorough rounding takes fewer of
QUICK_ATTEMPTS, ATTEMPTS = 4, 8  # quick ones at most, and all
DAMPING: Final = 1e-3  # of the mean of a diagonal, which is added to it
TINY: Final = 1e-30


@final
class Product(Factor):
    """Of A x G [P, I O, I O], from `inputs` A [P, I, I] and `outputs` G [P, O, O]."""

    def __init__(self, inputs: Tensor, outputs: Tensor) -> None:
        self._inputs, self._outputs = (upper(part.double()) for part in (inputs, outputs))

    @override
    def pivots(self) -> Tensor:
        rows, columns = (part.diagonal(dim1=1, dim2=2) for part in (self._inputs, self._outputs))
        return (rows[:, :, None] * columns[:, None]).flatten(1)

    @override
    def round(self, weights: Numbers, shift: Numbers, choice: Choice, found: Numbers) -> None:
        inputs, outputs = (
            part.mT.contiguous().cpu().numpy() for part in (self._inputs, self._outputs)
        )
        round_product(weights, inputs, outputs, shift, choice, found)

    @override
    def follow(self, shift: Tensor, rounded: int) -> None:
        if rounded < shift.shape[1]:
            raise ValueError(f"{rounded} weights of a layer are rounded, which is to be whole")


def damped(matrix: Tensor) -> Tensor:
    """[P, n, n] with a damping: what a neuron that hardly matters makes up for stays small.

    Without it weights of one such neuron moved far enough for the product to mean nothing, and
    sizes jumped by 10 % with the price: kodim19 at 0.15 bits per pixel lost 9 dB.
    """
    diagonal = matrix.diagonal(dim1=1, dim2=2)
    return (
        matrix + (DAMPING * diagonal.mean(1, keepdim=True) + TINY).expand_as(diagonal).diag_embed()
    )


@final
class SingleRounding:
    """The end of a fit of a network without a global part, of one partition, for a size.

    size_of   bytes that rounded weights take in the file
    """

    def __init__(
        self, family: Siren, objective: Objective, settings: FitSettings, size_of: SizeOf
    ) -> None:
        self._family, self._objective = family, objective
        sampler = objective.sampler
        self._residuals = Residuals(family, sampler, min(SAMPLES, sampler.tile_samples))
        self._size, self._size_of = settings.size or 0, size_of
        self._later = LaterLayers(family, objective, settings)

    def improved(
        self, best: Candidate, *, quickly: bool = False
    ) -> Iterator[tuple[float, Candidate]]:
        """Shares of the work that are done, and the best so far, which is float to begin with.

        The price that gives the size is searched for by quick rounding.
        """
        flat = self._residuals.flat(self._family.canonicalise(best.weights))
        price = PRICE * self._error(flat) / flat.numel()  # a first guess
        quickly |= not self._later.pays
        thoroughly = False
        for attempt in range(ATTEMPTS):
            found, size = self._rounded(flat, price, thoroughly=thoroughly)
            best = found if found.score >= best.score else best
            excess = size - AIM * self._size
            close = abs(excess) < CLOSE * self._size
            done = close and (quickly or thoroughly)
            yield 1.0 if done else (attempt + 1) / ATTEMPTS, best
            if done:
                break
            if not (quickly or thoroughly) and (close or attempt + 1 >= QUICK_ATTEMPTS):
                thoroughly, excess = True, excess - SHRINKS * self._size
            # Four times the price saves a bit a weight.
            price *= exp2(min(max(16 * excess / flat.numel(), -4.0), 4.0))

    def at_once(self, best: Candidate) -> Candidate:
        """The best float weights, quickly rounded to the size."""
        for _, found in self.improved(best, quickly=True):
            best = found
        return best

    def _rounded(self, flat: Tensor, price: float, *, thoroughly: bool) -> tuple[Candidate, int]:
        """Weights [1, N] rounded, a bit at `price` in squared residuals, and their bytes.

        thoroughly   whether layers learn to make up for those before them
        """
        flat, steps, path = flat.clone(), {}, np.zeros(len(flat), np.int64)
        scales = flat.new_full((len(flat),), USUAL, dtype=torch.double)
        places = list(self._residuals.places.items())
        for layer, tensors in enumerate(zip(places[::2], places[1::2], strict=True)):
            first, last = tensors[0][1].start, tensors[1][1].stop
            columns = Columns(flat[:, first:last], self._factor(flat, layer), path)
            for name, place in tensors:
                here = slice(place.start - first, place.stop - first)
                grows = name in self._residuals.ascending
                steps[name] = columns.tensor(here, price, scales, grows=grows)
            flat[:, first:last] = columns.moved(last - first)
            if thoroughly:
                later = self._later.improved(self._residuals.tensors(flat), layer + 1)
                flat = self._residuals.flat(later)
        found = Candidate(self._residuals.tensors(flat), steps=steps, coder=Scaled.name)
        size = self._size_of(found.fitted())
        psnr = self._objective.psnr(self._objective.error(found.weights, None))
        return found.judged(psnr, size, self._size), size

    @torch.no_grad()
    def _factor(self, flat: Tensor, layer: int) -> Product:
        """Of the sum of squared residuals, that of all samples."""
        _, layers = self._residuals.layers(flat, slice(0, len(flat)))
        inputs, back = layers[layer]
        outputs, count = back.transpose(1, 2).flatten(2), inputs.shape[2]  # [P, O, C S]
        samples = self._objective.sampler.tile_samples
        return Product(
            damped(inputs @ inputs.transpose(1, 2) / count),
            damped(outputs @ outputs.transpose(1, 2) * (samples / count)),
        )

    def _error(self, flat: Tensor) -> float:
        """Sum of squares over all samples, from those that there are."""
        seen = self._residuals.outputs / self._family.channels
        share = self._objective.sampler.tile_samples / seen
        return float(self._residuals.errors(flat, torch.arange(len(flat))).sum()) * share
