"""How the pictures of tiles move: found in the signal, and kept where it pays.

First every picture is searched for in the one before it, roughly and exhaustively. Then all
displacements of a tile are refined together, by Gauss-Newton on the differences of every two
pictures that the pyramid joins. At last a tile is coded both ways, still and moving.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from lgcodec.coding.motion import classes_of_motion
from lgcodec.coding.pyramid import Pyramid
from lgcodec.fit.entropy import costs
from lgcodec.fit.rounding import LAMBDA, dead_zone
from lgcodec.nets.displaced import UNIT, shifted
from lgcodec.nets.lifting import analyse, synthesise
from lgcodec.nets.motion import motion_of

__all__ = ["found_motion", "motion_bits"]

FARTHEST: Final = 8  # samples of a picture of half the size, from one picture to the next
EDGE: Final = 24  # smaller pictures are not searched: their coarse grid would cost what they save
MOST_PICTURES: Final = 128  # of a tile: the work of Gauss-Newton grows with their cube
ROUNDS: Final = 6
OUTLIER: Final = 1 / 32  # network units: larger differences weigh ever less
EVEN: Final = 1e-6  # weight of accelerations, by network units squared and samples of a picture
STILL: Final = 1e-7  # and of displacements
FAR: Final = 1e-4  # what a sample costs in the search, network units
A_SYMBOL: Final = 3.5  # bits of a latent, roughly, and twice the octaves of its magnitude


def found_motion(
    pyramid: Pyramid, tiles: Tensor, scales: Sequence[Tensor], smooth: Tensor | None = None
) -> Tensor:
    """The numbers [P, T - 1, 2] of tiles [P, 1, *tile]; all 0 where standing still is cheaper.

    scales   of every band [1, *band]: what a symbol of 1 stands for when both are compared
    smooth   [P, 1, *tile] what the coarse grid says, which does not move
    """
    still = torch.zeros(len(tiles), tiles.shape[2], 2, dtype=torch.int64)
    if min(tiles.shape[3:]) < EDGE or tiles.shape[2] > MOST_PICTURES:
        return motion_of(still)
    pictures = tiles[:, 0]
    refined = _refined(pictures, _searched(pictures), pyramid.levels[0])
    rest = tiles if smooth is None else tiles - smooth
    pays = _price(pyramid, rest, scales, refined) < _price(pyramid, rest, scales, still)
    return motion_of(torch.where(pays[:, None, None], refined, still))


def _searched(pictures: Tensor) -> Tensor:
    """Displacements [P, T, 2] in samples: of each picture [P, T, H, W] what is most like it."""
    half = avg_pool2d(pictures, 2)
    reach = min(FARTHEST, min(half.shape[2:]) // 4)
    before, height, width = pad(half[:, :-1], (reach,) * 4, "replicate"), *half.shape[2:]
    least = torch.full(before.shape[:2], torch.inf)
    best = torch.zeros(*before.shape[:2], 2)
    for y in range(-reach, reach + 1):
        for x in range(-reach, reach + 1):
            part = before[:, :, reach + y :, reach + x :][:, :, :height, :width]
            error = (part - half[:, 1:]).abs_().mean((2, 3)) + FAR * (abs(y) + abs(x))
            best[error < least] = torch.tensor([-2.0 * y, -2.0 * x])
            least = torch.minimum(least, error)
    return torch.cat([torch.zeros_like(best[:, :1]), best.cumsum(1)], 1)


def _refined(pictures: Tensor, first: Tensor, levels: int) -> Tensor:
    """Displacements [P, T, 2] in units of a file, from such in samples."""
    found, (own, other) = first.clone(), _pairs(pictures.shape[1], levels)
    for _ in range(ROUNDS):
        rounded = (found * UNIT).round().long()
        away = (rounded[:, own] - rounded[:, other]).flatten(0, 1)
        seen = shifted(pictures[:, own].flatten(0, 1)[:, None], away)[:, 0]
        slopes, curvature = _normal(seen, pictures[:, other].flatten(0, 1), away / UNIT)
        found[:, 1:] += _solved(
            slopes.view(len(found), -1, 2),
            curvature.view(len(found), -1, 2, 2),
            found,
            _incidence(own, other, pictures.shape[1]),
            area=pictures[0, 0].numel(),
        )
    return (found * UNIT).round().long()


def _pairs(count: int, levels: int) -> tuple[Tensor, Tensor]:
    """Pictures that a split joins, one of each two."""
    steps = [1 << split for split in range(levels)]
    pairs = [(at, at + step) for step in steps for at in range(0, count - step, step)]
    own, other = torch.tensor(pairs).T
    return own, other


def _incidence(own: Tensor, other: Tensor, count: int) -> Tensor:
    """[pairs, T - 1]: 1 where a pair looks from a picture, -1 where at it; the first is fixed."""
    incidence = torch.zeros(len(own), count)
    incidence[range(len(own)), own] = 1
    incidence[range(len(own)), other] = -1
    return incidence[:, 1:]


def _normal(seen: Tensor, wanted: Tensor, away: Tensor) -> tuple[Tensor, Tensor]:
    """Slopes [n, 2] and curvature [n, 2, 2] of the differences of pictures [n, H, W].

    Places outside a picture, `away` [n, 2] from those that ask, do not count.
    """
    error, change = seen - wanted, torch.zeros(2, *seen.shape)
    change[0, :, 1:-1] = (seen[:, 2:] - seen[:, :-2]) / 2
    change[1, :, :, 1:-1] = (seen[:, :, 2:] - seen[:, :, :-2]) / 2
    weight = 1 / (1 + (error / OUTLIER).square()).sqrt()
    for axis, length in enumerate(seen.shape[1:]):
        places = torch.arange(length) + away[:, axis, None]
        inside = (places >= 0) & (places <= length - 1)
        weight = weight * (inside[:, :, None] if axis == 0 else inside[:, None])
    slopes = torch.einsum("anyx,nyx->na", change, weight * error)
    return slopes, torch.einsum("anyx,bnyx->nab", change * weight, change)


def _solved(
    slopes: Tensor, curvature: Tensor, found: Tensor, incidence: Tensor, *, area: int
) -> Tensor:
    """By how much to change displacements [P, T, 2] but the first, at most a sample each."""
    count = incidence.shape[1]
    normal = torch.einsum("pkab,ki,kj->piajb", curvature, incidence, incidence)
    bends = torch.eye(count + 1).diff(n=2, dim=0)[:, 1:] if count > 1 else torch.zeros(0, 1)
    stiff = area * (EVEN * bends.T @ bends + STILL * torch.eye(count))
    for axis in (0, 1):
        normal[:, :, axis, :, axis] += stiff
    slope = torch.einsum("pka,ki->pia", slopes, incidence) + stiff @ found[:, 1:]
    matrix = normal.reshape(len(found), 2 * count, 2 * count)
    change: Tensor = torch.linalg.solve(matrix, -slope.reshape(len(found), 2 * count, 1))
    return change.view(-1, count, 2).clamp(-1, 1)


def _price(pyramid: Pyramid, tiles: Tensor, scales: Sequence[Tensor], moved: Tensor) -> Tensor:
    """What tiles [P, 1, *tile] cost, squared errors and bits, if they move so [P, T, 2]."""
    bands, coarse = analyse(tiles, pyramid, moved)
    symbols = [
        torch.from_numpy(dead_zone((band / scale).numpy())).float()
        for band, scale in zip(bands, scales, strict=True)
    ]
    decoded = [part * scale for part, scale in zip(symbols, scales, strict=True)]
    error = (synthesise(decoded, coarse, pyramid, moved) - tiles).square().flatten(1).sum(1)
    bits = motion_bits(motion_of(moved))
    for part in symbols:
        sizes = part.flatten(1).abs()
        bits += ((sizes > 0) * (A_SYMBOL + 2 * sizes.clamp(min=1).log2())).sum(1)
    return error / scales[-1].square().mean() + LAMBDA * bits


def motion_bits(motion: Tensor) -> Tensor:
    """What the numbers of tiles [P, T - 1, 2] take, [P]."""
    sizes = motion.flatten(1).abs().numpy()
    bits = costs(classes_of_motion(sizes), sizes.astype(np.float32))
    return torch.from_numpy(bits.sum(axis=1))
