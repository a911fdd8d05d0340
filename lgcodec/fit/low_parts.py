"""What is low in tiles whose pictures move, and what a coarse grid says of it.

Both are linear: a number that is low in a tile is a weighted sum of its samples, and so of the
coarse samples in and around it. With these weights a grid is corrected without the tiles.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from lgcodec.coding.pyramid import Pyramid
from lgcodec.nets.lifting import lowest
from lgcodec.nets.smooth import spline_matrix

__all__ = ["LowParts", "low_parts"]


@final
@dataclass(frozen=True)
class LowParts:
    """Of P tiles with K coarse samples each.

    own    [P, C, K] what is low in them
    seen   [P, K, A] by how much it has of the A coarse samples in and around a tile
    """

    own: Tensor
    seen: Tensor

    def left(self, around: Tensor) -> Tensor:
        """What samples [P, C, *around] of a grid leave low, [P, C, K]."""
        return self.own - self.said(around)

    def said(self, around: Tensor) -> Tensor:
        """What samples [P, C, *around] of a grid say of what is low, [P, C, K]."""
        return torch.einsum("pka,pca->pck", self.seen, around.flatten(2))

    def where(self, chosen: Tensor, other: "LowParts") -> "LowParts":
        """These of the tiles that are `chosen` [P], and others of the others."""
        mask, pairs = chosen.view(-1, 1, 1), ((self.own, other.own), (self.seen, other.seen))
        return LowParts(*(torch.where(mask, one, two) for one, two in pairs))

    @staticmethod
    def joined(parts: Sequence["LowParts"]) -> "LowParts":
        """Of tiles one after the other."""
        return LowParts(torch.cat([p.own for p in parts]), torch.cat([p.seen for p in parts]))


def low_parts(pyramid: Pyramid, tiles: Tensor, displaced: Tensor) -> LowParts:
    """Of tiles [P, C, *tile] displaced so (`nets.motion.displacements`), or all alike."""
    one = replace(pyramid, channels=1)
    matrices = [spline_matrix(*pair) for pair in zip(one.tile, one.coarse, strict=True)]
    probe = tiles.new_zeros(len(displaced), 1, *one.tile).requires_grad_()
    own, seen = [], []
    for low in lowest(probe, one, displaced).flatten(1).unbind(1):
        (weights,) = torch.autograd.grad(low.sum(), probe, retain_graph=True)
        own.append((tiles.flatten(2) @ weights.flatten(2).mT)[..., 0])
        around = torch.einsum("pcthw,ta,hb,wd->pabd", weights, *matrices)
        seen.append(around.flatten(1).expand(len(tiles), -1))
    return LowParts(torch.stack(own, 2), torch.stack(seen, 1))
