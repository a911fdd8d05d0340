"""What to fit: partitions, widths, schedule and the bytes to expect, before any work is done."""

from dataclasses import dataclass
from typing import Final, final

from lgcodec.errors import UsageError
from lgcodec.fit.architecture import arrangement_of, family_for
from lgcodec.fit.budget import (
    BITS,
    OVERHEAD,
    default_params,
    expected_bytes,
    weight_bits,
    weights_per_tile,
)
from lgcodec.fit.options import Arrangement, EncodeOptions
from lgcodec.fit.points import Point
from lgcodec.fit.presets import make_settings
from lgcodec.fit.refine import most_weights
from lgcodec.fit.settings import FitSettings
from lgcodec.fit.tiles import geometry_of, tilings_for
from lgcodec.format.geometry import Geometry
from lgcodec.nets import Family, Siren
from lgcodec.partition import Content
from lgcodec.signal import Signal

__all__ = ["Plan", "bits_to_refine", "make_plan"]

FEWER: Final = 1.01  # at least so many times the bits, as widths are whole numbers


@final
@dataclass(frozen=True)
class Plan:
    """A resolved choice. Widths are hidden widths; bytes are of the whole stream.

    weight_bits   that a weight is expected to take in the file
    for_target    whether the network was chosen for a target
    """

    geometry: Geometry
    arrangement: Arrangement
    family: Family
    settings: FitSettings
    params_local: int
    params_global: int
    expected_bytes: int
    lossless_bytes: int
    content: Content
    weight_bits: float = BITS
    for_target: bool = False

    @property
    def partitions(self) -> int:
        """Those that are fitted together, of one group, at most."""
        return -(-self.content.partitions // self.geometry.groups)

    @property
    def tiles(self) -> tuple[int, ...]:
        """Partitions along each axis, over all groups."""
        return tuple(axis.tiles * axis.groups for axis in self.geometry.axes)

    @property
    def coded_bits(self) -> float:
        """Bits of a weight in a file of the size wanted: what whole widths leave is spent."""
        size, weights = self.settings.size, self.params_local + self.params_global
        if size is None or not self.weight_bits:
            return self.weight_bits
        return 8 * (size - expected_bytes(0, self.content, 0)) / weights

    def ids(self, ordinal: int) -> list[int]:
        """Partitions of a group that are not empty."""
        geometry, tiles = self.geometry, self.content.tiles
        found = []
        for partition in range(geometry.tiles_per_group):
            index = geometry.partition_index(ordinal, partition)
            if all(i < n for i, n in zip(index, tiles.shape, strict=True)) and tiles[index]:
                found.append(partition)
        return found


def bits_to_refine(plan: Plan) -> float | None:
    """Bits of a weight with which those of `plan` are few enough for second-order steps.

    None where they are, where there are none to be had, and where a weight would have so many bits
    that rounding is no matter.
    """
    most = most_weights(plan.partitions)
    weights = plan.params_local / plan.content.partitions
    bits = plan.weight_bits * max(weights / most, FEWER)
    sines = isinstance(plan.family, Siren) and not plan.params_global
    wanted = sines and plan.settings.refine > 0 and weights > most
    return bits if wanted and bits <= BITS else None


def make_plan(
    signal: Signal,
    options: EncodeOptions,
    lossless_bytes: int,
    *,
    size: int | None = None,
    point: Point | None = None,
) -> Plan:
    """Resolve `options` for `signal`, whose lossless file has `lossless_bytes`.

    size    bytes that the stream may take; point: the operating point for it

    UsageError for what cannot be: more partitions than samples, too few parameters, or, with the
    size left open, a signal so small that a lossless file is smaller.
    """
    arrangement = arrangement_of(signal.kind, options)
    if size is not None and point is not None:
        geometry, content, budget = _for_size(signal, options, arrangement, size, point)
    else:
        budget = options.params or default_params(signal, options, lossless_bytes)
        partitions = budget / weights_per_tile(signal)
        tilings, content = tilings_for(signal, options, arrangement, partitions)
        geometry = geometry_of(signal, tilings, options.groups or 1)
    family = family_for(signal, geometry, options, arrangement, budget, content=content)
    local, global_ = family.parameters(content.partitions)
    global_ *= geometry.groups
    bits = point.bits if point is not None else weight_bits(options)
    expected = expected_bytes(local + global_, content, bits)
    if options.leaves_size_open and expected >= lossless_bytes:
        raise UsageError(
            f"a lossless file of this {signal.kind} has {lossless_bytes} bytes, the smallest .lgi "
            f"would have about {expected}; to encode it all the same, say --params"
        )
    each = -(-content.partitions // geometry.groups)
    settings = make_settings(geometry, family, options, each, size)
    return Plan(
        geometry,
        arrangement,
        family,
        settings,
        local,
        global_,
        expected,
        lossless_bytes,
        content,
        bits,
        point is not None,
    )


def _for_size(
    signal: Signal, options: EncodeOptions, arrangement: Arrangement, size: int, point: Point
) -> tuple[Geometry, Content, int]:
    """Partitions, and the number of weights that they leave room for in `size` bytes."""
    fixed, each = OVERHEAD
    partitions = (size - fixed) * 8 / (point.bits * point.weights + 8 * each)
    if partitions <= 0:
        raise UsageError(f"{size} bytes are too few, a file without weights has {fixed}")
    tilings, content = tilings_for(signal, options, arrangement, partitions)
    room = size - expected_bytes(0, content, 0)
    return geometry_of(signal, tilings, options.groups or 1), content, int(8 * room / point.bits)
