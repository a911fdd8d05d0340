"""The pyramids of the tiles of a group, block by block, so that memory does not grow with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, gcd, log2, prod
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from lgcodec.coding.base import Floats, Symbols
from lgcodec.coding.pyramid import LATENTS, MOTION
from lgcodec.fit.curvature import error_weights
from lgcodec.fit.krylov import minimised
from lgcodec.fit.low_parts import LowParts, low_parts
from lgcodec.fit.motion import found_motion
from lgcodec.fit.sampling import Sampler, Tiles
from lgcodec.fit.smooth_grid import solved
from lgcodec.nets.base import TensorWeights
from lgcodec.nets.blocks import side_by_side
from lgcodec.nets.coarse import differentiated
from lgcodec.nets.latent import STEP_UNIT, Latent
from lgcodec.nets.lifting import analyse, lowest
from lgcodec.nets.motion import displacements
from lgcodec.nets.post_filter import STRENGTH_ONE
from lgcodec.nets.rotation import angles_of, rotation, turned
from lgcodec.nets.smooth import around, spread

__all__ = ["Pyramids", "Rounded"]

AT_ONCE: Final = 2**20  # values of the tiles of a block: smaller ones take longer in all
FEW: Final = 16  # partitions at most, on which quality is measured roughly
SOME: Final = (4, 256)  # partitions at least, roughly, and enough, that stand for all
SHARE: Final = 4  # they are this part of all, roughly, unless that is more than enough
SURE: Final = 20  # of them, whose errors tell how much of the filter all others need
COMPARED: Final = -3 * STEP_UNIT  # the step at which motion has to pay
COARSE_SHARE: Final = 2.0  # step of the coarse grid by that of the bands, its gain taken out
FINEST_COARSE: Final = -8 * STEP_UNIT  # finer ones tell little, and need tables that are too wide
MOST_TIMES: Final = 24  # that the coarse grid is corrected where tiles move
ENOUGH: Final = 1e-4  # of what is to be corrected may be left
TRIES: Final = 4  # with ever fewer tiles that move, at last none
MOST_LEFT: Final = 1e-6  # squared error of a sample, network units, that the coarse grid may leave
MOST_COARSE: Final = 2047  # so that differences have tables
MOST_STRENGTH: Final = 3 * STRENGTH_ONE


@final
@dataclass(frozen=True)
class Rounded:
    """What all partitions share for one step.

    global_   the tensors "steps", "coarse" and "angles", integers
    scales    of every band, [C, *band]: what a symbol of 1 stands for, network units
    coarse    [C, *grid] in network units
    """

    global_: dict[str, Floats]
    scales: Sequence[Tensor]
    coarse: Tensor


@final
class Pyramids:
    """The tiles of a group, analysed some at a time: neither bands nor tiles are ever held.

    Of blocks in which tiles move, weights are: two bytes a sample, as estimating them takes long.

    blocks   partitions that are worked on together
    some     those of a part that stands for all; empty where there are not so many
    motion   [P, M, I, J, 3] as in a file, where the family has it
    """

    def __init__(self, family: Latent, sampler: Sampler, motion: Tensor | None = None) -> None:
        self._family, self._sampler = family, sampler
        most, total = max(1, AT_ONCE // (prod(family.tile) * family.channels)), sampler.partitions
        count = ceil(total / ceil(total / most))  # much the same in every block
        self.blocks = [slice(at, at + count) for at in range(0, total, count)]
        self._few = slice(0, None, ceil(total / min(FEW, most)))
        counts = [len(set(places)) for places in sampler.index.T.tolist()]  # along each axis
        self.some = _spread(total, count, beside=prod(counts[1:]))
        self._angles = angles_of(self._uncorrelating())
        self._rotation = rotation(self._angles, family.channels).float()
        self._error_weights: dict[int, tuple[Tensor, ...]] = {}  # of a partition
        self.motion: Tensor | None = None
        self._coarse = solved(family, sampler.index, self._low())
        if family.motion:
            self._move(motion)

    def rounded(self, step: int) -> Rounded:
        """The coarse grid, rounded, for steps of 2**(step / STEP_UNIT)."""
        family = self._family
        stored = _steps(family, step, float(self._coarse.abs().max()))
        wide = family.steps({"global.steps": stored})[-1].view(-1, *(1,) * len(family.tile))
        coarse = (self._coarse / wide).round().clamp(-MOST_COARSE, MOST_COARSE)
        known = {"steps": stored, "coarse": differentiated(coarse), "angles": self._angles}
        names = [tensor.name for tensor in family.global_tensors() if tensor.name in known]
        scales = family.scales({"global.steps": stored})
        return Rounded({name: known[name].numpy() for name in names}, scales, coarse * wide)

    def bands(self, rounded: Rounded, rows: slice) -> list[Floats]:
        """[P, C * N] of every band in symbols, not rounded yet, of the partitions `rows`."""
        left = self.coded(rows) - self._smooth(rows, rounded.coarse)
        bands, _ = analyse(left, self._family.pyramid, self.displaced(rows))
        return [
            (part / scale).flatten(1).numpy()
            for part, scale in zip(bands, rounded.scales, strict=True)
        ]

    def displaced(self, rows: slice) -> Tensor | None:
        """How tiles move, as in `nets.motion.displacements`."""
        if self.motion is None:
            return None
        return displacements(self.motion[rows], self._family.pyramid)

    def error_weights(self, rows: slice) -> list[Tensor] | None:
        """As `curvature.error_weights` if any of these tiles moves; 1 of those that do not."""
        moved, pyramid = self.displaced(rows), self._family.pyramid
        if moved is None or not moved.any():
            return None
        known, own = self._error_weights, range(*rows.indices(self._sampler.partitions))
        new = [n for n, place in enumerate(own) if place not in known and moved[n].any()]
        if new:
            found = error_weights(pyramid, moved[new])
            parts = zip(*(weights.half()[:, None] for weights in found), strict=True)
            known |= dict(zip((own[n] for n in new), parts, strict=True))
        still = tuple(torch.ones(1, 1, *band.shape) for band in pyramid.bands)
        bands = zip(*(known.get(place, still) for place in own), strict=True)
        return [torch.cat(weights).float() for weights in bands]

    def _smooth(self, rows: slice, coarse: Tensor) -> Tensor:
        """What a coarse grid says of tiles, [P, C, *tile]."""
        family = self._family
        return spread(coarse, self._sampler.index[rows], family.tile, family.pyramid.coarse)

    def _low(self) -> Tensor:
        """What is low in every tile, all standing still, [P, C, *coarse]."""
        pyramid = self._family.pyramid
        low = side_by_side(lambda rows: lowest(self.coded(rows), pyramid), self.blocks)
        return torch.cat(list(low))

    def _move(self, known: Tensor | None) -> None:
        """Find motion, from the strongest channel, if none is known, and correct the coarse grid.

        Nothing else holds what is low in a tile: tiles of which too much is left may not move.
        """
        family, index, start = self._family, self._sampler.index, self._coarse
        one = replace(family.pyramid, channels=1)
        scales = family.scales({"global.steps": _steps(family, COMPARED, 0.0)})
        alone = [scale[:1] for scale in scales]

        def found(rows: slice) -> tuple[Tensor, LowParts, LowParts]:
            tiles = self.coded(rows)
            if known is None:
                motion = found_motion(one, tiles[:, :1], alone, self._smooth(rows, start[:1]))
            else:
                motion = known[rows]
            moved = displacements(motion, one)
            both = low_parts(one, tiles, moved), low_parts(one, tiles, 0 * moved[:1])
            return motion, *both

        motions, *parts = zip(*side_by_side(found, self.blocks), strict=True)
        self.motion = motion = torch.cat(motions)
        moving, still = map(LowParts.joined, parts)
        for tries_left in reversed(range(TRIES)):
            self._coarse = start.clone()
            if not motion.any():
                return
            lows = moving.where(motion.flatten(1).any(1), still)
            self._coarse += self._missing(lows)
            low = lows.left(around(self._coarse, index, one.coarse))
            left = low.square().flatten(1).sum(1) / prod(family.tile)
            if not (left > MOST_LEFT).any():
                return
            motion[left > MOST_LEFT if tries_left > 1 else slice(None)] = 0

    def _missing(self, lows: LowParts) -> Tensor:
        """What the coarse grid [C, *grid] lacks so that nothing is left of low parts of tiles.

        The equations of tiles that stand still are solved for less and less of what is left.
        """
        family, index, coarse = self._family, self._sampler.index, self._family.pyramid.coarse

        def grid_of(flat: Tensor) -> Tensor:
            low = flat.view(len(flat), len(index), *coarse).transpose(0, 1)
            return solved(family, index, low)

        def said(flat: Tensor) -> Tensor:
            return lows.said(around(grid_of(flat), index, coarse)).transpose(0, 1).flatten(1)

        left = lows.left(around(self._coarse, index, coarse)).transpose(0, 1).flatten(1)
        return grid_of(minimised(said, left, MOST_TIMES, ENOUGH))

    def filtered(self, rounded: Rounded, symbols: Sequence[Symbols], *, by_some: bool) -> Rounded:
        """The same with as much of the filter in every channel as leaves the least error.

        by_some   of some partitions, unless these are very few
        """
        family, steps = self._family, rounded.global_["steps"].copy()
        if not family.is_filtered:
            return rounded
        steps[-family.channels :] = STRENGTH_ONE
        whole = replace(rounded, global_={**rounded.global_, "steps": steps})

        def products(rows: slice) -> Tensor:
            """What the filter takes off errors, and its square: [2, C]."""
            own = [part[rows] for part in symbols]
            error, inside = self.residual(whole, own, rows)
            weights = self._weights(whole, own, rows)
            coded = family.coded(weights, self._sampler.index[rows])
            change = family.correction(weights, coded) * inside[:, None]
            both = torch.stack([-change * error, change.square()])
            return both.transpose(1, 2).flatten(2).sum(2, dtype=torch.float64)

        seen = sum(len(range(self._sampler.partitions)[rows]) for rows in self.some)
        blocks = self.some if by_some and seen >= SURE else self.blocks
        gain, power = sum(side_by_side(products, blocks), torch.zeros(2, 1))
        best = (STRENGTH_ONE * gain / power.clamp(min=1e-20)).round().clamp(0, MOST_STRENGTH)
        steps[-family.channels :] = best.numpy()
        return replace(rounded, global_={**rounded.global_, "steps": steps})

    def residual(
        self, rounded: Rounded, symbols: Sequence[Symbols], rows: slice
    ) -> tuple[Tensor, Tensor]:
        """Coded channels as decoded less those of the signal [P, C, *tile]; inside [P, *tile].

        symbols   of the partitions `rows` alone
        """
        tiles = self._sampler.tiles(self._family.tile, rows)
        weights = self._weights(rounded, symbols, rows)
        decoded = self._family.coded(weights, tiles.index)
        return decoded - self._turned(tiles), tiles.inside

    def error(
        self, rounded: Rounded, symbols: Sequence[Symbols], *, roughly: bool = False
    ) -> float:
        """Mean squared error of the signal's samples, rounded as a decoder does; network units.

        roughly   of a few partitions, all over the group
        """

        def squares(rows: slice) -> tuple[float, int]:
            return self.squares(rounded, [part[rows] for part in symbols], rows)

        found = side_by_side(squares, [self._few] if roughly else self.blocks)
        totals, counts = zip(*found, strict=True)
        return float(sum(totals) / sum(counts))

    def squares(
        self, rounded: Rounded, symbols: Sequence[Symbols], rows: slice
    ) -> tuple[float, int]:
        """Sum of the squared errors of `symbols`, of the partitions `rows` alone, and samples."""
        tiles = self._sampler.tiles(self._family.tile, rows)
        weights = self._weights(rounded, symbols, rows)
        values = self._family.lattice(weights, tiles.index).clamp(-1, 1)
        if tiles.grain:
            values = ((values.double() + 1) / tiles.grain).round() * tiles.grain - 1
        errors = (values - tiles.values).square_().mean(1)[tiles.inside]
        return float(errors.sum(dtype=torch.float64)), errors.numel()

    def _weights(self, rounded: Rounded, symbols: Sequence[Symbols], rows: slice) -> TensorWeights:
        """Of the partitions `rows`, whose symbols these are."""
        weights = {f"global.{n}": torch.from_numpy(v) for n, v in rounded.global_.items()}
        own = np.concatenate(symbols, axis=1)
        weights[f"local.{LATENTS}"] = torch.from_numpy(own).float()
        if self.motion is not None:
            weights[f"local.{MOTION}"] = self.motion[rows].float()
        return self._family.shared(weights)

    def coded(self, rows: slice) -> Tensor:
        """Channels as they are coded [P, C, *tile], of the partitions `rows`, from the signal's."""
        return self._turned(self._sampler.tiles(self._family.tile, rows))

    def _turned(self, tiles: Tiles) -> Tensor:
        return turned(self._rotation.T, tiles.values)

    def _uncorrelating(self) -> Tensor:
        """Rotation [C, C] of channels that are uncorrelated, the strongest first.

        In what changes from sample to sample along the last axis: that is where the bits go.
        """

        def products(rows: slice) -> Tensor:
            values = self._sampler.tiles(self._family.tile, rows).values
            changes = values.diff(dim=-1).transpose(0, 1).flatten(1).double()  # blocks add up alike
            return changes @ changes.T

        covariance = sum(side_by_side(products, self.blocks), torch.zeros(()))
        vectors: Tensor = torch.linalg.eigh(covariance).eigenvectors.flip(1)
        signs = torch.where(vectors.sum(0) < 0, -1.0, 1.0)
        return signs * vectors


