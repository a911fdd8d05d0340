"""Projections of a picture along parallel rays, with gradients: what a CT scanner measures."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

__all__ = ["radon", "sinogram"]

AT_ONCE: Final = 2**22  # samples of turned pictures that are held at a time


def radon(picture: Tensor, angles: Sequence[float]) -> Tensor:
    """[A, n, C] means along rays of a picture [y, x, C], with n = max(y, x); float32.

    angles   degrees by which the rays are turned, counter-clockwise; 0 runs down the columns

    Outside the picture is zero; what a turn moves beyond the n x n samples is not seen.
    """
    height, width, channels = picture.shape
    size = max(height, width)
    turns = torch.deg2rad(torch.tensor(angles, dtype=torch.float32, device=picture.device))
    cos, sin, zero = turns.cos(), turns.sin(), torch.zeros_like(turns)
    rows = [torch.stack([cos, sin, zero], -1), torch.stack([-sin, cos, zero], -1)]
    shape = torch.tensor([width, height], dtype=torch.float32, device=picture.device)
    maps = torch.stack(rows, 1) * (size / shape)[:, None]  # [A, 2, 3]
    planes = picture.movedim(-1, 0)[None]  # [1, C, y, x]
    return torch.cat(
        [
            _means(planes.expand(len(part), -1, -1, -1), part, (channels, size, size))
            for part in torch.split(maps, max(1, AT_ONCE // (channels * size * size)))
        ]
    )


def sinogram(picture: NDArray[np.float32], angles: Sequence[float]) -> NDArray[np.float32]:
    """`radon` of an array."""
    return radon(torch.from_numpy(np.ascontiguousarray(picture)), angles).numpy()


def _means(planes: Tensor, maps: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """[a, n, C] of pictures [a, C, y, x] turned by `maps` [a, 2, 3]."""
    grid = functional.affine_grid(maps, [len(maps), *shape], align_corners=False)
    turned = functional.grid_sample(planes, grid, align_corners=False)
    return turned.mean(2).movedim(1, -1)
