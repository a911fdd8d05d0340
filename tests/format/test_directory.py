from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from format.builders import directory
from lgcodec.errors import FileError, UsageError
from lgcodec.format.directory import Group, runs_of
from lgcodec.format.numbers import pack_bits, unpack_bits

locals_of_any_width = st.lists(
    st.one_of(st.integers(1, 3), st.integers(1, 300), st.integers(1, 2**17)),
    min_size=1,
    max_size=20,
)


@st.composite
def groups(draw: st.DrawFn) -> Group:
    lengths = tuple(draw(locals_of_any_width))
    count = len(lengths)
    ids = draw(st.sets(st.integers(0, 40), min_size=count, max_size=count))
    limits = {1: 1023, 2: 4095, 4: 2**24}
    width = draw(st.sampled_from([w for w, most in limits.items() if max(lengths) <= most]))
    crcs = st.lists(st.integers(0, 256**width - 1), min_size=count, max_size=count)
    return Group(
        ordinal=draw(st.integers(0, 65_535)),
        global_len=draw(st.integers(0, 2**28)),
        global_crc=draw(st.integers(0, 2**32 - 1)),
        ids=tuple(sorted(ids)),
        lengths=lengths,
        crcs=tuple(draw(crcs)),
        crc_width=width,
    )


@given(groups())
def test_round_trip(group: Group) -> None:
    data = group.pack()
    assert len(data) == group.dir_len
    assert Group.unpack(data, group.ordinal) == group


@given(groups(), st.data())
def test_any_change_is_refused_or_kept(group: Group, data: st.DataObject) -> None:
    """LGI-F-03 for directories: what is accepted packs to itself."""
    payload = bytearray(group.pack())
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] = data.draw(st.integers(0, 255))
    try:
        assert Group.unpack(bytes(payload), 0).pack() == payload
    except FileError as error:
        assert error.code in ("E_RESERVED", "E_WIDTH", "E_LIMIT", "E_DIR", "E_RUNS")


@given(st.sets(st.integers(0, 50)))
def test_runs_are_maximal_and_complete(numbers: set[int]) -> None:
    runs = runs_of(sorted(numbers))
    assert {n for start, count in runs for n in range(start, start + count)} == numbers
    ends = [start + count for start, count in runs]
    assert all(end < start for end, (start, _) in zip(ends, runs[1:], strict=False))


def test_bytes_are_those_of_the_table() -> None:
    group = Group(0, 3, 7, (2, 3, 9), (5, 6, 7), (10, 11, 12))
    table = directory([(2, 2), (9, 1)], [5, 6, 7], [10, 11, 12], global_len=3, global_crc=7)
    assert group.pack() == table
    for width in (1, 2):
        short = directory(
            [(2, 2), (9, 1)], [5, 6, 7], [1, 2, 3], global_len=3, global_crc=7, crc_width=width
        )
        assert replace(group, crcs=(1, 2, 3), crc_width=width).pack() == short
    assert group.runs == [(2, 2), (9, 1)]
    assert group.ends == (3, 8, 14, 21)
    assert group.length == group.dir_len + 21


