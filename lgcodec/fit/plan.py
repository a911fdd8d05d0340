"""What to fit: partitions, widths, schedule and the bytes to expect, before any work is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Final, final

import numpy as np

from lgcodec.errors import UsageError
from lgcodec.fit.options import Arrangement, EncodeOptions, Preset
from lgcodec.fit.points import Point
from lgcodec.fit.settings import FitSettings
from lgcodec.format.geometry import AxisGeometry, Geometry
from lgcodec.nets import FAMILIES, Family, Request, Siren
from lgcodec.partition import RULES, Content, Tiling, find_content
from lgcodec.signal import Kind, Signal

__all__ = ["Plan", "geometry_of", "make_plan", "make_settings"]


BITS: Final = 8  # nominal, of a weight


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
    def tiles(self) -> tuple[int, ...]:
        """Partitions along each axis, over all groups."""
        return tuple(axis.tiles * axis.groups for axis in self.geometry.axes)

    def ids(self, ordinal: int) -> list[int]:
        """Partitions of a group that are not empty."""
        geometry, tiles = self.geometry, self.content.tiles
        found = []
        for partition in range(geometry.tiles_per_group):
            index = geometry.partition_index(ordinal, partition)
            if all(i < n for i, n in zip(index, tiles.shape, strict=True)) and tiles[index]:
                found.append(partition)
        return found


# Bytes that weights may take when the caller leaves it open: a part of a lossless file, and no
# more than so many bits per sample.
LOSSLESS_SHARE: Final = 1 / 4
# Occupancy of a shape: its lossless file is small already, and its surface needs small partitions.
SHAPE_SHARE: Final = 1 / 2
SHAPE_WEIGHTS_PER_TILE: Final = 750
MOST_BITS: Final[Mapping[Kind, float]] = {"audio": 4.0, "image": 4.0, "video": 1.0, "volume": 1.0}
# Weights per partition that automatic partitioning aims at, and the axes' proportions.
WEIGHTS_PER_TILE: Final[Mapping[Kind, int]] = {
    "audio": 1000,
    "image": 1200,
    "video": 1500,
    "volume": 1500,
}
PROPORTIONS: Final[Mapping[Kind, tuple[float, ...]]] = {
    "audio": (1.0,),
    "image": (1.0, 1.0),
    "video": (0.5, 1.0, 1.0),
    "volume": (1.0, 1.0, 1.0),
}
# Fed with tile coordinates, local sub-networks of this size reach as much on their own as with a
# global one, in a quarter of the time (benchmarks/results/arrangements.txt).
ARRANGEMENTS: Final[Mapping[Kind, Arrangement]] = {
    "audio": "per-partition",
    "image": "per-partition",
    "video": "per-partition",
    "volume": "per-partition",
}
GLOBAL_RATIO: Final = 0.08
BITS_SAVED: Final = 0.9  # by entropy coding, below the nominal bits; measured 0.9 to 1.3
OVERHEAD: Final = (500, 6)  # bytes of a stream, and of each partition
ITERATIONS: Final[Mapping[Preset, int]] = {"fast": 300, "medium": 1000, "best": 4000}
STEP_SAMPLES: Final[Mapping[Preset, int]] = {"fast": 2**15, "medium": 2**16, "best": 2**17}
STEP_SHARE: Final[Mapping[Preset, int]] = {"fast": 8, "medium": 8, "best": 4}
# Share of the schedule with rounding in the loop, and the learning rate where that begins; for
# pictures these gave 0.1 to 0.25 dB more than the usual ones.
AWARE: Final[Mapping[Kind, tuple[float, float]]] = {"image": (0.3, 0.5)}
USUAL_AWARE: Final = (0.15, 0.15)
# Learning rate of networks of a partition, times their width, 10 at least, where second-order steps
# follow: 0.5 dB more than the usual rate after 1000 steps; twice as much lets fits diverge. Where
# nothing follows 300 steps, a picture of 80 x 96 pixels was worse by it.
SMALL: Final = 24  # widest of these networks
SMALL_RATE: Final[Mapping[Kind, float]] = {"image": 0.1}
# Second-order steps that end fits for a size, and the most samples of a partition, all of which
# they must see: with half of them they fit these and not the others, 0.6 dB worse. They are worth
# 8 to 9 dB of one sound (2 bits per sample, fast, two seeds) in three times the time, and, in an
# earlier form, 0.2 to 0.6 dB of a picture, for which they are slow.
REFINED: Final[Mapping[Kind, Mapping[Preset, int]]] = {
    "audio": {"fast": 12, "medium": 24, "best": 120},
    "image": {"best": 120},
}
MOST_REFINED: Final = 2**12
UNLIMITED: Final = 10**9  # iterations, where time is the limit


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
    arrangement = _arrangement(signal.kind, options)
    if size is not None and point is not None:
        geometry, content, budget = _for_size(signal, options, arrangement, size, point)
    else:
        budget = options.params or _default_params(signal, options, lossless_bytes)
        per_tile = SHAPE_WEIGHTS_PER_TILE if _is_shape(signal) else WEIGHTS_PER_TILE[signal.kind]
        tilings, content = _tilings(signal, options, arrangement, budget / per_tile)
        geometry = geometry_of(signal, tilings, options.groups)
    family = _family(signal, geometry, options, arrangement, budget, content=content)
    local, global_ = family.parameters(content.partitions)
    global_ *= geometry.groups
    bits = point.bits if point is not None else _bits(options)
    expected = _expected_bytes(local + global_, content, bits)
    if options.leaves_size_open and expected >= lossless_bytes:
        raise UsageError(
            f"a lossless file of this {signal.kind} has {lossless_bytes} bytes, the smallest .lgi "
            f"would have about {expected}; to encode it all the same, say --params"
        )
    settings = make_settings(geometry, family, options, -(-content.partitions // geometry.groups))
    if size is not None:
        settings = replace(settings, size=size, psnr=None)
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


def _arrangement(kind: Kind, options: EncodeOptions) -> Arrangement:
    """What was asked for, or what was measured best; UsageError where options contradict it."""
    wants_global = any((options.global_ratio is not None, options.global_width, options.merge))
    if options.global_width and options.local_width is None:
        raise UsageError("global_width needs local_width beside it")
    if options.merge and options.local_width is not None and not options.global_width:
        raise UsageError("merge needs a global sub-network, global_width is not given")
    if options.arrangement == "auto":
        return "local-global" if wants_global else ARRANGEMENTS[kind]
    if wants_global and options.arrangement != "local-global":
        raise UsageError(f"arrangement {options.arrangement} has no global sub-network to size")
    if options.arrangement == "single" and (options.partitions or options.partition_size):
        raise UsageError("arrangement single has one partition, partitions cannot be chosen")
    if options.arrangement == "local-global" and (options.global_width is None) != (
        options.local_width is None
    ):
        raise UsageError("of a local-global network both widths are given, or none")
    return options.arrangement


def _bits(options: EncodeOptions) -> float:
    return options.float_bits or (options.bits or BITS) - BITS_SAVED


def _for_size(
    signal: Signal, options: EncodeOptions, arrangement: Arrangement, size: int, point: Point
) -> tuple[Geometry, Content, int]:
    """Partitions, and the number of weights that they leave room for in `size` bytes."""
    fixed, each = OVERHEAD
    partitions = (size - fixed) * 8 / (point.bits * point.weights + 8 * each)
    if partitions <= 0:
        raise UsageError(f"{size} bytes are too few, a file without weights has {fixed}")
    tilings, content = _tilings(signal, options, arrangement, partitions)
    room = size - _expected_bytes(0, content, 0)
    return geometry_of(signal, tilings, options.groups), content, int(8 * room / point.bits)


def _expected_bytes(params: int, content: Content, bits: float) -> int:
    fixed, each = OVERHEAD
    return fixed + each * content.partitions + round(params * bits / 8)


def _default_params(signal: Signal, options: EncodeOptions, lossless_bytes: int) -> int:
    most = MOST_BITS[signal.kind] * signal.size / 8
    share = SHAPE_SHARE if _is_shape(signal) else LOSSLESS_SHARE
    budget = min(lossless_bytes * share, most) - OVERHEAD[0]
    return max(100, int(budget * 8 / _bits(options)))


def _tilings(
    signal: Signal, options: EncodeOptions, arrangement: Arrangement, partitions: float
) -> tuple[tuple[Tiling, ...], Content]:
    """Tiles as asked for, or so that about so many `partitions` hold something."""
    grid = signal.grid
    if arrangement == "single":
        tilings = RULES["counts"](grid, [1] * len(grid))
    elif options.partitions is not None:
        tilings = RULES["counts"](grid, options.partitions)
    elif options.partition_size is not None:
        tilings = RULES["size"](grid, options.partition_size)
    else:
        return _automatic_tilings(signal, partitions)
    return tilings, find_content(signal, tilings)


def _automatic_tilings(signal: Signal, partitions: float) -> tuple[tuple[Tiling, ...], Content]:
    grid, shape, share = signal.grid, PROPORTIONS[signal.kind], 1.0
    for _ in range(3):  # smaller tiles leave more of the signal out
        edge = (share * signal.size / partitions / prod(shape)) ** (1 / len(shape))
        tilings = RULES["size"](
            grid, [_round_size(edge * part, n) for part, n in zip(shape, grid, strict=True)]
        )
        content = find_content(signal, tilings)
        if content.tiles.all():
            break
        share = content.partitions / content.tiles.size
    return tilings, content


def _is_shape(signal: Signal) -> bool:
    return signal.samples.dtype == np.bool_


def _round_size(size: float, most: int) -> int:
    """A multiple of 8 where that is close enough: borders that people can name."""
    return min(most, max(1, round(size / 8) * 8 if size >= 16 else round(size)))


def geometry_of(signal: Signal, tilings: Sequence[Tiling], groups: int) -> Geometry:
    """The geometry of a whole signal whose axes are tiled so, in `groups` along the first."""
    axes = []
    for place, (size, tiling) in enumerate(zip(signal.grid, tilings, strict=True)):
        count = groups if place == 0 else 1
        if count > tiling.tiles:
            raise UsageError(f"{groups} groups on an axis of {tiling.tiles} partitions")
        tiles = -(-tiling.tiles // count)
        count = -(-tiling.tiles // tiles)
        frame = size if count == 1 else tiles * tiling.tile_len
        axes.append(AxisGeometry(frame, 0, size, 0, tiling.tile_len, tiles, count))
    dtype = signal.samples.dtype.name
    return Geometry(signal.kind, signal.channels, dtype, signal.rate, tuple(axes))


def _family(
    signal: Signal,
    geometry: Geometry,
    options: EncodeOptions,
    arrangement: Arrangement,
    params: int,
    *,
    content: Content,
) -> Family:
    ratio = options.global_ratio or GLOBAL_RATIO
    request = Request(
        kind=signal.kind,
        channels=signal.channels,
        frame=tuple(axis.frame_len for axis in geometry.axes),
        tile=tuple(axis.tile_len for axis in geometry.axes),
        partitions=-(-content.partitions // geometry.groups),
        params=params // geometry.groups,
        global_ratio=ratio if arrangement == "local-global" else None,
        local_width=options.local_width,
        global_width=options.global_width,
        layers=options.layers or 5,
        merge=options.merge or "concat",
        w0=options.w0,
        coordinates=options.coordinates,
    )
    name = "siren" if options.family == "auto" else options.family
    if name not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise UsageError(f"family is {name!r}, known are auto, {known}")
    return FAMILIES[name].for_request(request)


def _rate(kind: Kind, family: Family, *, refined: bool) -> float:
    """Learning rate of the local weights, to begin with."""
    if family.global_tensors():
        return family.learning_rate / 2
    if refined and kind in SMALL_RATE and isinstance(family, Siren) and family.local_width <= SMALL:
        return SMALL_RATE[kind] / max(10, family.local_width)
    return family.learning_rate


def _refine(kind: Kind, preset: Preset, tile: int) -> int:
    """Second-order steps for partitions of so many samples."""
    return REFINED.get(kind, {}).get(preset, 0) if tile <= MOST_REFINED else 0


def make_settings(
    geometry: Geometry, family: Family, options: EncodeOptions, partitions: int
) -> FitSettings:
    """The schedule of a group in which `partitions` are fitted."""
    tile = prod(axis.tile_len for axis in geometry.axes)
    most = STEP_SAMPLES[options.preset] // partitions
    samples = options.samples or max(32, min(tile // STEP_SHARE[options.preset], most))
    iterations = UNLIMITED if options.seconds else ITERATIONS[options.preset]
    refine = _refine(geometry.kind, options.preset, tile)
    rate = _rate(geometry.kind, family, refined=refine > 0)
    local_rate, global_rate = options.rates or (rate, rate / 2)
    aware_share, aware_rate = AWARE.get(geometry.kind, USUAL_AWARE)
    return FitSettings(
        iterations=options.iterations or iterations,
        samples=min(samples, tile),
        rate=local_rate,
        global_rate=global_rate,
        bits=None if options.float_bits else options.bits or BITS,
        aware_share=aware_share,
        aware_rate=aware_rate,
        seconds=options.seconds,
        psnr=options.psnr,
        seed=options.seed,
        refine=refine,
        measurement=options.measurement,
    )
