"""Texts that say where partitions are: as ranges of the command line they select these."""

import re
from collections.abc import Iterator

from format.builders import axis, geometry
from hypothesis import given
from hypothesis import strategies as st

from lgcodec._places import group_text, groups_text, partitions_text
from lgcodec._ranges import parse_range, resolve
from lgcodec.format.axis import AxisGeometry
from lgcodec.format.directory import runs_of
from lgcodec.format.geometry import Geometry

NAMED = re.compile(r"(\d+)(?: to (\d+))? \((.*?)\)")
CLIP = geometry("video", (axis(12, 3), axis(16, 2), axis(24, 3)))  # ids count t, then x, then y
LONG = geometry("audio", (axis(60, 4, groups=3),), channels=1)


@st.composite
def lattices(draw: st.DrawFn) -> Geometry:
    """A film or picture of groups of tiles, cropped."""
    kind = draw(st.sampled_from(["image", "video"]))
    axes = []
    for _ in range(3 if kind == "video" else 2):
        tile, tiles, groups = (draw(st.integers(1, most)) for most in (3, 4, 2))
        length = tile * tiles * groups
        low, start = draw(st.integers(-9, 9)), draw(st.integers(0, length - 1))
        shown = draw(st.integers(1, length - start))
        axes.append(AxisGeometry(length, low + start, shown, low, tile, tiles, groups))
    return geometry(kind, tuple(axes))


def named(text: str) -> Iterator[tuple[range, dict[str, str]]]:
    """The ids of each part of a text, and its ranges by axis."""
    for first, last, place in NAMED.findall(text):
        ranges = dict(part.split(" ") for part in place.split(", "))
        yield range(int(first), int(last or first) + 1), ranges


@given(lattices(), st.data())
def test_ranges_select_what_is_named(lattice: Geometry, data: st.DataObject) -> None:
    touched = lattice.touching(lattice.window)
    ordinal = data.draw(st.sampled_from(sorted(touched)))
    ids = sorted(data.draw(st.sets(st.sampled_from(touched[ordinal]), min_size=1, max_size=8)))
    told: list[int] = []
    for numbers, ranges in named(partitions_text(lattice, ordinal, ids)):
        window = resolve(lattice, {name: parse_range(text) for name, text in ranges.items()})
        held = lattice.touching(window)[ordinal]
        assert [i for i in numbers if i in touched[ordinal]] == held
        told.extend(numbers)
    assert told == ids


@given(st.integers(0, 17), st.data())
def test_a_run_is_few_boxes(first: int, data: st.DataObject) -> None:
    last = data.draw(st.integers(first, 17))
    boxes = list(named(partitions_text(CLIP, 0, range(first, last + 1))))
    assert len(boxes) <= 5  # of three axes: two ends of each but the slowest
    joined = [i for ids, _ in boxes for i in ids]
    assert runs_of(joined) == [(first, last + 1 - first)]
    whole = [ids for ids, ranges in boxes if "0:3" in (ranges["t"], ranges["x"])]
    assert bool(whole) == any(set(range(3 * n, 3 * n + 3)) <= set(joined) for n in range(6))


def test_what_is_told() -> None:
    assert partitions_text(CLIP, 0, [13]) == "partition 13 (t 1, y 1, x 1)"
    row = "partitions 9 to 17 (t 0:3, y 1, x 0:3)"
    assert partitions_text(CLIP, 0, range(9, 18)) == row
    assert partitions_text(LONG, 1, [0, 2]) == "group 1, partitions 0 (t 4), 2 (t 6)"
    assert groups_text(LONG, [(0, 3), (2, 0), (2, 1)]) == (
        "group 0, partition 3 (t 3); group 2, partitions 0 to 1 (t 8:10)"
    )
    assert group_text(LONG, 1) == "group 1 (t 4:8)"


def test_what_has_no_place() -> None:
    """The only group, one that the grid lacks, and what no viewer shows."""
    assert group_text(CLIP, 0) == "group 0"
    assert group_text(LONG, 3) == "group 3"
    cropped = LONG.with_window((range(25, 31),))
    assert partitions_text(cropped, 0, [0]) == "group 0, partition 0 (outside the window)"
    assert partitions_text(cropped, 1, [1]) == "group 1, partition 1 (t 0)"


def test_long_lists_are_cut() -> None:
    every_other = range(0, 1000, 2)
    sound = geometry("audio", (axis(5000, 1000),), channels=1)
    assert partitions_text(sound, 0, every_other).endswith(", 14 (t 14) and 492 more")
    groups = geometry("audio", (axis(50, 1, groups=10),), channels=1)
    one_each = [(ordinal, 0) for ordinal in range(10)]
    assert groups_text(groups, one_each).endswith("; group 7, partition 0 (t 7); and 2 groups more")
    assert groups_text(groups, one_each[:9]).endswith("; and 1 group more")
