"""Evaluate a partition in blocks of one fixed shape, so that crops and windows are bit-exact.

Matrix libraries choose their kernels by shape, and the last bits of a sample can depend on its
row. So a partition is always cut into the same blocks of the same length, in the raster order of
its own tile, whatever else is decoded: a sample sits in the same row of the same matrix before
and after a crop, and gets the same bits on the same device.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import prod
from typing import Any, Final, final

import numpy as np
import torch
from numpy.typing import NDArray

from lgcodec.errors import UsageError
from lgcodec.nets.base import Family, TensorWeights

__all__ = ["Evaluator", "Partition", "pick_device"]

BLOCK: Final = {"cpu": 2048}  # rows whose activations stay in a core's cache
BLOCK_ACCELERATOR: Final = 65536
MAX_ROWS: Final = 2**62
Floats = NDArray[np.float32]
Positions = Sequence[NDArray[np.int64]]  # along each axis of a tile, S each
Coordinates = Callable[[Positions], tuple[Floats, Floats]]


def pick_device(name: str) -> torch.device:
    """The torch device for auto, cpu, cuda or mps; UsageError if this machine lacks it."""
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        name = next(device for device, usable in available.items() if usable)
    if not available.get(name.split(":")[0], False):
        usable = ", ".join(device for device, there in available.items() if there)
        raise UsageError(f"device {name} is not on this machine, here are {usable}")
    return torch.device(name)


@final
@dataclass(frozen=True)
class Partition:
    """What to evaluate of one partition.

    local         its tensors by name, each of its own shape
    tile          its samples along each axis; they take no memory
    wanted        those that are asked for, a part of `tile`; perhaps none
    coordinates   tile and frame coordinates [S, D] of S positions in the tile
    is_lattice    whether the tile's samples lie where those lie that were encoded
    """

    local: Mapping[str, Floats]
    tile: Sequence[range]
    wanted: Sequence[range]
    coordinates: Coordinates
    is_lattice: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Samples of the whole tile."""
        return tuple(len(part) for part in self.tile)

    @property
    def positions(self) -> tuple[range, ...]:
        """Where in the tile the samples lie that are asked for."""
        pairs = zip(self.wanted, self.tile, strict=True)
        return tuple(range(w.start - t.start, w.stop - t.start) for w, t in pairs)


@final
class Evaluator:
    """Values of one group's network, partition by partition.

    `global_` holds the global tensors by name, each of its own shape.
    """

    def __init__(self, family: Family, global_: Mapping[str, Floats], device: torch.device) -> None:
        self.family = family
        self._device = device
        tensors = {f"global.{name}": self._tensor(value) for name, value in global_.items()}
        self._global = family.shared(tensors)

    @property
    def threads(self) -> int:
        """Those on which partitions may be evaluated at the same time, by callers."""
        return torch.get_num_threads() if self._device.type == "cpu" else 1

    @property
    def grain(self) -> NDArray[np.float64]:
        """How coarse values are, [C, C], if the family has that: see `Family.grain`."""
        return np.asarray(self.family.grain(self._global).cpu().double().numpy())

    def values(self, partitions: Iterable[Partition]) -> Iterator[tuple[Partition, Floats]]:
        """Each partition, in order, and its values [*wanted, C], about -1 to 1.

        Some are prepared together, as many as the family says; none of which nothing is wanted.
        """
        left = iter(partitions)
        while batch := list(islice(left, self.family.together)):
            weights = iter(self._prepared([one for one in batch if all(one.wanted)]))
            for one in batch:
                if all(one.wanted):
                    yield one, self._values(one, next(weights))
                else:
                    yield one, np.zeros((*map(len, one.wanted), self.family.channels), np.float32)

    def _prepared(self, partitions: Sequence[Partition]) -> Iterator[TensorWeights]:
        """The weights of each, as the family prepares them."""
        if not partitions:
            return
        local = {
            f"local.{name}": self._tensor(np.stack([one.local[name] for one in partitions]))
            for name in partitions[0].local
        }
        first = (np.zeros(1, np.int64),) * len(partitions[0].tile)
        places = zip(*(one.coordinates(first) for one in partitions), strict=True)
        tile, frame = (self._tensor(np.stack(part)) for part in places)
        with torch.no_grad():
            weights = self.family.prepare({**self._global, **local}, tile, frame)
        for row in range(len(partitions)):
            yield {
                name: value if name.startswith("global.") else value[row : row + 1]
                for name, value in weights.items()
            }

    def _values(self, partition: Partition, weights: TensorWeights) -> Floats:
        """Values [*wanted, C] of one partition whose weights are prepared."""
        shape, wanted = partition.shape, partition.positions
        if prod(shape) > MAX_ROWS:
            raise UsageError(f"a tile of {' x '.join(map(str, shape))} samples is too large")
        lattice = self.family.on_lattice(weights) if partition.is_lattice else None
        if lattice is not None:
            inside = tuple(slice(part.start, part.stop) for part in wanted)
            return np.asarray(lattice[0][inside].cpu().numpy(), np.float32)
        places = np.ravel_multi_index(np.ix_(*wanted), shape).ravel()  # raster order: increasing
        values = [
            self._block(weights, partition, start, length)[inside - start]
            for start, length, inside in self._blocks(places, prod(shape))
        ]
        return np.concatenate(values).reshape(*(len(part) for part in wanted), -1)

    def _blocks(self, places: NDArray[Any], total: int) -> Iterator[tuple[int, int, NDArray[Any]]]:
        """First row and length of every block that holds one of `places`, and those places."""
        most = BLOCK.get(self._device.type, BLOCK_ACCELERATOR)
        length = min(most, -(-total // 16) * 16)
        blocks, first = np.unique(places // length, return_index=True)
        for block, inside in zip(blocks, np.split(places, first[1:]), strict=True):
            yield int(block) * length, length, inside

    def _block(
        self, weights: TensorWeights, partition: Partition, start: int, length: int
    ) -> Floats:
        last = prod(partition.shape) - 1
        rows = np.minimum(np.arange(start, start + length), last)  # the tail is padding
        positions = np.unravel_index(rows, partition.shape)
        tile, frame = (self._tensor(part)[None] for part in partition.coordinates(positions))
        with torch.no_grad():
            values = self.family.forward(weights, tile, frame)
        return np.asarray(values[0].cpu().numpy(), np.float32)

    def _tensor(self, values: Floats) -> torch.Tensor:
        return torch.from_numpy(np.array(values, np.float32)).to(self._device)
