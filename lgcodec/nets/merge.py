"""Merge operators: how the features of the global path enter those of the local one.

One operator, with one weight matrix W and bias b, serves all depths and all partitions. Adding one:
one line below. Letters: h and g are the widths of the two paths, R the rows (one per sample).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, final

import torch
from torch import Tensor

__all__ = ["MERGES", "Merge"]

Activate = Callable[[Tensor], Tensor]


@final
@dataclass(frozen=True)
class Merge:
    """One operator.

    inputs   rows of W for widths h and g; it has h columns
    mix      features [R, h] of local [R, h], global [R, g], W, b [h] and the activation
    """

    inputs: Callable[[int, int], int]
    mix: Callable[[Tensor, Tensor, Tensor, Tensor, Activate], Tensor]


def _concat(local: Tensor, global_: Tensor, w: Tensor, b: Tensor, activate: Activate) -> Tensor:
    """Paper, equation 1, without building the concatenation: [L, G] W = L W_L + G W_G."""
    width = local.shape[1]
    return activate(torch.addmm(torch.addmm(b, local, w[:width]), global_, w[width:]))


def _add(local: Tensor, global_: Tensor, w: Tensor, b: Tensor, activate: Activate) -> Tensor:
    """Paper, equation 2: L + act(G W + b)."""
    return local + activate(torch.addmm(b, global_, w))


MERGES: Final[Mapping[str, Merge]] = {
    "concat": Merge(lambda h, g: h + g, _concat),
    "add": Merge(lambda _, g: g, _add),
}
