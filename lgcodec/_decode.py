"""Bytes -> signal: open, select chunks, dequantise, evaluate, assemble.

A sample's value depends on the geometry, the configuration, its group's global chunk and its own
partition's chunk, and is computed in blocks that do not depend on what else is decoded.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import ceil, prod
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding import codec_of
from lgcodec.errors import UsageError
from lgcodec.format.conf import Conf
from lgcodec.format.container import Stream
from lgcodec.format.geometry import AxisGeometry, Window
from lgcodec.nets import Evaluator, family_of, pick_device
from lgcodec.signal import Signal

__all__ = ["MAX_SAMPLES", "Progress", "decode_stream", "to_samples"]

MAX_SAMPLES: Final = 2**28  # a few hundred hostile bytes can declare 10**12 samples
CHUNKS_AT_ONCE: Final = 1024
HALF: Final = Fraction(1, 2)
Progress = Callable[[int, int], None]  # partitions done, partitions in all


def decode_stream(
    stream: Stream,
    window: Window | None = None,
    *,
    scale: Sequence[Fraction] | None = None,
    device: str = "auto",
    fill: Sequence[float] | None = None,
    max_samples: int = MAX_SAMPLES,
    progress: Progress | None = None,
) -> Signal:
    """Samples of `window` (default: the file's own window) of one stream.

    window   half-open sample ranges of the original lattice, one per axis, on the grid
    scale    per axis, output samples per original sample; default 1. Sample j of the output
             lattice lies at (j + 1/2) / scale - 1/2 of the original one, wherever the window is
    fill     per channel, the value of absent partitions; default: the file's

    Reads only the chunks of partitions that touch `window`. Absent partitions hold `fill` and are
    False in `Signal.present`. UsageError above `max_samples`, before anything is allocated;
    FileError if a chunk is damaged.
    """
    geometry, conf = stream.geometry, stream.conf
    window = geometry.window if window is None else window
    rulers = [
        _Ruler(axis, factor)
        for axis, factor in zip(geometry.axes, scale or [Fraction(1)] * len(window), strict=True)
    ]
    target = [ruler.samples(part) for ruler, part in zip(rulers, window, strict=True)]
    canvas = _Canvas(target, conf, geometry.sample_type, fill, max_samples)
    family, codec, torch_device = family_of(conf, geometry), codec_of(conf), pick_device(device)
    wanted = stream.touching(window)
    done, total = 0, sum(map(len, wanted.values()))
    for ordinal, ids in wanted.items():
        head = codec.decode_global(stream.read_global(ordinal))
        evaluator = Evaluator(family, head.weights, torch_device)
        for some in _batches(ids):
            chunks = stream.read_locals(ordinal, some)
            weights = codec.decode_local(head, list(chunks.values()))
            for row, partition in enumerate(chunks):
                index = geometry.partition_index(ordinal, partition)
                tile = [ruler.tile(i) for ruler, i in zip(rulers, index, strict=True)]
                inside = [
                    ruler.tile_coordinates(i, family.tile_range)
                    for ruler, i in zip(rulers, index, strict=True)
                ]
                frame = [
                    ruler.frame_coordinates(i, *reach)
                    for ruler, i, reach in zip(rulers, index, family.ranges, strict=True)
                ]
                local = {name: values[row] for name, values in weights.items()}
                canvas.paint(tile, partial(evaluator.partition, local, inside, frame))
                done += 1
                if progress:
                    progress(done, total)
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

    def centres(self, index: int) -> NDArray[np.float64]:
        """Centres of the output samples of tile `index`, in original samples."""
        samples = self.tile(index)
        return (np.arange(samples.start, samples.stop, dtype=np.float64) + 0.5) / float(self.scale)

    def frame_coordinates(self, index: int, low: float, high: float) -> NDArray[np.float32]:
        """Frame coordinates of the output samples of tile `index` (spec, GEOM)."""
        axis = self.axis
        origin = index // axis.tiles * axis.tiles * axis.tile_len
        shares = (self.centres(index) - origin) / axis.frame_len
        return (low + (high - low) * shares).astype(np.float32)

    def tile_coordinates(self, index: int, reach: float) -> NDArray[np.float32]:
        """Tile coordinates of the output samples of tile `index` (spec, GEOM)."""
        shares = (self.centres(index) - self.axis.tile(index).start) / self.axis.tile_len
        return (reach * (2 * shares - 1)).astype(np.float32)


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

    Integers are clipped to `values` and rounded to the nearest, halves to even. What is not a
    number, in a file made to harm, becomes the lowest.
    """
    low, high = values
    with np.errstate(over="ignore", invalid="ignore"):
        samples = low + (high - low) * (outputs.astype(np.float64) + 1) / 2
    return _rounded(samples if dtype.kind == "f" else np.fmin(np.fmax(samples, low), high), dtype)


def _rounded(samples: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """The nearest values that `dtype` holds."""
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    whole = samples if dtype.kind == "f" else np.rint(samples)
    return np.clip(whole, limits.min, limits.max).astype(dtype)


def _batches(ids: list[int]) -> Iterator[list[int]]:
    return (ids[at : at + CHUNKS_AT_ONCE] for at in range(0, len(ids), CHUNKS_AT_ONCE))
