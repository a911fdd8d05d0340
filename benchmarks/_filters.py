"""Learning of the filter after synthesis."""

from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi
from typing import Final, final

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from lgcodec.nets.post_filter import WEIGHT_ONE, WIDTHS

__all__ = ["Decoded", "learned_filter"]

BATCH: Final = 8
RATE: Final = 2e-3
LEAST: Final = 1e-5


@final
@dataclass(frozen=True)
class Decoded:
    """Tiles [N, C, h, w] as decoded, what they lack, both in steps; whether samples count."""

    values: Tensor
    lacking: Tensor
    inside: Tensor


def learned_filter(tiles: Decoded, iterations: int, seed: int) -> Tensor:
    """The flat integers of a filter: of each layer its matrix, then its bias."""
    generator, channels = torch.Generator().manual_seed(seed), tiles.values.shape[1]
    layers = _drawn([channels, *WIDTHS, channels], generator)
    optimiser = torch.optim.Adam([v for layer in layers for v in layer], lr=RATE)
    for iteration in range(iterations):
        for group in optimiser.param_groups:
            group["lr"] = RATE * (0.5 + 0.5 * cos(pi * iteration / iterations)) + LEAST
        rows = torch.randint(len(tiles.values), (BATCH,), generator=generator)
        values, lacking, inside = _turned(tiles, rows, iteration % 8)
        for place, (matrix, bias) in enumerate(_without_mean(layers)):
            values = conv2d(pad(values, [1] * 4, mode="replicate"), matrix, bias)
            values = values.relu() if place < len(layers) - 1 else values
        error = (values - lacking).square() * inside
        optimiser.zero_grad()
        error.mean().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    flat = [v.detach().flatten() for layer in _without_mean(layers) for v in layer]
    return (torch.cat(flat) * WEIGHT_ONE).round()


def _turned(tiles: Decoded, rows: Tensor, way: int) -> tuple[Tensor, Tensor, Tensor]:
    """Tiles mirrored and turned in one of eight ways: noise of rounding looks alike in all."""
    parts = tiles.values[rows].float(), tiles.lacking[rows].float(), tiles.inside[rows][:, None]
    flipped = [axis for bit, axis in ((1, -1), (2, -2)) if way & bit]
    first, second, third = (part.flip(flipped) for part in parts)
    if way & 4:
        return first.mT, second.mT, third.mT
    return first, second, third


def _without_mean(layers: list[tuple[Tensor, Tensor]]) -> list[tuple[Tensor, Tensor]]:
    """Layers of which the first does not see how bright a tile is."""
    (matrix, bias), *others = layers
    return [(matrix - matrix.mean((2, 3), keepdim=True), bias), *others]


def _drawn(widths: list[int], generator: torch.Generator) -> list[tuple[Tensor, Tensor]]:
    layers = []
    for before, after in pairwise(widths):
        reach = (9 * before) ** -0.5
        matrix = (2 * torch.rand(after, before, 3, 3, generator=generator) - 1) * reach
        layers.append((matrix, torch.zeros(after)))
    layers[-1][0].mul_(0.1)  # at first little is changed
    return [(matrix.requires_grad_(), bias.requires_grad_()) for matrix, bias in layers]
