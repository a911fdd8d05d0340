"""One axis of GEOM: its samples, its window and the tiles that cut it, in plain integers."""

from collections.abc import Sequence
from dataclasses import dataclass

from lgcodec.format.checks import require
from lgcodec.format.layout import MAX_EXTENT
from lgcodec.format.numbers import signed, unsigned

__all__ = ["AxisGeometry"]


@dataclass(frozen=True)
class AxisGeometry:
    """One axis of the lattice; positions and lengths are in samples.

    frame_len   what the network's coordinates are normalised by, 1 to 2**31 - 1
    win_lo      first sample that a viewer shows
    win_len     samples that a viewer shows, at least 1, all of them on the grid
    grid_lo     first sample of tile 0, magnitude below 2**31
    tile_len    samples of a tile, at least 1
    tiles       tiles of one group, at least 1
    groups      groups along this axis, at least 1; all tiles together below 2**31 samples
    """

    frame_len: int
    win_lo: int
    win_len: int
    grid_lo: int
    tile_len: int
    tiles: int
    groups: int = 1

    def __post_init__(self) -> None:
        for name in ("frame_len", "win_len", "tile_len", "tiles", "groups"):
            value = getattr(self, name)
            require(1 <= value <= MAX_EXTENT, f"{name} is {value}, allowed are 1 to {MAX_EXTENT}")
        require(
            abs(self.grid_lo) <= MAX_EXTENT,
            f"grid_lo is {self.grid_lo}, allowed are {-MAX_EXTENT} to {MAX_EXTENT}",
        )
        extent = self.tile_len * self.tiles * self.groups
        require(
            extent <= MAX_EXTENT,
            f"tile_len * tiles * groups is {extent} samples, allowed are at most {MAX_EXTENT}",
        )
        require(
            self.grid.start <= self.win_lo and self.window.stop <= self.grid.stop,
            f"the window is {self.window.start}:{self.window.stop}, "
            f"the tiles cover {self.grid.start}:{self.grid.stop}",
        )

    @property
    def window(self) -> range:
        """Samples that a viewer shows."""
        return range(self.win_lo, self.win_lo + self.win_len)

    @property
    def grid(self) -> range:
        """Samples that the tiles of all groups cover."""
        extent = self.tile_len * self.tiles * self.groups
        return range(self.grid_lo, self.grid_lo + extent)

    @property
    def encoded(self) -> range:
        """Samples that chunks tell of, in the window or not, as far as the file says which.

        Where several groups end, or tiles that were added, is not written down. They end with the
        window if nothing shows that it was ever cut, else with the grid: rather more than less.
        """
        last = self.grid.stop - self.tile_len * (self.tiles if self.groups > 1 else 1)
        stop = self.grid.stop
        if self.groups == 1 and self.frame_len > last:
            stop = max(self.frame_len, self.window.stop)
        elif self.win_lo == self.grid_lo and self.window.stop > last:
            stop = self.window.stop
        return range(self.grid_lo, stop)

    def tile(self, index: int) -> range:
        """Samples of tile `index`, counted from the first tile of the first group."""
        start = self.grid_lo + index * self.tile_len
        return range(start, start + self.tile_len)

    def touching(self, window: range) -> range:
        """Tiles that share a sample with `window`, which may reach past the grid."""
        if not window:
            return range(0)
        first = (window.start - self.grid_lo) // self.tile_len
        last = (window.stop - 1 - self.grid_lo) // self.tile_len
        return range(max(first, 0), min(last + 1, self.tiles * self.groups))

    def extended(self, window: range) -> "AxisGeometry":
        """The same lattice showing `window`, with tiles added until they cover it.

        Coordinates of all samples stay. UsageError if `window` misses a sample of the present one,
        or begins before the tiles of several groups: those grow at the end, by whole groups.
        """
        shown = self.window
        require(
            window.start <= shown.start and shown.stop <= window.stop,
            f"the window {window.start}:{window.stop} does not hold {shown.start}:{shown.stop}",
        )
        before = max(0, -((window.start - self.grid_lo) // self.tile_len))
        require(
            before == 0 or self.groups == 1,
            f"an axis of {self.groups} groups can be extended at its end alone",
        )
        start = self.grid_lo - before * self.tile_len
        needed = -(-(window.stop - start) // self.tile_len)
        tiles, groups = max(self.tiles + before, needed), 1
        if self.groups > 1:
            tiles, groups = self.tiles, max(self.groups, -(-needed // self.tiles))
        return AxisGeometry(
            self.frame_len, window.start, len(window), start, self.tile_len, tiles, groups
        )

    @property
    def numbers(self) -> tuple[int, ...]:
        """The seven numbers of this axis in GEOM."""
        return (
            self.frame_len,
            self.win_lo - self.grid_lo,
            self.win_len,
            unsigned(self.grid_lo),
            self.tile_len,
            self.tiles,
            self.groups,
        )

    @classmethod
    def of(cls, numbers: Sequence[int]) -> "AxisGeometry":
        """Undoes `numbers`; UsageError if they break a rule."""
        frame_len, win_at, win_len, lowest, tile_len, tiles, groups = numbers
        grid_lo = signed(lowest)
        return cls(frame_len, grid_lo + win_at, win_len, grid_lo, tile_len, tiles, groups)
