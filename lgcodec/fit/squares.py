"""J^T J of small networks from what their layers take in and give back, without J.

The derivative of an output in the weight from i to o is, at a sample, input i times what comes back
from o. So the sum over samples of products of two derivatives is one of products of two inputs
times products of what comes back from two outputs, the latter summed over channels (a Khatri-Rao
product: the rows of J are Kronecker products). That is a product of two matrices, whose work does
not grow with the channels, and of which half in either factor is the same where a layer meets
itself: a seventh of the time of J^T J for pictures.

Letters in shapes: p partitions, C channels, S samples, I inputs and O outputs of a layer, N weights
"""

from collections.abc import Sequence
from itertools import combinations_with_replacement

import torch
from torch import Tensor

__all__ = ["Layer", "squared"]

# inputs [p, I, S], the last one 1, and what outputs change by with their sums, [p, C, O, S]
Layer = tuple[Tensor, Tensor]


def squared(layers: Sequence[Layer]) -> Tensor:
    """J^T J [p, N, N] of the weights of all layers."""
    sizes = [inputs.shape[1] * back.shape[2] for inputs, back in layers]
    result = layers[0][0].new_empty(len(layers[0][0]), sum(sizes), sum(sizes))
    places = [slice(sum(sizes[:n]), sum(sizes[: n + 1])) for n in range(len(sizes))]
    for (row, first), (column, second) in combinations_with_replacement(
        zip(places, layers, strict=True), 2
    ):
        block = _block(first, second)
        result[:, row, column] = block
        result[:, column, row] = block.transpose(1, 2)
    return result


def _block(first: Layer, second: Layer) -> Tensor:
    """J^T J [p, I O, I' O'] of the weights of two layers."""
    shape = first[0].shape[1], second[0].shape[1], first[1].shape[2], second[1].shape[2]
    if first is second:  # a pair of rows in either order is one
        (inputs, there), (back, here) = (_own_pairs(v) for v in (first[0][:, None], first[1]))
        sums = (inputs @ back.transpose(1, 2)).index_select(1, there).index_select(2, here)
    else:
        inputs, back = _pairs(first[0][:, None], second[0][:, None]), _pairs(first[1], second[1])
        sums = inputs @ back.transpose(1, 2)
    return sums.view(-1, *shape).transpose(2, 3).flatten(3).flatten(1, 2)


def _pairs(first: Tensor, second: Tensor) -> Tensor:
    """Products [p, A B, S] of all rows of [p, C, A, S] with all of [p, C, B, S], summed over C."""
    total = first[:, 0, :, None] * second[:, 0, None]
    for channel in range(1, first.shape[1]):
        total.addcmul_(first[:, channel, :, None], second[:, channel, None])
    return total.flatten(1, 2)


def _own_pairs(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Products [p, A (A + 1) / 2, S] of rows of [p, C, A, S], summed over C.

    And which of them is that of each pair, [A A].
    """
    height = rows.shape[2]
    former, latter = torch.triu_indices(height, height, device=rows.device)
    numbers = former.new_empty(height, height)
    numbers[former, latter] = numbers[latter, former] = torch.arange(
        len(former), device=rows.device
    )
    parts = [channel.index_select(1, former) for channel in rows.unbind(1)]
    others = [channel.index_select(1, latter) for channel in rows.unbind(1)]
    total = parts[0].mul_(others[0])
    for part, other in zip(parts[1:], others[1:], strict=True):
        total.addcmul_(part, other)
    return total, numbers.flatten()
