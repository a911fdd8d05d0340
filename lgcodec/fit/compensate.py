"""Rounding weights one after the other, each made up for by those that are still free.

Near a minimum the error rises by e^T H e, with H = J^T J and e what weights are moved by (optimal
brain surgeon, Hassibi and Stork 1993); `columns` says how they are rounded. What the best steps of
tensors have in common for a partition, more than for others, becomes its scale. H holds near by
alone: layer by layer it is made anew, after a step of the weights that are free (see
`gauss_newton`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from lgcodec.fit.columns import Columns, Whole, best_steps
from lgcodec.fit.gauss_newton import Residuals, polish
from lgcodec.fit.scales import scales_of

__all__ = ["Rounded", "Rounding"]

NEAR: Final = 0.3  # of the mean magnitude: smaller weights are pulled to 0 no harder


@final
@dataclass(frozen=True)
class Rounded:
    """Weights [P, N], multiples of `steps` by tensor, "local.<name>", times `scales` [P]."""

    flat: Tensor
    steps: dict[str, float]
    scales: Tensor


@final
class Rounding:
    """Rounds the weights of `residuals`, a bit at `price` in squared residuals."""

    def __init__(self, residuals: Residuals, price: float) -> None:
        self._residuals, self._price = residuals, price

    def ridge(self, flat: Tensor, matrix: Tensor) -> Tensor:
        """[P, N] what squares of weights cost for their magnitudes to cost their bits.

        A Laplace distribution of mean magnitude m gives |w| / (m ln 2) bits, which
        w^2 / (2 |w0| m ln 2) touches at the present weight w0 (reweighted least squares). Below the
        step that `matrix`, J^T J, asks for there are no bits to save: without that bound, m and the
        weights would pull each other to nothing, and the ridge to infinity.
        """
        parts = []
        curvature = matrix.diagonal(dim1=1, dim2=2)
        for place in self._residuals.places.values():
            size = flat[:, place].abs()
            least = float(best_steps(curvature[:, place].mean().double(), self._price))
            mean = max(float(size.mean()), least)
            floor = max(NEAR * mean, least)
            parts.append(self._price / (2 * log(2) * mean) / size.clamp(min=floor))
        return torch.cat(parts, 1)

    def at_once(self, flat: Tensor, matrix: Tensor) -> Rounded:
        """All tensors under one H: quick, an estimate."""
        path = np.zeros(len(flat), np.int64)
        columns = Columns(flat, Whole(matrix, self.ridge(flat, matrix)), path)
        scales = self._scales(columns)
        steps = {
            name: columns.tensor(place, self._price, scales, grows=self._grows(name))
            for name, place in self._residuals.places.items()
        }
        return Rounded(columns.moved(flat.shape[1]), steps, scales)

    def in_turn(self, flat: Tensor, damping: Tensor) -> Iterator[Rounded]:
        """Layer after layer, each under an H of its own, yielded after each; the last is all."""
        flat, steps = flat.clone(), {}
        scales: Tensor | None = None
        path = np.zeros(len(flat), np.int64)
        places = list(self._residuals.places.items())
        for layer in zip(places[::2], places[1::2], strict=True):
            first = layer[0][1].start
            if first:
                polish(self._residuals, flat, damping, 1, first=first, cost=self.ridge)
            matrix = self._residuals.normal(flat).matrix
            ridge = self.ridge(flat, matrix)[:, first:]
            columns = Columns(flat[:, first:], Whole(matrix[:, first:, first:], ridge), path)
            if scales is None:
                scales = self._scales(columns)
            for name, place in layer:
                here = slice(place.start - first, place.stop - first)
                grows = self._grows(name)
                steps[name] = columns.tensor(here, self._price, scales, grows=grows)
            flat[:, first:] = columns.moved(layer[1][1].stop - first)
            yield Rounded(flat, steps, scales)

    def _grows(self, name: str) -> bool:
        return name in self._residuals.ascending

    def _scales(self, columns: Columns) -> Tensor:
        """[P]"""
        places = self._residuals.places.values()
        steps = torch.stack([columns.steps(place, self._price) for place in places], 1)
        counts = torch.tensor([place.stop - place.start for place in places])
        reach = torch.stack([columns.reach(place) for place in places])
        return scales_of(steps, counts.to(steps), reach)
