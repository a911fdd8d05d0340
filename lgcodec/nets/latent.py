"""Latents: a partition's local weights are the grids of a pyramid over its tile, in integers.

    coarse grid (global) ── cubic B-spline over the frame ───┐
    bands (local) ── times steps ── inverse wavelet ── sum ── filter ── rotation ── values

The global chunk holds the coarse grid, which carries context and smoothness across the borders of
tiles, the steps, how much of the filter each channel takes, the rotation that makes channels of
what is coded, and what is particular to this signal of the network that predicts how large each
symbol of a local chunk is (see `coding/context.py`). A tile is synthesised on its lattice and
interpolated at any coordinate.

After the multi-resolution latents of Cool-chic (Ladune et al.) and C3 (Kim et al.): each partition
with grids of its own, a critically sampled pyramid, and an entropy model in integers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any, ClassVar, Final, final

import torch
from torch import Tensor
from typing_extensions import override

from lgcodec.coding.context import ENTROPY, Context
from lgcodec.coding.pyramid import (
    LATENTS,
    MOST_BLOCKS,
    MOTION,
    Pyramid,
    as_lengths,
    flags_of,
)
from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import Conf, TensorSpec
from lgcodec.format.geometry import Geometry
from lgcodec.nets.base import Family, TensorWeights
from lgcodec.nets.coarse import integrated
from lgcodec.nets.latent_cost import multiplications
from lgcodec.nets.lifting import synthesise
from lgcodec.nets.motion import displacements
from lgcodec.nets.norms import norms
from lgcodec.nets.post_filter import STRENGTH_ONE, corrected, has_filter
from lgcodec.nets.reduced import (
    centred,
    extended,
    halved,
    left_out,
    low_gain,
    most_halvings,
    reduced_pyramid,
)
from lgcodec.nets.request import Request
from lgcodec.nets.rotation import angle_count, rotation, turned
from lgcodec.nets.smooth import MARGIN, interpolate, spread

__all__ = ["STEP_UNIT", "Latent"]

STEP_UNIT: Final = 32  # a step is 2**(s / STEP_UNIT) in network units
MOST_OCTAVES: Final = 24
LOCAL: Final = f"local.{LATENTS}"
LATTICE: Final = "lattice"
GRID: Final = "global.grid"  # the coarse grid [C, *grid] in network units
FINEST: Final = "global.finest"  # steps [C] of the finest level
SCALES: Final = "global.scales"  # of the latents, all bands one after the other
ROTATION: Final = "global.rotation"  # [C, C]: channels from coded ones
BLOCK: Final = 32  # edge of what moves as one in a new file
AT_ONCE: Final = 2**18  # values of the tiles that are synthesised together


@final
@dataclass(frozen=True)
class Latent(Family):
    """Grids of `levels` levels per axis over tiles of `tile` samples.

    channels   values per sample, C
    tile       samples of a tile along each axis; frame: of the group's frame
    levels     splits along each axis
    ahead      whether the first axis, time, is split ahead of the others: 0 or 1
    motion     edge of the blocks of its pictures that move, 0 where none do
    halvings   of the lattice along each axis, at most `most_halvings`: see `nets/reduced.py`
    """

    channels: int
    tile: tuple[int, ...]
    levels: tuple[int, ...]
    frame: tuple[int, ...]
    ahead: int = 0
    motion: int = 0
    halvings: int = 0

    tile_range: float = 1.0

    name: ClassVar[str] = "latent"
    has_grain: ClassVar[bool] = True

    def __post_init__(self) -> None:
        _ = self.pyramid
        if len(self.frame) != len(self.tile) or not all(n >= 1 for n in self.frame):
            raise UsageError(f"frame is {self.frame}, expected one length for each of {self.tile}")

    @cached_property
    def pyramid(self) -> Pyramid:
        """The grids of a tile."""
        return Pyramid(self.tile, self.levels, self.channels, self.ahead, self.motion)

    @property
    @override
    def most_halvings(self) -> int:
        return most_halvings(self.pyramid)

    @override
    def reduced(self, halvings: int) -> "Latent":
        return replace(self, halvings=halvings)

    @property
    @override
    def left_out(self) -> int:
        return left_out(self.halvings)

    @cached_property
    def shown(self) -> Pyramid:
        """What is decoded of the grids."""
        return reduced_pyramid(self.pyramid, self.halvings) if self.halvings else self.pyramid

    @property
    def coder(self) -> Context:
        """The coder of the local chunks, without its network."""
        return Context(self.pyramid)

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:  # type: ignore[override]
        """Frame coordinates run from -1 to 1."""
        return ((-1.0, 1.0),) * len(self.tile)

    @classmethod
    @override
    def from_tables(
        cls,
        configuration: Mapping[str, Any],
        local: Sequence[TensorSpec],
        global_: Sequence[TensorSpec],
        geometry: Geometry,
    ) -> "Latent":
        try:
            family = cls(
                channels=geometry.channels,
                tile=tuple(axis.tile_len for axis in geometry.axes),
                levels=as_lengths(configuration["levels"]),
                frame=tuple(axis.frame_len for axis in geometry.axes),
                **flags_of(configuration),
            )
            family.check_tables(configuration, local, global_)
        except (IndexError, KeyError, TypeError, UsageError) as error:
            raise FileError("E_PROFILE", f"the tables are not of latents: {error}") from error
        return family

    @classmethod
    @override
    def for_request(cls, request: Request) -> "Latent":
        """Levels as far as tiles allow, up to 6, and more along a single axis; time first.

        A picture of a video that moves is split once more unless its lengths are powers of two: the
        coarse grid, which does not move, then says as little as can be (see `fit/pyramids.py`).
        """
        deepest = 10 if len(request.tile) == 1 else 6
        levels = tuple(min(deepest, max(0, n.bit_length() - 1)) for n in request.tile)
        ahead = request.kind == "video" and levels[0] > 0 and max(levels[1:]) > 0
        blocks = prod(-(-length // BLOCK) for length in request.tile[1:])
        moves = ahead and request.tile[0] * blocks <= MOST_BLOCKS
        if moves:
            levels = levels[0], *(min(deepest, (n - 1).bit_length()) for n in request.tile[1:])
        return cls(
            channels=request.channels,
            tile=request.tile,
            levels=levels,
            frame=request.frame,
            ahead=int(ahead),
            motion=BLOCK if moves else 0,
        )

    @override
    def check(self, conf: Conf, geometry: Geometry) -> None:
        """Also the coder has the same grids."""
        super().check(conf, geometry)
        coder = dict(conf.coder.configuration)
        if conf.coder.name == Context.name and coder != self.coder.configuration:
            raise FileError(
                "E_PROFILE", f"context has {coder!r:.200}, latent needs {self.coder.configuration}"
            )

    @property
    @override
    def configuration(self) -> dict[str, Any]:
        return {"levels": self.levels, **self.pyramid.flags}

    @property
    def tiles(self) -> tuple[int, ...]:
        """Tiles along each axis of the frame."""
        return tuple(-(-n // t) for n, t in zip(self.frame, self.tile, strict=True))

    @override
    def local_tensors(self) -> tuple[TensorSpec, ...]:
        return self.pyramid.tensors()

    @override
    def global_tensors(self) -> tuple[TensorSpec, ...]:
        grid = [n * c for n, c in zip(self.tiles, self.pyramid.coarse, strict=True)]
        tensors = [
            TensorSpec(ENTROPY, (self.coder.network_size,)),
            TensorSpec("steps", (max(self.levels) + 1 + (1 + self.is_filtered) * self.channels,)),
            TensorSpec("coarse", (self.channels, *grid)),
        ]
        if self.channels > 1:
            tensors.append(TensorSpec("angles", (angle_count(self.channels),)))
        return tuple(tensors)

    @override
    def initialise(self, partitions: int, generator: torch.Generator) -> TensorWeights:
        """Nothing is drawn: latents come from the signal, networks from shipped values."""
        weights = {
            f"local.{t.name}": torch.zeros(partitions, *t.shape) for t in self.local_tensors()
        }
        return weights | {f"global.{t.name}": torch.zeros(t.shape) for t in self.global_tensors()}

    @override
    def canonicalise(self, weights: TensorWeights) -> TensorWeights:
        return weights

    def steps(self, weights: TensorWeights) -> Tensor:
        """Steps [levels + 1, C] in network units; the last row is that of the coarse grid."""
        stored = weights["global.steps"]
        exact = stored.cpu().double()  # accelerators have no doubles, or other powers
        depth = max(self.levels) + 1
        octaves = (exact[:depth, None] + exact[None, depth:][:, : self.channels]) / STEP_UNIT
        return torch.exp2(octaves.clamp(-MOST_OCTAVES, MOST_OCTAVES)).to(stored)

    @override
    def shared(self, weights: TensorWeights) -> TensorWeights:
        if GRID in weights:
            return weights
        steps = self.steps(weights)
        grid = integrated(weights["global.coarse"]) * steps[-1].view(-1, *(1,) * len(self.tile))
        angles = weights["global.angles"] if self.channels > 1 else torch.zeros(0)
        return {
            **weights,
            GRID: grid,
            FINEST: steps[0],
            SCALES: torch.cat([scale.flatten() for scale in self.scales(weights)]),
            ROTATION: rotation(angles, self.channels).to(grid),
        }

    @property
    @override
    def together(self) -> int:
        """As many as a cache holds with their margins: all but the filter works term by term."""
        return max(1, AT_ONCE // (self.channels * prod(n + 2 * MARGIN for n in self.shown.tile)))

    @override
    def prepare(self, weights: TensorWeights, tile: Tensor, frame: Tensor) -> TensorWeights:
        index = self._index(tile[:, 0], frame[:, 0])
        return {LATTICE: self.lattice(weights, index)}

    def scales(self, weights: TensorWeights) -> list[Tensor]:
        """Of every band what a symbol of 1 stands for, [C, *band] in network units."""
        steps, ones = self.steps(weights), (1,) * len(self.tile)
        coarsest = max(self.levels) - 1
        return [
            steps[min(band.level, coarsest)].view(-1, *ones) / norm.to(steps)
            for band, norm in zip(self.pyramid.bands, norms(self.pyramid), strict=True)
        ]

    def lattice(self, weights: TensorWeights, index: Tensor) -> Tensor:
        """Values [P, C, *tile] of the tiles at `index` [P, D] of the group, or smaller ones."""
        known = self.shared(weights)
        coded = self.coded(known, index)
        if not self.left_out:
            coded = coded + self.correction(known, coded)
        return turned(known[ROTATION], halved(coded) if self.halvings else coded)

    @property
    def is_filtered(self) -> bool:
        """Whether there is a filter for such grids."""
        return has_filter(self.channels, len(self.tile), self.ahead)

    def correction(self, weights: TensorWeights, coded: Tensor) -> Tensor:
        """What the filter adds [P, C, *tile] to coded channels of the same shape."""
        strength = weights["global.steps"][-self.channels :] / STRENGTH_ONE
        if not (self.is_filtered and strength.any()):
            return torch.zeros_like(coded)
        change = corrected(coded, self.shared(weights)[FINEST])
        return strength.view(-1, *(1,) * len(self.tile)) * change

    def coded(self, weights: TensorWeights, index: Tensor) -> Tensor:
        """The channels that are coded, [P, C, *tile], of the tiles at `index` [P, D]."""
        shown, known, levels = self.shown, self.shared(weights), self.left_out
        own, scales = (part[..., : sum(shown.sizes)] for part in (known[LOCAL], known[SCALES]))
        parts = torch.split(own * scales, shown.sizes, dim=1)
        bands = [
            part.view(-1, self.channels, *band.shape)
            for band, part in zip(shown.bands, parts, strict=True)
        ]
        low = bands[0].new_zeros(len(index), self.channels, *shown.coarse)
        smooth = spread(known[GRID], index, self.tile, shown.coarse, 1 << levels)
        details = synthesise(bands, low, shown, self.displaced(known))
        return centred(details / low_gain(shown, levels) + smooth, levels)

    def displaced(self, weights: TensorWeights) -> Tensor | None:
        """How tiles move, as in `nets.motion.displacements`; None: not at all."""
        return displacements(weights[f"local.{MOTION}"], self.pyramid) if self.motion else None

    @override
    def grain(self, weights: TensorWeights) -> Tensor:
        return weights[ROTATION] * weights[FINEST]

    @override
    def on_lattice(self, weights: TensorWeights) -> Tensor:
        return weights[LATTICE].movedim(1, -1)

    @override
    def forward(self, weights: TensorWeights, tile: Tensor, frame: Tensor) -> Tensor:
        prepared = weights if LATTICE in weights else self.prepare(weights, tile, frame)
        lengths = torch.tensor(self.tile, device=tile.device)
        places = (tile + 1) / 2 * lengths / (1 << self.halvings) - 0.5
        values = prepared[LATTICE]
        if self.halvings:  # half a sample is many of the tile: what lies beyond the last one counts
            for axis in range(2, values.ndim):
                values = extended(values, axis, 1, 1)
            places = places + 1
        return interpolate(values, places)

    def _index(self, tile: Tensor, frame: Tensor) -> Tensor:
        """Index [P, D] of the tiles that hold a sample at these coordinates [P, D]."""
        ratio = torch.tensor(self.frame).double() / torch.tensor(self.tile)
        index = (frame.cpu().double() + 1) / 2 * ratio - (tile.cpu().double() + 1) / 2
        return index.round().long().to(tile.device)

    @property
    @override
    def sizes(self) -> dict[str, int]:
        return {"levels": max(self.levels)}

    @override
    def multiplications(self) -> int:
        return multiplications(self.pyramid, is_filtered=self.is_filtered)
