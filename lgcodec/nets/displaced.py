"""Pictures at displaced places: splines between samples, mirrored at borders.

Compiled loops on a CPU, where operations of torch take several times as long; tensors elsewhere
stay where they are. Specification: latent.md, Motion.
"""

from typing import Any, Final, NamedTuple, final

import torch
from torch import Tensor

from lgcodec.nets.smooth import catmull_rom

__all__ = ["UNIT", "Asked", "shifted", "sums_of_two"]

UNIT: Final = 8  # of a displacement: one sample


class Asked(NamedTuple):
    """Two neighbours of every picture: which [K] of a line, and where they are seen [P, K, 2]."""

    left: Tensor
    right: Tensor
    left_away: Tensor
    right_away: Tensor


def sums_of_two(pictures: Tensor, asked: Asked) -> Tensor:
    """Sums [P, C, K, H, W] of neighbours in [P, C, m, H, W]; where one alone sees, twice that."""
    if pictures.device.type != "cpu":
        return _sums_elsewhere(pictures, asked)
    found: Tensor = _Sums.apply(pictures, asked)  # type: ignore[no-untyped-call]
    return found


def shifted(pictures: Tensor, away: Tensor) -> Tensor:
    """Pictures [n, C, H, W] at places `away` [n, 2] from every sample; on a CPU without slopes."""
    if pictures.device.type != "cpu":
        return _shifted_elsewhere(pictures, away)
    from lgcodec.nets import motion_loops  # noqa: PLC0415 (numba, only where pictures move)

    found = torch.empty(pictures.shape, dtype=pictures.dtype)
    given = pictures.contiguous().numpy(), away.contiguous().numpy()
    motion_loops.shift(*given, _taps(pictures), found.numpy())
    return found


@final
class _Sums(torch.autograd.Function):
    """`sums_of_two` by loops, and its transpose."""

    @staticmethod
    def forward(ctx: Any, pictures: Tensor, asked: Asked) -> Tensor:
        from lgcodec.nets import motion_loops  # noqa: PLC0415 (numba, only where pictures move)

        tiles, channels, ctx.length, *size = pictures.shape
        ctx.asked = motion_loops.Asked(*(part.contiguous().numpy() for part in asked))
        found = pictures.new_empty(tiles, channels, len(asked.left), *size)
        given = pictures.contiguous().numpy()
        motion_loops.sum_up(given, ctx.asked, _taps(pictures), found.numpy())
        return found

    @staticmethod
    def backward(ctx: Any, slopes: Tensor) -> tuple[Tensor, None]:
        from lgcodec.nets import motion_loops  # noqa: PLC0415 (numba, only where pictures move)

        tiles, channels, _, *size = slopes.shape
        found = slopes.new_zeros(tiles, channels, ctx.length, *size)
        given = slopes.contiguous().numpy()
        motion_loops.sum_up_back(given, ctx.asked, _taps(slopes), found.numpy())
        return found, None


def _taps(like: Tensor) -> Any:
    """Weights [8, 4] of the samples around each eighth of one."""
    return catmull_rom(torch.arange(UNIT) / UNIT).to(like.dtype).numpy()


def _sums_elsewhere(pictures: Tensor, asked: Asked) -> Tensor:
    one = _seen(pictures[:, :, asked.left], asked.left_away)
    two = _seen(pictures[:, :, asked.right], asked.right_away)
    sees = _sees(pictures, asked.left_away)
    other_sees = _sees(pictures, asked.right_away)
    alone = torch.where(sees, 2 * one, 2 * two)
    return torch.where(sees == other_sees, one + two, alone)


def _shifted_elsewhere(pictures: Tensor, away: Tensor) -> Tensor:
    down, right = away.T
    return _down(_down(pictures, down).mT, right).mT


def _seen(pictures: Tensor, away: Tensor) -> Tensor:
    """Pictures [P, C, m, H, W] at places `away` [P, m, 2] from every sample."""
    flat = _shifted_elsewhere(pictures.transpose(1, 2).flatten(0, 1), away.flatten(0, 1))
    return flat.view(len(pictures), -1, *flat.shape[1:]).transpose(1, 2)


def _sees(pictures: Tensor, away: Tensor) -> Tensor:
    """[P, 1, m, H, W]: whether that place is in the pictures, half a sample around included."""
    found = torch.ones((), dtype=torch.bool, device=away.device)
    for axis, length in enumerate(pictures.shape[3:]):
        places = UNIT * torch.arange(length, device=away.device) + away[..., axis, None]
        inside = (places >= -UNIT // 2) & (places <= UNIT * (length - 1) + UNIT // 2)
        found = found & (inside[..., None] if axis == 0 else inside[..., None, :])
    return found[:, None]


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
