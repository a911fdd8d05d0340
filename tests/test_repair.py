"""Verifying and repairing: what each damage costs, and that a repaired file is whole again."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from format.builders import axis, conf, geometry, stream, video_with_sound
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from range_server import serving

from lgcodec._damage import Damage
from lgcodec._repair import repair
from lgcodec._verify import FAMILIES, verify
from lgcodec.errors import FileError, InputError, UsageError
from lgcodec.format.conf import Plug
from lgcodec.format.container import (
    BytesSource,
    Container,
    GroupData,
    Reader,
    StreamData,
    dumps,
    loads,
)
from lgcodec.format.directory import Group

BOTH = video_with_sound()  # a video in one group of 60 partitions, a sound in two of 5
DATA = dumps(BOTH)
SMALL = dumps(
    Container((stream(geometry("audio", (axis(30, 2, 3),), channels=1)),), {"mETa": b"m"})
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.lgi"


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]


def places(data: bytes) -> Iterator[tuple[int | None, int | None, int | None, int]]:
    """A byte of every chunk and directory: stream, group, partition and where it lies."""
    reader = Reader(BytesSource(data))
    for one in reader.streams:
        for ordinal, group in one.groups.items():
            yield one.index, ordinal, None, one.groups.directory_at(ordinal)[0]
            base = one.groups.chunks_at(ordinal)
            yield one.index, ordinal, None, base
            for i, start in zip(group.ids, group.ends, strict=False):
                yield one.index, ordinal, i, base + start


def without(container: Container, lost: Damage) -> Container:
    """What is left of `container`."""
    streams = []
    for index, one in enumerate(container.streams):
        groups = [
            replace(group, local_chunks=_without(group, lost) if index == lost.stream else chunks)
            for group in one.groups
            if (index, group.ordinal, None) != (lost.stream, lost.group, lost.partition)
            for chunks in [group.local_chunks]
        ]
        if groups:
            streams.append(StreamData(one.geometry, one.conf, tuple(groups)))
    return replace(container, streams=tuple(streams), ancillary={"mETa": b"kept"})


def _without(group: GroupData, lost: Damage) -> dict[int, bytes]:
    gone = lost.partition if group.ordinal == lost.group else None
    return {i: chunk for i, chunk in group.local_chunks.items() if i != gone}


# --- what each damage costs


@pytest.mark.parametrize("place", list(places(DATA)))
def test_each_damage_costs_its_own_part(path: Path, tmp_path: Path, place: tuple) -> None:
    """LGI-V-01, LGI-V-03, LGI-V-04."""
    *part, at = place
    path.write_bytes(flipped(DATA, at))
    (found,) = verify(path).damage
    assert [found.stream, found.group, found.partition] == part
    assert found.offset == at
    report = repair(path, tmp_path / "b.lgi")
    assert report.damage[0].code in ("E_CHUNK_CRC", "E_DIR_CRC")
    assert (tmp_path / "b.lgi").read_bytes() == dumps(without(BOTH, found))
    assert path.read_bytes() == flipped(DATA, at)


def test_an_intact_file_stays_as_it_is(path: Path, tmp_path: Path) -> None:
    """LGI-V-05."""
    path.write_bytes(DATA)
    report = verify(path)
    assert report.damage == ()
    assert [(one.kind, one.groups, one.intact) for one in report.streams] == [
        ("video", 1, 60),
        ("audio", 2, 10),
    ]
    done = repair(path, tmp_path / "b.lgi")
    assert (done.damage, done.dropped) == ((), [])
    assert (tmp_path / "b.lgi").read_bytes() == DATA


def test_what_depends_on_the_content_goes_with_it(path: Path, tmp_path: Path) -> None:
    """LGI-V-05, LGI-A-02: tHMB shows what was lost."""
    path.write_bytes(flipped(DATA, len(DATA) - 1 - len(b"keptdropped")))
    assert repair(path, tmp_path / "b.lgi").dropped == ["tHMB"]
    assert loads((tmp_path / "b.lgi").read_bytes()).ancillary == {"mETa": b"kept"}


def test_a_damaged_ancillary_chunk(path: Path, tmp_path: Path) -> None:
    path.write_bytes(flipped(DATA, len(DATA) - len(b"keptdropped")))
    (found,) = verify(path).damage
    assert (found.chunk, found.stream) == ("mETa", None)
    repair(path, tmp_path / "b.lgi")
    assert loads((tmp_path / "b.lgi").read_bytes()).streams == BOTH.streams


def test_a_stream_of_which_nothing_is_left(path: Path, tmp_path: Path) -> None:
    """The video is lost; the sound becomes the main stream."""
    path.write_bytes(flipped(DATA, next(at for *_, at in places(DATA))))
    done = repair(path, tmp_path / "b.lgi")
    assert [one.partitions_after for one in done.streams] == [0, 10]
    assert loads((tmp_path / "b.lgi").read_bytes()).streams == BOTH.streams[1:]


@pytest.mark.parametrize("at", range(32 + 28 * 6))
def test_the_front_cannot_be_repaired(path: Path, tmp_path: Path, at: int) -> None:
    path.write_bytes(flipped(SMALL, at))
    with pytest.raises(FileError) as verified:
        verify(path)
    with pytest.raises(FileError) as repaired:
        repair(path, tmp_path / "b.lgi")
    assert str(verified.value) == str(repaired.value)
    assert not (tmp_path / "b.lgi").exists()


# --- files that are too short or too long


def test_every_truncation(path: Path, tmp_path: Path) -> None:
    """LGI-V-02: exactly the chunks that lie before the cut are saved."""
    whole = {
        (group.ordinal, i): chunk
        for group in loads(SMALL).streams[0].groups
        for i, chunk in group.local_chunks.items()
    }
    ends = {
        (o, i): at + len(whole[o, i])
        for _, o, i, at in places(SMALL)
        if o is not None and i is not None
    }
    saved = 0
    for cut in range(len(SMALL)):
        path.write_bytes(SMALL[:cut])
        expected = {key for key, end in ends.items() if end <= cut}
        try:
            repair(path, tmp_path / "b.lgi")
        except FileError as error:
            assert error.code == "E_TRUNC"
            assert not expected
            continue
        found = {
            (group.ordinal, i): chunk
            for group in loads((tmp_path / "b.lgi").read_bytes()).streams[0].groups
            for i, chunk in group.local_chunks.items()
        }
        assert found == {key: whole[key] for key in expected}
        saved += 1
    assert saved > 0


def test_a_truncated_file_is_verified_to_its_end(path: Path) -> None:
    path.write_bytes(SMALL[:-3])
    length, last, note = verify(path).damage
    assert (length.code, length.stream) == ("E_TRUNC", None)
    assert (last.group, last.partition, last.code) == (2, 1, "E_TRUNC")
    assert note.chunk == "mETa"


def test_what_goes_on_after_the_end_is_cut(path: Path, tmp_path: Path) -> None:
    path.write_bytes(DATA + DATA)
    (found,) = verify(path).damage
    assert found.code == "E_TRAILING"
    repair(path, tmp_path / "b.lgi")
    assert loads((tmp_path / "b.lgi").read_bytes()).streams == BOTH.streams


@pytest.mark.parametrize("data", [b"", b"\x89LGI", bytes(100), DATA[:30]])
def test_what_is_no_file(path: Path, tmp_path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(FileError):
        verify(path)
    with pytest.raises(FileError):
        repair(path, tmp_path / "b.lgi")


# --- repairing


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.integers(32 + 28 * 9, len(DATA) - 1), min_size=1, max_size=6))
def test_a_repaired_file_is_whole(tmp_path: Path, damaged: list[int]) -> None:
    """LGI-V-04: whatever was damaged, the new file verifies and holds true chunks only."""
    data = DATA
    for at in damaged:
        data = flipped(data, at)
    source, target = tmp_path / "a.lgi", tmp_path / "b.lgi"
    source.write_bytes(data)
    try:
        repair(source, target)
    except FileError as error:
        assert error.code in ("E_CHUNK_CRC", "E_DIR_CRC")
        return
    assert verify(target).damage == ()
    true = {chunk for one in BOTH.streams for g in one.groups for chunk in g.local_chunks.values()}
    found = loads(target.read_bytes()).streams
    assert {c for one in found for g in one.groups for c in g.local_chunks.values()} <= true


def test_never_in_place(path: Path) -> None:
    """LGI-V-06."""
    path.write_bytes(DATA[:-1])
    with pytest.raises(UsageError, match="never replaces what it reads"):
        repair(path, path)
    assert path.read_bytes() == DATA[:-1]


def test_nothing_is_left(path: Path, tmp_path: Path) -> None:
    one = Container((stream(geometry("audio", (axis(8, 1),), channels=1)),))
    path.write_bytes(flipped(dumps(one), len(dumps(one)) - 1))
    with pytest.raises(FileError, match="no partition is intact, nothing can be saved"):
        repair(path, tmp_path / "b.lgi")
    assert list(tmp_path.iterdir()) == [path]


def test_a_remote_file(tmp_path: Path) -> None:
    with serving(flipped(DATA, len(DATA) - 20)) as server:
        assert len(verify(server.url).damage) == 1
        assert len(repair(server.url, tmp_path / "b.lgi").damage) == 1
    assert verify(tmp_path / "b.lgi").damage == ()


def test_a_missing_file(tmp_path: Path) -> None:
    for work in (verify, lambda path: repair(path, tmp_path / "b.lgi")):
        with pytest.raises(InputError, match="No such file"):
            work(tmp_path / "none.lgi")


# --- verifying


def known(**plugs: Plug) -> bytes:
    plain = conf(1, quantiser=Plug("uniform", {"bits": 8}), coder=Plug("raw"))
    sound = stream(geometry("audio", (axis(30, 2),), channels=1))
    return dumps(Container((replace(sound, conf=replace(plain, **plugs)),)))


@pytest.mark.parametrize(
    ("plugs", "unreadable"),
    [
        ({}, None),
        ({"family": Plug("other")}, "E_PROFILE: family is 'other', known are"),
        ({"coder": Plug("other")}, "E_PROFILE: coder is 'other'"),
    ],
)
def test_a_configuration_that_is_not_known_is_no_damage(
    path: Path, plugs: dict[str, Plug], unreadable: str | None
) -> None:
    path.write_bytes(known(**plugs))
    report = verify(path)
    assert report.damage == ()
    found = report.streams[0].unreadable
    assert found is None if unreadable is None else str(found).startswith(unreadable)


def test_a_configuration_that_breaks_its_page_is_damage(path: Path) -> None:
    path.write_bytes(known(quantiser=Plug("uniform", {"bits": 99})))
    (found,) = verify(path).damage
    assert (found.code, found.stream, found.group) == ("E_CONF", 0, None)


def test_the_families_that_are_known() -> None:
    from lgcodec import nets

    assert set(FAMILIES) == set(nets.FAMILIES)


def test_a_table_that_is_read_but_not_canonical(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LGI-V-01, LGI-F-03: were the reader too lenient, this would notice."""
    path.write_bytes(DATA)
    pack = Group.pack
    monkeypatch.setattr(Group, "pack", lambda group: pack(group)[:-1] + b"\0")
    assert {item.code for item in verify(path).damage} == {"E_DIR"}


@pytest.mark.parametrize("is_damaged", [False, True])
def test_memory_is_that_of_a_chunk(path: Path, is_damaged: bool) -> None:
    sound = geometry("audio", (axis(70, 64),), channels=1)
    groups = (GroupData(0, b"", dict.fromkeys(range(64), bytes(2**20))),)
    data = bytearray(dumps(Container((StreamData(sound, conf(1), groups),))))
    if is_damaged:
        data[-1 : -(2**26) : -(2**20)] = b"x" * 64
    path.write_bytes(data)
    tracemalloc.start()
    assert len(verify(path).damage) == 64 * is_damaged
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**22
