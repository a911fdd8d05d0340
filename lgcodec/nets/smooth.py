"""Continuous values from grids: cubic B-splines over the frame, cubic interpolation in a tile."""

from collections.abc import Sequence
from functools import lru_cache, reduce
from operator import add

import torch
from torch import Tensor

__all__ = [
    "KNOTS",
    "MARGIN",
    "around",
    "catmull_rom",
    "interpolate",
    "spline_matrix",
    "splines",
    "spread",
]

KNOTS = 4  # coarse samples that a sample sees along an axis
MARGIN = 2  # those that a tile needs beyond its own on either side


@lru_cache(maxsize=64)
def splines(length: int, count: int, stride: int = 1) -> tuple[Tensor, Tensor]:
    """Of n samples of a tile: the first [n] of KNOTS coarse ones around it, and their weights.

    Every `stride`-th of `length` samples. Cubic B-spline with cell-centred knots, `count` of them
    in the tile, after MARGIN others. The weights [KNOTS, n] of a sample add up to 1; float64.
    """
    samples = torch.arange(0, length, stride, dtype=torch.float64)
    places = (samples + 0.5) * count / length - 0.5
    first = places.floor() - 1
    distance = (places - first - torch.arange(KNOTS)[:, None]).abs()
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = (2 - distance).clamp(min=0) ** 3 / 6
    return first.long() + MARGIN, torch.where(distance < 1, near, far)


def spline_matrix(length: int, count: int) -> Tensor:
    """What every sample of a line has of the coarse ones in and around it, [n, count + 2 MARGIN].

    float32; see `splines`.
    """
    first, weights = splines(length, count)
    matrix = torch.zeros(length, count + 2 * MARGIN)
    return matrix.scatter_(1, first[:, None] + torch.arange(KNOTS), weights.T.float())


def spread(
    coarse: Tensor, index: Tensor, tile: Sequence[int], count: Sequence[int], stride: int = 1
) -> Tensor:
    """A coarse grid [C, *grid] as samples [P, C, *tile] of the tiles at `index` [P, D].

    `count` coarse samples of the grid lie in each tile; beyond the grid its border repeats. With a
    `stride`, every so manyth sample along each axis.
    """
    values = around(coarse, index, count)
    for axis, (length, own) in enumerate(zip(tile, count, strict=True)):
        first, weights = splines(length, own, stride)
        lines, first = values.movedim(axis + 2, -1), first.to(coarse.device)
        # Term by term: a matrix library may round otherwise for another number of tiles.
        terms = (lines[..., first + knot] * row for knot, row in enumerate(weights.to(coarse)))
        values = reduce(add, terms).movedim(-1, axis + 2)
    return values


def around(coarse: Tensor, index: Tensor, count: Sequence[int]) -> Tensor:
    """The samples [P, C, *(count + 2 MARGIN)] of a grid [C, *grid] in and around every tile."""
    where: tuple[slice | Tensor, ...] = (slice(None),)
    for axis, own in enumerate(count):
        knots = torch.arange(-MARGIN, own + MARGIN, device=coarse.device)
        along = (index[:, axis, None] * own + knots).clamp(0, coarse.shape[axis + 1] - 1)
        ones = [1] * len(count)
        ones[axis] = len(knots)
        where += (along.view(-1, *ones),)
    return coarse[where].transpose(0, 1)


def interpolate(lattice: Tensor, places: Tensor) -> Tensor:
    """Values [P, S, C] of lattices [P, C, *tile] at continuous places [P, S, D] in samples.

    Catmull-Rom splines; beyond the tile its border repeats. On the lattice itself: its values.
    """
    whole = places.round()
    if bool(((places - whole).abs() < _rounding(max(lattice.shape[2:]))).all()):
        return _gathered(lattice, whole.long())
    base = places.floor()
    total = lattice.new_zeros(())
    weights = [catmull_rom(places[..., axis] - base[..., axis]) for axis in range(places.shape[-1])]
    for corner in torch.cartesian_prod(*[torch.arange(4)] * places.shape[-1]).view(
        -1, len(weights)
    ):
        weight = torch.stack([w[..., j] for w, j in zip(weights, corner, strict=True)]).prod(0)
        value = _gathered(lattice, base.long() + corner.to(base.device) - 1)
        total = total + weight[..., None] * value
    return total


def _rounding(length: int) -> float:
    """How far from the lattice a place on it can be, since coordinates are binary32."""
    return min(max(1e-3, length * 2.0**-23), 1 / 8)


def catmull_rom(t: Tensor) -> Tensor:
    """Weights [..., 4] of the samples at -1, 0, 1, 2 for a place between 0 and 1."""
    return torch.stack(
        [
            ((2 - t) * t - 1) * t / 2,
            ((3 * t - 5) * t * t + 2) / 2,
            ((4 - 3 * t) * t + 1) * t / 2,
            (t - 1) * t * t / 2,
        ],
        dim=-1,
    )


def _gathered(lattice: Tensor, places: Tensor) -> Tensor:
    flat = torch.zeros_like(places[..., 0])
    for axis, length in enumerate(lattice.shape[2:]):
        flat = flat * length + places[..., axis].clamp(0, length - 1)
    values = lattice.flatten(2)  # [P, C, N]
    return torch.gather(values, 2, flat[:, None].expand(-1, values.shape[1], -1)).transpose(1, 2)
