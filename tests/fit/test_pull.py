"""A pull is the gradient of the bits of a Laplace distribution, at a price that the error sets."""

from math import log

import torch

from lgcodec.fit.pull import PRICE, Pull

ERROR = 0.03


def test_it_is_the_gradient_of_bits() -> None:
    """Of matrices, not of biases; a mean square error over the weights is what PRICE is of."""
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(1, 5, 4, generator=generator).requires_grad_()
    bias = torch.randn(1, 4, generator=generator).requires_grad_()
    matrix.grad, bias.grad = torch.ones(1, 5, 4), torch.ones(1, 4)
    pull = Pull({"local.0.w": matrix, "local.0.b": bias})
    pull.error = ERROR
    pull.add(0.5)
    mean = matrix.detach().abs().mean()
    bits = (matrix.abs() / (mean * log(2))).sum()
    (expected,) = torch.autograd.grad(bits * 0.5 * PRICE * ERROR / 24, matrix)
    torch.testing.assert_close(matrix.grad - 1, expected, rtol=1e-4, atol=1e-6)
    assert torch.equal(bias.grad, torch.ones(1, 4))


def test_before_the_first_measurement_there_is_none() -> None:
    matrix = torch.ones(1, 2, 2, requires_grad=True)
    matrix.grad = torch.zeros(1, 2, 2)
    Pull({"local.0.w": matrix}).add(1.0)
    assert not matrix.grad.any()
