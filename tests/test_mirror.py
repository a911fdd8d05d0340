"""Which partition a new one is a mirror image of."""

import numpy as np
import pytest
from format.builders import axis, geometry
from hypothesis import given
from hypothesis import strategies as st

from lgcodec._mirror import centres, mirror_of, signs
from lgcodec.format.axis import AxisGeometry


@given(st.integers(1, 5), st.integers(0, 7), st.integers(-9, 15))
def test_a_row_goes_on_as_if_padded_symmetrically(count: int, first: int, place: int) -> None:
    row = {(first + i,) for i in range(count)}
    padded = np.pad(np.arange(first, first + count), 40, mode="symmetric")
    found = mirror_of((place,), row)
    assert found == (padded[40 + place - first],)
    assert signs((place,), found) == ((-1,) if (place - found[0]) % 2 else (1,))


def test_corners_are_mirrored_twice() -> None:
    block = {(y, x) for y in range(2) for x in range(3)}
    assert mirror_of((2, 3), block) == (1, 2)
    assert signs((2, 3), (1, 2)) == (-1, -1)
    assert mirror_of((2, 1), block) == (1, 1)
    assert signs((2, 1), (1, 1)) == (-1, 1)


def test_where_the_mirror_image_is_absent_the_nearest_is_taken() -> None:
    holed = {(0, 0), (0, 2), (2, 0)}
    assert mirror_of((3, 2), holed) in {(0, 2), (2, 0)}
    assert mirror_of((1, 2), holed) == (0, 2)
    assert mirror_of((9, 9), {(4, 4)}) == (4, 4)


@pytest.mark.parametrize("groups", [1, 2])
def test_centres_are_frame_coordinates(groups: int) -> None:
    """Of the middle of a tile; each group has the frame to itself."""
    lattice = geometry("image", (axis(64, 4, groups), AxisGeometry(48, -8, 56, -16, 16, 4)))
    ranges = ((-1.0, 1.0), (0.0, 2.0))
    found = centres(lattice, ranges, [(0, 0), (1, 1), (4 * groups - 1, 3)])
    first = lattice.axes[0]
    last = -1 + 2 * (first.tile_len * 3.5 / first.frame_len)
    np.testing.assert_allclose(
        found[:, 0], [-1 + first.tile_len / first.frame_len, *found[1:, 0]][:3]
    )
    np.testing.assert_allclose(found[2, 0], last)
    np.testing.assert_allclose(found[:, 1], [-8 / 24, 8 / 24, 40 / 24])
