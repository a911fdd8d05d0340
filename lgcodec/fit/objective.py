"""The error of a network on the samples of a group, and its gradients, block by block.

Letters in shapes: P partitions of the group, S samples of each.
"""

from collections.abc import Collection, Sequence
from math import log10
from typing import Final, final

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from lgcodec.fit.measurement import Measurement
from lgcodec.fit.quantise import StepLearner
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.small_sines import are_small_sines, sine_slopes
from lgcodec.nets import Family, Siren, TensorWeights
from lgcodec.nets.blocks import side_by_side

__all__ = ["Objective"]

BLOCK: Final = 8192  # samples per block on a CPU: activations stay in the cache
BLOCK_LOOPS: Final = 2**15  # of compiled loops, which see to the cache themselves
BLOCK_ACCELERATOR: Final = 2**20
MEASURED: Final = 2**16  # samples that quality is measured on during a fit


@final
class Objective:
    """Mean squared error of `family` on the samples of `sampler`, in network units.

    peak          of the PSNR, in network units (samples span 2)
    measurement   what takes the place of the samples, if anything; all of them are drawn then
    """

    def __init__(
        self,
        family: Family,
        sampler: Sampler,
        *,
        peak: float,
        device: torch.device,
        measurement: Measurement | None = None,
    ) -> None:
        self.family, self.sampler = family, sampler
        self._peak, self._device = peak, device
        self._measurement = measurement
        self._small: Siren | None = None  # if compiled loops do it
        if device.type == "cpu" and measurement is None and are_small_sines(family):
            self._small = family

    def descend(
        self,
        weights: TensorWeights,
        learner: StepLearner | None,
        positions: Tensor,
        frozen: Collection[str],
    ) -> None:
        """Add to the `grad` of all weights and steps; those of `frozen` tensors stay as they are.

        positions   [P, S] in the tile
        """
        if self._measurement:
            positions = self.sampler.spread(self.sampler.tile_samples)
        shared = [v for n, v in weights.items() if n.startswith("global.") and v.requires_grad]
        shared += learner.parameters() if learner else []

        def slopes(rows: slice) -> tuple[TensorWeights, Sequence[Tensor]]:
            leaves = _local(weights, rows, requires_grad=True)
            seen: TensorWeights = {**weights, **leaves}
            seen = learner(seen) if learner else seen
            ends, slope = self._error_behind(rows, positions[rows], seen)
            share = len(positions[rows]) / self.sampler.partitions
            return leaves, torch.autograd.grad(ends, [*leaves.values(), *shared], slope * share)

        blocks = self._blocks(positions.shape[1], BLOCK_LOOPS if self._small else BLOCK)
        found = side_by_side(slopes, blocks) if self._small else map(slopes, blocks)
        for rows, (leaves, gradients) in zip(blocks, found, strict=True):
            for name, gradient in zip(leaves, gradients, strict=False):
                if name not in frozen:
                    _gradient(weights[name])[rows] = gradient
            for parameter, gradient in zip(shared, gradients[len(leaves) :], strict=True):
                _gradient(parameter).add_(gradient)

    def _error_behind(
        self, rows: slice, positions: Tensor, weights: TensorWeights
    ) -> tuple[Tensor, Tensor]:
        """Where autograd begins, and how the mean squared error of `rows` grows with that.

        The error itself and 1; or all local weights [p, N], where compiled loops have gone back so
        far, and its slope in each.
        """
        if self._small:
            in_frame = not self._small.tile_range
            batch = self.sampler.local_batch(rows, positions, in_frame=in_frame)
            return sine_slopes(self._small, weights, *batch)
        error = mse_loss(*self._pair(rows, positions, weights, None))
        return error, torch.ones_like(error)

    @torch.no_grad()
    def error(self, weights: TensorWeights, learner: StepLearner | None) -> float:
        """Mean squared error on the samples that quality is measured on, as a decoder clips them.

        Positions past the signal do not count. A step sees the samples of border tiles more often.
        """
        if self._measurement:
            everything = self.sampler.spread(self.sampler.tile_samples)
            return float(mse_loss(*self._pair(slice(None), everything, weights, learner)))
        positions = self.sampler.spread(-(-MEASURED // self.sampler.partitions))
        total, count = 0.0, 0
        for rows in self._blocks(positions.shape[1], BLOCK):
            seen = {**weights, **_local(weights, rows, requires_grad=False)}
            outputs, targets = self._pair(rows, positions[rows], seen, learner)
            inside = self.sampler.inside(rows, positions[rows])
            errors = (outputs.clamp(-1, 1) - targets).square_().mean(-1)
            total += float(errors[inside].sum(dtype=torch.float64))
            count += int(inside.sum())
        return total / count

    def psnr(self, error: float) -> float:
        """A mean squared error in dB."""
        return 10 * log10(self._peak**2 / max(error, 1e-20))

    def _pair(
        self, rows: slice, positions: Tensor, weights: TensorWeights, learner: StepLearner | None
    ) -> tuple[Tensor, Tensor]:
        """What the network gives at positions of the partitions `rows`, and should; [p, S, C].

        With a measurement: what would be measured of all that it gives, and what was.
        """
        tile, frame, targets = self.sampler.batch(rows, positions)
        outputs = self.family.forward(learner(weights) if learner else weights, tile, frame)
        if self._measurement:
            return self._measurement.pair(self.sampler.assemble(outputs))
        return outputs, targets

    def _blocks(self, samples: int, most: int) -> list[slice]:
        """Runs of partitions that have so many samples at most; longer ones on an accelerator."""
        count = self.sampler.partitions
        most = most if self._device.type == "cpu" else BLOCK_ACCELERATOR
        run = count if self._measurement else max(1, most // samples)
        return [slice(at, min(at + run, count)) for at in range(0, count, run)]


def _local(weights: TensorWeights, rows: slice, *, requires_grad: bool) -> TensorWeights:
    """Local weights of some partitions, as leaves whose gradients touch only these rows."""
    return {
        name: value.detach()[rows].requires_grad_(requires_grad)
        for name, value in weights.items()
        if name.startswith("local.")
    }


def _gradient(parameter: Tensor) -> Tensor:
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad
