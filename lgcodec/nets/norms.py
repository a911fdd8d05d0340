"""How large the synthesis makes a number of each band: near the ends of a tile, more or less.

The wavelet is nearly orthonormal inside a tile, but its extension folds functions at the ends onto
themselves: of their squares, up to 2.7 or down to 0.6 is left. Numbers of bands are divided by
these norms, so that an error in any of them costs the same, and borders of tiles show less.
"""

from functools import lru_cache
from typing import Final

import torch
from torch import Tensor

from lgcodec.coding.pyramid import Band, Pyramid
from lgcodec.nets.lifting import inverse

__all__ = ["made_by", "norms", "norms_ahead", "with_middle"]

REACH: Final = 8  # numbers from the ends of a band beyond which the ends are not felt


@lru_cache(maxsize=64)
def norms(pyramid: Pyramid) -> tuple[Tensor, ...]:
    """Of every band, [*band] float32: Euclidean norm of what each number is synthesised to."""
    return tuple(_of_band(pyramid, band).float() for band in pyramid.bands)


def norms_ahead(pyramid: Pyramid, part: int) -> Tensor:
    """The same of the pictures of a part, [m, 1, 1], along the axis that is split ahead; else 1."""
    if not pyramid.ahead:
        return torch.ones(())
    return _along(pyramid.tile[0], pyramid.depth(part), high=part > 0).float()[:, None, None]


def _of_band(pyramid: Pyramid, band: Band) -> Tensor:
    result = torch.ones((), dtype=torch.float64)
    axes = zip(pyramid.tile, band.depths, pyramid.high(band.orientation), strict=True)
    for length, depth, high in axes:
        result = result[..., None] * _along(length, depth, high=high)
    return result


@lru_cache(maxsize=256)
def _along(length: int, levels: int, *, high: bool) -> Tensor:
    """Norms of the low or high part of a line of `length` samples after `levels` levels."""
    made, count = made_by(length, levels, high=high)
    return with_middle(made.square().sum(1).sqrt(), count)


def made_by(length: int, levels: int, *, high: bool) -> tuple[Tensor, int]:
    """What numbers of a part of a line are synthesised to, and how many numbers there are.

    [n, samples] float64: of fewer numbers, of a shorter line, if there are so many that all but
    REACH at either end are alike.
    """
    lengths = [-(-length // 2**level) for level in range(levels + 1)]
    count = lengths[-2] // 2 if high else lengths[-1]
    near = [min(lengths[-1], 2 * REACH + 1)]  # of a line as short as tells all there is to tell
    for whole in reversed(lengths[:-1]):
        near.insert(0, 2 * near[0] - whole % 2)
    own = near[-2] // 2 if high else near[-1]
    line = torch.eye(own, dtype=torch.float64)
    for level in reversed(range(levels)):
        other = line.new_zeros(own, near[level + 1] if high else near[level] // 2)
        line, high = (inverse(other, line, 1) if high else inverse(line, other, 1)), False
    return line, count


def with_middle(found: Tensor, count: int) -> Tensor:
    """[count, ..] from [n, ..] of the numbers of `made_by`."""
    middle = found[REACH:][:1].expand(count - len(found), *found.shape[1:])
    return torch.cat([found[:REACH], middle, found[REACH:]])
