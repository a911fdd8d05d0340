"""Samples for a fitting step: the same number from every partition, drawn without materialising
the coordinates of the signal.

Letters in shapes: P partitions of the group, S samples of each, D axes, C channels.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil, prod
from typing import Any, Final, final
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lgcodec.errors import UsageError
from lgcodec.format.geometry import Geometry, shared

__all__ = ["Sampler", "Tiles"]

Rows = slice | Tensor  # of partitions
MAX_OVERVIEW: Final = 2**14  # samples
MAX_PERMUTATION: Final = 2**22  # longer tiles draw at random, not from a permutation
MAX_TABLE: Final = 2**20  # positions of a tile that are held unravelled


@final
@dataclass(frozen=True)
class Tiles:
    """Some tiles of a group on the CPU.

    values   [P, C, *tile] float32, network units
    index    [P, D] of the tiles in the group
    inside   [P, *tile] whether a sample lies in the signal
    grain    what integer samples differ by, network units; 0 for floats
    """

    values: Tensor
    index: Tensor
    inside: Tensor
    grain: float


@final
class Sampler:
    """Coordinates and targets of one group.

    samples      [*grid, C], as in `Signal.samples`, those of the geometry's window; kept in
                 their own dtype
    values       what the network outputs -1 and 1 stand for, in sample units
    ranges       per axis, frame coordinates (lo, hi) of the borders of the frame
    tile_range   tile coordinates of the borders of a tile are minus this and this
    ids          partitions to draw from, of those that touch the window; default: all of them

    `digest` tells signals apart, and where partitions lie in one.
    """

    def __init__(
        self,
        samples: NDArray[Any],
        geometry: Geometry,
        ordinal: int,
        *,
        values: tuple[float, float],
        ranges: Sequence[tuple[float, float]],
        tile_range: float,
        device: torch.device,
        seed: int,
        ids: Collection[int] | None = None,
    ) -> None:
        self._grid = grid = samples.shape[:-1]
        window = geometry.window
        self._device, self._seed, self.ordinal = device, seed, ordinal
        self._samples = _tensor(samples.reshape(prod(grid), -1), device)
        self._low, self._high = values
        boxes = {i: geometry.box(ordinal, i) for i in range(geometry.tiles_per_group)}
        clipped = {i: _clipped(box, window) for i, box in boxes.items()}
        wanted = boxes.keys() if ids is None else sorted(set(ids))
        self.ids = [i for i in wanted if all(clipped[i])]
        parts = [clipped[i] for i in self.ids]
        first = np.array([[r.start for r in part] for part in parts])
        tiles = np.array([[r.start for r in boxes[i]] for i in self.ids])
        lengths = [axis.tile_len for axis in geometry.axes]
        places = np.concatenate([first, tiles, [lengths]]).astype("<i8")
        self.digest = crc32(np.ascontiguousarray(samples).data, crc32(places.tobytes()))
        origin = [r.start for r in boxes[0]]
        self._index = torch.from_numpy(tiles - origin) // torch.tensor(lengths)
        self._starts = _tensor(first - [r.start for r in window], device)  # in `samples`
        self._skipped = _tensor(first - tiles, device)  # samples of a tile before the window
        self._extents = _tensor(np.array([[len(r) for r in part] for part in parts]), device)
        self._strides = [prod(grid[axis + 1 :]) for axis in range(len(grid))]
        self._tile = [
            min(axis.tile_len, size) for axis, size in zip(geometry.axes, grid, strict=True)
        ]
        self._wraps = bool((self._extents < torch.tensor(self._tile, device=device)).any())
        self._frame = _frame_tables(geometry, ordinal, ranges, device)
        self._inside = _tile_tables(geometry, tile_range, device)
        self._permutation = (-1, torch.empty(0))
        fits_table = prod(self._tile) <= MAX_TABLE
        everything = torch.arange(prod(self._tile) if fits_table else 0, device=device)
        self._offsets = _unravelled(everything, self._tile)

    @property
    def index(self) -> Tensor:
        """[P, D] of the tiles in the group."""
        return self._index

    @property
    def partitions(self) -> int:
        """P, the partitions that hold at least one sample."""
        return len(self.ids)

    @property
    def tile_samples(self) -> int:
        """Samples of a whole tile: after so many draws a partition has been seen once."""
        return prod(self._tile)

    def draw(self, iteration: int, count: int) -> Tensor:
        """[P, count] positions in the tile for a step; a function of seed and iteration alone."""
        length = self.tile_samples
        first = iteration * count
        if length > MAX_PERMUTATION:
            generator = torch.Generator().manual_seed(self._seed * 1_000_003 + iteration)
            return torch.randint(length, (self.partitions, count), generator=generator)
        # Partitions read one shared permutation from places far apart.
        shift = torch.arange(self.partitions)[:, None] * (length // max(1, self.partitions))
        places = (first + torch.arange(count) + shift) % length
        return self._shuffled(first // length)[places]

    def spread(self, count: int) -> Tensor:
        """[P, count] fixed positions to measure quality on: all of the tile if count allows."""
        if count >= self.tile_samples:
            return torch.arange(self.tile_samples).expand(self.partitions, -1)
        generator = torch.Generator().manual_seed(self._seed + 1)
        return torch.randint(self.tile_samples, (self.partitions, count), generator=generator)

    def tiles(self, lengths: Sequence[int], rows: slice = slice(None)) -> Tiles:
        """Tiles of `lengths` samples, those of the partitions `rows`.

        Past its end, the signal's last samples repeat.
        """
        ones, starts, extents = [1] * len(lengths), self._starts[rows], self._extents[rows]
        flat = torch.zeros((len(starts), *ones), dtype=torch.long, device=self._device)
        inside = torch.ones_like(flat, dtype=torch.bool)
        for axis, length in enumerate(lengths):
            shape = [len(starts), *ones]
            shape[axis + 1] = length
            steps = torch.arange(length, device=self._device)
            last = extents[:, axis, None] - 1
            places = starts[:, axis, None] + torch.minimum(steps, last)
            flat = flat + (places * self._strides[axis]).view(shape)
            inside = inside & (steps <= last).view(shape)
        values = self._scaled(self._samples[flat]).movedim(-1, 1)
        grain = 0.0 if self._samples.dtype.is_floating_point else 2 / (self._high - self._low)
        return Tiles(values.cpu(), self._index[rows], inside.cpu(), grain)

    def overview(self) -> Tensor:
        """[C, *grid] the whole signal in network units, at every nth sample of each axis."""
        edge = MAX_OVERVIEW ** (1 / len(self._grid))
        every = tuple(slice(None, None, ceil(size / edge)) for size in self._grid)
        picked = self._samples.view(*self._grid, -1)[every]
        return self._scaled(picked).movedim(-1, 0)

    def batch(self, rows: Rows, positions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Tile and frame coordinates [p, S, D] and targets [p, S, C] of the partitions `rows`.

        `positions` is [p, S]. A border tile that reaches past the signal wraps inside itself.
        """
        offsets, flat = self._places(rows, positions)
        tile = self._coordinates(rows, offsets, in_frame=False)
        frame = self._coordinates(rows, offsets, in_frame=True)
        return tile, frame, self._scaled(_picked(self._samples, flat))

    def local_batch(
        self, rows: Rows, positions: Tensor, *, in_frame: bool
    ) -> tuple[Tensor, Tensor]:
        """Coordinates [p, S, D] in the tile or `in_frame`, and targets: see `batch`."""
        offsets, flat = self._places(rows, positions)
        coordinates = self._coordinates(rows, offsets, in_frame=in_frame)
        return coordinates, self._scaled(_picked(self._samples, flat))

    def _coordinates(self, rows: Rows, offsets: Sequence[Tensor], *, in_frame: bool) -> Tensor:
        """[p, S, D] in the frame or in the tile, at offsets [p, S] along each axis."""
        tables, starts = (self._frame, self._starts) if in_frame else (self._inside, self._skipped)
        places = (offset + starts[rows, axis, None] for axis, offset in enumerate(offsets))
        pairs = zip(tables, places, strict=True)
        return torch.stack([_picked(table, place) for table, place in pairs], dim=-1)

    def assemble(self, values: Tensor) -> Tensor:
        """[*grid, C] of the values [P, S, C] at all positions of all tiles, in raster order.

        UsageError unless the partitions cover the grid.
        """
        positions = self.spread(self.tile_samples)
        _, flat = self._places(slice(None), positions)
        source = torch.full((prod(self._grid),), -1, device=self._device)
        source[flat.flatten()] = torch.arange(flat.numel(), device=self._device)
        if bool((source < 0).any()):
            raise UsageError("a group does not cover the signal; a measurement needs all of it")
        return values.flatten(0, 1)[source].view(*self._grid, -1)

    def _places(self, rows: Rows, positions: Tensor) -> tuple[list[Tensor], Tensor]:
        """Offsets in the tile along each axis, and indices into the samples, each [p, S]."""
        positions = positions.to(self._device)
        offsets, flat = [], torch.zeros_like(positions)
        for axis, offset in enumerate(self._unravelled(positions)):
            own = offset % self._extents[rows, axis, None] if self._wraps else offset
            offsets.append(own)
            flat += (self._starts[rows, axis, None] + own) * self._strides[axis]
        return offsets, flat

    def _unravelled(self, positions: Tensor) -> list[Tensor]:
        """Offsets [p, S] along each axis of positions in a tile: divisions, or a table of them."""
        if len(self._offsets[0]) == self.tile_samples:
            return [_picked(table, positions) for table in self._offsets]
        return _unravelled(positions, self._tile)

    def inside(self, rows: Rows, positions: Tensor) -> Tensor:
        """[p, S] whether `positions` of the partitions `rows` lie in the signal, not past it."""
        found = torch.ones_like(positions, dtype=torch.bool, device=self._device)
        for axis, offset in enumerate(self._unravelled(positions.to(self._device))):
            found &= offset < self._extents[rows, axis, None]
        return found

    def _scaled(self, samples: Tensor) -> Tensor:
        return (samples.float() - self._low) * (2 / (self._high - self._low)) - 1

    def _shuffled(self, epoch: int) -> Tensor:
        if self._permutation[0] != epoch:
            generator = torch.Generator().manual_seed(self._seed * 1_000_003 + epoch)
            self._permutation = (epoch, torch.randperm(self.tile_samples, generator=generator))
        return self._permutation[1]


