"""Second-order steps for many small sine networks at once: Levenberg-Marquardt.

A network of one partition has a few hundred weights, so J^T J of all its outputs is affordable,
and a step of (J^T J + damping x diagonal)^-1 reaches in ten iterations what a first-order method
wants thousands for. Damping is each partition's own (Marquardt 1963, "An algorithm for
least-squares estimation of nonlinear parameters").

Weights are flat here, tensor after tensor in stored order, so that what is still free is a suffix.
Letters in shapes: P partitions, S samples, C channels, N weights of a partition, F free ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Final, final

import torch
from torch import Tensor

from lgcodec.fit.columns import AT_ONCE
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.squares import Layer, squared
from lgcodec.nets import Siren, TensorWeights

__all__ = ["Cost", "Normal", "Residuals", "polish"]

Cost = Callable[[Tensor, Tensor], Tensor]  # weights [P, N] and J^T J [P, N, N] -> [P, N]

NUMBERS: Final = 2**21  # of what belongs to samples held at once
TRIES: Final = 4  # of a damping, until the error falls
RELAX, STIFFEN = 1 / 3, 4.0  # of the damping, after a step that was good and one that was not
GENTLEST, STIFFEST = 1e-7, 1e6
FLOOR: Final = 1e-4  # of the mean of the diagonal: no weight is damped less


@final
@dataclass(frozen=True)
class Normal:
    """The normal equations at some weights.

    matrix     [P, N, N] J^T J
    gradient   [P, N] J^T r, half the gradient of the error
    error      [P] sum of squares r^T r
    """

    matrix: Tensor
    gradient: Tensor
    error: Tensor


@final
class Residuals:
    """What local sine networks lack on `samples` of every partition, and its derivatives.

    family   networks without a global part
    """

    def __init__(self, family: Siren, sampler: Sampler, samples: int) -> None:
        self._family, self._sampler = family, sampler
        self._positions = sampler.spread(samples)
        self.ascending = {f"local.{name}" for name in family.ascending}
        self._shapes = {f"local.{t.name}": t.shape for t in family.local_tensors()}
        ends = [0]
        for shape in self._shapes.values():
            ends.append(ends[-1] + prod(shape))
        self.places = {n: slice(*ends[i : i + 2]) for i, n in enumerate(self._shapes)}

    @property
    def outputs(self) -> int:
        """Residuals of a partition."""
        return self._positions.shape[1] * self._family.channels

    def flat(self, weights: TensorWeights) -> Tensor:
        """[P, N]"""
        return torch.cat([weights[name].detach().flatten(1) for name in self._shapes], 1)

    def tensors(self, flat: Tensor) -> dict[str, Tensor]:
        """Undo `flat`."""
        return {
            name: flat[:, self.places[name]].reshape(-1, *shape)
            for name, shape in self._shapes.items()
        }

    @torch.no_grad()
    def normal(self, flat: Tensor) -> Normal:
        """Block by block of partitions, so that what belongs to samples stays small."""
        widest = max(prod(shape) for shape in self._shapes.values())
        count, parts = max(1, NUMBERS // (self.outputs * widest)), []
        for at in range(0, len(flat), count):
            rows = slice(at, min(at + count, len(flat)))
            residual, layers = self.layers(flat[rows], rows)
            gradient = [_gradient(residual, *layer).flatten(1) for layer in layers]
            error = residual.square().sum((1, 2))
            parts.append((squared(layers), torch.cat(gradient, 1), error))
        return Normal(*(torch.cat(part) for part in zip(*parts, strict=True)))

    @torch.no_grad()
    def errors(self, flat: Tensor, rows: Tensor) -> Tensor:
        """[p] sums of squares of the partitions `rows`, whose weights are `flat` [p, N]."""
        count, found = max(1, NUMBERS // (8 * self.outputs)), []
        for at in range(0, len(flat), count):
            part = rows[at : at + count]
            tile, targets, inside = self._batch(part)
            outputs = self._family.forward(self.tensors(flat[at : at + count]), tile, tile)
            found.append(((outputs - targets).square().sum(-1) * inside).sum(1))
        return torch.cat(found)

    def layers(self, flat: Tensor, rows: slice) -> tuple[Tensor, list[Layer]]:
        """Residuals [p, C, S] of the partitions `rows`, and the layers that lead to them."""
        tile, targets, inside = self._batch(torch.arange(rows.start, rows.stop))
        weights = self.tensors(flat)
        layers, w0 = self._family.layers, self._family.w0
        inputs, slopes = [tile.transpose(1, 2)], []
        for layer in range(layers):
            bias, matrix = weights[f"local.{layer}.b"][:, :, None], weights[f"local.{layer}.w"]
            sums = torch.baddbmm(bias, matrix.transpose(1, 2), inputs[-1])
            inputs.append((w0 * sums).sin() if layer < layers - 1 else sums)
            slopes.append((w0 * sums).cos() * w0)
        residual = (inputs.pop() - targets.transpose(1, 2)) * inside[:, None]
        one = torch.eye(self._family.channels, device=flat.device)
        back, found = one[:, :, None] * inside[:, None, None], []
        for layer in reversed(range(layers)):
            ones = torch.ones_like(inputs[layer][:, :1])
            found.append((torch.cat([inputs[layer], ones], 1), back))
            if layer:
                matrix = weights[f"local.{layer}.w"][:, None]
                back = (matrix @ back) * slopes[layer - 1][:, None]
        return residual, found[::-1]

    def _batch(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Coordinates [p, S, D], targets [p, S, C], and 1 where a sample is one of the signal."""
        positions, in_frame = self._positions[rows], not self._family.tile_range
        coordinates, targets = self._sampler.local_batch(rows, positions, in_frame=in_frame)
        return coordinates, targets, self._sampler.inside(rows, positions).float()


