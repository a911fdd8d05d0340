"""What is in a file, as plain values: the source of `lgi info`, for people and for machines."""

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from pathlib import Path

from lgcodec.format.conf import Plug, TensorSpec
from lgcodec.format.container import Reader, Stream
from lgcodec.format.geometry import AxisGeometry
from lgcodec.format.layout import MAJOR, Kind

__all__ = ["AxisItem", "GroupItem", "Inventory", "PartitionItem", "StreamItem", "inventory"]


@dataclass(frozen=True)
class AxisItem:
    """One axis, in samples of the original lattice.

    frame          samples that coordinates are normalised by: the original extent, of one group
    tiles          partitions along the axis, over all groups
    window_tiles   those that touch the window: what bare numbers of a range count
    """

    name: str
    window: range
    frame: int
    grid: range
    tile: int
    tiles: int
    groups: int
    window_tiles: range

    @property
    def extent(self) -> int:
        """Samples of the original; several groups only tell it to the end of the last tile."""
        return self.frame if self.groups == 1 else len(self.grid)


@dataclass(frozen=True)
class PartitionItem:
    """A partition that the file holds; `index` counts tiles along each axis."""

    group: int
    partition: int
    index: tuple[int, ...]
    bytes: int


@dataclass(frozen=True)
class GroupItem:
    """A group that the file holds, and the bytes that its partitions share."""

    group: int
    partitions: int
    directory: int
    global_: int


@dataclass(frozen=True)
class Parameters:
    """Numbers in the networks: of one partition, of all that are present, of all global ones."""

    per_partition: int
    local: int
    global_: int
    global_share: float


@dataclass(frozen=True)
class StreamBytes:
    """Where the bytes of a stream are."""

    geometry: int
    configuration: int
    directories: int
    global_: int
    local: int
    local_least: int
    local_mean: float
    local_most: int


@dataclass(frozen=True)
class StreamItem:
    """One signal. `partitions` counts those of the whole grid, absent ones included."""

    kind: Kind
    channels: int
    sample_type: str
    rate: Fraction | None
    axes: tuple[AxisItem, ...]
    partitions: int
    groups: int
    family: Plug
    quantiser: Plug
    coder: Plug
    local_tensors: tuple[TensorSpec, ...]
    global_tensors: tuple[TensorSpec, ...]
    parameters: Parameters
    bytes: StreamBytes
    present_groups: tuple[GroupItem, ...]
    present: tuple[PartitionItem, ...]

    @property
    def grid(self) -> tuple[int, ...]:
        """Samples of the window along each axis."""
        return tuple(len(axis.window) for axis in self.axes)


@dataclass(frozen=True)
class Inventory:
    """A whole file; `front_bytes` are header and root table, `ancillary` bytes by chunk type.

    bits_per_sample, kilobits_per_second   all bytes over what the first stream shows
    """

    file: Path | str
    version: str
    bytes: int
    bits_per_sample: float
    kilobits_per_second: float | None
    front_bytes: int
    ancillary: dict[str, int]
    streams: tuple[StreamItem, ...]


def inventory(path: Path | str, reader: Reader) -> Inventory:
    """What `reader` knows without reading a chunk."""
    for stream in reader.streams:
        stream.groups.load()
    main, bits = reader.streams[0].geometry, 8 * reader.file_size
    return Inventory(
        file=path,
        version=f"{MAJOR}.{reader.minor}",
        bytes=reader.file_size,
        bits_per_sample=bits / prod(map(len, main.window)),
        kilobits_per_second=(
            None if main.rate is None else float(bits * main.rate / len(main.window[0]) / 1000)
        ),
        front_bytes=reader.front_length,
        ancillary=reader.ancillary,
        streams=tuple(_stream(stream) for stream in reader.streams),
    )


def _stream(stream: Stream) -> StreamItem:
    geometry, conf = stream.geometry, stream.conf
    named = zip(geometry.axis_names, geometry.axes, strict=True)
    axes = tuple(_axis(name, axis) for name, axis in named)
    return StreamItem(
        kind=geometry.kind,
        channels=geometry.channels,
        sample_type=geometry.sample_type,
        rate=geometry.rate,
        axes=axes,
        partitions=prod(axis.tiles for axis in axes),
        groups=len(stream.groups),
        family=conf.family,
        quantiser=conf.quantiser,
        coder=conf.coder,
        local_tensors=conf.local,
        global_tensors=conf.global_,
        parameters=_parameters(stream),
        bytes=_bytes(stream),
        present_groups=tuple(
            GroupItem(ordinal, len(group.ids), group.dir_len, group.global_len)
            for ordinal, group in stream.groups.items()
        ),
        present=tuple(
            PartitionItem(ordinal, i, geometry.partition_index(ordinal, i), length)
            for ordinal, group in stream.groups.items()
            for i, length in zip(group.ids, group.lengths, strict=True)
        ),
    )


def _axis(name: str, axis: AxisGeometry) -> AxisItem:
    return AxisItem(
        name=name,
        window=axis.window,
        frame=axis.frame_len,
        grid=axis.grid,
        tile=axis.tile_len,
        tiles=axis.tiles * axis.groups,
        groups=axis.groups,
        window_tiles=axis.touching(axis.window),
    )


def _parameters(stream: Stream) -> Parameters:
    per_partition = sum(tensor.size for tensor in stream.conf.local)
    local = per_partition * sum(len(group.ids) for group in stream.groups.values())
    global_ = len(stream.groups) * sum(tensor.size for tensor in stream.conf.global_)
    return Parameters(per_partition, local, global_, global_ / max(local + global_, 1))


def _bytes(stream: Stream) -> StreamBytes:
    groups = stream.groups.values()
    lengths = [length for group in groups for length in group.lengths]
    return StreamBytes(
        geometry=stream.geom_entry.length,
        configuration=stream.conf_entry.length,
        directories=sum(group.dir_len for group in groups),
        global_=sum(group.global_len for group in groups),
        local=sum(lengths),
        local_least=min(lengths),
        local_mean=sum(lengths) / len(lengths),
        local_most=max(lengths),
    )
