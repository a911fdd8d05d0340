"""A family whose values are the coordinates it is fed and the number of its partition."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from format.builders import geometry

from lgcodec.format.axis import AxisGeometry
from lgcodec.format.conf import Conf, Plug, TensorSpec
from lgcodec.format.container import (
    BytesSource,
    Container,
    GroupData,
    Reader,
    Stream,
    StreamData,
    dumps,
)
from lgcodec.format.geometry import Geometry
from lgcodec.nets import Family, TensorWeights

RANGES = ((-1.0, 1.0), (-100.0, 100.0), (0.0, 2.5))
TILE_RANGE = 3.0


class Echo(Family):
    """Values are the number of the partition, its tile coordinates and its frame coordinates."""

    name: ClassVar[str] = "echo"
    tile_range = TILE_RANGE

    def __init__(self, axes: int) -> None:
        self.ranges = RANGES[:axes]
        self.channels = 1 + 2 * axes

    @classmethod
    def from_tables(
        cls, configuration: Mapping[str, Any], local: Sequence[TensorSpec], *_: Any
    ) -> "Echo":
        return cls(configuration["axes"])

    @property
    def configuration(self) -> dict[str, Any]:
        return {"axes": len(self.ranges)}

    def local_tensors(self) -> tuple[TensorSpec, ...]:
        return (TensorSpec("number", (1,)),)

    def global_tensors(self) -> tuple[TensorSpec, ...]:
        return (TensorSpec("hundreds", (1,)),)

    def forward(self, weights: TensorWeights, tile: torch.Tensor, frame: torch.Tensor) -> Any:
        number = weights["global.hundreds"] * 100 + weights["local.number"][:, None]
        return torch.cat([number.expand(*frame.shape[:2], 1), tile, frame], -1)

    initialise = canonicalise = multiplications = for_request = sizes = NotImplemented


def echo_conf(lattice: Geometry, **fields: Any) -> Conf:
    family = Echo(len(lattice.axes))
    values = {
        "family": Plug("echo", family.configuration),
        "quantiser": Plug("float", {"bits": 32}),
        "coder": Plug("raw"),
        "local": family.local_tensors(),
        "global_": family.global_tensors(),
        "values": (-1.0, 1.0),
        "fill": (-7.0,) * family.channels,
    }
    return Conf(**{**values, **fields})


def chunk(number: float) -> bytes:
    return np.float32(number).tobytes()


def file_of(
    lattice: Geometry, absent: frozenset[tuple[int, int]] = frozenset(), **fields: Any
) -> bytes:
    """Every partition knows its number: hundreds are the group's, the rest its id."""
    groups = []
    for ordinal in range(lattice.groups):
        ids = [i for i in range(lattice.tiles_per_group) if (ordinal, i) not in absent]
        if ids:
            groups.append(GroupData(ordinal, chunk(ordinal), {i: chunk(i) for i in ids}))
    return dumps(Container((StreamData(lattice, echo_conf(lattice, **fields), tuple(groups)),)))


def stream_of(data: bytes) -> Stream:
    return Reader(BytesSource(data)).streams[0]


def lattice(kind: Any, axes: Sequence[AxisGeometry], **fields: Any) -> Geometry:
    fields = {"channels": 1 + 2 * len(axes), "sample_type": "float32", **fields}
    return geometry(kind, tuple(axes), **fields)
