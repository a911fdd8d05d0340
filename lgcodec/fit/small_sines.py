"""The error of local sine networks of a few weights, differentiated by compiled loops."""

from typing import Final, TypeGuard

import numpy as np
import torch
from torch import Tensor

from lgcodec.nets import Family, Siren, TensorWeights

__all__ = ["are_small_sines", "sine_slopes"]

WIDEST: Final = 96  # layer, beyond which a matrix library is faster


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
    found = slopes(
        flat.detach().numpy(),
        coordinates.contiguous().numpy(),
        targets.contiguous().numpy(),
        np.array(widths),
        np.float32(family.w0),
    )
    return flat, torch.from_numpy(found) * (2 / targets.numel())
