from dataclasses import replace
from pathlib import Path
from struct import unpack_from

import pytest

from format.builders import (
    Chunk,
    assemble,
    axis,
    conf_payload,
    entries_of,
    geom_payload,
    geometry,
    grup,
    stream,
    tiny,
    video_with_sound,
)
from lgcodec.errors import FileError, InputError, UsageError
from lgcodec.format.container import BytesSource, Container, Reader, dumps, loads

VIDEO = Container((stream(),))


def code_of(data: bytes) -> str:
    with pytest.raises(FileError) as raised:
        loads(data)
    return raised.value.code


BAD = {
    "LGI-D-10 GEOM": ("E_CHUNK_CRC", [replace(tiny()[0], crc=0), *tiny()[1:]]),
    "LGI-D-10 CONF": ("E_CHUNK_CRC", [tiny()[0], replace(tiny()[1], crc=0), tiny()[2]]),
    "LGI-D-10 global": ("E_CHUNK_CRC", tiny(group=grup(global_crc=0))),
    "LGI-D-10 checksum of an empty global chunk": (
        "E_CHUNK_CRC",
        tiny(group=grup(global_chunk=b"", global_len=0, global_crc=1)),
    ),
    "LGI-D-10 local, short": (
        "E_CHUNK_CRC",
        tiny(group=replace(grup(crc_width=2), payload=grup(crc_width=2).payload[:-1] + b"c")),
    ),
    "LGI-D-10 local, shortest": (
        "E_CHUNK_CRC",
        tiny(group=replace(grup(crc_width=1), payload=grup(crc_width=1).payload[:-1] + b"c")),
    ),
    "LGI-D-10 ancillary": ("E_CHUNK_CRC", [*tiny(), Chunk(b"mETa", b"x", crc=0)]),
    "GEOM": ("E_GEOM", tiny(geom=geom_payload(channels=0))),
    "CONF": ("E_CONF", tiny(conf=b"\xa0")),
    "LGI-C-06 two values for one channel": (
        "E_CONF",
        tiny(conf=conf_payload(fill=b"\x06\x82\xf9\x00\x00\xf9\x00\x00")),
    ),
    "LGI-D-01 directory": ("E_DIR_CRC", tiny(group=replace(grup(), crc=0))),
    "LGI-D-02": ("E_RESERVED", tiny(group=grup(reserved=b"\1\0"))),
    "LGI-D-08 one too many": ("E_SIZE", tiny(group=grup(lengths=[1, 1], len_width=0))),
    "LGI-D-08 one too few": ("E_SIZE", tiny(group=grup(lengths=[1, 3]))),
    "LGI-D-08 global_len": ("E_SIZE", tiny(group=grup(global_len=3))),
    "LGI-D-09 partition": ("E_GRID", tiny(group=grup(runs=[(1, 2)]))),
    "LGI-D-09 group": ("E_GRID", tiny(group=replace(grup(), ordinal=1))),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_payloads(name: str) -> None:
    code, chunks = BAD[name]
    assert code_of(assemble(chunks)) == code


def test_geometry_is_judged_before_configuration_before_groups() -> None:
    bad = tiny(geom_payload(kind=0), b"\xa0", grup(reserved=b"\1\0"))
    assert code_of(assemble(bad)) == "E_GEOM"
    assert code_of(assemble([tiny()[0], *bad[1:]])) == "E_CONF"
    assert code_of(assemble([*tiny()[:2], bad[2]])) == "E_RESERVED"


@pytest.mark.parametrize("at", [0, 1, 2])
def test_each_local_chunk_is_checked_when_read(at: int) -> None:
    """LGI-D-10: local chunks, one at a time; the others are read all the same."""
    chunks = [b"aa", b"b", b"cccc"]
    sound = grup(chunks, runs=[(0, 3)])
    payload = bytearray(sound.payload)
    payload[sound.dir_len + 2 + sum(map(len, chunks[:at]))] ^= 1
    geom = geom_payload([{"tiles": 3}])
    data = assemble(tiny(geom, None, replace(sound, payload=bytes(payload))))
    reader = Reader(BytesSource(data))
    for partition, chunk in enumerate(chunks):
        if partition != at:
            assert reader.streams[0].read_locals(0, [partition]) == {partition: chunk}
    words = f"partition {at} of group 0 of the audio has checksum"
    with pytest.raises(FileError, match=words) as raised:
        reader.streams[0].read_locals(0, [0, 1, 2])
    assert raised.value.code == "E_CHUNK_CRC"
    assert data[raised.value.offset] == chunks[at][0] ^ 1


def test_two_chunks_swapped() -> None:
    sound = grup([b"ab", b"cd"], len_width=0)
    swapped = sound.payload[: sound.dir_len] + b"GG" + b"cd" + b"ab"
    assert code_of(assemble(tiny(group=replace(sound, payload=swapped)))) == "E_CHUNK_CRC"


def test_a_zeroed_block() -> None:
    data = bytearray(dumps(VIDEO))
    data[-2048:] = bytes(2048)
    assert code_of(bytes(data)) in ("E_CHUNK_CRC", "E_DIR_CRC")


def test_a_damaged_ancillary_chunk_costs_itself_alone() -> None:
    """LGI-A-03."""
    reader = Reader(BytesSource(assemble([*tiny(), Chunk(b"mETa", b"x", crc=0)])))
    assert reader.streams[0].read_global(0) == b"GG"
    with pytest.raises(FileError, match="mETa has checksum"):
        reader.read_ancillary("mETa")


def test_reads_only_what_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "video.lgi"
    path.write_bytes(dumps(VIDEO))
    with Reader.open(path) as reader:
        main = reader.streams[0]
        group = main.groups[0]
        opened = reader.front_length + main.geom_entry.length + main.conf_entry.length
        assert reader.bytes_read == opened + group.dir_len
        wanted = VIDEO.streams[0].groups[0].local_chunks
        assert main.read_locals(0, [5, 300, 6]) == {i: wanted[i] for i in (5, 6, 300)}
        asked = sum(len(wanted[i]) for i in (5, 6, 300))
        assert reader.bytes_read == opened + group.dir_len + asked


def test_neighbours_come_in_one_read() -> None:
    main = Reader(BytesSource(dumps(VIDEO))).streams[0]
    spans = list(main.spans({0: [4, 5, 6, 20]}))
    group = VIDEO.streams[0].groups[0]
    lengths = [len(group.local_chunks[i]) for i in (4, 5, 6, 20)]
    expected = [len(group.global_chunk), sum(lengths[:3]), lengths[3]]
    assert [length for _, length in spans] == expected


def test_parts_add_up_to_the_file() -> None:
    data = dumps(video_with_sound())
    reader = Reader(BytesSource(data))
    total = reader.front_length + sum(reader.ancillary.values())
    for one in reader.streams:
        total += one.geom_entry.length + one.conf_entry.length
        for group in one.groups.values():
            total += group.dir_len + group.global_len + sum(group.lengths)
    assert total == reader.file_size == len(data)


def test_present_and_touching() -> None:
    lattice = geometry("video", (axis(40, 4, 2), axis(20, 2), axis(30, 3)))
    leave_out = frozenset({(0, 0), (1, 5), *((0, i) for i in range(4, 8))})
    main = Reader(BytesSource(dumps(Container((stream(lattice, leave_out),))))).streams[0]
    partitions = [(o, i) for o in range(2) for i in range(24) if (o, i) not in leave_out]
    assert list(main.present) == partitions
    window = (range(3, 22), range(10), range(9, 12))
    pairs = [(o, i) for o, ids in main.touching(window).items() for i in ids]
    expected = [(o, i) for o, ids in lattice.touching(window).items() for i in ids]
    assert pairs == [pair for pair in expected if pair not in leave_out]


def test_a_hostile_grid_costs_nothing() -> None:
    """300 bytes that declare 2**36 partitions are read, and those that are there are found."""
    time = {"tile_len": 1, "tiles": 2**15, "groups": 2**16 - 1, "win_len": 2**31 - 2**16}
    reader = Reader(BytesSource(assemble(tiny(geom_payload([time])))))
    main = reader.streams[0]
    assert main.touching(main.geometry.window) == {0: [0, 1]}


SOUND = geometry("audio", (axis(800, 5, 2),), channels=1)


def test_a_lazy_reader_reads_directories_when_they_are_needed() -> None:
    """LGI-U-05."""
    reader = Reader(BytesSource(dumps(Container((stream(SOUND),)))), lazy=True)
    main = reader.streams[0]
    assert list(main.groups) == [0, 1]
    assert main.groups.partitions is None
    opened = reader.bytes_read
    assert main.touching((range(400, 401),)) == {1: [0]}
    assert reader.bytes_read - opened == main.groups[1].dir_len
    assert main.groups.partitions is None
    main.groups.load()
    assert main.groups.partitions == 10
    before = reader.bytes_read
    assert (len(main.groups), len(list(main.present))) == (2, 10)
    assert reader.bytes_read == before


@pytest.mark.parametrize("name", [name for name in BAD if name.startswith("LGI-D-0")])
def test_a_lazy_reader_raises_what_a_strict_one_does(name: str) -> None:
    code, chunks = BAD[name]
    data = assemble(chunks)
    with pytest.raises(FileError, match=code) as strict:
        Reader(BytesSource(data))
    main = Reader(BytesSource(data), lazy=True).streams[0]
    with pytest.raises(FileError) as lazy:
        main.groups.load()
    assert str(lazy.value) == str(strict.value)


def test_a_group_outside_the_grid_is_noticed_before_it_is_read() -> None:
    """LGI-D-09."""
    data = assemble(tiny(group=replace(grup(), ordinal=1)))
    main = Reader(BytesSource(data), lazy=True).streams[0]
    with pytest.raises(FileError, match="E_GRID"):
        main.touching(main.geometry.window)


def test_absent_things() -> None:
    reader = Reader(BytesSource(dumps(video_with_sound())))
    with pytest.raises(UsageError, match="group 7 is absent from stream 0"):
        reader.streams[0].read_global(7)
    with pytest.raises(UsageError, match="partition 999 of group 0 is absent"):
        reader.streams[0].read_locals(0, [3, 999])
    with pytest.raises(UsageError, match="the file has no chunk abCd"):
        reader.read_ancillary("abCd")
    assert reader.streams[0].read_locals(0, []) == {}


def test_opening(tmp_path: Path) -> None:
    path = tmp_path / "bad.lgi"
    path.write_bytes(b"")
    with pytest.raises(FileError, match="E_TRUNC"):
        Reader.open(path)
    with pytest.raises(InputError, match=r"none\.lgi"):
        Reader.open(tmp_path / "none.lgi")


def test_a_sparse_file_of_a_huge_size(tmp_path: Path) -> None:
    """A file that claims and has 2**40 bytes, none of them more than the front, is refused fast."""
    whole = grup()
    padded = replace(whole, length=2**40)
    data = assemble(tiny(group=padded), file_size=32 + 84 + 12 + 38 + 2**40)
    path = tmp_path / "sparse.lgi"
    path.write_bytes(data)
    with path.open("r+b") as file:
        file.truncate(32 + 84 + 12 + 38 + 2**40)
    with pytest.raises(FileError, match="group 0 has 42 bytes, its entry says 1099511627776"):
        Reader.open(path)


def test_entries_are_as_the_specification_says() -> None:
    data = dumps(video_with_sound())
    names = [(name, number, ordinal) for name, number, ordinal, *_ in entries_of(data)]
    assert names == [
        (b"GEOM", 0, 0),
        (b"CONF", 0, 0),
        (b"GEOM", 1, 0),
        (b"CONF", 1, 0),
        (b"GRUP", 0, 0),
        (b"GRUP", 1, 0),
        (b"GRUP", 1, 1),
        (b"mETa", 0, 0),
        (b"tHMB", 0, 0),
    ]
    assert unpack_from("<Q", data, 16) == (len(data),)
