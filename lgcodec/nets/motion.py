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

from lgcodec.nets.displaced import UNIT, Asked, sums_of_two

__all__ = ["UNIT", "Moving", "displacements", "motion_of"]

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
        return sums_of_two(low, Asked(left, right, even[:, left] - odd, even[:, right] - odd))

    def around_low(self, high: Tensor) -> Tensor:
        """Sum of the two odd pictures around every even one, from odd ones [P, C, m, H, W]."""
        even, odd = self.displaced[:, 0::2], self.displaced[:, 1::2]
        after = torch.arange(even.shape[1], device=high.device)
        left, right = (after - 1).clamp(min=0), after.clamp(max=high.shape[2] - 1)
        return sums_of_two(high, Asked(left, right, odd[:, left] - even, odd[:, right] - even))
