"""Small .lgi files of random weights: nothing is fitted."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from lgcodec.coding import codec_of
from lgcodec.format.conf import Conf, Plug
from lgcodec.format.container import Container, GroupData, StreamData, dumps
from lgcodec.format.geometry import AxisGeometry, Geometry
from lgcodec.nets import Siren

VALUES = {
    "uint8": (0.0, 255.0),
    "uint16": (0.0, 65535.0),
    "int16": (-32768.0, 32767.0),
    "float32": (-1.0, 1.0),
}


def axis(length: int, tile: int, groups: int = 1) -> AxisGeometry:
    """An axis of `length` samples, all in the window, in tiles of `tile`."""
    tiles = -(-length // tile) // groups
    return AxisGeometry(length, 0, length, 0, tile, tiles, groups)


def stream(
    kind, axes, *, channels, sample_type="uint8", rate=None, global_width=2, family=None
) -> StreamData:
    geometry = Geometry(kind, channels, sample_type, rate, tuple(axes))
    ranges = ((-1.0, 1.0),) * len(axes)
    network = Siren(channels, local_width=3, global_width=global_width, ranges=ranges, layers=3)
    conf = Conf(
        family=Plug(family or network.name, network.configuration),
        quantiser=Plug("float", {"bits": 16}),
        coder=Plug("raw"),
        local=network.local_tensors(),
        global_=network.global_tensors(),
        values=VALUES[sample_type],
        fill=(0.0,) * channels,
    )
    return StreamData(geometry, conf, _groups(geometry, conf, np.random.default_rng(0)))


def _groups(geometry, conf, random) -> tuple[GroupData, ...]:
    codec, count = codec_of(conf), geometry.tiles_per_group
    groups = []
    for ordinal in range(geometry.groups):
        local = {t.name: random.normal(0, 0.3, (count, *t.shape)) for t in conf.local}
        global_ = {t.name: random.normal(0, 0.3, t.shape) for t in conf.global_}
        head, chunks = codec.encode(_floats(global_), _floats(local))
        groups.append(GroupData(ordinal, head, dict(enumerate(chunks))))
    return tuple(groups)


def _floats(weights):
    return {name: values.astype(np.float32) for name, values in weights.items()}


def picture(**fields) -> StreamData:
    """60 x 40 RGB pixels in 3 x 2 partitions of 20."""
    return stream("image", [axis(40, 20), axis(60, 20)], **{"channels": 3, **fields})


def clip() -> StreamData:
    """2 s at 6 frames per second, 24 x 16 pixels: 3 x 2 x 3 partitions of 4 x 8 x 8."""
    axes = [axis(12, 4), axis(16, 8), axis(24, 8)]
    return stream("video", axes, channels=3, rate=Fraction(6))


def sound() -> StreamData:
    """2 s at 8 kHz in 2 groups of 2 partitions."""
    axes = [axis(16000, 4000, groups=2)]
    return stream("audio", axes, channels=1, sample_type="int16", rate=Fraction(8000))


def volume() -> StreamData:
    axes = [axis(8, 4), axis(6, 3), axis(5, 5)]
    return stream("volume", axes, channels=1, sample_type="float32")


def save(path: Path, *streams: StreamData, ancillary=None) -> Path:
    path.write_bytes(dumps(Container(streams, ancillary or {})))
    return path
