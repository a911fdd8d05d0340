"""How something grows with numbers, from how it grows with what is made of them."""

import torch
from torch import Tensor

__all__ = ["slope_of"]


def slope_of(numbers: Tensor, made: Tensor, slopes: Tensor) -> Tensor:
    """Of each of `numbers`, where those of what was `made` of them are `slopes`.

    `torch.autograd.grad(made, numbers, slopes)` gives the same bits, but imports sympy for it,
    which takes as long as a small picture.
    """
    (found,) = torch.autograd.grad((made * slopes).sum(), numbers)
    return found
