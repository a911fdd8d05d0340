"""The partitions of a group while they are decoded, where that pays on several threads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import ceil, prod
from typing import Final, final

from lgcodec._lattice import Ruler, coordinates
from lgcodec._weights import LocalWeights
from lgcodec.coding.base import Floats
from lgcodec.coding.chunks import GlobalPart
from lgcodec.format.geometry import Geometry, shared
from lgcodec.nets import Evaluator, Partition
from lgcodec.nets.blocks import side_by_side

__all__ = ["DecodedGroup"]

LEAST: Final = 2**16  # values of a batch that is worth a thread
MOST: Final = 2**20  # of a batch, unless one partition has more
AT_ONCE: Final = 2**22  # of all batches at a time, likewise: each takes 200 to 500 bytes
THREADS: Final = 8


@final
@dataclass(frozen=True)
class DecodedGroup:
    """A group, what is wanted of it along each axis (`target`), and what makes it.

    Where chunks are decoded by loops over single symbols, which torch's threads do not speed up,
    batches of partitions are decoded at the same time. No sample depends on that.
    """

    geometry: Geometry
    rulers: Sequence[Ruler]
    target: Sequence[range]
    weights: LocalWeights
    ordinal: int
    head: GlobalPart
    evaluator: Evaluator
    halvings: int  # of the lattices of tiles

    def values(self, ids: Sequence[int]) -> Iterator[tuple[Partition, Floats]]:
        """Every intact one of `ids`, in their order, with its values [*wanted, C]."""
        if not self.head.coder.has_loops:
            return self._values(ids)
        axes = zip(self.geometry.axes, self.rulers, strict=True)
        each = prod(axis.tile_len * max(1, ceil(ruler.scale)) for axis, ruler in axes)
        each *= self.geometry.channels
        threads = max(1, min(THREADS, self.evaluator.threads, AT_ONCE // each))
        batches = _batches(ids, each, threads)
        parts = side_by_side(lambda some: list(self._values(some)), batches, threads)
        return (one for part in parts for one in part)

    def _values(self, ids: Sequence[int]) -> Iterator[tuple[Partition, Floats]]:
        """The same of a batch."""
        chunks = self.weights.of(self.ordinal, self.head, ids)
        return self.evaluator.values(self._partition(i, local) for i, local in chunks)

    def _partition(self, i: int, local: Mapping[str, Floats]) -> Partition:
        """A partition, of which the samples in `target` are wanted."""
        index, rulers = self.geometry.partition_index(self.ordinal, i), self.rulers
        tile = [ruler.tile(at) for ruler, at in zip(rulers, index, strict=True)]
        pairs = zip(tile, self.target, strict=True)
        wanted = [shared(own, target) for own, target in pairs]
        places = partial(coordinates, self.evaluator.family, rulers, index)
        whole = all(ruler.is_lattice(1 << self.halvings) for ruler in rulers)
        return Partition(local, tile, wanted, places, whole)


def _batches(ids: Sequence[int], each: int, threads: int) -> list[Sequence[int]]:
    """One for every thread, fewer of few values, more of many; partitions have `each` values."""
    total, most = len(ids) * each, min(MOST, AT_ONCE // threads)
    count = min(max(1, ceil(total / most), min(threads, total // LEAST)), len(ids))
    ends = [len(ids) * n // count for n in range(count + 1)]
    return [ids[start:end] for start, end in pairwise(ends)]
