"""A coarse grid as it is stored: differences along each axis in turn."""

import torch
from torch import Tensor

__all__ = ["differentiated", "integrated"]


def integrated(differences: Tensor) -> Tensor:
    """A coarse grid [C, *grid] from its differences along each axis in turn, last axis innermost.

    The first sample of a line is a difference to the first of the line before, and so on. Summed in
    binary64, where sums of integers are exact in any order.
    """
    grid = differences.to("cpu", torch.float64, copy=True)
    axes = grid.ndim - 1
    for axis in range(axes):
        first = _first_lines(axis, axes)
        grid[first] = grid[first].cumsum(axis + 1)
    return grid.to(differences)


def differentiated(grid: Tensor) -> Tensor:
    """The inverse of `integrated`."""
    differences = grid.clone()
    axes = grid.ndim - 1
    for axis in range(axes):
        first = _first_lines(axis, axes)
        lines = grid[first]
        differences[first].narrow(axis + 1, 1, lines.shape[-1] - 1).sub_(lines[..., :-1])
    return differences


def _first_lines(axis: int, axes: int) -> tuple[slice | int, ...]:
    """Where an index [C, *grid] is free along the axes up to `axis` and 0 along the others."""
    return (*[slice(None)] * (axis + 2), *[0] * (axes - 1 - axis))
