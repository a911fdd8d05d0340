"""How much of what two numbers of a band make of the samples is the same."""

from functools import lru_cache
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad

from lgcodec.coding.pyramid import Band, Pyramid
from lgcodec.nets.norms import made_by, with_middle

__all__ = ["REACH", "overlaps"]

REACH: Final = 2  # numbers on either side: farther ones share next to nothing
AXES: Final = 3
Floats = NDArray[np.float32]


@lru_cache(maxsize=64)
def overlaps(pyramid: Pyramid) -> tuple[tuple[Floats, Floats, Floats], ...]:
    """Of every band and each of three axes [n, 2 REACH + 1]: a cosine, from -1 to 1.

    Between numbers i and i - REACH .. i + REACH, 0 beyond the ends; those of the axes multiply. An
    axis that is split ahead counts as orthogonal, and missing axes come first, of length 1.
    """
    return tuple(_of_band(pyramid, band) for band in pyramid.bands)


def _of_band(pyramid: Pyramid, band: Band) -> tuple[Floats, Floats, Floats]:
    found = [_alone(1)] * (AXES - len(band.shape))
    axes = zip(pyramid.tile, band.depths, pyramid.high(band.orientation), band.shape, strict=True)
    for axis, (length, depth, high, count) in enumerate(axes):
        alone = axis < pyramid.ahead
        found.append(_alone(count) if alone else _along(length, depth, high=high))
    first, second, third = (part.float().numpy() for part in found)
    return first, second, third


def _alone(count: int) -> Tensor:
    """Of numbers that share nothing."""
    return torch.eye(2 * REACH + 1)[REACH].expand(count, -1).contiguous()


def _along(length: int, levels: int, *, high: bool) -> Tensor:
    made, count = made_by(length, levels, high=high)
    unit = made / made.norm(dim=1, keepdim=True)
    cosines = pad(unit @ unit.T, (REACH, REACH))
    columns = torch.arange(len(unit))[:, None] + torch.arange(2 * REACH + 1)
    return with_middle(cosines.gather(1, columns), count)
