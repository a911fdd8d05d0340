"""Slopes, against what torch gives."""

import torch

from lgcodec.fit.slopes import slope_of


def test_a_slope_is_that_of_torch() -> None:
    generator = torch.Generator().manual_seed(0)
    numbers = torch.randn(3, 5, generator=generator).requires_grad_()
    matrix, slopes = (torch.randn(5, 7, generator=generator) for _ in range(2))
    slopes = slopes[:3]
    (expected,) = torch.autograd.grad(numbers.square() @ matrix, numbers, slopes)
    assert slope_of(numbers, numbers.square() @ matrix, slopes).equal(expected)
