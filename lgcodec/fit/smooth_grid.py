"""The coarse grid of a group whose spline has given low parts in the tiles, all standing still."""

from collections.abc import Iterator
from typing import Final

import torch
from torch import Tensor

from lgcodec.coding.pyramid import Pyramid
from lgcodec.nets.latent import Latent
from lgcodec.nets.lifting import analyse
from lgcodec.nets.smooth import MARGIN, spline_matrix

__all__ = ["solved"]

TOGETHER: Final = 64  # coarse samples along an axis that are solved for at once, roughly


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
        found = _of_lines(_low_of_splines(family, axis), lines.flatten(1))
        grid = found.reshape(lines.shape).movedim(0, axis + 1)
    return grid.float()


def _low_of_splines(family: Latent, axis: int) -> Tensor:
    """What is low in a tile by the coarse samples in and around it, [own, own + 2 MARGIN]."""
    own, length, levels = family.pyramid.coarse[axis], family.tile[axis], family.levels[axis]
    splines = spline_matrix(length, own).T[None]
    if levels:
        splines = analyse(splines, Pyramid((length,), (levels,), 1))[1]
    return splines[0].T.double()


def _of_lines(window: Tensor, low: Tensor) -> Tensor:
    """Lines [n, L] of coarse samples whose tiles have these low parts [n, L].

    Block elimination (Golub and Van Loan, Matrix Computations, 4.5.1): a tile has nothing of coarse
    samples further than MARGIN from it, so that time and memory grow with the tiles of a line, not
    with their square.
    """
    gains, found = list[Tensor](), list[Tensor]()
    for before, own, after, at in _blocks(window, len(low)):
        right = torch.cat([after, low[at : at + len(own)]], 1)
        if found:
            right[:, after.shape[1] :] -= before @ found[-1]
            both = torch.linalg.solve(own - before @ gains[-1], right)
        else:
            both = torch.linalg.solve(own, right)
        gains.append(both[:, : after.shape[1]])
        found.append(both[:, after.shape[1] :])
    for k in reversed(range(len(found) - 1)):
        found[k] = found[k] - gains[k] @ found[k + 1]
    return torch.cat(found)


def _blocks(window: Tensor, count: int) -> Iterator[tuple[Tensor, Tensor, Tensor, int]]:
    """Rows of the matrix from `count` coarse samples to low parts: of some tiles, then of the next.

    What they have of those before, of their own and of those after, and where they begin.
    """
    own = len(window)
    wide = own * -(-TOGETHER // own)
    around = torch.arange(-MARGIN, own + MARGIN)
    for at in range(0, count, wide):
        high = min(wide, count - at)
        rows = torch.arange(high)
        places = (at + rows[:, None] // own * own + around).clamp(0, count - 1) - at + wide
        matrix = window.new_zeros(high, 3 * wide)
        matrix.scatter_add_(1, places, window[rows % own])
        beyond = min(wide, count - at - high)
        end = wide + high
        yield matrix[:, :wide], matrix[:, wide:end], matrix[:, end : end + beyond], at
