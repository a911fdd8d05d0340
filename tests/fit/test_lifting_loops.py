"""A part of lines alone in machine code, against lifting as decoders do it; and its transpose."""

import numpy as np
import pytest
import torch

from lgcodec.fit.lifting_loops import WIDE, whole_of, whole_to
from lgcodec.nets.lifting import inverse

LENGTHS = (2, 3, 4, 5, 8, 9, 127)
SIDES = ((5, 1), (WIDE + 6, 1), (3, 7), (2, 2 * WIDE + 2), (1, 1))  # lines before, beside


@pytest.mark.parametrize("high", [False, True], ids=["low", "high"])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("before", "beside"), SIDES)
def test_a_part_alone(before: int, beside: int, length: int, high: bool) -> None:
    generator = torch.Generator().manual_seed(length)
    few = length // 2 if high else length - length // 2
    part = torch.randn(before, few, beside, generator=generator).double()
    other = part.new_zeros(before, length - few, beside)
    found = np.full((before, length, beside), np.nan)
    whole_of(part.numpy(), high, found)
    expected = inverse(other, part, 1) if high else inverse(part, other, 1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    slopes = torch.randn(before, length, beside, generator=generator).double()
    back = np.full(part.shape, np.nan)
    whole_to(slopes.numpy(), high, back)
    np.testing.assert_allclose((back * part.numpy()).sum(), (slopes * expected).sum(), rtol=1e-9)


def test_in_binary32_as_well() -> None:
    part = torch.arange(6.0).view(1, 6, 1)
    found = np.empty((1, 12, 1), np.float32)
    whole_of(part.numpy(), False, found)
    expected = inverse(part, torch.zeros(1, 6, 1), 1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
