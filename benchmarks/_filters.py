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
SLOWER: Final = 4  # times, where a filter goes on from another
LEAST_POWER: Final = 2e-4  # of what is lacking, squared steps
LEAST: Final = 1e-5  # of the learning rate


@final
@dataclass(frozen=True)
class Decoded:
    """Tiles [N, C, h, w] as decoded, what they lack, both in steps; whether samples count."""

    values: Tensor
    lacking: Tensor
    inside: Tensor

    def first(self, channels: int) -> "Decoded":
        """Of so many channels."""
        values, lacking = (part[:, :channels].half() for part in (self.values, self.lacking))
        return Decoded(values, lacking, self.inside)

    @property
    def weights(self) -> Tensor:
        """[N] factors of squared errors, all alike.

        Squares alone would teach what fine steps lack, decibels coarse ones: this is halfway.
        """
        power = (self.lacking.float().square() * self.inside[:, None]).mean()
        mean = power / self.inside.float().mean()
        return (mean.clamp(min=LEAST_POWER) ** -0.5).expand(len(self.values))


def learned_filter(
    signals: Sequence[Decoded], iterations: int, seed: int, start: Sequence[Layers] | None = None
) -> Tensor:
    """The flat integers of a filter: of each network and layer its matrix, then its bias.

    start   what it is at first, and then learns more slowly; random where there is none
    """
    columns = zip(*((s.values, s.lacking, s.inside, s.weights) for s in signals), strict=True)
    *parts, weights = (torch.cat(column) for column in columns)
    tiles, weights = Decoded(*parts), (weights / weights.mean()).view(-1, 1, 1, 1)
    generator, channels = torch.Generator().manual_seed(seed), tiles.values.shape[1]
    rate = RATE / SLOWER if start else RATE
    start = start or [_drawn([channels, *WIDTHS, channels], k, generator) for k in range(SCALES)]
    networks = [[(m.clone(), b.clone()) for m, b in network] for network in start]
    leaves = [v.requires_grad_() for network in networks for layer in network for v in layer]
    optimiser = torch.optim.Adam(leaves, lr=rate)
    for iteration in range(iterations):
        for group in optimiser.param_groups:
            group["lr"] = rate * (0.5 + 0.5 * cos(pi * iteration / iterations)) + LEAST
        rows = torch.randint(len(tiles.values), (BATCH,), generator=generator)
        values, lacking, inside = _cut(tiles, rows, generator)
        found = missing(values, [_without_mean(network) for network in networks])
        error = (found - lacking).square() * inside * weights[rows]
        optimiser.zero_grad()
        error.mean().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    parts = [v for network in networks for layer in _without_mean(network) for v in layer]
    return (torch.cat([v.detach().flatten() for v in parts]) * WEIGHT_ONE).round()


def _cut(tiles: Decoded, rows: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Pieces, every other time with rows for columns.

    They begin at even places, and nothing is mirrored, as a split tells even from odd ones.
    """
    top, left = (
        2 * int(torch.randint((n - EDGE) // 2 + 1, (1,), generator=generator))
        for n in tiles.values.shape[2:]
    )
    is_turned = bool(torch.randint(2, (1,), generator=generator))
    parts = tiles.values, tiles.lacking, tiles.inside[:, None]
    pieces = (part[:, :, top : top + EDGE, left : left + EDGE][rows] for part in parts)
    values, lacking, inside = (piece.mT if is_turned else piece for piece in pieces)
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
