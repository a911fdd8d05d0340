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

__all__ = ["UNIT", "Moving", "displacements", "motion_of", "shifted"]

UNIT: Final = 8  # of a displacement: one sample
MOST: Final = 2**15 - 1  # magnitude of a number in a file


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

    displaced   [P, m, 2] of the pictures of the line
    """

    displaced: Tensor

    def around_high(self, low: Tensor) -> Tensor:
        """Sum of the two even pictures around every odd one, from even ones [P, C, m, H, W]."""
        even, odd = self.displaced[:, 0::2], self.displaced[:, 1::2]
        left = torch.arange(odd.shape[1], device=low.device)
        right = (left + 1).clamp(max=low.shape[2] - 1)
        return _sum(low[:, :, left], even[:, left] - odd, low[:, :, right], even[:, right] - odd)

    def around_low(self, high: Tensor) -> Tensor:
        """Sum of the two odd pictures around every even one, from odd ones [P, C, m, H, W]."""
        even, odd = self.displaced[:, 0::2], self.displaced[:, 1::2]
        after = torch.arange(even.shape[1], device=high.device)
        left, right = (after - 1).clamp(min=0), after.clamp(max=high.shape[2] - 1)
        return _sum(high[:, :, left], odd[:, left] - even, high[:, :, right], odd[:, right] - even)


def _sum(left: Tensor, left_away: Tensor, right: Tensor, right_away: Tensor) -> Tensor:
    """Of pictures [P, C, m, H, W] seen from `away` [P, m, 2]; where one alone sees, twice that."""
    one, two = _seen(left, left_away), _seen(right, right_away)
    if torch.equal(left_away, right_away):
        return one + two
    sees, other_sees = _sees(left, left_away), _sees(right, right_away)
    alone = torch.where(sees, 2 * one, 2 * two)
    return torch.where(sees == other_sees, one + two, alone)


def _seen(pictures: Tensor, away: Tensor) -> Tensor:
    """Pictures [P, C, m, H, W] at places `away` [P, m, 2] from every sample."""
    flat = shifted(pictures.transpose(1, 2).flatten(0, 1), away.flatten(0, 1))
    return flat.view(len(pictures), -1, *flat.shape[1:]).transpose(1, 2)


def _sees(pictures: Tensor, away: Tensor) -> Tensor:
    """[P, 1, m, H, W]: whether that place is in the pictures, half a sample around included."""
    found = torch.ones((), dtype=torch.bool, device=away.device)
    for axis, length in enumerate(pictures.shape[3:]):
        places = UNIT * torch.arange(length, device=away.device) + away[..., axis, None]
        inside = (places >= -UNIT // 2) & (places <= UNIT * (length - 1) + UNIT // 2)
        found = found & (inside[..., None] if axis == 0 else inside[..., None, :])
    return found[:, None]


def shifted(pictures: Tensor, away: Tensor) -> Tensor:
    """Pictures [n, C, H, W] at places `away` [n, 2] from every sample."""
    down, right = away.T
    if down.any():
        pictures = _down(pictures, down)
    return _down(pictures.mT, right).mT if right.any() else pictures


def _down(pictures: Tensor, away: Tensor) -> Tensor:
    """The same along the first axis of pictures, which are mirrored at their ends.

    A sample at an end that was repeated would stand for many, and so would its noise. Term by term,
    so that other pictures beside them change no bit; what stands still is not even multiplied by 0,
    which would make something else of infinite samples.
    """
    count, channels, length, width = pictures.shape
    rows = pictures.reshape(-1, width)
    begin = length * torch.arange(count * channels, device=away.device).view(count, channels, 1)
    first = torch.arange(length, device=away.device) + away[:, None].div(
        UNIT, rounding_mode="floor"
    )
    total = pictures.new_zeros(())
    for tap, weight in enumerate(catmull_rom(away.remainder(UNIT) / UNIT).to(pictures).T):
        source = (first + tap - 1).clamp(1 - length, 2 * length - 2).abs()
        source = begin + torch.minimum(source, 2 * length - 2 - source)[:, None]
        total = total + weight.view(-1, 1, 1, 1) * rows[source.flatten()].view(pictures.shape)
    return torch.where((away == 0).view(-1, 1, 1, 1), pictures, total)
