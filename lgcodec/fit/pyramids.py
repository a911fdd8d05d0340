"""The pyramids of the tiles of a group, block by block, so that memory does not grow with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2, prod
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from lgcodec.coding.base import Floats, Symbols
from lgcodec.coding.pyramid import LATENTS, Pyramid
from lgcodec.fit.sampling import Sampler, Tiles
from lgcodec.nets.latent import COLOURS, STEP_UNIT, Latent, differentiated
from lgcodec.nets.lifting import analyse
from lgcodec.nets.smooth import spread

__all__ = ["Pyramids", "Rounded"]

AT_ONCE: Final = 2**20  # values of the tiles of a block
COARSE_SHARE: Final = 2.0  # step of the coarse grid by that of the bands, its gain taken out
FINEST_COARSE: Final = -8 * STEP_UNIT  # finer ones tell little, and need tables that are too wide
MOST_COARSE: Final = 2047


@final
@dataclass(frozen=True)
class Rounded:
    """What all partitions share for one step.

    global_   the tensors "steps" and "coarse", integers
    steps     [levels + 1, C] in network units; the last row is that of the coarse grid
    coarse    [C, *grid] in network units
    """

    global_: dict[str, Floats]
    steps: Tensor
    coarse: Tensor


@final
class Pyramids:
    """The tiles of a group, analysed some at a time: neither bands nor tiles are ever held.

    blocks   partitions that are worked on together
    """

    def __init__(self, family: Latent, sampler: Sampler) -> None:
        self._family, self._sampler = family, sampler
        count = max(1, AT_ONCE // (prod(family.tile) * family.channels))
        self.blocks = [slice(at, at + count) for at in range(0, sampler.partitions, count)]
        low = [analyse(self._coded(rows), family.pyramid)[1] for rows in self.blocks]
        self._coarse = self._solved(torch.cat(low))

    def rounded(self, step: int) -> Rounded:
        """The coarse grid, rounded, for steps of 2**(step / STEP_UNIT)."""
        stored = _steps(self._family, step)
        steps = self._family.steps({"global.steps": stored})
        wide = steps[-1].view(-1, *(1,) * len(self._family.tile))
        coarse = (self._coarse / wide).round().clamp(-MOST_COARSE, MOST_COARSE)
        whole = {"steps": stored.numpy(), "coarse": differentiated(coarse).numpy()}
        return Rounded(whole, steps, coarse * wide)

    def bands(self, rounded: Rounded, rows: slice) -> list[Floats]:
        """[P, C * N] of every band in steps, not rounded yet, of the partitions `rows`."""
        family, index = self._family, self._sampler.index[rows]
        smooth = spread(rounded.coarse, index, family.tile, family.pyramid.coarse)
        bands, _ = analyse(self._coded(rows) - smooth, family.pyramid)
        steps = rounded.steps.view(len(rounded.steps), -1, *(1,) * len(family.tile))
        return [
            (part / steps[band.level]).flatten(1).numpy()
            for band, part in zip(family.pyramid.bands, bands, strict=True)
        ]

    def error(self, rounded: Rounded, symbols: Sequence[Symbols]) -> float:
        """Mean squared error of the signal's samples, rounded as a decoder does; network units."""
        total, count = 0.0, 0
        for rows in self.blocks:
            tiles = self._sampler.tiles(self._family.tile, rows)
            values = self._values(rounded, [part[rows] for part in symbols], tiles)
            if tiles.grain:
                values = ((values + 1) / tiles.grain).round() * tiles.grain - 1
            errors = (values - tiles.values).square_().mean(1)[tiles.inside]
            total += float(errors.sum(dtype=torch.float64))
            count += errors.numel()
        return total / count

    def _values(self, rounded: Rounded, symbols: Sequence[Symbols], tiles: Tiles) -> Tensor:
        weights = {f"global.{n}": torch.from_numpy(v) for n, v in rounded.global_.items()}
        weights[f"local.{LATENTS}"] = torch.from_numpy(np.concatenate(symbols, axis=1)).float()
        return self._family.lattice(weights, tiles.index).clamp(-1, 1)

    def _coded(self, rows: slice) -> Tensor:
        """Channels as they are coded, of the partitions `rows`, from those of the signal."""
        values = self._sampler.tiles(self._family.tile, rows).values
        if not self._family.colour:
            return values
        matrix = torch.linalg.inv(torch.tensor(COLOURS, dtype=torch.float64)).float()
        return torch.einsum("ij,pj...->pi...", matrix, values)

    def _solved(self, low: Tensor) -> Tensor:
        """The grid [C, *grid] whose spline has the low bands `low` [P, C, *coarse] in its tiles."""
        family, axes = self._family, len(self._family.tile)
        own, tiles = family.pyramid.coarse, family.tiles
        grid = low.new_zeros(*tiles, family.channels, *own)
        grid[tuple(self._sampler.index.T)] = low
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


def _steps(family: Latent, step: int) -> Tensor:
    """The stored steps: of levels and of the coarse grid, then by how much channels differ."""
    gain = sum(family.levels) / 2  # octaves by which the low band outgrows the samples
    coarse = max(step + round(STEP_UNIT * (log2(COARSE_SHARE) - gain)), FINEST_COARSE)
    channels = [0] * family.channels
    if family.colour:  # what an error of a coded channel does to R, G and B
        loudness = (torch.tensor(COLOURS) ** 2).sum(0).sqrt()
        channels = [-round(STEP_UNIT * log2(float(x / loudness[0]))) for x in loudness]
    return torch.tensor([*[step] * max(family.levels), coarse, *channels], dtype=torch.float32)
