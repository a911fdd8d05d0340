"""How a rule says into which tiles an axis is cut; each rule stands in a file of its own.

A rule runs in the encoder only. What a file stores is its result, so that a new rule changes no
decoder.
"""

from dataclasses import dataclass
from typing import final

from lgcodec.errors import UsageError

__all__ = ["Tiling", "tiling"]


@final
@dataclass(frozen=True)
class Tiling:
    """Equal tiles along one axis; the last one may reach past the signal.

    tile_len   samples of a tile
    tiles      how many it takes to cover the axis
    """

    tile_len: int
    tiles: int


def tiling(size: int, tile_len: int) -> Tiling:
    """The fewest tiles of `tile_len` samples that cover `size` samples."""
    if not 1 <= tile_len <= size:
        raise UsageError(f"a tile of {tile_len} samples on an axis of {size}, allowed: 1 to {size}")
    return Tiling(tile_len, -(-size // tile_len))
