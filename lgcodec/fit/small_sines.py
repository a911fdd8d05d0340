"""The error of local sine networks of a few weights, differentiated by compiled loops."""

from typing import Final, TypeGuard

import numpy as np
import torch
from torch import Tensor

from lgcodec.nets import Family, Siren, TensorWeights
from lgcodec.nets.blocks import side_by_side

__all__ = ["are_small_sines", "sine_slopes"]

SAMPLES_AT_ONCE: Final = 4096  # samples of a single network
WIDEST: Final = 160  # layer, beyond which a matrix library is faster


def are_small_sines(family: Family) -> TypeGuard[Siren]:
    """Whether networks are such, without a global part."""
    return isinstance(family, Siren) and not family.global_width and family.local_width <= WIDEST


def sine_slopes(
    family: Siren, weights: TensorWeights, coordinates: Tensor, targets: Tensor
) -> tuple[Tensor, Tensor]:
    """Weights [P, N], one after the other, and how the mean squared error grows with them.

    coordinates   [P, S, D] that the local path sees; targets: [P, S, C]; on the CPU
    """
    from lgcodec.fit.sine_loops import slopes  # noqa: PLC0415 (numba, only when fitting)

    names = [f"local.{tensor.name}" for tensor in family.local_tensors()]
    flat = torch.cat([weights[name].flatten(1) for name in names], 1)
    widths = [len(family.ranges), *[family.local_width] * (family.layers - 1), family.channels]

    def found(part: slice) -> Tensor:
        own = slopes(
            flat.detach().numpy(),
            coordinates[:, part].contiguous().numpy(),
            targets[:, part].contiguous().numpy(),
            np.array(widths),
            np.float32(family.w0),
        )
        return torch.from_numpy(own)

    count = coordinates.shape[1]
    most = (
        SAMPLES_AT_ONCE if len(flat) == 1 else count
    )  # several partitions are side by side already
    parts = [slice(at, at + most) for at in range(0, count, most)]
    return flat, sum(side_by_side(found, parts), torch.zeros_like(flat)) * (2 / targets.numel())
