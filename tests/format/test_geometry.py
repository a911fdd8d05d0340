from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from format.builders import KIND_NAMES, axis, geom_payload, geometry, number
from lgcodec.errors import FileError, UsageError
from lgcodec.format.axis import AxisGeometry
from lgcodec.format.geometry import Geometry
from lgcodec.format.layout import AXES
from lgcodec.format.numbers import pack_numbers, signed, unpack_numbers, unsigned


@st.composite
def axes(draw: st.DrawFn) -> AxisGeometry:
    tile_len, tiles, groups = (draw(st.integers(1, most)) for most in (5, 3, 3))
    grid_lo = draw(st.integers(-20, 20))
    start = draw(st.integers(0, tile_len * tiles * groups - 1))
    length = draw(st.integers(1, tile_len * tiles * groups - start))
    return AxisGeometry(
        draw(st.integers(1, 2**31 - 1)), grid_lo + start, length, grid_lo, tile_len, tiles, groups
    )


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    kind = draw(st.sampled_from(KIND_NAMES))
    rates = st.builds(Fraction, *[st.integers(1, 2**32 - 1)] * 2)
    return Geometry(
        kind,
        draw(st.integers(1, 64)),
        draw(st.sampled_from(("uint8", "uint16", "int16", "float32", "bool"))),
        draw(rates) if "t" in AXES[kind] else None,
        tuple(draw(axes()) for _ in AXES[kind]),
    )


@given(geometries())
def test_round_trip(lattice: Geometry) -> None:
    data = lattice.pack()
    assert Geometry.unpack(data) == lattice
    assert len(data) <= 3 + 10 + 35 * len(lattice.axes)


def test_bytes_are_those_of_the_table() -> None:
    lattice = Geometry("audio", 1, "uint8", Fraction(8), (axis(7, 2),))
    assert lattice.pack() == geom_payload()


@given(geometries())
def test_ids_and_indices_are_a_bijection(lattice: Geometry) -> None:
    spans = [range(axis.tiles * axis.groups) for axis in lattice.axes]
    partitions = [
        (ordinal, i) for ordinal in range(lattice.groups) for i in range(lattice.tiles_per_group)
    ]
    indices = [lattice.partition_index(*partition) for partition in partitions]
    assert sorted(indices) == list(product(*spans))
    assert [lattice.partition_at(index) for index in indices] == partitions


@given(geometries())
def test_boxes_tile_the_grid(lattice: Geometry) -> None:
    boxes = [
        lattice.box(ordinal, i)
        for ordinal in range(lattice.groups)
        for i in range(lattice.tiles_per_group)
    ]
    grid = [axis.grid for axis in lattice.axes]
    assert sum(_volume(box) for box in boxes) == _volume(grid)
    assert len({tuple(span.start for span in box) for box in boxes}) == len(boxes)
    assert all(
        span.start in whole and span[-1] in whole
        for box in boxes
        for span, whole in zip(box, grid, strict=True)
    )


@given(geometries(), st.data())
def test_touching_is_what_intersects(lattice: Geometry, data: st.DataObject) -> None:
    window = tuple(
        range(start, data.draw(st.integers(start + 1, axis.grid.stop + 3)))
        for axis in lattice.axes
        for start in [data.draw(st.integers(axis.grid.start - 3, axis.grid.stop))]
    )
    expected: dict[int, list[int]] = {}
    for ordinal, i in product(range(lattice.groups), range(lattice.tiles_per_group)):
        pairs = zip(lattice.box(ordinal, i), window, strict=True)
        if all(max(a.start, b.start) < min(a.stop, b.stop) for a, b in pairs):
            expected.setdefault(ordinal, []).append(i)
    assert lattice.touching(window) == expected


def test_ids_of_a_video_count_time_fastest() -> None:
    """The example of section 5."""
    assert geometry("video").partition_at((2, 3, 4)) == (0, 142)
    assert geometry("video").partition_index(0, 142) == (2, 3, 4)
    assert geometry("video").box(0, 142) == (range(112, 168), range(192, 256), range(256, 320))


