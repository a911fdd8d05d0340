"""Learning of the filter after synthesis."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi
from typing import Final, final

import torch
from torch import Tensor

from lgcodec.nets.post_filter import SCALES, WEIGHT_ONE, WIDTHS, Layers, missing

__all__ = ["EDGE", "Decoded", "learned_filter"]

BATCH: Final = 8
EDGE: Final = 64  # of the pieces of tiles that are learned from
RATE: Final = 2e-3
SLOWER: Final = 4
LEAST: Final = 1e-5


@final
@dataclass(frozen=True)
class Decoded:
    """Tiles [N, C, h, w] as decoded, what they lack, both in steps; whether samples count.

    weights   [N] of their squared errors
    """

    values: Tensor
    lacking: Tensor
    inside: Tensor
    weights: Tensor


def learned_filter(
    tiles: Decoded, iterations: int, seed: int, start: Sequence[Layers] | None = None
) -> Tensor:
    """The flat integers of a filter: of each network and layer its matrix, then its bias.

    start   what it is at first, and then learns more slowly; random where there is none
    """
    generator, channels = torch.Generator().manual_seed(seed), tiles.values.shape[1]
    drawn = [_drawn([channels, *WIDTHS, channels], scale, generator) for scale in range(SCALES)]
    networks = [[(m.clone(), b.clone()) for m, b in network] for network in start or drawn]
    leaves = [v.requires_grad_() for network in networks for layer in network for v in layer]
    rate = RATE / SLOWER if start else RATE
    optimiser, weights = torch.optim.Adam(leaves, lr=rate), tiles.weights / tiles.weights.mean()
    for iteration in range(iterations):
        for group in optimiser.param_groups:
            group["lr"] = rate * (0.5 + 0.5 * cos(pi * iteration / iterations)) + LEAST
        rows = torch.randint(len(tiles.values), (BATCH,), generator=generator)
        values, lacking, inside = _cut(tiles, rows, generator)
        found = missing(values, [_without_mean(network) for network in networks])
        error = (found - lacking).square() * inside * weights[rows].view(-1, 1, 1, 1)
        optimiser.zero_grad()
        error.mean().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    parts = [v for network in networks for layer in _without_mean(network) for v in layer]
    return (torch.cat([v.detach().flatten() for v in parts]) * WEIGHT_ONE).round()


def _cut(tiles: Decoded, rows: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Pieces, every other time with rows for columns.

    They begin at even places, and nothing is mirrored, as a split tells even from odd ones.
    """
    every, pieces = (slice(None), slice(None)), []
    top, left = (
        2 * int(torch.randint((n - EDGE) // 2 + 1, (1,), generator=generator))
        for n in tiles.values.shape[2:]
    )
    is_turned = bool(torch.randint(2, (1,), generator=generator))
    for part in (tiles.values, tiles.lacking, tiles.inside[:, None]):
        piece = part[rows][(*every, slice(top, top + EDGE), slice(left, left + EDGE))]
        pieces.append(piece.mT if is_turned else piece)
    values, lacking, inside = pieces
    return values.float(), lacking.float(), inside


def _without_mean(layers: Layers) -> Layers:
    """Layers of which the first does not see how bright a tile is."""
    (matrix, bias), *others = layers
    return [(matrix - matrix.mean((2, 3), keepdim=True), bias), *others]


def _drawn(widths: list[int], scale: int, generator: torch.Generator) -> Layers:
    """Random layers for pictures halved so often, whose edges are so many times as high."""
    layers = []
    for before, after in pairwise(widths):
        reach = (9 * before) ** -0.5
        matrix = (2 * torch.rand(after, before, 3, 3, generator=generator) - 1) * reach
        layers.append((matrix, torch.zeros(after)))
    layers[0][0].mul_(0.5**scale)
    layers[-1][0].mul_(0.1)  # at first little is changed
    return layers
