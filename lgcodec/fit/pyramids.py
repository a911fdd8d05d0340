"""The pyramids of all tiles of a group, before and after their steps are chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from lgcodec.coding.base import Floats, Symbols
from lgcodec.coding.pyramid import LATENTS, Pyramid
from lgcodec.fit.sampling import Tiles
from lgcodec.nets.latent import COLOURS, STEP_UNIT, Latent, differentiated
from lgcodec.nets.lifting import analyse
from lgcodec.nets.smooth import spread

__all__ = ["Pyramids", "Rounded"]

COARSE_SHARE: Final = 2.0  # step of the coarse grid by that of the bands, its gain taken out
FINEST_COARSE: Final = -8 * STEP_UNIT  # finer ones tell little, and need tables that are too wide
MOST_COARSE: Final = 2047


@final
@dataclass(frozen=True)
class Rounded:
    """Everything but the symbols for one step.

    bands     [P, C * N] of every band in steps, not rounded yet
    global_   the tensors "steps" and "coarse", integers
    """

    bands: Sequence[Floats]
    global_: dict[str, Floats]


@final
class Pyramids:
    """The tiles of a group, analysed."""

    def __init__(self, family: Latent, tiles: Tiles) -> None:
        self._family, self._tiles, self._index = family, tiles, tiles.index
        self._coded = _coded(family, tiles.values)
        self._coarse = self._solved(analyse(self._coded, family.pyramid)[1])

    def rounded(self, step: int) -> Rounded:
        """Bands in steps of 2**(step / STEP_UNIT), the coarse grid rounded."""
        family, ones = self._family, (1,) * len(self._family.tile)
        stored = _steps(family, step)
        sizes = family.steps({"global.steps": stored})
        wide = sizes[-1].view(-1, *ones)
        coarse = (self._coarse / wide).round().clamp(-MOST_COARSE, MOST_COARSE)
        smooth = spread(coarse * wide, self._index, family.tile, family.pyramid.coarse)
        bands, _ = analyse(self._coded - smooth, family.pyramid)
        scaled = [
            (part / sizes[band.level].view(-1, *ones)).flatten(1).numpy()
            for band, part in zip(family.pyramid.bands, bands, strict=True)
        ]
        return Rounded(scaled, {"steps": stored.numpy(), "coarse": differentiated(coarse).numpy()})

    def error(self, rounded: Rounded, symbols: Sequence[Symbols]) -> float:
        """Mean squared error of the signal's samples, rounded as a decoder does; network units."""
        family = self._family
        weights = {f"global.{n}": torch.from_numpy(v) for n, v in rounded.global_.items()}
        flat = np.concatenate(symbols, axis=1)
        weights[f"local.{LATENTS}"] = torch.from_numpy(flat).float()
        values = family.lattice(weights, self._index).clamp(-1, 1)
        tiles = self._tiles
        if tiles.grain:
            values = ((values + 1) / tiles.grain).round() * tiles.grain - 1
        errors = (values - tiles.values).square_().mean(1)
        return float(errors[tiles.inside].mean(dtype=torch.float64))

    def _solved(self, low: Tensor) -> Tensor:
        """The grid [C, *grid] whose spline has the low bands `low` [P, C, *coarse] in its tiles."""
        family, axes = self._family, len(self._family.tile)
        own, tiles = family.pyramid.coarse, family.tiles
        grid = low.new_zeros(*tiles, family.channels, *own)
        grid[tuple(self._index.T)] = low
        order = [axes, *(a for axis in range(axes) for a in (axis, axes + 1 + axis))]
        shape = [t * c for t, c in zip(tiles, own, strict=True)]
        grid = grid.permute(order).reshape(family.channels, *shape).double()
        for axis in range(axes):
            lines = grid.movedim(axis + 1, 0)
            solved = torch.linalg.solve(_low_of_splines(family, axis), lines.flatten(1))
            grid = solved.reshape(lines.shape).movedim(0, axis + 1)
        return grid.float()


def _low_of_splines(family: Latent, axis: int) -> Tensor:
    """Matrix from the coarse samples along an axis to the low bands of the tiles along it."""
    own, count = family.pyramid.coarse[axis], family.tiles[axis]
    length, levels = family.tile[axis], family.levels[axis]
    splines = spread(torch.eye(own * count), torch.arange(count)[:, None], (length,), (own,))
    if levels:
        splines = analyse(splines, Pyramid((length,), (levels,), 1))[1]  # [tiles, knots, own]
    return splines.permute(0, 2, 1).reshape(own * count, -1).double()


def _coded(family: Latent, tiles: Tensor) -> Tensor:
    """Channels as they are coded, from those of the signal."""
    if not family.colour:
        return tiles
    matrix = torch.linalg.inv(torch.tensor(COLOURS, dtype=torch.float64)).float()
    return torch.einsum("ij,pj...->pi...", matrix, tiles)


def _steps(family: Latent, step: int) -> Tensor:
    """The stored steps: of levels and of the coarse grid, then by how much channels differ."""
    gain = sum(family.levels) / 2  # octaves by which the low band outgrows the samples
    coarse = max(step + round(STEP_UNIT * (log2(COARSE_SHARE) - gain)), FINEST_COARSE)
    channels = [0] * family.channels
    if family.colour:  # what an error of a coded channel does to R, G and B
        loudness = (torch.tensor(COLOURS) ** 2).sum(0).sqrt()
        channels = [-round(STEP_UNIT * log2(float(x / loudness[0]))) for x in loudness]
    return torch.tensor([*[step] * max(family.levels), coarse, *channels], dtype=torch.float32)