def _gradient(residual: Tensor, inputs: Tensor, back: Tensor) -> Tensor:
    """J^T r of one layer, [p, I, O]."""
    return inputs @ (residual[:, :, None] * back).sum(1).transpose(1, 2)


@torch.no_grad()
def polish(
    residuals: Residuals,
    flat: Tensor,
    damping: Tensor,
    iterations: int,
    *,
    first: int = 0,
    cost: Cost | None = None,
) -> None:
    """Improve `flat` [P, N] and `damping` [P] in place; a partition never gets worse.

    first   weights before this one stay as they are
    cost    what squares of weights cost beside the error, by the weights and J^T J
    """
    for _ in range(iterations):
        normal = residuals.normal(flat)
        ridge = cost(flat, normal.matrix) if cost else torch.zeros_like(flat)
        matrix = normal.matrix[:, first:, first:]
        matrix.diagonal(dim1=1, dim2=2).add_(ridge[:, first:])
        gradient = (normal.gradient + ridge * flat)[:, first:]
        before = normal.error + (ridge * flat.square()).sum(1)
        left = torch.arange(len(flat))  # like all numbers of partitions on the CPU
        for attempt in range(TRIES):
            moved = flat[left]
            parts = torch.split(left, AT_ONCE)
            steps = [_step(matrix[part], gradient[part], damping[part]) for part in parts]
            moved[:, first:] -= torch.cat(steps)
            after = residuals.errors(moved, left) + (ridge[left] * moved.square()).sum(1)
            good = after < before[left]  # of a number that is none, neither
            flat[left[good.cpu()]] = moved[good]
            relaxed = RELAX if attempt == 0 else 1.0
            damping[left] *= torch.where(good, relaxed, STIFFEN)
            damping.clamp_(GENTLEST, STIFFEST)
            left = left[~good.cpu()]
            if not len(left):
                break


def _step(matrix: Tensor, gradient: Tensor, damping: Tensor) -> Tensor:
    """[p, F] solutions; zero where there is none."""
    damped = matrix.double()
    diagonal = damped.diagonal(dim1=1, dim2=2)
    diagonal += damping[:, None] * (diagonal + FLOOR * diagonal.mean(1, keepdim=True))
    factor, failed = torch.linalg.cholesky_ex(damped)
    step = torch.cholesky_solve(gradient.double()[:, :, None], factor)[:, :, 0].float()
    return torch.where(failed[:, None] == 0, step, 0.0)
