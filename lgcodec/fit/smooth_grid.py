"""The coarse grid of a group whose spline has given low parts in the tiles, all standing still."""

import torch
from torch import Tensor

from lgcodec.coding.pyramid import Pyramid
from lgcodec.nets.latent import Latent
from lgcodec.nets.lifting import analyse
from lgcodec.nets.smooth import spread

__all__ = ["solved"]


def solved(family: Latent, index: Tensor, low: Tensor) -> Tensor:
    """The grid [C, *grid] whose spline has the low parts `low` [P, C, *coarse] in its tiles.

    index   [P, D] of the tiles in the group
    """
    axes, own, tiles = len(family.tile), family.pyramid.coarse, family.tiles
    grid = low.new_zeros(*tiles, family.channels, *own)
    grid[tuple(index.T)] = low
    order = [axes, *(a for axis in range(axes) for a in (axis, axes + 1 + axis))]
    shape = [t * c for t, c in zip(tiles, own, strict=True)]
    grid = grid.permute(order).reshape(family.channels, *shape).double()
    for axis in range(axes):
        lines = grid.movedim(axis + 1, 0)
        found = torch.linalg.solve(_low_of_splines(family, axis), lines.flatten(1))
        grid = found.reshape(lines.shape).movedim(0, axis + 1)
    return grid.float()


def _low_of_splines(family: Latent, axis: int) -> Tensor:
    """Matrix from the coarse samples along an axis to the low parts of the tiles along it."""
    own, count = family.pyramid.coarse[axis], family.tiles[axis]
    length, levels = family.tile[axis], family.levels[axis]
    splines = spread(torch.eye(own * count), torch.arange(count)[:, None], (length,), (own,))
    if levels:
        splines = analyse(splines, Pyramid((length,), (levels,), 1))[1]  # [tiles, knots, own]
    return splines.permute(0, 2, 1).reshape(own * count, -1).double()
