"""Motion of the pictures of a tile along time: lifting then joins what is seen, not what is there.

A picture that is predicted from those before and after it has blocks; each says where in both, or
in which of them, it is to be seen. Blocks overlap (Orchard and Sullivan 1994), so that nothing ends
at their edges. What a prediction leaves goes back to where it was taken from ("barbell" lifting:
Xiong, Xu, Wu and Li 2007): the update is the transpose of the prediction. Lifting along motion
(Pesquet-Popescu and Bottreau 2001; Secker and Taubman 2003) stays invertible whatever motion is.
Specification: latent.md, Motion.
"""

from typing import Any, Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lgcodec.coding.motion import AFTER, MOST, PARTS
from lgcodec.coding.pyramid import Pyramid
from lgcodec.nets.smooth import catmull_rom

__all__ = ["Moving", "displacements", "motion_of"]

ENOUGH: Final = 1.0  # what a sample is seen with before its share of an update grows no more
BOTH: Final = 2.0  # neighbours, that an update adds up


def displacements(motion: Tensor, pyramid: Pyramid) -> Tensor:
    """Of the blocks of all pictures [P, T, I, J, 3], int64, from the numbers of a file.

    Down, right, and which neighbours it is of; 0 of pictures that are not predicted.
    """
    numbers = motion.clamp(-MOST, MOST).round().long()
    away, which = numbers[..., : PARTS - 1], numbers[..., PARTS - 1 :].clamp(0, AFTER)
    shape = len(motion), pyramid.tile[0], *motion.shape[2:]
    displaced = torch.zeros(shape, dtype=torch.int64, device=motion.device)
    displaced[:, list(pyramid.predicted)] = torch.cat([away, which], 4)
    return displaced


def motion_of(displaced: Tensor, pyramid: Pyramid) -> Tensor:
    """The inverse of `displacements`."""
    return displaced[:, list(pyramid.predicted)]


@final
class Moving:
    """Neighbours of pictures along time, of a line that is split into even and odd ones.

    displaced   [P, m, I, J, 3] of the blocks of the pictures of the line
    edge        of a block
    """

    def __init__(self, displaced: Tensor, edge: int) -> None:
        from lgcodec.nets import motion_loops  # noqa: PLC0415 (numba, only where pictures move)

        self._loops, self._edge = motion_loops, edge
        self._moved = displaced[:, 1::2].contiguous().cpu().numpy()
        self._still = torch.from_numpy(~self._moved.any(axis=(1, 2, 3, 4)))
        self._even = (displaced.shape[1] + 1) // 2
        before = np.arange(self._moved.shape[1])
        self._between = before, np.minimum(before + 1, self._even - 1)
        self._shares: Tensor | None = None  # of an update

    def around_high(self, low: Tensor) -> Tensor:
        """Sum of the two even pictures around every odd one, from even ones [P, C, m, H, W]."""
        before, after = self._between
        seen = _See.apply(low, self, False)  # type: ignore[no-untyped-call]
        return self.where_still(low[:, :, before] + low[:, :, after], seen)

    def around_low(self, high: Tensor) -> Tensor:
        """Sum of the two odd pictures around every even one, from odd ones [P, C, m, H, W]."""
        after = np.arange(self._even)
        left, right = np.maximum(after - 1, 0), np.minimum(after, high.shape[2] - 1)
        back = _See.apply(high, self, True) * self.share(high)  # type: ignore[no-untyped-call]
        return self.where_still(high[:, :, left] + high[:, :, right], back)

    def seen(self, pictures: Tensor, *, once: bool) -> Tensor:
        """What odd pictures see in even ones."""
        tiles, channels, _, *size = pictures.shape
        shape = tiles, channels, len(self._between[0]), *size
        return self._run(self._loops.see, pictures, shape, once=once)

    def given_back(self, pictures: Tensor, *, once: bool) -> Tensor:
        """The transpose: what odd pictures are, where they see it."""
        tiles, channels, _, *size = pictures.shape
        shape = tiles, channels, self._even, *size
        return self._run(self._loops.see_back, pictures, shape, once=once)

    def _run(self, loop: Any, pictures: Tensor, shape: tuple[int, ...], *, once: bool) -> Tensor:
        """A loop, which runs on the CPU wherever tensors are."""
        given = pictures.detach().contiguous().cpu()
        found, taps = torch.zeros(shape, dtype=given.dtype), _taps(given)
        line = self._loops.Line(*self._between, self._moved, self._edge, taps)
        loop(given.numpy(), line, once, found.numpy())
        return found.to(pictures.device)

    def share(self, like: Tensor) -> Tensor:
        """Of an update: as if two saw every sample, but less where next to nothing sees it."""
        if self._shares is None:
            ones = like.new_ones(len(like), 1, *like.shape[2:])
            self._shares = BOTH / self.given_back(ones, once=True).clamp(min=ENOUGH)
        return self._shares

    def where_still(self, still: Tensor, moving: Tensor) -> Tensor:
        """Tiles that stand still are not even multiplied by 1: so none depends on others."""
        chosen = self._still.to(still.device).view(-1, 1, 1, 1, 1)
        return torch.where(chosen, still, moving)


@final
class _See(torch.autograd.Function):
    """`Moving.seen` or, back, `Moving.given_back`; each is the other's slope."""

    @staticmethod
    def forward(ctx: Any, pictures: Tensor, moving: Moving, back: bool) -> Tensor:
        ctx.moving, ctx.back = moving, back
        return moving.given_back(pictures, once=True) if back else moving.seen(pictures, once=False)

    @staticmethod
    def backward(ctx: Any, slopes: Tensor) -> tuple[Tensor, None, None]:
        moving = ctx.moving
        if ctx.back:
            return moving.seen(slopes, once=True), None, None
        return moving.given_back(slopes, once=False), None, None


def _taps(like: Tensor) -> NDArray[Any]:
    """Weights [UNIT, 4] of the samples around each part of one."""
    from lgcodec.nets.motion_loops import UNIT  # noqa: PLC0415

    return catmull_rom(torch.arange(UNIT) / UNIT).to(like.dtype).numpy()
