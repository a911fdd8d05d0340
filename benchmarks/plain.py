"""The paper's Local-Global SIREN in plain full-batch PyTorch: what others are measured against.

Written from the paper (section 3.3, appendix B) as one would write it in an afternoon: Adam at the
paper's learning rate, every pixel in every step, frame coordinates with both ends included.
"""

from itertools import pairwise
from math import log10, sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["PlainLocalGlobal", "grid_of", "psnr_of"]

OMEGA = 30.0


class PlainLocalGlobal(nn.Module):
    """`tiles` local sub-networks of width `local`, a global one of width `global_`, one merge."""

    def __init__(self, tiles: int, local: int, global_: int, channels: int) -> None:
        super().__init__()
        widths = [2, local, local, local, local, channels]
        pairs = list(pairwise(widths))
        self.weights = nn.ParameterList([_uniform((tiles, i, o), _bound(i)) for i, o in pairs])
        self.biases = nn.ParameterList([_uniform((tiles, 1, o), 1 / sqrt(i)) for i, o in pairs])
        sizes = [2, global_, global_, global_, global_]
        self.shared = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
        self.merge = nn.Linear(local + global_, local)
        for layer in (*self.shared, self.merge):
            bound = _bound(layer.in_features)
            nn.init.uniform_(layer.weight, -bound, bound)

    def forward(self, coordinates: Tensor) -> Tensor:
        """Values [P, S, C] at coordinates [P, S, 2]."""
        h = g = coordinates
        for weight, bias, layer in zip(self.weights, self.biases, self.shared, strict=False):
            h = torch.sin(OMEGA * (torch.bmm(h, weight) + bias))
            g = torch.sin(OMEGA * layer(g))
            h = torch.sin(OMEGA * self.merge(torch.cat([h, g], dim=-1)))
        values: Tensor = torch.bmm(h, self.weights[-1]) + self.biases[-1]
        return values


def grid_of(picture: NDArray[np.uint8], tiles: int) -> tuple[Tensor, Tensor]:
    """Coordinates [P, S, 2] and values [P, S, 1] of a grey picture cut into tiles x tiles."""
    size = picture.shape[0]
    line = torch.linspace(-1, 1, size)
    coordinates = torch.stack(torch.meshgrid(line, line, indexing="ij"), dim=-1)
    values = torch.from_numpy(picture.astype(np.float32)) / 127.5 - 1
    return _tiled(coordinates, tiles), _tiled(values.reshape(size, size, 1), tiles)


def psnr_of(outputs: Tensor, values: Tensor) -> float:
    """PSNR in dB of clamped float outputs, the most favourable reading."""
    return 10 * log10(4 / float(((outputs.clamp(-1, 1) - values) ** 2).mean()))


def _tiled(grid: Tensor, tiles: int) -> Tensor:
    edge = grid.shape[0] // tiles
    cut = grid.view(tiles, edge, tiles, edge, -1).transpose(1, 2)
    return cut.reshape(tiles * tiles, edge * edge, -1).contiguous()


def _bound(inputs: int) -> float:
    return 1 / inputs if inputs == 2 else sqrt(6 / inputs) / OMEGA


def _uniform(shape: tuple[int, ...], bound: float) -> nn.Parameter:
    return nn.Parameter((2 * torch.rand(shape) - 1) * bound)