@pytest.mark.parametrize(
    ("lengths", "width"),
    [
        *(((5, 5), 0), ((70_000, 70_000), 0), ((1, 2), 2), ((5, 6), 3), ((5, 255), 8)),
        *(((5, 256), 9), ((5, 65_535), 16), ((5, 65_536), 17), ((2**24 - 1, 1), 24)),
        ((2**24, 2**24 - 1), 25),
    ],
)
def test_len_width_is_the_smallest(lengths: tuple[int, int], width: int) -> None:
    """LGI-D-03."""
    group = Group(0, 0, 0, (0, 1), lengths, (0, 0))
    assert group.len_width == width
    assert group.pack()[16] == width
    assert group.dir_len == 20 + 8 + (4 if width == 0 else (2 * width + 7) // 8) + 8
    if max(lengths) < 4096:
        assert replace(group, crc_width=2).dir_len == group.dir_len - 4
    if max(lengths) < 1024:
        assert replace(group, crc_width=1).dir_len == group.dir_len - 6


@given(st.integers(1, 25), st.lists(st.integers(1, 2**25 - 1), min_size=1, max_size=40))
def test_bits_lie_where_the_specification_says(width: int, numbers: list[int]) -> None:
    values = [number % 2**width for number in numbers]
    data = pack_bits(values, width)
    whole = sum(value << i * width for i, value in enumerate(values))
    assert data == whole.to_bytes((len(values) * width + 7) // 8, "little")
    assert unpack_bits(data, width, len(values)) == tuple(values)


def test_three_lengths_of_two_bits() -> None:
    """The example of section 7."""
    assert pack_bits([1, 2, 3], 2) == b"\x39"


def test_as_many_lengths_as_there_may_be() -> None:
    """In a time that grows with their number, not with its square."""
    lengths = tuple(1 + i % 4095 for i in range(2**20))
    group = Group(0, 0, 0, tuple(range(2**20)), lengths, (0,) * 2**20)
    data = group.pack()
    assert len(data) == 20 + 8 + 12 * 2**17 + 4 * 2**20
    assert Group.unpack(data, 0).lengths == lengths


def test_keeping_some() -> None:
    group = Group(4, 3, 7, (2, 3, 9), (5, 6, 7), (10, 11, 12))
    assert group.keeping([9, 2]) == Group(4, 3, 7, (2, 9), (5, 7), (10, 12))
    assert group.keeping(group.ids) == group
    for width in (1, 2):
        assert replace(group, crc_width=width).keeping([9]).crc_width == width
    with pytest.raises(UsageError, match="partition 4 of group 4 is absent"):
        group.keeping([2, 4])


ONE = ([(0, 2)], [1, 2], [0, 0])
BAD = {
    "LGI-D-02 first": ("E_RESERVED", directory(*ONE, reserved=b"\1\0")),
    "LGI-D-02 last": ("E_RESERVED", directory(*ONE, reserved=b"\0\x80")),
    "LGI-D-03 width 26": ("E_WIDTH", directory(*ONE, len_width=26)),
    "LGI-D-03 width 255": ("E_WIDTH", directory(*ONE, len_width=255)),
    "LGI-D-03 3 where 2 fits": ("E_WIDTH", directory(*ONE, len_width=3)),
    "LGI-D-03 25 where 9 fits": ("E_WIDTH", directory([(0, 2)], [1, 256], [0, 0], len_width=25)),
    "LGI-D-03 9 where 8 fits": ("E_WIDTH", directory([(0, 2)], [1, 255], [0, 0], len_width=9)),
    "LGI-D-03 3 where all are equal": (
        "E_WIDTH",
        directory([(0, 2)], [5, 5], [0, 0], len_width=3),
    ),
    "LGI-D-14 first bit": ("E_RESERVED", directory(*ONE, filling=1 << 4)),
    "LGI-D-14 last bit": ("E_RESERVED", directory(*ONE, filling=1 << 7)),
    "LGI-D-13 width 0": ("E_WIDTH", directory(*ONE, crc_width=0)),
    "LGI-D-13 width 3": ("E_WIDTH", directory(*ONE, crc_width=3)),
    "LGI-D-13 width 5": ("E_WIDTH", directory(*ONE, crc_width=5)),
    "LGI-D-13 width 8": ("E_WIDTH", directory(*ONE, crc_width=8)),
    "LGI-D-04 no runs": ("E_LIMIT", directory(*ONE, n_runs=0)),
    "LGI-D-04 no partitions": ("E_LIMIT", directory(*ONE, n_local=0)),
    "LGI-D-04 more runs than partitions": ("E_LIMIT", directory(*ONE, n_runs=3)),
    "LGI-D-04 too many": ("E_LIMIT", directory(*ONE, n_local=2**20 + 1)),
    "LGI-D-04 far too many": ("E_LIMIT", directory(*ONE, n_runs=2**32 - 1, n_local=2**32 - 1)),
    "LGI-D-05 one byte less": ("E_DIR", directory(*ONE)[:-1]),
    "LGI-D-05 one byte more": ("E_DIR", directory(*ONE) + b"\0"),
    "LGI-D-05 counts say more": ("E_DIR", directory(*ONE, n_local=3)),
    "LGI-D-05 counts say 2**20": ("E_DIR", directory(*ONE, n_local=2**20)),
    "LGI-D-05 shorter than its head": ("E_DIR", bytes(19)),
    "LGI-D-06 empty run": ("E_RUNS", directory([(0, 0)], [1, 2], [0, 0])),
    "LGI-D-06 empty run between": ("E_RUNS", directory([(0, 1), (5, 0), (8, 1)], [1] * 3, [0] * 3)),
    "LGI-D-06 touching": ("E_RUNS", directory([(0, 1), (1, 1)], [1, 2], [0, 0])),
    "LGI-D-06 overlapping": ("E_RUNS", directory([(0, 2), (1, 1)], [1, 2, 3], [0] * 3)),
    "LGI-D-06 unsorted": ("E_RUNS", directory([(5, 1), (0, 1)], [1, 2], [0, 0])),
    "LGI-D-06 too long": ("E_RUNS", directory([(0, 3)], [1, 2], [0, 0])),
    "LGI-D-06 too short": ("E_RUNS", directory([(0, 1)], [1, 2], [0, 0])),
    "LGI-D-06 past 2**20": ("E_RUNS", directory([(2**20 - 1, 2)], [1, 2], [0, 0])),
    "LGI-D-06 wraps": ("E_RUNS", directory([(2**32 - 1, 2)], [1, 2], [0, 0])),
    "LGI-D-07 length 0": ("E_LIMIT", directory([(0, 2)], [0, 2], [0, 0])),
    "LGI-D-07 lengths 0": ("E_LIMIT", directory([(0, 2)], [0, 0], [0, 0], len_width=0)),
    "LGI-D-07 length": ("E_LIMIT", directory([(0, 2)], [1, 2**24 + 1], [0, 0])),
    "LGI-D-07 length of a short checksum": (
        "E_LIMIT",
        directory([(0, 2)], [1, 4096], [0, 0], crc_width=2),
    ),
    "LGI-D-07 length of the shortest checksum": (
        "E_LIMIT",
        directory([(0, 2)], [1, 1024], [0, 0], crc_width=1),
    ),
    "LGI-D-07 global_len": ("E_LIMIT", directory(*ONE, global_len=2**28 + 1)),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_directories(name: str) -> None:
    code, data = BAD[name]
    with pytest.raises(FileError) as raised:
        Group.unpack(data, 0, 259)
    assert raised.value.code == code
    assert raised.value.offset is not None
    assert 259 <= raised.value.offset < 259 + len(data)


def test_largest_values_are_allowed() -> None:
    """LGI-D-06, LGI-D-07: the limits themselves."""
    group = Group(65_535, 2**28, 2**32 - 1, (0, 2**20 - 1), (1, 2**24), (0, 2**32 - 1))
    assert Group.unpack(group.pack(), 65_535) == group
    for width, most in ((1, 1023), (2, 4095)):
        last = 256**width - 1
        short = replace(group, lengths=(1, most), crcs=(0, last), crc_width=width)
        assert Group.unpack(short.pack(), 65_535) == short


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((65_536, 0, 0, (0,), (1,), (0,)), "ordinal is 65536"),
        ((0, 0, 0, (), (), ()), "a group has 0 partitions"),
        ((0, 0, 0, (0,), (1, 1), (0,)), "differ in number"),
        ((0, 0, 0, (1, 0), (1, 1), (0, 0)), "do not increase strictly"),
        ((0, 0, 0, (-1,), (1,), (0,)), "do not increase strictly from 0"),
        ((0, 0, 0, (2**20,), (1,), (0,)), "at most 2\\*\\*20 - 1"),
        ((0, 2**28 + 1, 0, (0,), (1,), (0,)), "a global chunk has 268435457 bytes"),
        ((0, 0, 0, (0,), (0,), (0,)), "local chunks have 0 to 0 bytes"),
        ((0, 0, 0, (0,), (4096,), (0,), 2), "1 to 4095 are allowed where crc_width is 2"),
        ((0, 0, 0, (0,), (1024,), (0,), 1), "1 to 1023 are allowed where crc_width is 1"),
    ],
)
def test_groups_check_themselves(values: tuple[object, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Group(*values)