def test_groups_count_like_ids() -> None:
    lattice = geometry("video", (axis(100, 2, 5), axis(30, 3, 2), axis(7, 7)))
    assert lattice.groups == 10
    assert lattice.tiles_per_group == 42
    # t is group 3 tile 1, y is group 1 tile 2, x is tile 5
    assert lattice.partition_at((7, 5, 5)) == (1 * 5 + 3, (2 * 7 + 5) * 2 + 1)


def test_the_last_tile_may_reach_past_the_window() -> None:
    lattice = geometry("audio", (axis(7, 2),), channels=1)
    assert lattice.window == (range(7),)
    assert lattice.box(0, 1) == (range(4, 8),)


def test_with_window_moves_nothing_else() -> None:
    lattice = geometry("image")
    moved = lattice.with_window((range(1, 5), range(6, 9)))
    assert moved.window == (range(1, 5), range(6, 9))
    assert moved.with_window(lattice.window) == lattice
    with pytest.raises(UsageError, match="the window is 0:641"):
        lattice.with_window((range(641), range(6, 9)))


@pytest.mark.parametrize("partition", [(0, 320), (1, 0), (-1, 0), (0, -1)])
def test_partitions_outside_the_grid(partition: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="is outside the grid, which has 1 groups of 320"):
        geometry().box(*partition)


@pytest.mark.parametrize("index", [(5, 0, 0), (0, 8, 0), (0, 0, -1)])
def test_indices_outside_the_grid(index: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="is outside the grid"):
        geometry().partition_at(index)


def test_a_hostile_grid_is_never_enumerated() -> None:
    huge = AxisGeometry(1, 0, 1, 0, 1, 2**15 - 1, 2**16)
    lattice = Geometry("audio", 1, "uint8", Fraction(1), (huge,))
    with pytest.raises(UsageError, match="touches 2147418111 partitions"):
        lattice.touching((range(2**31 - 2**16 - 1),))


