"""Where samples lie: the output lattice along an axis at any scale, and coordinates on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import final

import numpy as np
from numpy.typing import NDArray

from lgcodec.errors import UsageError
from lgcodec.format.geometry import AxisGeometry
from lgcodec.nets import Family

__all__ = ["Ruler", "coordinates"]


@final
@dataclass(frozen=True)
class Ruler:
    """One axis at a scale: which output samples a range of original samples covers, and where."""

    axis: AxisGeometry
    scale: Fraction

    def __post_init__(self) -> None:
        if not 0 < self.scale <= 2**20:
            raise UsageError(f"scale is {self.scale}, allowed are numbers above 0 up to 2**20")

    def samples(self, original: range) -> range:
        """Output samples whose centre lies in `original`."""
        return range(self._first(original.start), self._first(original.stop))

    def _first(self, border: int) -> int:
        """The first output sample at or after an original border: ceil(border scale - 1/2)."""
        numerator, denominator = self.scale.as_integer_ratio()
        return -((denominator - 2 * border * numerator) // (2 * denominator))

    def is_lattice(self, smaller: int) -> bool:
        """Whether output samples are those of lattices so many times smaller than tiles."""
        aligned = self.axis.tile_len % smaller == 0 == self.axis.grid_lo % smaller
        return aligned and self.scale == Fraction(1, smaller)

    def tile(self, index: int) -> range:
        return self.samples(self.axis.tile(index))

    def centres(self, index: int, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """Centres of output samples, by position in tile `index`, in original samples."""
        samples = self.tile(index).start + positions.astype(np.float64)
        return (samples + 0.5) / float(self.scale)

    def coordinates(
        self,
        index: int,
        positions: NDArray[np.int64],
        reach: float,
        ends: tuple[float, float],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Tile and frame coordinates of positions in tile `index` (spec, GEOM)."""
        axis, (low, high) = self.axis, ends
        centres = self.centres(index, positions)
        origin = index // axis.tiles * axis.tiles * axis.tile_len
        tile = (centres - axis.tile(index).start) / axis.tile_len
        frame = (centres - origin) / axis.frame_len
        return reach * (2 * tile - 1), low + (high - low) * frame


def coordinates(
    family: Family,
    rulers: Sequence[Ruler],
    index: Sequence[int],
    positions: Sequence[NDArray[np.int64]],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Tile and frame coordinates [S, D] of positions in the tile at `index`."""
    along = [
        ruler.coordinates(i, at, family.tile_range, ends)
        for ruler, i, at, ends in zip(rulers, index, positions, family.ranges, strict=True)
    ]
    tile, frame = (np.stack(part, axis=-1).astype(np.float32) for part in zip(*along, strict=True))
    return tile, frame
