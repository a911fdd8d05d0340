"""Small smooth signals, and samplers of them."""

from fractions import Fraction

import numpy as np
import torch
from format.builders import axis

from lgcodec.fit.sampling import Sampler
from lgcodec.format.geometry import AxisGeometry, Geometry
from lgcodec.nets import Siren
from lgcodec.signal import Kind, Signal

CPU = torch.device("cpu")
RATE = {"audio": Fraction(8000), "video": Fraction(25)}


def smooth(kind: Kind, grid: tuple[int, ...], channels: int = 1, dtype: str = "uint8") -> Signal:
    """Waves of a few periods along every axis, different in each channel."""
    axes = np.meshgrid(*(np.linspace(0, 1, n) for n in grid), indexing="ij")
    waves = [
        sum(np.sin((5 + 2 * a + c) * x + c) for a, x in enumerate(axes)) / len(grid)
        for c in range(channels)
    ]
    values = np.stack(waves, -1)
    scale, offset = {
        "uint8": (110, 127),
        "uint16": (28_000, 32_768),
        "int16": (20_000, 0),
        "float32": (0.8, 0),
    }[dtype]
    return Signal(kind, (values * scale + offset).astype(dtype), RATE.get(kind))


def lattice(signal: Signal, tiles: tuple[int, ...], groups: int = 1) -> Geometry:
    """`tiles` of one group along each axis; `groups` along the first."""
    axes: list[AxisGeometry] = [
        axis(length, count, groups if place == 0 else 1)
        for place, (length, count) in enumerate(zip(signal.grid, tiles, strict=True))
    ]
    dtype = signal.samples.dtype.name
    return Geometry(signal.kind, signal.channels, dtype, signal.rate, tuple(axes))


def sampler(signal: Signal, geometry: Geometry, ordinal: int = 0, **fields: object) -> Sampler:
    """Coordinates of -1 to 1 in the frame, -0.5 to 0.5 in a tile; values 0 to 255."""
    values = {
        "values": (0.0, 255.0),
        "ranges": ((-1.0, 1.0),) * len(signal.grid),
        "tile_range": 0.5,
        "device": CPU,
        "seed": 0,
        **fields,
    }
    return Sampler(signal.samples, geometry, ordinal, **values)  # type: ignore[arg-type]


def network(signal: Signal, local: int = 8, global_: int = 6) -> Siren:
    """A network for the coordinates of `sampler`."""
    ranges = ((-1.0, 1.0),) * len(signal.grid)
    return Siren(signal.channels, local, global_, ranges, tile_range=0.5)