BAD = {
    "LGI-G-01 short": geom_payload()[:-1],
    "LGI-G-01 long": geom_payload() + b"\0",
    "LGI-G-01 empty": b"",
    "LGI-G-01 head cut": b"\x01\x01",
    "LGI-G-01 head alone": b"\x01\x01\x01",
    "LGI-G-01 no axis": geom_payload(()),
    "LGI-G-01 axes of another kind": geom_payload([{}, {}]),
    "LGI-G-01 no rate": geom_payload(rate=()),
    "LGI-G-01 rate of an image": geom_payload([{}, {}], kind=2),
    "LGI-G-01 last number has no end": geom_payload([{"groups": b"\x81"}]),
    "LGI-G-02 kind 0": geom_payload(kind=0),
    "LGI-G-02 kind 5": geom_payload(kind=5),
    "LGI-G-02 sample_type 0": geom_payload(sample_type=0),
    "LGI-G-02 sample_type 6": geom_payload(sample_type=6),
    "LGI-G-03 channels 0": geom_payload(channels=0),
    "LGI-G-03 channels 65": geom_payload(channels=65),
    "LGI-G-04 long 1": geom_payload([{"groups": b"\x81\0"}]),
    "LGI-G-04 long 0": geom_payload([{"win_at": b"\x80\0"}]),
    "LGI-G-04 long 300": geom_payload([{"frame_len": b"\xac\x82\0"}]),
    "LGI-G-04 six bytes": geom_payload([{"frame_len": b"\x80\x80\x80\x80\x80\1"}]),
    "LGI-G-05 0/0": geom_payload(rate=(0, 0)),
    "LGI-G-05 zero": geom_payload(rate=(0, 1)),
    "LGI-G-05 by zero": geom_payload(rate=(1, 0)),
    "LGI-G-05 not lowest": geom_payload(rate=(16, 2)),
    "LGI-G-05 2**32": geom_payload(rate=(2**32, 1)),
    "LGI-G-06 frame_len 0": geom_payload([{"frame_len": 0}]),
    "LGI-G-06 frame_len 2**31": geom_payload([{"frame_len": 2**31}]),
    "LGI-G-06 win_len 0": geom_payload([{"win_len": 0}]),
    "LGI-G-06 win_len 2**35 - 1": geom_payload([{"win_len": 2**35 - 1}]),
    "LGI-G-06 tile_len 0": geom_payload([{"tile_len": 0}]),
    "LGI-G-06 tiles 0": geom_payload([{"tiles": 0}]),
    "LGI-G-06 groups 0": geom_payload([{"groups": 0}]),
    "LGI-G-06 grid_lo -2**31": geom_payload([{"grid_lo": 2**32 - 1}]),
    "LGI-G-06 grid_lo 2**31": geom_payload([{"grid_lo": 2**32}]),
    "LGI-G-07 extent": geom_payload([{"tile_len": 2**15, "tiles": 2**8, "groups": 2**8}]),
    "LGI-G-07 product wraps 2**64": geom_payload(
        [{"tile_len": 2**31, "tiles": 2**31, "groups": 4}]
    ),
    "LGI-G-08 past the grid": geom_payload([{"win_at": 2}]),
    "LGI-G-08 far past it": geom_payload([{"win_at": 2**32 - 1, "win_len": 2**31 - 1}]),
    "LGI-G-09 tiles": geom_payload([{"tile_len": 1, "tiles": 2**20 + 1}]),
    "LGI-G-09 tiles of two axes": geom_payload(
        [{"tile_len": 1, "tiles": 2**11}] * 2, kind=2, rate=()
    ),
    "LGI-G-09 groups": geom_payload([{"tile_len": 1, "groups": 2**16 + 1}]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_payloads(name: str) -> None:
    with pytest.raises(FileError) as raised:
        Geometry.unpack(BAD[name], 116)
    in_axis = name.startswith(("LGI-G-06", "LGI-G-07", "LGI-G-08"))
    assert (raised.value.code, raised.value.offset) == ("E_GEOM", 121 if in_axis else 116)


def test_a_number_has_one_form() -> None:
    for value in (0, 1, 127, 128, 300, 2**14 - 1, 2**14, 2**28, 2**35 - 1):
        assert pack_numbers([value, 1]) == number(value) + b"\1"
        assert unpack_numbers(number(value) * 2) == [value, value]
    assert pack_numbers([300]) == b"\xac\2"  # section 5


def test_signs() -> None:
    assert [unsigned(value) for value in (0, -1, 1, -2, 2)] == [0, 1, 2, 3, 4]
    assert all(signed(unsigned(value)) == value for value in (*range(-9, 9), 1 - 2**31, 2**31 - 1))


def test_largest_values_are_allowed() -> None:
    """LGI-G-06, LGI-G-07, LGI-G-09: the limits themselves."""
    most = AxisGeometry(2**31 - 1, -(2**31) + 1, 2**31 - 1, -(2**31) + 1, 2**31 - 1, 1, 1)
    lattice = geometry("image", (most, axis(2**20, 2**20)), channels=64)
    assert Geometry.unpack(lattice.pack()) == lattice
    groups = geometry("audio", (axis(65536, 1, 65536),), rate=Fraction(2**32 - 1, 2**32 - 2))
    assert Geometry.unpack(groups.pack()) == groups


def test_rates_of_the_caller() -> None:
    with pytest.raises(UsageError, match="audio has rate None"):
        replace(geometry("audio", (axis(7, 2),)), rate=None)
    with pytest.raises(UsageError, match="numbers below 2\\*\\*32"):
        geometry("audio", (axis(7, 2),), rate=Fraction(2**32))


def _volume(box: object) -> int:
    total = 1
    for span in box:
        total *= len(span)
    return total