def _unravelled(positions: Tensor, shape: Sequence[int]) -> list[Tensor]:
    """What `torch.unravel_index` gives, which imports sympy: half a second of every encode."""
    strides = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    return [positions // step % size for step, size in zip(strides, shape, strict=True)]


def _picked(rows: Tensor, index: Tensor) -> Tensor:
    """`rows[index]`, quicker."""
    return rows.index_select(0, index.flatten()).view(*index.shape, *rows.shape[1:])


def _clipped(box: Sequence[range], window: Sequence[range]) -> list[range]:
    pairs = zip(box, window, strict=True)
    return [shared(own, wanted) for own, wanted in pairs]


def _frame_tables(
    geometry: Geometry,
    ordinal: int,
    ranges: Sequence[tuple[float, float]],
    device: torch.device,
) -> list[Tensor]:
    """Frame coordinate of every position of the window, one float32 each (spec, GEOM)."""
    index = geometry.partition_index(ordinal, 0)
    tables = []
    for axis, tile, (low, high) in zip(geometry.axes, index, ranges, strict=True):
        origin = tile // axis.tiles * axis.tiles * axis.tile_len
        positions = np.arange(axis.window.start, axis.window.stop, dtype=np.float64)
        centres = positions + 0.5 - origin
        table = low + (high - low) * (centres / axis.frame_len)
        tables.append(_tensor(table.astype(np.float32), device))
    return tables


def _tile_tables(geometry: Geometry, reach: float, device: torch.device) -> list[Tensor]:
    """Tile coordinate of every position in a tile, along each axis (spec, GEOM)."""
    tables = []
    for axis in geometry.axes:
        centres = np.arange(axis.tile_len, dtype=np.float64) + 0.5
        table = reach * (2 * (centres / axis.tile_len) - 1)
        tables.append(_tensor(table.astype(np.float32), device))
    return tables


def _tensor(array: NDArray[Any], device: torch.device) -> Tensor:
    array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))  # torch knows no other
    if array.dtype == np.uint16:
        array = array.astype(np.int32)  # torch indexes few things of type uint16
    if not array.flags.writeable:
        array = array.copy()
    return torch.from_numpy(array).to(device)
