"""How much more an error of a number costs where the pictures of a tile move.

Lifting along motion is not orthogonal: at the border of a tile some samples are seen often, others
never. Of a part's samples, the squared norm of what each makes is estimated with random signs
(Hutchinson's estimate of a diagonal), and evened out over a few neighbours.
"""

from dataclasses import replace
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d

from lgcodec.coding.base import Floats
from lgcodec.coding.pyramid import Pyramid
from lgcodec.fit.parts import Motions, motions_of, part_of, tile_of
from lgcodec.nets.norms import norms_ahead

__all__ = ["error_weights", "for_channels"]

PROBES: Final = 1
NEAR: Final = 7  # samples along each axis that share a norm
SEED: Final = 0


def error_weights(pyramid: Pyramid, displaced: Tensor) -> list[Tensor]:
    """Of every band [P, 1, *band]: by what its squared errors count more than `norms` says, or 1.

    displaced   of tiles, as in `nets.motion.displacements`
    """
    one, tiles = replace(pyramid, channels=1), len(displaced)
    motions = motions_of(one, displaced)
    ratios = [_of_part(one, part, tiles, motions) for part in range(len(one.parts))]
    return [
        adaptive_avg_pool2d(ratios[band.part], (band.shape[1], band.shape[2]))[:, None]
        for band in pyramid.bands
    ]


def for_channels(weights: Tensor, scale: Tensor) -> Floats:
    """Of a band [P, 1, *band] for all channels of `scale` [C, *band], [P, C * N]."""
    wide: Floats = weights.expand(-1, len(scale), *scale.shape[1:]).flatten(1).numpy()
    return wide


def _of_part(pyramid: Pyramid, part: int, tiles: int, motions: Motions) -> Tensor:
    """Ratios [P, *part] of squared norms, at least 1."""
    generator, total = torch.Generator().manual_seed(SEED), torch.zeros(())
    for _ in range(PROBES):
        signs = (
            torch.randint(0, 2, (1, 1, *pyramid.parts[part].tile), generator=generator) * 2.0 - 1
        )
        made = tile_of(pyramid, part, signs.expand(tiles, -1, -1, -1, -1), motions)
        total = total + signs * part_of(pyramid, part, made, motions)
    ratio = (total / PROBES / norms_ahead(pyramid, part).square())[:, 0]
    return avg_pool2d(ratio, NEAR, 1, NEAR // 2, count_include_pad=False).clamp(min=1)
