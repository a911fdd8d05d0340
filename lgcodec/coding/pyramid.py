"""The latent grids of one partition: the detail bands of a separable pyramid over its tile.

Level k, 0 the finest, splits every axis that has more than k levels: a length n into a low part of
ceil(n / 2) and a high part of floor(n / 2). A band is high along the axes of its `orientation`, a
bit mask whose lowest bit stands for the last axis, and low along the others. What is low along
all of them goes on to level k + 1, and at the end to the global chunk.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Final, final

from lgcodec.errors import UsageError
from lgcodec.format.conf import TensorSpec

__all__ = ["LATENTS", "MAX_LEVELS", "Band", "Pyramid", "as_lengths"]

LATENTS: Final = "latents"  # name of the local tensor
MAX_AXES: Final = 3
MAX_LEVELS: Final = 16
MAX_CHANNELS: Final = 64
MAX_LATENTS: Final = 2**22  # of a tile, all channels: it is decoded as a whole


@final
@dataclass(frozen=True)
class Band:
    """One band: its level (0 the finest), its orientation and its shape [*band]."""

    level: int
    orientation: int
    shape: tuple[int, ...]


@final
@dataclass(frozen=True)
class Pyramid:
    """How a tile of `tile` samples per axis and `channels` channels splits `levels` times per axis.

    UsageError where that cannot be: 1 to 3 axes, at least one split, of at least 2 samples each.
    """

    tile: tuple[int, ...]
    levels: tuple[int, ...]
    channels: int

    def __post_init__(self) -> None:
        if not 1 <= len(self.tile) <= MAX_AXES or len(self.levels) != len(self.tile):
            raise UsageError(
                f"tile is {self.tile}, levels {self.levels}; expected one each for 1 to {MAX_AXES} "
                "axes"
            )
        if not 1 <= self.channels <= MAX_CHANNELS:
            raise UsageError(f"channels is {self.channels}, allowed are 1 to {MAX_CHANNELS}")
        if not 1 <= prod(self.tile) * self.channels <= MAX_LATENTS:
            raise UsageError(
                f"a tile of {self.tile} samples with {self.channels} channels, allowed are 1 to "
                f"{MAX_LATENTS} values"
            )
        for length, levels in zip(self.tile, self.levels, strict=True):
            if not 0 <= levels <= MAX_LEVELS or length <= 2**levels // 2:
                raise UsageError(
                    f"{levels} levels on an axis of {length} samples, allowed are 0 to "
                    f"{MAX_LEVELS}, each on at least 2 samples"
                )
        if max(self.levels) == 0:
            raise UsageError(f"a tile of {self.tile} samples is not split along any axis")

    @property
    def coarse(self) -> tuple[int, ...]:
        """Coarse samples of a tile along each axis."""
        return self.low(max(self.levels))

    def low(self, level: int) -> tuple[int, ...]:
        """Shape of what comes into `level`: the tile itself for 0, `coarse` after the last."""
        return tuple(
            -(-length // 2 ** min(level, levels))
            for length, levels in zip(self.tile, self.levels, strict=True)
        )

    def split(self, level: int) -> tuple[bool, ...]:
        """Which axes `level` splits."""
        return tuple(levels > level for levels in self.levels)

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        """All bands, coarse to fine, orientations ascending: the order in which they are coded."""
        return tuple(
            band for level in reversed(range(max(self.levels))) for band in self._level(level)
        )

    def _level(self, level: int) -> Iterator[Band]:
        lengths, splits = self.low(level), self.split(level)
        for orientation in range(1, 2 ** len(self.tile)):
            high = self.high(orientation)
            if all(split or not up for split, up in zip(splits, high, strict=True)):
                shape = tuple(
                    (n // 2 if up else -(-n // 2)) if split else n
                    for n, split, up in zip(lengths, splits, high, strict=True)
                )
                yield Band(level, orientation, shape)

    def high(self, orientation: int) -> tuple[bool, ...]:
        """Along which axes `orientation` is high."""
        axes = len(self.tile)
        return tuple(bool(orientation >> (axes - 1 - axis) & 1) for axis in range(axes))

    def tensors(self) -> tuple[TensorSpec, ...]:
        """One tensor LATENTS with all bands, each [C, *band], one after the other."""
        return (TensorSpec(LATENTS, (sum(self.sizes),)),)

    @property
    def sizes(self) -> list[int]:
        """Numbers of every band, all channels."""
        return [self.channels * prod(band.shape) for band in self.bands]


def as_lengths(item: object) -> tuple[int, ...]:
    """The whole numbers of a configuration's sequence; TypeError if it is something else."""
    if not isinstance(item, Sequence) or not all(type(number) is int for number in item):
        raise TypeError(f"{item!r} is not a sequence of whole numbers")
    return tuple(item)
