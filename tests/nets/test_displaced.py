"""Pictures joined by compiled loops: as operations of torch join them, and with their slopes."""

import pytest
import torch
from torch import Tensor

from lgcodec.nets.displaced import (
    Asked,
    _shifted_elsewhere,
    _sums_elsewhere,
    shifted,
    sums_of_two,
)

SHAPES = [(1, 1), (1, 5), (6, 7), (9, 16), (64, 64)]


def drawn(height: int, width: int, far: int, dtype: torch.dtype) -> tuple[Tensor, Asked]:
    """Three tiles of two channels. In the first one neighbour stands still along an axis, and the
    other along the other; in the second some pictures do not move at all."""
    random = torch.Generator().manual_seed(height * width + far)
    pictures = torch.randn(3, 2, 4, height, width, generator=random, dtype=dtype)
    away = torch.randint(-far, far + 1, (2, 3, 5, 2), generator=random)
    away[0, 0, :, 0] = away[1, 0, :, 1] = 0
    away[:, 1, :2] = away[0, 1, 2] = 0
    sides = torch.randint(0, 4, (2, 5), generator=random)
    return pictures, Asked(*sides, *away)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("far", [7, 60, 2000])
def test_loops_give_what_torch_does_elsewhere(shape: tuple[int, int], far: int) -> None:
    """To the bit."""
    pictures, asked = drawn(*shape, far, torch.float32)
    found, expected = sums_of_two(pictures, asked), _sums_elsewhere(pictures, asked)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    flat, away = pictures[:, :, 0], asked.left_away[:, 0]
    torch.testing.assert_close(shifted(flat, away), _shifted_elsewhere(flat, away), rtol=0, atol=0)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("far", [7, 60, 2000])
def test_slopes_are_the_transpose(shape: tuple[int, int], far: int) -> None:
    pictures, asked = drawn(*shape, far, torch.float64)
    pictures.requires_grad_()
    random = torch.Generator().manual_seed(far)
    weights = torch.randn(3, 2, 5, *shape, generator=random, dtype=torch.float64)
    found = [
        torch.autograd.grad((work(pictures, asked) * weights).sum(), pictures)[0]
        for work in (sums_of_two, _sums_elsewhere)
    ]
    torch.testing.assert_close(*found, rtol=0, atol=1e-10)
    assert found[0].abs().max() > 0.1
