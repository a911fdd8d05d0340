"""Bytes -> signal: open, select chunks, dequantise, evaluate, assemble.

A sample's value depends on the geometry, the configuration, its group's global chunk and its own
partition's chunk, and is computed in blocks that do not depend on what else is decoded.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import ceil, prod
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
from lgcodec.nets import Evaluator, Family, family_of, pick_device
from lgcodec.signal import Signal

__all__ = ["MAX_SAMPLES", "Progress", "decode_stream", "to_samples"]

MAX_SAMPLES: Final = 2**28  # a few hundred hostile bytes can declare 10**12 samples
HALF: Final = Fraction(1, 2)
Progress = Callable[[int, int], None]  # partitions done, partitions in all


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
        for partition, local in weights.of(ordinal, head, ids):
            index = geometry.partition_index(ordinal, partition)
            tile = [ruler.tile(i) for ruler, i in zip(rulers, index, strict=True)]
            places = partial(_coordinates, family, rulers, index)
            shape = [len(part) for part in tile]
            canvas.paint(tile, partial(evaluator.partition, local, places, shape))
            done += 1
            if progress:
                progress(done, total)
    if weights.damaged:
        warnings.warn(weights.warning, stacklevel=2)
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
        first, last = (ceil(end * self.scale - HALF) for end in (original.start, original.stop))
        return range(first, last)

    def tile(self, index: int) -> range:
        return self.samples(self.axis.tile(index))

    def centres(self, index: int, positions: NDArray[np.int64]) -> NDArray[np.float64]:
        """Centres of output samples, by position in tile `index`, in original samples."""
        samples = self.tile(index).start + positions.astype(np.float64)
        return (samples + 0.5) / float(self.scale)

    def frame_coordinates(
        self, index: int, positions: NDArray[np.int64], low: float, high: float
    ) -> NDArray[np.float32]:
        """Frame coordinates of positions in tile `index` (spec, GEOM)."""
        axis = self.axis
        origin = index // axis.tiles * axis.tiles * axis.tile_len
        shares = (self.centres(index, positions) - origin) / axis.frame_len
        return (low + (high - low) * shares).astype(np.float32)

    def tile_coordinates(
        self, index: int, positions: NDArray[np.int64], reach: float
    ) -> NDArray[np.float32]:
        """Tile coordinates of positions in tile `index` (spec, GEOM)."""
        axis = self.axis
        shares = (self.centres(index, positions) - axis.tile(index).start) / axis.tile_len
        return (reach * (2 * shares - 1)).astype(np.float32)


def _coordinates(
    family: Family,
    rulers: Sequence[_Ruler],
    index: Sequence[int],
    positions: Sequence[NDArray[np.int64]],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Tile and frame coordinates [S, D] of positions in the tile at `index`."""
    axes = list(zip(rulers, index, positions, strict=True))
    tile = [ruler.tile_coordinates(i, at, family.tile_range) for ruler, i, at in axes]
    frame = [
        ruler.frame_coordinates(i, at, *reach)
        for (ruler, i, at), reach in zip(axes, family.ranges, strict=True)
    ]
    return np.stack(tile, axis=-1), np.stack(frame, axis=-1)


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

    def paint(self, tile: Sequence[range], values: Callable[[list[range]], Any]) -> None:
        """Fill in the part of `tile` that lies on the canvas, if any.

        `values` gives [*part, C] for positions within the tile.
        """
        pairs = list(zip(tile, self._target, strict=True))
        shared = [range(max(t.start, c.start), min(t.stop, c.stop)) for t, c in pairs]
        if not all(shared):
            return
        part = [range(s.start - t.start, s.stop - t.start) for s, (t, _) in zip(shared, pairs)]  # noqa: B905
        place = tuple(
            slice(s.start - c.start, s.stop - c.start)
            for s, (_, c) in zip(shared, pairs)  # noqa: B905
        )
        self._samples[place] = to_samples(values(part), self._values, self._samples.dtype)
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
    return _rounded(samples if dtype.kind == "f" else np.fmin(np.fmax(samples, low), high), dtype)


def _rounded(samples: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """The nearest values that `dtype` holds."""
    if dtype.kind == "b":
        return np.asarray(samples > 0.5)
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    whole = samples if dtype.kind == "f" else np.rint(samples)
    return np.clip(whole, limits.min, limits.max).astype(dtype)
