"""Rotations and the angles that stand for them."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from lgcodec.nets.rotation import ANGLE_UNIT, angle_count, angles_of, rotation, turned

channels = st.integers(1, 6)


@given(channels, st.integers(0, 2**16))
def test_any_angles_are_a_rotation(count: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    angles = torch.randint(-32_767, 32_768, (angle_count(count),), generator=generator).float()
    matrix = rotation(angles, count)
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(count, dtype=torch.float64))
    torch.testing.assert_close(torch.linalg.det(matrix), torch.tensor(1.0, dtype=torch.float64))


@given(channels, st.integers(0, 2**16))
def test_orthonormal_matrices_have_angles(count: int, seed: int) -> None:
    """Up to the sign of the last column, and to half a unit for every angle."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(count, count, dtype=torch.float64, generator=generator)
    matrix = torch.linalg.qr(drawn)[0]
    found = rotation(angles_of(matrix), count)
    signs = torch.ones(count, dtype=torch.float64)
    signs[-1] = torch.linalg.det(matrix).sign()
    tolerance = angle_count(count) * 0.5 / ANGLE_UNIT
    torch.testing.assert_close(found, matrix * signs, rtol=0, atol=tolerance + 1e-12)


def test_a_quarter_turn_makes_the_second_channel_of_the_first() -> None:
    quarter = rotation(torch.tensor([1024.0]), 2)
    torch.testing.assert_close(
        quarter @ torch.tensor([1.0, 0.0], dtype=torch.float64),
        torch.tensor([0.0, 1.0], dtype=torch.float64),
    )


@given(channels, st.integers(1, 7), st.integers(0, 2**16))
def test_channels_turn_alike_whatever_tiles_are_beside_them(
    count: int, tiles: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(count, count, generator=generator)
    values = torch.randn(tiles, count, 5, 3, generator=generator)
    found = turned(matrix, values)
    torch.testing.assert_close(found, torch.einsum("ij,pjyx->piyx", matrix, values))
    for tile in range(tiles):
        assert torch.equal(found[tile], turned(matrix, values[tile][None])[0])
