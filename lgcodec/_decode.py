"""Bytes -> signal: open, select chunks, dequantise, evaluate, assemble.

A sample's value depends on the geometry, the configuration, its group's global chunk and its own
partition's chunk, and is computed in blocks that do not depend on what else is decoded.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import prod
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec._weights import LocalWeights, OnError
from lgcodec.coding import codec_of
from lgcodec.errors import UsageError
from lgcodec.format.checks import locating
from lgcodec.format.conf import Conf
from lgcodec.format.container import Stream
from lgcodec.format.geometry import AxisGeometry, Window
from lgcodec.nets import Evaluator, Family, Partition, family_of, pick_device
from lgcodec.signal import Signal

__all__ = ["MAX_SAMPLES", "Progress", "decode_stream", "decode_watched", "in_range", "to_samples"]

MAX_SAMPLES: Final = 2**28  # a few hundred hostile bytes can declare 10**12 samples
Progress = Callable[[int, int], None]  # partitions done, partitions in all
Watch = Callable[[int, Evaluator], None]  # ordinal of a group that is decoded next, its network


def decode_stream(
    stream: Stream,
    window: Window | None = None,
    *,
    scale: Sequence[Fraction] | None = None,
    device: str = "auto",
    fill: Sequence[float] | None = None,
    sample_type: str | None = None,
    max_samples: int = MAX_SAMPLES,
    on_error: OnError = "raise",
    progress: Progress | None = None,
) -> Signal:
    """Samples of `window` (default: the file's own window) of one stream.

    window   half-open sample ranges of the original lattice, one per axis, on the grid
    scale    per axis, output samples per original sample; default 1. Sample j of the output
             lattice lies at (j + 1/2) / scale - 1/2 of the original one, wherever the window is
    fill     per channel, the value of absent partitions; default: the file's
    sample_type  of the result, by default the file's; "float32" does not round
    on_error what to do about a damaged chunk: "mask" makes its partition absent, that of a global
             chunk all of its group, and gives one DamageWarning

    Reads only the chunks of partitions that touch `window`. Absent partitions hold `fill` and are
    False in `Signal.present`. UsageError above `max_samples`, before anything is allocated;
    FileError if a chunk is damaged and not masked.
    """
    return decode_watched(
        stream,
        window,
        lambda *_: None,
        scale=scale,
        device=device,
        fill=fill,
        sample_type=sample_type,
        max_samples=max_samples,
        on_error=on_error,
        progress=progress,
    )


def decode_watched(
    stream: Stream,
    window: Window | None,
    watch: Watch,
    *,
    scale: Sequence[Fraction] | None = None,
    device: str = "auto",
    fill: Sequence[float] | None = None,
    sample_type: str | None = None,
    max_samples: int = MAX_SAMPLES,
    on_error: OnError = "raise",
    progress: Progress | None = None,
) -> Signal:
    """What `decode_stream` gives; `watch` is told of every group with an intact global chunk."""
    geometry, conf = stream.geometry, stream.conf
    window = geometry.window if window is None else window
    rulers = [
        _Ruler(axis, factor)
        for axis, factor in zip(geometry.axes, scale or [Fraction(1)] * len(window), strict=True)
    ]
    target = [ruler.samples(part) for ruler, part in zip(rulers, window, strict=True)]
    canvas = _Canvas(target, conf, sample_type or geometry.sample_type, fill, max_samples)
    torch_device = pick_device(device)
    with locating(stream.conf_at):
        family, codec = family_of(conf, geometry), codec_of(conf)
    weights = LocalWeights(stream, codec, on_error)
    wanted = stream.touching(window)
    stream.announce(wanted)
    done, total = 0, sum(map(len, wanted.values()))
    for ordinal, ids in wanted.items():
        head = weights.head(ordinal, ids)
        if head is None:
            continue
        evaluator = Evaluator(family, head.weights, torch_device)
        watch(ordinal, evaluator)
        partitions = (
            _partition(family, rulers, geometry.partition_index(ordinal, i), local, target)
            for i, local in weights.of(ordinal, head, ids)
        )
        for partition, values in evaluator.values(partitions):
            canvas.paint(partition.wanted, values)
            done += 1
            if progress:
                progress(done, total)
    if weights.damaged:
        warnings.warn(weights.warning, stacklevel=3)
    rate = geometry.rate and geometry.rate * rulers[geometry.axis_names.index("t")].scale
    return canvas.signal(stream, rate)


@final
@dataclass(frozen=True)
class _Ruler:
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


def _partition(
    family: Family,
    rulers: Sequence[_Ruler],
    index: Sequence[int],
    local: Mapping[str, NDArray[np.float32]],
    target: Sequence[range],
) -> Partition:
    """The partition at `index`, of which the samples in `target` are wanted."""
    tile = [ruler.tile(i) for ruler, i in zip(rulers, index, strict=True)]
    pairs = zip(tile, target, strict=True)
    wanted = [range(max(t.start, c.start), min(t.stop, c.stop)) for t, c in pairs]
    places = partial(_coordinates, family, rulers, index)
    return Partition(local, tile, wanted, places, all(ruler.scale == 1 for ruler in rulers))


def _coordinates(
    family: Family,
    rulers: Sequence[_Ruler],
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


@final
class _Canvas:
    """The output: fill everywhere, painted partition by partition."""

    def __init__(
        self,
        target: Sequence[range],
        conf: Conf,
        sample_type: str,
        fill: Sequence[float] | None,
        max_samples: int,
    ) -> None:
        grid = tuple(len(part) for part in target)
        if not 0 < prod(grid) <= max_samples:
            shape = " x ".join(map(str, grid))
            raise UsageError(
                f"the output has {shape} samples, allowed are 1 to {max_samples} (max_samples)"
            )
        self._target = target
        self._values = conf.values
        colour = np.array(conf.fill if fill is None else fill, np.float64)
        if colour.shape not in ((1,), (len(conf.fill),)) or not np.isfinite(colour).all():
            raise UsageError(f"fill is {fill}, expected {len(conf.fill)} finite numbers or one")
        self._samples = np.empty((*grid, len(conf.fill)), sample_type)
        self._samples[...] = _rounded(colour, self._samples.dtype)
        self._present = np.zeros(grid, np.bool_)

    def paint(self, part: Sequence[range], values: NDArray[np.float32]) -> None:
        """Fill in `part` of the canvas with values [*part, C]; it may be empty."""
        if not all(part):
            return
        pairs = zip(part, self._target, strict=True)
        place = tuple(slice(p.start - c.start, p.stop - c.start) for p, c in pairs)
        self._samples[place] = to_samples(values, self._values, self._samples.dtype)
        self._present[place] = True

    def signal(self, stream: Stream, rate: Fraction | None) -> Signal:
        """The finished picture, sound, video or volume."""
        present = None if self._present.all() else self._present
        return Signal(stream.geometry.kind, self._samples, rate, present)


def to_samples(
    outputs: NDArray[np.float32], values: tuple[float, float], dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Network outputs, -1 to 1, as samples: `values` is what -1 and 1 stand for.

    Integers are clipped to `values` and rounded to the nearest, halves to even; bool is like an
    integer 0 or 1. What is not a number, in a file made to harm, becomes the lowest.
    """
    low, high = values
    with np.errstate(over="ignore", invalid="ignore"):
        samples = low + (high - low) * (outputs.astype(np.float64) + 1) / 2
    return in_range(samples, values, dtype)


def in_range(
    samples: NDArray[np.float64], values: tuple[float, float], dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Samples of a partition as `dtype`, limited and rounded as in `to_samples`."""
    low, high = values
    return _rounded(samples if dtype.kind == "f" else np.fmin(np.fmax(samples, low), high), dtype)


def _rounded(samples: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """The nearest values that `dtype` holds."""
    if dtype.kind == "b":
        return np.asarray(samples > 0.5)
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    whole = samples if dtype.kind == "f" else np.rint(samples)
    return np.clip(whole, limits.min, limits.max).astype(dtype)
