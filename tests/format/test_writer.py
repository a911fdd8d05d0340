from dataclasses import replace
from io import BytesIO

import pytest

from format.builders import assemble, axis, conf, geometry, stream, tiny, video_with_sound
from lgcodec.errors import UsageError
from lgcodec.format.conf import Conf, Plug, TensorSpec
from lgcodec.format.container import GroupData, StreamData, loads, write_container

SOUND = StreamData(
    geometry("audio", (axis(7, 2),), channels=1, rate=8),
    Conf(Plug("f"), Plug("q"), Plug("c"), (TensorSpec("w", (1,)),), (), (0.0, 255.0), (0.0,)),
    (GroupData(0, b"GG", {1: b"bb", 0: b"a"}),),
)


def test_values_in_any_order_give_the_same_bytes() -> None:
    """LGI-F-03: the map of chunks and that of ancillary chunks have no order."""
    file = BytesIO()
    written = write_container(file, [SOUND], {"zZZz": b"2", "aAAa": b"1"}, minor=9)
    data = file.getvalue()
    assert written == len(data)
    assert loads(data).streams[0] == SOUND
    assert list(loads(data).ancillary.items()) == [("aAAa", b"1"), ("zZZz", b"2")]
    bare = BytesIO()
    write_container(bare, [SOUND])
    assert bare.getvalue() == assemble(tiny())


def test_two_streams_and_groups() -> None:
    container = video_with_sound()
    file = BytesIO()
    write_container(file, container.streams, container.ancillary, container.minor)
    assert loads(file.getvalue()) == container


def test_groups_and_ids_are_increasing() -> None:
    with pytest.raises(UsageError, match=r"group ordinals are \[1, 0\]"):
        replace(SOUND, groups=(GroupData(1, b"", {0: b"a"}), GroupData(0, b"", {0: b"a"})))
    with pytest.raises(UsageError, match=r"group ordinals are \[\], at least one"):
        replace(SOUND, groups=())


@pytest.mark.parametrize(
    ("group", "message"),
    [
        (GroupData(0, b"", {2: b"a"}), "partition 2 of group 0 is outside the grid"),
        (GroupData(1, b"", {0: b"a"}), "partition 0 of group 1 is outside the grid"),
        (GroupData(0, b"", {}), "a group has 0 partitions"),
        (GroupData(0, b"", {0: b""}), "local chunks have 0 to 0 bytes"),
        (GroupData(0, b"", {0: bytes(2**24 + 1)}), "local chunks have 16777217 to"),
    ],
)
def test_bad_groups(group: GroupData, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        write_container(BytesIO(), [replace(SOUND, groups=(group,))])


def test_channels_agree() -> None:
    """LGI-C-06."""
    with pytest.raises(UsageError, match="fill has 2 values, the stream has 1 channels"):
        replace(SOUND, conf=conf(2))


@pytest.mark.parametrize("name", ["GEOM", "METa", "meta", "mET", "mETaa", "mÉTa"])
def test_types_that_are_not_ancillary(name: str) -> None:
    with pytest.raises(UsageError, match="is not an ancillary chunk type"):
        write_container(BytesIO(), [SOUND], {name: b"x"})


def test_empty_ancillary_chunk() -> None:
    with pytest.raises(UsageError, match="chunk mETa has 0 bytes, allowed are 1 to 67108864"):
        write_container(BytesIO(), [SOUND], {"mETa": b""})


@pytest.mark.parametrize("count", [0, 17])
def test_number_of_streams(count: int) -> None:
    with pytest.raises(UsageError, match=f"the file has {count} streams, allowed are 1 to 16"):
        write_container(BytesIO(), [SOUND] * count)


def test_number_of_entries() -> None:
    long = geometry("audio", (axis(65_536, 1, 65_536),), channels=1, rate=8)
    groups = tuple(GroupData(i, b"", {0: b"a"}) for i in range(65_535))
    with pytest.raises(UsageError, match="the file has 65537 root entries"):
        write_container(BytesIO(), [replace(SOUND, geometry=long, groups=groups)])


def test_nothing_is_written_before_all_is_checked() -> None:
    file = BytesIO()
    with pytest.raises(UsageError):
        write_container(file, [stream()], {"GEOM": b""})
    assert file.getvalue() == b""


@pytest.mark.parametrize(
    ("lengths", "width"),
    [((1023,), 2), ((1024,), 4), ((4095, 1, 1, 1, 1, 1, 1), 2), ((4096, *[1] * 9), 4), ((), 4)],
)
def test_small_chunks_get_short_checksums(lengths: tuple[int, ...], width: int) -> None:
    """By the rule of section 7: fewer than 1024 bytes on average, and at most 4095."""
    chunks = {i: bytes(length) for i, length in enumerate(lengths)}
    assert GroupData.of(0, b"", chunks).crc_width == width


@pytest.mark.parametrize(
    ("lengths", "width"),
    [
        *(((511,), 1), ((512,), 2), ((1023,), 2), ((1024,), 4), ((511, 512), 1), ((511, 513), 2)),
        *(((1023, *[1] * 9), 1), ((1024, *[1] * 9), 2), ((4096, *[1] * 99), 4), ((), 4)),
    ],
)
def test_chunks_that_check_themselves_get_shorter_ones(
    lengths: tuple[int, ...], width: int
) -> None:
    """By the same rule: fewer than 512 bytes on average, and at most 1023."""
    chunks = {i: bytes(length) for i, length in enumerate(lengths)}
    assert GroupData.of(0, b"", chunks, self_checking=True).crc_width == width


def test_chunks_beyond_every_limit_are_refused() -> None:
    group = GroupData.of(0, b"", {0: bytes(2**24 + 1)}, self_checking=True)
    with pytest.raises(UsageError, match="local chunks have 16777217 to 16777217 bytes"):
        write_container(BytesIO(), [replace(SOUND, groups=(group,))])