def _spread(total: int, most: int, beside: int) -> list[slice]:
    """Some partitions, from everywhere, in blocks of `most` at most; none where they are few.

    beside   how many there are at one place of the first axis: all places along others have their
             turn
    """
    fewest, enough = SOME
    if total < 2 * fewest:
        return []
    stride = max(min(SHARE, total // fewest), ceil(total / enough))
    while gcd(stride, beside) > 1:
        stride += 1
    block = stride * most
    return [slice(at, min(at + block, total), stride) for at in range(0, total, block)]


def _steps(family: Latent, step: int, largest: float) -> Tensor:
    """The stored steps: of levels and the coarse grid, how channels differ, all of the filter.

    largest   magnitude in the coarse grid
    """
    gain = sum(family.levels) / 2  # octaves by which the low band outgrows the samples
    coarse = max(step + round(STEP_UNIT * (log2(COARSE_SHARE) - gain)), FINEST_COARSE)
    coarse = max(coarse, ceil(STEP_UNIT * log2(max(largest, 2**-20) / MOST_COARSE)))
    channels = [0] * family.channels
    strengths = [STRENGTH_ONE] * family.channels if family.is_filtered else []
    stored = [*[step] * max(family.levels), coarse, *channels, *strengths]
    return torch.tensor(stored, dtype=torch.float32)
