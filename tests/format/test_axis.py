import pytest

from format.builders import axis
from lgcodec.errors import UsageError
from lgcodec.format.axis import AxisGeometry


def test_ranges() -> None:
    line = AxisGeometry(
        frame_len=10, win_lo=-1, win_len=4, grid_lo=-2, tile_len=3, tiles=2, groups=2
    )
    assert line.window == range(-1, 3)
    assert line.grid == range(-2, 10)
    assert [line.tile(i) for i in range(4)] == [
        range(-2, 1),
        range(1, 4),
        range(4, 7),
        range(7, 10),
    ]


@pytest.mark.parametrize(
    ("window", "tiles"),
    [
        (range(1), range(1)),
        (range(1, 2), range(1, 2)),
        (range(2), range(2)),
        (range(-9, 99), range(4)),
        (range(20, 22), range(4, 4)),
        (range(5, 5), range(0)),
    ],
)
def test_touching(window: range, tiles: range) -> None:
    line = AxisGeometry(10, 0, 1, -2, 3, 2, 2)
    assert line.touching(window) == tiles


def test_touching_before_the_grid() -> None:
    assert not AxisGeometry(10, 0, 1, -2, 3, 2, 2).touching(range(-9, -5))


def test_bytes_are_checked() -> None:
    data = axis(7, 2).pack()
    assert AxisGeometry.unpack(data) == axis(7, 2)
    with pytest.raises(UsageError, match="reserved of an axis is 1"):
        AxisGeometry.unpack(data[:-4] + b"\1\0\0\0")
