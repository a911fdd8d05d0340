"""The latent grids of one partition: the detail bands of a separable pyramid over its tile.

Level k, 0 the finest, splits every axis that has more than k levels: a length n into a low part of
ceil(n / 2) and a high part of floor(n / 2). A band is high along the axes of its `orientation`, a
bit mask whose lowest bit stands for the last axis, and low along the others. What is low along
all of them goes on to level k + 1, and at the end to the global chunk.

Of a video the axis of time is split ahead of the others, as often as it is to be: into a low part
and high ones, each of which the other axes split as above. What stands still is coded once, however
fine it is. Such a part is high or low along time as a whole, and what is low along the other axes
in a high part is a band as well. Pictures that are joined so may move against each other: a second
tensor says how blocks of them do (see `nets/motion.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Final, final

from lgcodec.errors import UsageError
from lgcodec.format.conf import TensorSpec

__all__ = [
    "LATENTS",
    "MAX_AXES",
    "MAX_LEVELS",
    "MOTION",
    "OF_BLOCK",
    "Band",
    "Pyramid",
    "as_lengths",
    "flags_of",
]

LATENTS: Final = "latents"  # names of the local tensors
MOTION: Final = "motion"
FLAGS: Final = ("ahead", "motion")  # keys of a configuration that are absent where they are 0
MAX_AXES: Final = 3
MAX_LEVELS: Final = 16
MAX_CHANNELS: Final = 64
MOST_BLOCKS: Final = 2**14  # of a tile, if they move: their motion is read one by one
LEAST_EDGE, MOST_EDGE = 4, 1024  # of a block
OF_BLOCK: Final = 3  # numbers: down, right, which neighbours
MAX_LATENTS: Final = 2**22  # of a tile, all channels: it is decoded as a whole


@final
@dataclass(frozen=True)
class Band:
    """One band: its level (0 the finest), its orientation and its shape [*band].

    depths   how often each axis was split for it
    part     which one, where an axis is split ahead: 0 the low part, then from coarse to fine
    """

    level: int
    orientation: int
    shape: tuple[int, ...]
    depths: tuple[int, ...]
    part: int = 0


@final
@dataclass(frozen=True)
class Pyramid:
    """How a tile of `tile` samples per axis and `channels` channels splits `levels` times per axis.

    ahead   how many axes are split ahead of the others: 0, or 1 of 3
    motion  edge of the blocks that move along the other axes, 0 where nothing does; only where an
            axis is split ahead

    UsageError where that cannot be: 1 to 3 axes, at least one split, of at least 2 samples each.
    """

    tile: tuple[int, ...]
    levels: tuple[int, ...]
    channels: int
    ahead: int = 0
    motion: int = 0

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
        can_be = self.ahead == 1 and len(self.tile) == MAX_AXES
        if self.ahead and not (can_be and self.levels[0] and max(self.levels[1:])):
            raise UsageError(
                f"{self.ahead} axes of {len(self.tile)} with levels {self.levels} are split ahead, "
                f"allowed are none, or the first of {MAX_AXES} where others are split as well"
            )
        if self.motion:
            self._check_motion()

    def _check_motion(self) -> None:
        edges = range(LEAST_EDGE, MOST_EDGE + 1, 2)
        if not self.ahead or self.motion not in edges:
            raise UsageError(
                f"motion is {self.motion}, allowed are 0 and, where an axis is split ahead, even "
                f"numbers from {LEAST_EDGE} to {MOST_EDGE}"
            )
        blocks = len(self.predicted) * prod(self.blocks)
        if blocks > MOST_BLOCKS:
            raise UsageError(f"{blocks} blocks of a tile move, allowed are up to {MOST_BLOCKS}")

    @property
    def flags(self) -> dict[str, int]:
        """Undoes `flags_of`: a configuration has no key for what is 0."""
        return {key: getattr(self, key) for key in FLAGS if getattr(self, key)}

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
        return tuple(
            levels > level and axis >= self.ahead for axis, levels in enumerate(self.levels)
        )

    @cached_property
    def parts(self) -> tuple["Pyramid", ...]:
        """What is split level by level: the tile, or the parts that splitting ahead makes of it."""
        if not self.ahead:
            return (self,)
        low, lengths = self.tile[0], list[int]()
        for _ in range(self.levels[0]):
            low, lengths = -(-low // 2), [low // 2, *lengths]
        return tuple(
            Pyramid((length, *self.tile[1:]), (0, *self.levels[1:]), self.channels)
            for length in (low, *lengths)
        )

    def depth(self, part: int) -> int:
        """How often the axis that is split ahead was split for a part."""
        return self.levels[0] - max(part - 1, 0)

    def pictures(self, part: int) -> slice:
        """Which pictures of a tile, places along its first axis, a part stands for."""
        if not self.ahead:
            return slice(None)
        step = 1 << self.depth(part)
        return slice(step // 2 if part else 0, None, step)

    @cached_property
    def predicted(self) -> tuple[int, ...]:
        """Pictures that are predicted from others: those of high parts, coarse to fine."""
        every, parts = range(self.tile[0]), range(1, len(self.parts))
        return tuple(at for part in parts for at in every[self.pictures(part)])

    @property
    def blocks(self) -> tuple[int, ...]:
        """Along the axes of a picture that moves."""
        return tuple(-(-length // self.motion) for length in self.tile[1:])

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        """All bands, coarse to fine, orientations ascending: the order in which they are coded."""
        if self.ahead:
            return tuple(band for part in range(len(self.parts)) for band in self._part(part))
        return tuple(
            band for level in reversed(range(max(self.levels))) for band in self._level(level)
        )

    def _part(self, number: int) -> Iterator[Band]:
        """The bands of a part that splitting ahead makes; of a high one also what stays low."""
        part, depth = self.parts[number], self.depth(number)
        bit = self.bit_ahead * (number > 0)
        if number:
            yield Band(max(part.levels), bit, part.coarse, (depth, *part.levels[1:]), number)
        for band in part.bands:
            depths = (depth, *band.depths[1:])
            yield Band(band.level, band.orientation | bit, band.shape, depths, number)

    def _level(self, level: int) -> Iterator[Band]:
        lengths, splits = self.low(level), self.split(level)
        for orientation in range(1, 2 ** len(self.tile)):
            high = self.high(orientation)
            if all(split or not up for split, up in zip(splits, high, strict=True)):
                shape = tuple(
                    (n // 2 if up else -(-n // 2)) if split else n
                    for n, split, up in zip(lengths, splits, high, strict=True)
                )
                yield Band(level, orientation, shape, tuple(min(n, level + 1) for n in self.levels))

    def high(self, orientation: int) -> tuple[bool, ...]:
        """Along which axes `orientation` is high."""
        axes = len(self.tile)
        return tuple(bool(orientation >> (axes - 1 - axis) & 1) for axis in range(axes))

    @property
    def bit_ahead(self) -> int:
        """The bit of an orientation for the axis that is split ahead; 0 if none is."""
        return self.ahead << (len(self.tile) - 1)

    def between(self, orientation: int) -> tuple[bool, ...]:
        """Along which axes a place of such a band lies between two of what its level leaves low."""
        return tuple(up and axis >= self.ahead for axis, up in enumerate(self.high(orientation)))

    def tensors(self) -> tuple[TensorSpec, ...]:
        """LATENTS, all bands [C, *band] one after the other; MOTION of what is predicted."""
        latents = TensorSpec(LATENTS, (sum(self.sizes),))
        if not self.motion:
            return (latents,)
        return latents, TensorSpec(MOTION, (len(self.predicted), *self.blocks, OF_BLOCK))

    @property
    def sizes(self) -> list[int]:
        """Numbers of every band, all channels."""
        return [self.channels * prod(band.shape) for band in self.bands]


def flags_of(configuration: Mapping[str, Any]) -> dict[str, int]:
    """`ahead` and `motion` of a configuration; TypeError if they are no whole numbers."""
    return {key: as_lengths([configuration.get(key, 0)])[0] for key in FLAGS}


def as_lengths(item: object) -> tuple[int, ...]:
    """The whole numbers of a configuration's sequence; TypeError if it is something else."""
    if not isinstance(item, Sequence) or not all(type(number) is int for number in item):
        raise TypeError(f"{item!r} is not a sequence of whole numbers")
    return tuple(item)
