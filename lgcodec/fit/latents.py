"""Signal -> latents: a pyramid of every tile, rounded where a bit buys the most.

The pyramid is nearly orthonormal, so that each symbol is chosen by its own error and its bits
under the entropy network: D + lambda R, symbol by symbol (rate-distortion optimised rounding). The
network is then trained on the symbols, and both steps take turns.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from time import monotonic
from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lgcodec.coding.base import Floats, Symbols
from lgcodec.coding.context import ENTROPY
from lgcodec.coding.integer import LARGEST
from lgcodec.fit.entropy import Entropy, costs
from lgcodec.nets.latent import COLOURS, STEP_UNIT, Latent, differentiated
from lgcodec.nets.lifting import analyse
from lgcodec.nets.smooth import spread

__all__ = ["LatentFit", "fit_latents"]

LAMBDA: Final = 0.12  # price of a bit in squared steps
DEAD_ZONE: Final = 0.36  # what is added before the first rounding down
COARSE_SHARE: Final = 3.0  # step of the coarse grid by that of the bands, gain taken out


@final
@dataclass(frozen=True)
class LatentFit:
    """How to fit latents.

    step         of luma or of a single channel, in network units
    rounds       of rounding and training in turns
    iterations   of training in each round
    """

    step: float
    rounds: int
    iterations: int
    seed: int = 0


def fit_latents(family: Latent, tiles: Tensor, index: Tensor, settings: LatentFit) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Local and global weights of tiles [P, C, *tile] at `index` [P, D], network units.

    Tiles reach over the whole frame of the group; where the signal ends, its border repeats.
    """
    coded = _coded(family, tiles)
    steps = _steps(family, settings.step)
    weights = {"global.steps": steps}
    sizes = family.steps(weights)  # as the decoder has them
    coarse = _coarse(family, coded, index) / sizes[-1].view(-1, *_ones(family))
    coarse = coarse.round().clamp(-LARGEST, LARGEST)
    smooth = spread(coarse * sizes[-1].view(-1, *_ones(family)), index, family.tile, family.pyramid.coarse)
    bands, _ = analyse(coded - smooth, family.pyramid)
    scaled = [
        (bands[band.name] / sizes[band.level].view(-1, *_ones(family))).flatten(1).numpy()
        for band in family.pyramid.bands
    ]
    entropy = Entropy(family.coder)
    symbols = [_dead_zone(part) for part in scaled]
    for round_ in range(settings.rounds):
        symbols = _chosen(family, entropy, scaled, symbols)
        if settings.iterations:
            entropy.train(symbols, settings.iterations, settings.seed + round_)
    symbols = _chosen(family, entropy, scaled, symbols)
    local = {
        band.name: part.reshape(-1, family.channels, *band.shape).astype(np.float32)
        for band, part in zip(family.pyramid.bands, symbols, strict=True)
    }
    global_ = {
        ENTROPY: entropy.integers(),
        "steps": steps.numpy(),
        "coarse": differentiated(coarse).numpy(),
    }
    return local, global_


def _ones(family: Latent) -> tuple[int, ...]:
    return (1,) * len(family.tile)


def _coded(family: Latent, tiles: Tensor) -> Tensor:
    """Channels as they are coded, from those of the signal."""
    if not family.colour:
        return tiles
    matrix = torch.linalg.inv(torch.tensor(COLOURS, dtype=torch.float64)).float()
    return torch.einsum("ij,pj...->pi...", matrix, tiles)


def _steps(family: Latent, step: float) -> Tensor:
    """The stored steps: of levels and the coarse grid, then by how much channels differ."""
    levels = [round(STEP_UNIT * log2(step))] * max(family.levels)
    gain = sum(family.levels) / 2  # octaves by which the low band outgrows the samples
    levels.append(round(STEP_UNIT * (log2(step * COARSE_SHARE) - gain)))
    channels = [0] * family.channels
    if family.colour:  # what an error of a coded channel does to R, G and B
        loudness = (torch.tensor(COLOURS) ** 2).sum(0).sqrt()
        channels = [-round(STEP_UNIT * log2(float(x / loudness[0]))) for x in loudness]
    return torch.tensor([*levels, *channels], dtype=torch.float32)


def _coarse(family: Latent, coded: Tensor, index: Tensor) -> Tensor:
    """The grid [C, *grid] whose spline has the same low bands as `coded` in every tile."""
    low = analyse(coded, family.pyramid)[1]
    own, tiles = family.pyramid.coarse, family.tiles
    grid = low.new_zeros(*tiles, family.channels, *own)
    grid[tuple(index.T)] = low
    axes = len(tiles)
    order = [axes, *(a for axis in range(axes) for a in (axis, axes + 1 + axis))]
    grid = grid.permute(order).reshape(family.channels, *[t * c for t, c in zip(tiles, own, strict=True)])
    for axis in range(axes):
        matrix = _low_of_spline(family, axis)
        solved = torch.linalg.solve(matrix, grid.double().movedim(axis + 1, 0).flatten(1))
        shape = grid.movedim(axis + 1, 0).shape
        grid = solved.reshape(shape).movedim(0, axis + 1)
    return grid.float()


def _low_of_spline(family: Latent, axis: int) -> Tensor:
    """Matrix from coarse samples along an axis to the low bands of the tiles along it."""
    from lgcodec.coding.pyramid import Pyramid

    own, count = family.pyramid.coarse[axis], family.tiles[axis]
    line = Pyramid(family.tile[axis : axis + 1], family.levels[axis : axis + 1], 1)
    if not line.levels[0]:
        line_low: Callable[[Tensor], Tensor] = lambda values: values  # noqa: E731
    else:
        line_low = lambda values: analyse(values, line)[1]  # noqa: E731
    index = torch.arange(count)[:, None]
    splines = spread(torch.eye(own * count), index, line.tile, (own,))  # [tiles, knots, T]
    return line_low(splines).permute(0, 2, 1).reshape(own * count, -1).double()


def _dead_zone(scaled: Floats) -> Symbols:
    sizes = np.floor(np.abs(scaled) + DEAD_ZONE)
    return _signed(scaled, sizes)


def _chosen(
    family: Latent, entropy: Entropy, scaled: Sequence[Floats], symbols: Sequence[Symbols]
) -> list[Symbols]:
    """Symbols that cost the least: squared error in steps + LAMBDA x bits, contexts as they are."""
    coder = family.coder.for_locals(family.local_tensors(), {ENTROPY: entropy.integers()})
    result = []
    for values, classes in zip(scaled, coder.classes(symbols), strict=True):
        size = np.abs(values)
        near = np.rint(size)
        best, price = near, np.full_like(size, np.inf)
        for candidate in (near, np.maximum(near - 1, 0), np.zeros_like(near)):
            cost = (size - candidate) ** 2 + LAMBDA * costs(classes, candidate)
            best = np.where(cost < price, candidate, best)
            price = np.minimum(cost, price)
        result.append(_signed(values, best))
    return result


def _signed(values: Floats, sizes: NDArray[np.float32]) -> Symbols:
    symbols: Symbols = (np.sign(values) * np.minimum(sizes, LARGEST)).astype(np.int16)
    return symbols
