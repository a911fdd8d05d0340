"""What a stream decodes to, sample by sample in binary64, from the formulas of the specification.

Slow and simple: no blocks, no windows into tiles, nothing of `lgcodec._decode`. Of the family only
its network is used, in binary64 too.
"""

from collections.abc import Collection
from fractions import Fraction
from itertools import product
from math import ceil, prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lgcodec.coding import codec_of
from lgcodec.format.axis import AxisGeometry
from lgcodec.format.conf import Conf
from lgcodec.format.container import GroupData, StreamData
from lgcodec.nets import Family, family_of

__all__ = ["decoded", "tolerance"]

Absent = Collection[tuple[int, int]]  # pairs of a group's ordinal and a partition id


def decoded(stream: StreamData, scale: Fraction = Fraction(1), absent: Absent = ()) -> NDArray[Any]:
    """[*window, channels] samples; `scale` is that of space, of a sound that of time."""
    geometry, conf = stream.geometry, stream.conf
    scales = [
        scale if name != "t" or geometry.kind == "audio" else Fraction(1)
        for name in geometry.axis_names
    ]
    windows = [_outputs(axis.window, s) for axis, s in zip(geometry.axes, scales, strict=True)]
    values = np.full((*map(len, windows), geometry.channels), np.nan)
    family = family_of(conf, geometry)
    for group in stream.groups:
        for partition, weights in _weights(conf, group).items():
            if (group.ordinal, partition) in absent:
                continue
            index = geometry.partition_index(group.ordinal, partition)
            axes = list(zip(geometry.axes, scales, windows, index, strict=True))
            spans = [_shared(axis, s, window, i) for axis, s, window, i in axes]
            if not all(spans):
                continue  # the window shows nothing of this tile
            part = _values(family, weights, axes, spans)
            place = tuple(
                slice(span.start - window.start, span.stop - window.start)
                for span, window in zip(spans, windows, strict=True)
            )
            values[place] = part.reshape(*map(len, spans), geometry.channels)
    return _samples(values, conf, geometry.sample_type)


def tolerance(stream: StreamData, error: float = 2.0**-10) -> float:
    """How far a sample may be from the exact one, whose value is within `error` (LGI-N-06)."""
    low, high = stream.conf.values
    reach = (high - low) / 2 * error
    return reach if stream.geometry.sample_type == "float32" else ceil(reach)


def _weights(conf: Conf, group: GroupData) -> dict[int, dict[str, torch.Tensor]]:
    """All tensors of each partition, scoped, in binary64."""
    codec = codec_of(conf)
    head = codec.decode_global(group.global_chunk)
    local = codec.decode_local(head, list(group.local_chunks.values()))
    shared = {f"global.{name}": _double(value) for name, value in head.weights.items()}
    return {
        partition: shared
        | {f"local.{name}": _double(value[row : row + 1]) for name, value in local.items()}
        for row, partition in enumerate(group.local_chunks)
    }


def _double(value: NDArray[np.float32]) -> torch.Tensor:
    return torch.from_numpy(value.astype(np.float64))


def _outputs(positions: range, scale: Fraction) -> range:
    """Output samples of these positions: ceil(a s - 1/2) <= j < ceil(b s - 1/2)."""
    half = Fraction(1, 2)
    return range(*(ceil(end * scale - half) for end in (positions.start, positions.stop)))


def _shared(axis: AxisGeometry, scale: Fraction, window: range, index: int) -> range:
    start = axis.grid_lo + index * axis.tile_len
    tile = _outputs(range(start, start + axis.tile_len), scale)
    first = max(tile.start, window.start)
    return range(first, max(first, min(tile.stop, window.stop)))


def _values(
    family: Family,
    weights: dict[str, torch.Tensor],
    axes: list[tuple[AxisGeometry, Fraction, range, int]],
    spans: list[range],
) -> NDArray[np.float64]:
    """[positions, channels] values of the network at the positions of `spans`, in raster order."""
    rows: list[tuple[list[float], list[float]]] = []
    for position in product(*spans):
        x, u = [], []
        for j, (axis, scale, _, i), (lo, hi) in zip(position, axes, family.ranges, strict=True):
            c = (j + 0.5) / float(scale)  # the formulas of GEOM, c + 0.5 as one
            k = i // axis.tiles
            share = (c - k * axis.tiles * axis.tile_len) / axis.frame_len
            x.append(lo + (hi - lo) * share)
            first = axis.grid_lo + i * axis.tile_len
            u.append(family.tile_range * (2 * ((c - first) / axis.tile_len) - 1))
        rows.append((u, x))
    count = prod(map(len, spans))
    shape = (1, count, len(axes))
    tile, frame = (
        torch.from_numpy(np.array(part, np.float32).reshape(shape).astype(np.float64))
        for part in zip(*rows, strict=True)
    )
    with torch.no_grad():
        values: NDArray[np.float64] = family.forward(weights, tile, frame)[0].numpy()
    return values


def _samples(values: NDArray[np.float64], conf: Conf, sample_type: str) -> NDArray[Any]:
    """Values as samples; NaN where no partition is."""
    low, high = conf.values
    samples = low + (high - low) * (values + 1) / 2
    dtype = np.dtype(sample_type)
    if dtype.kind != "f":
        samples = np.minimum(np.maximum(samples, low), high)
    samples = np.where(np.isnan(values), np.array(conf.fill), samples)
    if dtype.kind == "f":
        return samples.astype(dtype)
    least, most = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    return np.clip(np.rint(samples), least, most).astype(dtype)
