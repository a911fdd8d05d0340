"""Rounding weights one after the other, each made up for by those that are still free.

Near a minimum the error rises by e^T H e, with H = J^T J and e what weights are moved by (optimal
brain surgeon, Hassibi and Stork 1993). With H = V V^T, V upper triangular, that is the sum of

    (V_kk e_k + sum over j < k of V_jk e_j)^2     over weights k,

so that each weight, in order, has one e_k which costs nothing more, and is rounded from there
(nearest plane, Babai 1986; GPTQ, Frantar et al. 2022, in another form). The symbol taken is the one
of least error + price x bits under the table of its tensor.

Rounding to multiples of D adds V_kk^2 D^2 / 12 to the error of weight k and takes log2 D from its
bits. So D^2 = 6 price / (ln 2 x mean V_kk^2 of the tensor) is best, and one number, the price of a
bit, sets the steps of all tensors. What these steps have in common for a partition, more than for
others, becomes its scale. H holds near by alone: layer by layer it is made anew, after a step of
the weights that are free (see `gauss_newton`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from lgcodec.fit.gauss_newton import AT_ONCE, Residuals, polish
from lgcodec.fit.scales import Costs, largest, scales_of

__all__ = ["Rounded", "Rounding"]

FINEST: Final = 1e-30  # step
NEAR: Final = 0.3  # of the mean magnitude: smaller weights are pulled to 0 no harder
JITTER: Final = 1e-6  # of each number of the diagonal: what float32 makes of J^T J is unsure
PASSES: Final = 2  # of a tensor: the table of the second is that of the first's symbols


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
            least = float(_steps(curvature[:, place].mean().double(), self._price))
            mean = max(float(size.mean()), least)
            floor = max(NEAR * mean, least)
            parts.append(self._price / (2 * log(2) * mean) / size.clamp(min=floor))
        return torch.cat(parts, 1)

    def at_once(self, flat: Tensor, matrix: Tensor) -> Rounded:
        """All tensors under one H: quick, an estimate."""
        columns = _Columns(flat, matrix, self.ridge(flat, matrix))
        places = self._residuals.places
        scales = self._scales(columns)
        steps = {name: self._tensor(columns, name, places[name], scales) for name in places}
        return Rounded(columns.moved(flat.shape[1]), steps, scales)

    def in_turn(self, flat: Tensor, damping: Tensor) -> Iterator[Rounded]:
        """Layer after layer, each under an H of its own, yielded after each; the last is all."""
        flat, steps = flat.clone(), {}
        scales: Tensor | None = None
        places = list(self._residuals.places.items())
        for layer in zip(places[::2], places[1::2], strict=True):
            first = layer[0][1].start
            if first:
                polish(self._residuals, flat, damping, 1, first=first, cost=self.ridge)
            matrix = self._residuals.normal(flat).matrix
            ridge = self.ridge(flat, matrix)[:, first:]
            columns = _Columns(flat[:, first:], matrix[:, first:, first:], ridge)
            if scales is None:
                scales = self._scales(columns)
            for name, place in layer:
                here = slice(place.start - first, place.stop - first)
                steps[name] = self._tensor(columns, name, here, scales)
            flat[:, first:] = columns.moved(layer[1][1].stop - first)
            yield Rounded(flat, steps, scales)

    def _scales(self, columns: "_Columns") -> Tensor:
        """[P]"""
        places = self._residuals.places.values()
        steps = torch.stack([columns.steps(place, self._price) for place in places], 1)
        counts = torch.tensor([place.stop - place.start for place in places])
        reach = torch.stack([columns.reach(place) for place in places])
        return scales_of(steps, counts.to(steps), reach)

    def _tensor(self, columns: "_Columns", name: str, place: slice, scales: Tensor) -> float:
        """Round the columns of one tensor, twice; the step that scales multiply."""
        grows = name in self._residuals.ascending
        furthest = largest(scales, grows=grows)
        step = columns.step(place, self._price, scales, furthest)
        within = (furthest / scales).floor()
        symbols = columns.symbols(place, step * scales, within)
        for _ in range(PASSES):
            costs = Costs(symbols, scales, grows=grows)
            symbols = columns.round(place, step * scales, within, self._price, costs)
        return step


@final
class _Columns:
    """Weights [P, F] being rounded, and how far they have moved; `ridge` is added to `matrix`."""

    def __init__(self, weights: Tensor, matrix: Tensor, ridge: Tensor) -> None:
        self._weights = weights.double()
        self._shift = torch.zeros_like(self._weights)
        self._factor = torch.empty_like(matrix, dtype=torch.double)
        for part in torch.split(torch.arange(len(matrix)), AT_ONCE):
            whole = matrix[part].double() + ridge[part].double().diag_embed()
            self._factor[part] = _factor(whole)

    def steps(self, place: slice, price: float) -> Tensor:
        """[P] the best ones of a tensor."""
        curvature = self._factor.diagonal(dim1=1, dim2=2)[:, place].square().mean(1)
        return _steps(curvature, price)

    def reach(self, place: slice) -> Tensor:
        """The largest magnitude of a tensor."""
        return self._weights[:, place].abs().max()

    def step(self, place: slice, price: float, scales: Tensor, furthest: float) -> float:
        """Of a tensor, to be multiplied by scales; one that float32 has.

        furthest   the largest multiple that is allowed
        """
        best = float((self.steps(place, price) / scales).log().mean().exp())
        return float(np.float32(max(best, float(self.reach(place)) / furthest)))

    def symbols(self, place: slice, steps: Tensor, within: Tensor) -> Tensor:
        """[P, n] of a tensor, each for itself; see `round`."""
        most = within[:, None]
        return (self._weights[:, place] / steps[:, None]).round().clamp(-most, most)

    def round(
        self, place: slice, steps: Tensor, within: Tensor, price: float, costs: Costs
    ) -> Tensor:
        """Symbols [P, n] of a tensor by steps [P], those before it being rounded.

        within   [P] their largest magnitude
        """
        symbols: list[Tensor] = []
        for k in range(place.start, place.stop):
            wanted = (self._weights[:, k] + self._makes_up(k)) / steps
            near = wanted.round()
            choice = torch.stack([near, near - 1, near + 1]).clamp(-within, within)
            error = (self._factor[:, k, k] * steps * (wanted - choice)).square()
            bits = costs(choice, symbols[-1] if symbols else None)
            best = (error + price * bits).argmin(0, keepdim=True)
            symbols.append(choice.gather(0, best)[0])
            self._shift[:, k] = symbols[-1] * steps - self._weights[:, k]
        return torch.stack(symbols, 1)

    def moved(self, rounded: int) -> Tensor:
        """[P, F] float32: so many rounded columns, and the others where they make up for it."""
        for part in torch.split(torch.arange(len(self._shift)), AT_ONCE):
            turned, shift = self._factor[part].transpose(1, 2), self._shift[part, :, None]
            fixed = turned[:, rounded:, :rounded] @ shift[:, :rounded]
            free = torch.linalg.solve_triangular(turned[:, rounded:, rounded:], -fixed, upper=False)
            self._shift[part, rounded:] = free[:, :, 0]
        return (self._weights + self._shift).float()

    def _makes_up(self, k: int) -> Tensor:
        """[P] by how much weight k is to move for those before it."""
        fixed: Tensor = (self._factor[:, :k, k] * self._shift[:, :k]).sum(1)
        pivot: Tensor = self._factor[:, k, k]
        return -fixed / pivot


def _factor(matrix: Tensor) -> Tensor:
    """V, upper triangular, of V V^T = `matrix` [P, F, F], whose diagonal is raised if need be."""
    turned = matrix.flip(1, 2)
    diagonal, jitter = turned.diagonal(dim1=1, dim2=2), JITTER
    while True:
        diagonal += jitter * diagonal
        factor, failed = torch.linalg.cholesky_ex(turned)
        if not failed.any() or jitter > 1:
            upper: Tensor = factor.flip(1, 2)
            return upper
        jitter *= 10


def _steps(curvature: Tensor, price: float) -> Tensor:
    """The best ones, where a shift squared, times `curvature`, is what the error rises by."""
    return (6 * price / log(2) / curvature.clamp(min=FINEST)).sqrt().clamp(min=FINEST)
