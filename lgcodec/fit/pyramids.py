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
from lgcodec.nets.latent import STEP_UNIT, Latent, differentiated
from lgcodec.nets.lifting import analyse
from lgcodec.nets.norms import norms
from lgcodec.nets.rotation import angles_of, rotation
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
    global_   the tensors "steps", "coarse" and "angles", integers
    """

    bands: Sequence[Floats]
    global_: dict[str, Floats]


@final
class Pyramids:
    """The tiles of a group, analysed."""

    def __init__(self, family: Latent, tiles: Tiles) -> None:
        self._family, self._tiles, self._index = family, tiles, tiles.index
        self._angles = angles_of(_uncorrelating(tiles.values))
        self._matrix = rotation(self._angles, family.channels)
        self._coded = torch.einsum("ji,pj...->pi...", self._matrix.float(), tiles.values)
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
            (part * (norm / sizes[band.level].view(-1, *ones))).flatten(1).numpy()
            for band, part, norm in zip(
                family.pyramid.bands, bands, norms(family.pyramid), strict=True
            )
        ]
        whole = {"steps": stored, "coarse": differentiated(coarse), "angles": self._angles}
        names = [tensor.name for tensor in family.global_tensors()]
        return Rounded(scaled, {name: whole[name].numpy() for name in names if name in whole})

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


def _uncorrelating(tiles: Tensor) -> Tensor:
    """Rotation [C, C] from channels that are uncorrelated, the strongest first, to those of tiles.

    Of what varies from sample to sample along the last axis: that is where the bits go.
    """
    changes = tiles.diff(dim=-1).transpose(0, 1).flatten(1)
    covariance = (changes @ changes.T).double()
    vectors = torch.linalg.eigh(covariance).eigenvectors.flip(1)
    signs = torch.where(vectors.sum(0) < 0, -1.0, 1.0)
    return vectors * signs


def _steps(family: Latent, step: int) -> Tensor:
    """The stored steps: of levels and of the coarse grid, then by how much channels differ."""
    gain = sum(family.levels) / 2  # octaves by which the low band outgrows the samples
    coarse = max(step + round(STEP_UNIT * (log2(COARSE_SHARE) - gain)), FINEST_COARSE)
    channels = [0] * family.channels
    return torch.tensor([*[step] * max(family.levels), coarse, *channels], dtype=torch.float32)
