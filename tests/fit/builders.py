"""Small smooth signals, and samplers of them."""

from fractions import Fraction

import numpy as np
import torch
from format.builders import axis
from numpy.typing import NDArray

from lgcodec.coding.pyramid import Pyramid
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


def film(
    grid: tuple[int, ...], velocity: tuple[float, float], seed: int, noise: float = 0.0
) -> NDArray[np.float64]:
    """Pictures [t, y, x] within -1 to 1 of smooth noise that moves by `velocity` samples each time.

    noise   of every picture for itself
    """
    random, waves, period = np.random.default_rng(seed), np.arange(-12, 13), 48
    sizes = random.normal(size=(2, 25, 25)) / (1 + np.hypot(waves[:, None], waves))
    pictures = []
    for t in range(grid[0]):
        down, right = (
            np.exp(2j * np.pi * np.outer(np.arange(n) - v * t, waves) / period)
            for n, v in zip(grid[1:], velocity, strict=True)
        )
        pictures.append((down @ (sizes[0] + 1j * sizes[1]) @ right.T).real)
    whole: NDArray[np.float64] = np.stack(pictures)
    whole *= 0.9 / np.abs(whole).max()
    return whole + random.normal(0, noise, whole.shape)


def steady(pyramid: Pyramid, velocity: tuple[float, float]) -> torch.Tensor:
    """Displacements [1, T, I, J, 3] of a tile through which all goes by `velocity` each time."""
    found = torch.zeros(1, pyramid.tile[0], *pyramid.blocks, 3, dtype=torch.int64)
    for t in pyramid.predicted:
        before = torch.tensor(velocity) * -(t & -t)  # pictures as far away as t has factors of 2
        found[0, t, :, :, :2] = (4 * before).round().long()
    return found


def restless(pyramid: Pyramid, count: int, generator: torch.Generator) -> torch.Tensor:
    """Displacements [count, T, I, J, 3] drawn at random, up to five samples."""
    shape = count, pyramid.tile[0], *pyramid.blocks
    away = torch.randint(-20, 21, (*shape, 2), generator=generator)
    found = torch.cat([away, torch.randint(0, 3, (*shape, 1), generator=generator)], -1)
    still = [t for t in range(pyramid.tile[0]) if t not in pyramid.predicted]
    found[:, still] = 0
    return found


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
