"""Linear equations that are known by what they do (GMRES: Saad and Schultz 1986)."""

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["minimised"]


def minimised(
    product: Callable[[Tensor], Tensor], target: Tensor, most: int, near: float
) -> Tensor:
    """x [C, N] for which the error of product(x) from `target` [C, N] is least, line by line.

    Among the sums of `most` powers of the product of the target at most, fewer where the error is
    `near` enough, as a share of the target.
    """
    norm = target.norm(dim=1, keepdim=True).clamp(min=1e-30)
    basis, images = [target / norm], list[Tensor]()
    solution = torch.zeros_like(target)
    for _ in range(most):
        images.append(product(basis[-1]))
        matrix = torch.stack(images, 2)
        weights = torch.linalg.lstsq(matrix, target[..., None]).solution
        solution = (torch.stack(basis, 2) @ weights)[..., 0]
        if ((matrix @ weights)[..., 0] - target).norm(dim=1).le(near * norm[:, 0]).all():
            break
        new = images[-1]
        for _ in range(2):  # twice is enough
            known = torch.stack(basis, 2)
            new = new - (known @ (known.mT @ new[..., None]))[..., 0]
        basis.append(new / new.norm(dim=1, keepdim=True).clamp(min=1e-30))
    return solution
