"""Motion of the pictures of a tile along time: lifting then joins what is seen, not what is there.

Each picture is displaced as a whole, in eighths of a sample. A tile is small, so that one
displacement tells most of how a camera or a thing moves over it. Lifting along motion (Pesquet-
Popescu and Bottreau 2001; Secker and Taubman 2003) stays invertible whatever the displacements are.
Specification: latent.md, Motion.
"""

from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor

from lgcodec.nets.smooth import catmull_rom

__all__ = ["UNIT", "Moving", "displaced", "displacements", "motion_of"]

UNIT: Final = 8  # of a displacement: one sample
MOST: Final = 2**15 - 1  # magnitude of a number in a file
AT_ONCE: Final = 2**22  # numbers of the matrices that are made at once


def displacements(motion: Tensor) -> Tensor:
    """Of all pictures [P, T, 2], int64, from their numbers in a file [P, T - 1, 2]."""
    numbers = motion.round().clamp(-MOST, MOST).long()
    still = numbers.new_zeros(len(motion), 1, 2)
    return torch.cat([still, numbers.cumsum(1).cumsum(1)], 1)


def motion_of(displaced: Tensor) -> Tensor:
    """The inverse of `displacements`, for such as begin with 0."""
    speeds = displaced.diff(dim=1)
    return speeds.diff(dim=1, prepend=torch.zeros_like(speeds[:, :1]))


@final
@dataclass(frozen=True)
class Moving:
    """Neighbours of pictures along time, of a line that is split into even and odd ones.

    places   [P, m, 2] of the pictures of the line
    """

    places: Tensor

    def around_high(self, low: Tensor) -> Tensor:
        """Sum of the two even pictures around every odd one, from even ones [P, C, m, H, W]."""
        even, odd = self.places[:, 0::2], self.places[:, 1::2]
        left = torch.arange(odd.shape[1], device=low.device)
        return self._sum(low, even, odd, left, (left + 1).clamp(max=low.shape[2] - 1))

    def around_low(self, high: Tensor) -> Tensor:
        """Sum of the two odd pictures around every even one, from odd ones [P, C, m, H, W]."""
        even, odd = self.places[:, 0::2], self.places[:, 1::2]
        right = torch.arange(even.shape[1], device=high.device)
        last = high.shape[2] - 1
        return self._sum(high, odd, even, (right - 1).clamp(min=0), right.clamp(max=last))

    @staticmethod
    def _sum(pictures: Tensor, own: Tensor, other: Tensor, *places: Tensor) -> Tensor:
        return sum(
            (_seen(pictures[:, :, at], own[:, at] - other) for at in places),
            pictures.new_zeros(()),
        )


def _seen(pictures: Tensor, away: Tensor) -> Tensor:
    """Pictures [P, C, m, H, W] at places `away` [P, m, 2] from every sample."""
    flat, away = pictures.transpose(1, 2).flatten(0, 1), away.flatten(0, 1)
    blocks = flat.split(max(1, AT_ONCE // max(flat.shape[2:]) ** 2))
    rows, at = [], 0
    for block in blocks:
        rows.append(displaced(block, away[at : at + len(block)]))
        at += len(block)
    return torch.cat(rows).unflatten(0, pictures.shape[0:3:2]).transpose(1, 2)


def displaced(pictures: Tensor, away: Tensor) -> Tensor:
    """The same of pictures [n, C, H, W], `away` [n, 2]."""
    down, right = away[:, None, :, None].unbind(2)
    if down.any():
        pictures = _matrices(down, pictures.shape[2]).to(pictures) @ pictures
    if right.any():
        moved = _matrices(right, pictures.shape[3]).to(pictures)
        pictures = pictures @ moved.transpose(-1, -2)
    return pictures


def _matrices(away: Tensor, length: int) -> Tensor:
    """Matrices [n, 1, length, length] that move lines by `away` [n, 1, 1]; their ends go on.

    Summed tap by tap: a scatter would add up in any order on an accelerator.
    """
    line = torch.arange(length, device=away.device)
    first = line + away.div(UNIT, rounding_mode="floor") - 1
    weights = catmull_rom(away.remainder(UNIT) / UNIT)
    result = weights.new_zeros(len(away), 1, length, length)
    for tap in range(4):
        source = (first + tap).clamp(0, length - 1)
        result += weights[..., tap, None] * (source[..., None] == line)
    return result
