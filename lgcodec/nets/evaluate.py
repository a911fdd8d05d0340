"""Evaluate a partition in blocks of one fixed shape, so that crops and windows are bit-exact.

Matrix libraries choose their kernels by shape, and the last bits of a sample can depend on its
row. So a partition is always cut into the same blocks of the same length, in the raster order of
its own tile, whatever else is decoded: a sample sits in the same row of the same matrix before
and after a crop, and gets the same bits on the same device.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any, Final, final

import numpy as np
import torch
from numpy.typing import NDArray

from lgcodec.errors import UsageError
from lgcodec.nets.base import Family

__all__ = ["Evaluator", "pick_device"]

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
class Evaluator:
    """Values of one group's network, partition by partition.

    `global_` holds the global tensors by name, each of its own shape.
    """

    def __init__(self, family: Family, global_: Mapping[str, Floats], device: torch.device) -> None:
        self._family = family
        self._device = device
        tensors = {f"global.{name}": self._tensor(value) for name, value in global_.items()}
        self._global = family.shared(tensors)

    def partition(
        self,
        local: Mapping[str, Floats],
        coordinates: Coordinates,
        shape: Sequence[int],
        wanted: Sequence[range],
    ) -> Floats:
        """Values [*wanted, C] of one partition, about -1 to 1.

        local         the partition's tensors by name, each of its own shape
        coordinates   tile and frame coordinates [S, D] of S positions in the tile
        shape         samples of the whole tile along each axis; it takes no memory
        wanted        the part of the tile that is asked for, in positions
        """
        if prod(shape) > MAX_ROWS:
            raise UsageError(f"a tile of {' x '.join(map(str, shape))} samples is too large")
        weights = dict(self._global)
        weights |= {f"local.{name}": self._tensor(value)[None] for name, value in local.items()}
        first = (np.zeros(1, np.int64),) * len(shape)
        tile, frame = (self._tensor(part)[None] for part in coordinates(first))
        with torch.no_grad():
            weights = dict(self._family.prepare(weights, tile, frame))
        places = np.ravel_multi_index(np.ix_(*wanted), shape).ravel()  # raster order: increasing
        values = [
            self._block(weights, coordinates, shape, start, length)[inside - start]
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
        self,
        weights: Mapping[str, torch.Tensor],
        coordinates: Coordinates,
        shape: Sequence[int],
        start: int,
        length: int,
    ) -> Floats:
        rows = np.minimum(np.arange(start, start + length), prod(shape) - 1)  # the tail is padding
        positions = np.unravel_index(rows, shape)
        tile, frame = (self._tensor(part)[None] for part in coordinates(positions))
        with torch.no_grad():
            values = self._family.forward(weights, tile, frame)
        return np.asarray(values[0].cpu().numpy(), np.float32)

    def _tensor(self, values: Floats) -> torch.Tensor:
        return torch.from_numpy(np.array(values, np.float32)).to(self._device)
