"""Channels as rotations of those that are coded: an orthonormal matrix in a few integers.

Any rotation is a product of rotations in the planes of two channels (Givens), so C channels take
C (C - 1) / 2 angles. With that of the signal's own statistics (Karhunen-Loeve), coded channels are
uncorrelated and errors in all of them count the same.
"""

from collections.abc import Iterator
from math import atan2, pi
from typing import Final

import torch
from torch import Tensor

__all__ = ["ANGLE_UNIT", "angle_count", "angles_of", "rotation", "turned"]

ANGLE_UNIT: Final = 2048 / pi  # an angle is a whole number of these in a radian


def angle_count(channels: int) -> int:
    """Angles of a rotation of so many channels."""
    return channels * (channels - 1) // 2


def rotation(angles: Tensor, channels: int) -> Tensor:
    """Orthonormal matrix [C, C] of stored `angles` [C (C - 1) / 2]: channels from coded ones."""
    matrix = torch.eye(channels, dtype=torch.float64)
    numbers = angles.detach().cpu().double()
    for (first, second), angle in zip(_planes(channels), numbers, strict=True):
        matrix = matrix @ _plane(channels, first, second, float(angle) / ANGLE_UNIT)
    return matrix


def turned(matrix: Tensor, values: Tensor) -> Tensor:
    """A matrix [C, C] times the channels of values [P, C, *tile].

    Term by term: a matrix library may round otherwise for another P, and a crop must not change
    what is kept.
    """
    columns = matrix.T.view(len(matrix), -1, *(1,) * (values.ndim - 2))
    total = columns[0] * values[:, :1]
    for channel, column in enumerate(columns[1:], 1):
        total = total + column * values[:, channel, None]
    return total


def angles_of(matrix: Tensor) -> Tensor:
    """Stored angles of an orthonormal matrix [C, C]; its last column may change sign."""
    left, angles = matrix.double(), []
    for first, second in _planes(len(matrix)):
        angle = atan2(float(left[second, first]), float(left[first, first]))
        left = _plane(len(matrix), first, second, angle).T @ left
        angles.append(round(angle * ANGLE_UNIT))
    return torch.tensor(angles, dtype=torch.float32)


def _planes(channels: int) -> Iterator[tuple[int, int]]:
    return ((i, j) for i in range(channels) for j in range(i + 1, channels))


def _plane(channels: int, first: int, second: int, angle: float) -> Tensor:
    """The rotation of channel `first` towards channel `second`."""
    matrix = torch.eye(channels, dtype=torch.float64)
    turn = torch.tensor(angle, dtype=torch.float64)
    matrix[first, first] = matrix[second, second] = turn.cos()
    matrix[second, first], matrix[first, second] = turn.sin(), -turn.sin()
    return matrix
