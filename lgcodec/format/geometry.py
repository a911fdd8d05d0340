"""GEOM: where a stream's samples lie, how they are cut into partitions, and what a viewer shows.

Everything lives in one integer lattice whose origin is the first sample of the signal as first
encoded. Tile i of an axis covers `tile_len` samples from `grid_lo + i * tile_len`; a group holds
`tiles` of them along the axis. A crop moves the window and nothing else here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import chain, product
from math import gcd, prod
from typing import Final, TypeVar

from lgcodec.errors import UsageError
from lgcodec.format.axis import AxisGeometry
from lgcodec.format.checks import reading, require
from lgcodec.format.layout import (
    AXES,
    AXIS_NUMBERS,
    GEOMETRY,
    ID_ORDER,
    KINDS,
    MAX_CHANNELS,
    MAX_GROUPS,
    MAX_PARTITIONS,
    RATE_NUMBERS,
    SAMPLE_TYPES,
    Kind,
)
from lgcodec.format.numbers import pack_numbers, unpack_numbers

__all__ = ["AxisGeometry", "Geometry", "Window", "shared"]

Window = tuple[range, ...]
Name = TypeVar("Name", bound=str)
MAX_TOUCHING: Final = 2**24


@dataclass(frozen=True)
class Geometry:
    """The lattice of one stream.

    kind          names the axes, see `layout.AXES`
    channels      values per sample, 1 to 64
    sample_type   uint8, uint16, int16, float32 or bool
    rate          samples (audio) or frames (video) per second, None where there is no time axis
    axes          in the order of `layout.AXES`; at most 2**20 tiles per group, 65 536 groups

    A partition is a group's ordinal and an id inside the group. Both count in mixed radix over
    the axes in `layout.ID_ORDER`, the slowest axis first.
    """

    kind: Kind
    channels: int
    sample_type: str
    rate: Fraction | None
    axes: tuple[AxisGeometry, ...]

    def __post_init__(self) -> None:
        require(self.kind in KINDS, f"kind is {self.kind!r}, allowed are {', '.join(KINDS)}")
        require(
            1 <= self.channels <= MAX_CHANNELS,
            f"channels is {self.channels}, allowed are 1 to {MAX_CHANNELS}",
        )
        require(
            self.sample_type in SAMPLE_TYPES,
            f"sample_type is {self.sample_type!r}, allowed are {', '.join(SAMPLE_TYPES)}",
        )
        require(
            len(self.axes) == len(self.axis_names),
            f"{self.kind} has {len(self.axes)} axes, expected {', '.join(self.axis_names)}",
        )
        self._check_rate()
        for name, value, most in (
            ("tiles of a group", self.tiles_per_group, MAX_PARTITIONS),
            ("groups", self.groups, MAX_GROUPS),
        ):
            require(value <= most, f"the grid has {value} {name}, allowed are at most {most}")

    def _check_rate(self) -> None:
        if "t" not in self.axis_names:
            require(self.rate is None, f"{self.kind} has rate {self.rate}, it has no time axis")
            return
        rate = self.rate or Fraction(0)
        require(
            rate > 0 and max(rate.numerator, rate.denominator) < 2**32,
            f"{self.kind} has rate {self.rate}, expected a fraction of two numbers below 2**32",
        )

    @property
    def axis_names(self) -> tuple[str, ...]:
        """Names of the axes, in the order of `axes`."""
        return AXES[self.kind]

    @property
    def window(self) -> Window:
        """Samples that a viewer shows, one range per axis."""
        return tuple(axis.window for axis in self.axes)

    @cached_property
    def tiles_per_group(self) -> int:
        """Partition ids of a group run from 0 up to this number."""
        return prod(axis.tiles for axis in self.axes)

    @cached_property
    def groups(self) -> int:
        """Group ordinals run from 0 up to this number."""
        return prod(axis.groups for axis in self.axes)

    @cached_property
    def id_order(self) -> tuple[int, ...]:
        """Places in `axes`, slowest in ordinals and ids first."""
        return tuple(self.axis_names.index(name) for name in ID_ORDER[self.kind])

    def check_partition(self, ordinal: int, partition: int) -> None:
        """Raise UsageError unless group `ordinal` exists and has an id `partition`."""
        if not (0 <= ordinal < self.groups and 0 <= partition < self.tiles_per_group):
            raise UsageError(
                f"partition {partition} of group {ordinal} is outside the grid, which has "
                f"{self.groups} groups of {self.tiles_per_group} partitions"
            )

    def partition_index(self, ordinal: int, partition: int) -> tuple[int, ...]:
        """Tile index along each axis, counted over all groups, in the order of `axes`."""
        self.check_partition(ordinal, partition)
        index = [0] * len(self.axes)
        for place in reversed(self.id_order):
            axis = self.axes[place]
            ordinal, group = divmod(ordinal, axis.groups)
            partition, tile = divmod(partition, axis.tiles)
            index[place] = group * axis.tiles + tile
        return tuple(index)

    def partition_at(self, index: Sequence[int]) -> tuple[int, int]:
        """Group ordinal and partition id of the tile at `index`: undoes `partition_index`."""
        ordinal = partition = 0
        for place in self.id_order:
            axis = self.axes[place]
            group, tile = divmod(index[place], axis.tiles)
            require(0 <= group < axis.groups, f"tile index {tuple(index)} is outside the grid")
            ordinal = ordinal * axis.groups + group
            partition = partition * axis.tiles + tile
        return ordinal, partition

    def box(self, ordinal: int, partition: int) -> Window:
        """Samples of a partition: its whole tile, also where it reaches past the window."""
        index = self.partition_index(ordinal, partition)
        return tuple(axis.tile(i) for axis, i in zip(self.axes, index, strict=True))

    def tiles_touching(self, window: Window) -> tuple[range, ...]:
        """Tile indices along each axis, over all groups, that share a sample with `window`."""
        pairs = zip(self.axes, window, strict=True)
        return tuple(axis.touching(samples) for axis, samples in pairs)

    def touching(self, window: Window) -> dict[int, list[int]]:
        """Group ordinals with the ids of their tiles that share a sample with `window`.

        Both increase. UsageError if these are more than 2**24 partitions: a geometry of a few
        bytes can declare far more, so ask `Stream.touching` for those that a file holds.
        """
        wanted = self.tiles_touching(window)
        count = prod(len(tiles) for tiles in wanted)
        require(
            count <= MAX_TOUCHING,
            f"the window touches {count} partitions, allowed are at most {MAX_TOUCHING}",
        )
        found: dict[int, list[int]] = {}
        for ordinal, partition in sorted(self.partition_at(index) for index in product(*wanted)):
            found.setdefault(ordinal, []).append(partition)
        return found

    def with_window(self, window: Window) -> "Geometry":
        """The same geometry showing `window`, which must lie on the grid."""
        pairs = zip(self.axes, window, strict=True)
        axes = (replace(axis, win_lo=w.start, win_len=len(w)) for axis, w in pairs)
        return replace(self, axes=tuple(axes))

    def extended(self, window: Window) -> "Geometry":
        """The same geometry showing a `window` that holds the present one; see `AxisGeometry`."""
        pairs = zip(self.axes, window, strict=True)
        return replace(self, axes=tuple(axis.extended(samples) for axis, samples in pairs))

    def pack(self) -> bytes:
        """The GEOM payload, about 25 bytes for a picture."""
        head = GEOMETRY.pack(KINDS[self.kind], self.channels, SAMPLE_TYPES[self.sample_type])
        rate = (self.rate.numerator, self.rate.denominator) if self.rate else ()
        axes = chain.from_iterable(axis.numbers for axis in self.axes)
        return head + pack_numbers((*rate, *axes))

    @classmethod
    def unpack(cls, data: bytes, offset: int = 0) -> "Geometry":
        """Read a GEOM payload that starts at `offset` of its file; FileError E_GEOM if bad."""
        with reading("E_GEOM", offset):
            require(len(data) >= GEOMETRY.size, f"GEOM has {len(data)} bytes, too few for its head")
            number, channels, sample_type = GEOMETRY.unpack_from(data)
            kind = _named(KINDS, number, "kind")
            numbers = unpack_numbers(data[GEOMETRY.size :])
            rated = RATE_NUMBERS if "t" in AXES[kind] else 0
            needed = rated + AXIS_NUMBERS * len(AXES[kind])
            require(
                len(numbers) == needed, f"GEOM has {len(numbers)} numbers, {kind} needs {needed}"
            )
            return cls(
                kind=kind,
                channels=channels,
                sample_type=_named(SAMPLE_TYPES, sample_type, "sample type"),
                rate=_rate(*numbers[:rated]) if rated else None,
                axes=tuple(
                    _axis(numbers, start, offset) for start in range(rated, needed, AXIS_NUMBERS)
                ),
            )


def shared(one: range, other: range) -> range:
    """Positions that lie in both."""
    return range(max(one.start, other.start), min(one.stop, other.stop))


def _axis(numbers: Sequence[int], start: int, offset: int) -> AxisGeometry:
    """The axis whose numbers begin with `start`, in a GEOM at `offset`."""
    with reading("E_GEOM", offset + GEOMETRY.size + len(pack_numbers(numbers[:start]))):
        return AxisGeometry.of(numbers[start : start + AXIS_NUMBERS])


def _named(numbers: Mapping[Name, int], number: int, what: str) -> Name:
    names = {value: name for name, value in numbers.items()}
    require(number in names, f"{what} is {number}, allowed are {', '.join(map(str, names))}")
    return names[number]


def _rate(numerator: int, denominator: int) -> Fraction:
    require(
        gcd(numerator, denominator) == 1 and numerator > 0 and denominator > 0,
        f"rate is {numerator}/{denominator}, expected lowest terms, neither of them 0",
    )
    return Fraction(numerator, denominator)
