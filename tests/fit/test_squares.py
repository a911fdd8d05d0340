"""J^T J is what it is by its definition, whatever the shapes."""

import pytest
import torch
from torch import Tensor

from lgcodec.fit.squares import Layer, squared

SAMPLES, PARTITIONS = 17, 2


def drawn(inputs: int, outputs: int, channels: int) -> Layer:
    generator = torch.Generator().manual_seed(inputs + 10 * outputs)
    shapes = (PARTITIONS, inputs, SAMPLES), (PARTITIONS, channels, outputs, SAMPLES)
    first, second = (torch.randn(shape, generator=generator) for shape in shapes)
    return first, second


def jacobian(layers: list[Layer]) -> Tensor:
    """[p, C S, N]"""
    parts = [torch.einsum("pis,pcos->pcsio", *layer).flatten(3) for layer in layers]
    return torch.cat(parts, 3).flatten(1, 2)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("sizes", [[(3, 4)], [(3, 4), (5, 2)], [(2, 5), (6, 5), (6, 1)]])
def test_squares_are_those_of_the_jacobian(sizes: list[tuple[int, int]], channels: int) -> None:
    layers = [drawn(*size, channels) for size in sizes]
    rows = jacobian(layers)
    torch.testing.assert_close(squared(layers), rows.mT @ rows)
