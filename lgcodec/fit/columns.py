"""Weights that are rounded one after the other, and what makes up for it.

With e what weights are moved by, the error rises by e^T H e, and with H = V V^T, V upper
triangular, that is the sum of

    (V_kk e_k + sum over j < k of V_jk e_j)^2     over weights k,

so that each weight, in order, has one e_k which costs nothing more, and is rounded from there
(nearest plane, Babai 1986; GPTQ, Frantar et al. 2022, in another form). Of the numbers that there
are for it, which those before it decide (`rounding_loops`), the sum of error + price x bits under
the table of its tensor is to be least.

Rounding to multiples of D adds V_kk^2 D^2 / 12 to the error of weight k and takes log2 D from its
bits. So D^2 = 6 price / (ln 2 x mean V_kk^2 of the tensor) is best, and one number, the price of a
bit, sets the steps of all tensors.

Letters in shapes: P partitions, F weights that are free at the beginning, n numbers of a tensor.
"""

from abc import ABC, abstractmethod
from math import log
from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from lgcodec.fit.rounding_loops import Choice, round_whole
from lgcodec.fit.scales import largest, tabled

__all__ = ["AT_ONCE", "Columns", "Factor", "Whole", "best_steps", "upper"]

AT_ONCE: Final = 16  # partitions whose matrices are in double precision
FINEST: Final = 1e-30  # step
JITTER: Final = 1e-6  # of each number of the diagonal: what float32 makes of J^T J is unsure
DEPENDENT: Final = 0.55  # of the best step between levels of both sets; 0.5 to 0.65 are alike
PASSES: Final = 2  # of a tensor: the table of the second is that of the first's symbols
Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]


class Factor(ABC):
    """V of all partitions."""

    @abstractmethod
    def pivots(self) -> Tensor:
        """[P, F] V_kk, in double precision like all numbers here."""

    @abstractmethod
    def round(self, weights: Numbers, shift: Numbers, choice: Choice, found: Numbers) -> None:
        """As `rounding_loops.round_whole`, levels [P, n] of a tensor into `found`."""

    @abstractmethod
    def follow(self, shift: Tensor, rounded: int) -> None:
        """Set all of `shift` [P, F] but the first `rounded`, so that these cost least."""


@final
class Whole(Factor):
    """Of H [P, F, F], with `ridge` [P, F] added to its diagonal."""

    def __init__(self, matrix: Tensor, ridge: Tensor) -> None:
        self._columns = torch.empty_like(matrix, dtype=torch.double)  # of V, side by side
        for part in torch.split(torch.arange(len(matrix)), AT_ONCE):
            whole = matrix[part].double() + ridge[part].double().diag_embed()
            self._columns[part] = upper(whole).mT

    @override
    def pivots(self) -> Tensor:
        return self._columns.diagonal(dim1=1, dim2=2)

    @override
    def round(self, weights: Numbers, shift: Numbers, choice: Choice, found: Numbers) -> None:
        round_whole(weights, self._columns.cpu().numpy(), shift, choice, found)

    @override
    def follow(self, shift: Tensor, rounded: int) -> None:
        for part in torch.split(torch.arange(len(shift)), AT_ONCE):
            turned, fixed = self._columns[part, rounded:], shift[part, :rounded, None]
            pushed, rest = turned[:, :, :rounded] @ fixed, turned[:, :, rounded:]
            free = torch.linalg.solve_triangular(rest, -pushed, upper=False)
            shift[part, rounded:] = free[:, :, 0]


@final
class Columns:
    """Weights [P, F] being rounded, and how far they have moved.

    path   [P] states that the weights before these have led to, which move on
    """

    def __init__(self, weights: Tensor, factor: Factor, path: Integers) -> None:
        self._weights = weights.double().cpu()
        self._shift = torch.zeros_like(self._weights)
        self._factor, self._pivots = factor, factor.pivots().cpu()
        self._path, self._device = path, weights.device

    def steps(self, place: slice, price: float) -> Tensor:
        """[P] the best ones of a tensor."""
        return best_steps(self._pivots[:, place].square().mean(1), price)

    def reach(self, place: slice) -> Tensor:
        """The largest magnitude of a tensor."""
        return self._weights[:, place].abs().max()

    def tensor(self, place: slice, price: float, scales: Tensor, *, grows: bool) -> float:
        """Round a tensor, those before it being rounded; its step, which `scales` [P] multiply.

        grows   whether its numbers are coded as differences, and do not depend on each other
        """
        scales = scales.cpu()
        furthest = largest(scales, grows=grows)
        step = self._step(place, price, scales, furthest, grows=grows)
        steps, most = step * scales, (furthest / scales).floor()
        levels = (self._weights[:, place] / steps[:, None]).round()
        levels = levels.clamp(-most[:, None], most[:, None])
        for _ in range(PASSES):
            path = self._path.copy()
            which, bits, first = tabled(levels, scales, grows=grows)
            ends = steps.numpy(), most.numpy()
            choice = Choice(place.start, path, *ends, which, bits, first, price, grows)
            self._factor.round(self._weights.numpy(), self._shift.numpy(), choice, levels.numpy())
        self._path[:] = path
        return step

    def _step(
        self, place: slice, price: float, scales: Tensor, furthest: float, *, grows: bool
    ) -> float:
        """One that float32 has.

        furthest   the largest multiple that is allowed
        """
        best = float((self.steps(place, price) / scales).log().mean().exp())
        best *= 1 if grows else DEPENDENT
        return float(np.float32(max(best, float(self.reach(place)) / furthest)))

    def moved(self, rounded: int) -> Tensor:
        """[P, F] float32: so many rounded columns, and the others where they make up for it."""
        shift = self._shift.to(self._device)
        self._factor.follow(shift, rounded)
        return (self._weights.to(self._device) + shift).float()


def upper(matrix: Tensor) -> Tensor:
    """V, upper triangular, of V V^T = `matrix` [P, F, F], whose diagonal is raised if need be."""
    turned = matrix.flip(1, 2)
    diagonal, jitter = turned.diagonal(dim1=1, dim2=2), JITTER
    while True:
        diagonal += jitter * diagonal
        factor, failed = torch.linalg.cholesky_ex(turned)
        if not failed.any() or jitter > 1:
            found: Tensor = factor.flip(1, 2)
            return found
        jitter *= 10


def best_steps(curvature: Tensor, price: float) -> Tensor:
    """Where a shift squared, times `curvature`, is what the error rises by."""
    return (6 * price / log(2) / curvature.clamp(min=FINEST)).sqrt().clamp(min=FINEST)
