"""The partitions of a file that is extended: places in the larger grid, and weights."""

from collections.abc import Sequence
from typing import final

import numpy as np

from lgcodec._mirror import centres, mirror_of, signs
from lgcodec._weights import LocalWeights
from lgcodec.coding.base import Floats
from lgcodec.coding.chunks import ChunkCodec, GlobalPart
from lgcodec.fit.beginning import Start
from lgcodec.fit.quantise import FixedStep
from lgcodec.format.container import Stream
from lgcodec.format.geometry import Geometry, shared
from lgcodec.nets import Family

__all__ = ["Encoded", "Index"]

Index = tuple[int, ...]  # of a tile along each axis of the larger grid


@final
class Encoded:
    """The partitions of `stream` in `geometry`, which extends that of the stream.

    places   tile index -> group ordinal and partition id in the file
    heads    what the partitions of each group share, by ordinal in the file
    """

    def __init__(
        self, stream: Stream, geometry: Geometry, family: Family, codec: ChunkCodec
    ) -> None:
        self.stream, self.geometry = stream, geometry
        self._family, self._codec = family, codec
        self.places: dict[Index, tuple[int, int]] = {}
        self.heads: dict[int, GlobalPart] = {}
        parts = [self._read(ordinal, group.ids) for ordinal, group in stream.groups.items()]
        self._rows = {tile: row for row, tile in enumerate(self.places)}
        self._weights = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
        whole = {tile for tile in self.places if self.is_whole(tile)}
        self._sources = whole or set(self.places)

    def is_whole(self, tile: Index) -> bool:
        """Whether the window of the file held every sample of `tile` that the larger one holds."""
        rows = zip(tile, self.geometry.axes, self.stream.geometry.window, strict=True)
        parts = [(shared(axis.tile(i), axis.window), shown) for i, axis, shown in rows]
        return all(a.start >= b.start and a.stop <= b.stop for a, b in parts)

    def start(self, tiles: Sequence[Index], home: int | None, *, frozen: bool) -> Start:
        """Where the fit of `tiles` begins: at own weights of encoded partitions, and for others at
        those of the mirror image.

        home     their group in the file; None of a new group, which begins as its neighbour
        frozen   whether the global chunk of `home` stays
        """
        sources = [
            tile if tile in self.places else mirror_of(tile, self._sources) for tile in tiles
        ]
        sign = np.array([signs(*pair) for pair in zip(tiles, sources, strict=True)], np.float64)
        shift = np.zeros_like(sign)  # tile coordinates have their origin in the tile's centre
        if not self._family.tile_range:
            ranges = self._family.ranges
            there, here = (centres(self.geometry, ranges, part) for part in (sources, tiles))
            shift = there - sign * here
        rows = [self._rows[source] for source in sources]
        head = self.heads[self.places[sources[0]][0] if home is None else home]
        return Start.at(
            self._family,
            {name: value[rows] for name, value in self._weights.items()},
            head.weights,
            (sign, shift),
            freezes_global=frozen,
            fixed=self._fixed(head) if frozen else None,
        )

    def _read(self, ordinal: int, ids: Sequence[int]) -> dict[str, Floats]:
        """Weights of the partitions of a group."""
        old = self.stream.geometry
        pairs = zip(old.axes, self.geometry.axes, strict=True)
        before = [(axis.grid_lo - larger.grid_lo) // axis.tile_len for axis, larger in pairs]
        reading = LocalWeights(self.stream, self._codec, "raise")
        self.heads[ordinal] = head = reading.intact_head(ordinal)
        for i in ids:
            index = zip(old.partition_index(ordinal, i), before, strict=True)
            self.places[tuple(at + more for at, more in index)] = ordinal, i
        return reading.stacked(ordinal, head, ids)

    def _fixed(self, head: GlobalPart) -> dict[str, FixedStep] | None:
        """Steps and symbols of local tensors that the group's global chunk allows."""
        if not self._codec.quantiser.has_step:
            return None
        steps = [step * head.coder.later_scale for step in head.steps]
        limits = head.coder.limits(head.tables)
        return {
            f"local.{tensor.name}": FixedStep(step, *ends)
            for tensor, step, ends in zip(self._codec.local, steps, limits, strict=True)
            if ends is not None
        }
