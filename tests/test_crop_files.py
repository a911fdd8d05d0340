"""Cropping: the files before and after, and what happens when it fails."""

import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from crops import selection
from format.builders import axis, conf, geometry
from range_server import serving

from lgcodec import storage
from lgcodec._crop import crop
from lgcodec.errors import FileError, InputError, OutputError, UsageError
from lgcodec.format.checks import crc32c
from lgcodec.format.container import Container, GroupData, StreamData, dumps, loads
from lgcodec.format.directory import Group
from lgcodec.format.table import Entry
from lgcodec.format.writer import Part, group_part, write_parts


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_in_place_keeps_the_original(video: Path, tmp_path: Path) -> None:
    """LGI-W-05."""
    versions = [video.read_bytes()]
    for number, text in enumerate(("0:4", "0:3", "0:2")):
        report = crop(video, video, selection(t=text))
        expected = "video.lgi.orig" + ("" if number == 0 else f".{number + 1}")
        assert report.original == tmp_path / expected
        assert report.original.read_bytes() == versions[-1]
        versions.append(video.read_bytes())
    assert names(tmp_path) == ["video.lgi", *(f"video.lgi.orig{n}" for n in ("", ".2", ".3"))]
    assert [len(version) for version in versions] == sorted(map(len, versions), reverse=True)


def test_in_place_without_the_original(video: Path, tmp_path: Path) -> None:
    assert crop(video, video, selection(t="0:1"), keep_original=False).original is None
    assert names(tmp_path) == ["video.lgi"]


def test_another_target_keeps_no_copy(video: Path, tmp_path: Path) -> None:
    assert crop(video, tmp_path / "out.lgi", selection(t="0:1")).original is None
    assert names(tmp_path) == ["out.lgi", "video.lgi"]


def test_in_place_through_a_link(video: Path, tmp_path: Path) -> None:
    """The file is replaced, and the link still leads to it."""
    link = tmp_path / "link.lgi"
    link.symlink_to(video)
    report = crop(link, link, selection(t="0:1"))
    assert link.is_symlink()
    assert report.original == tmp_path / "video.lgi.orig"
    assert report.bytes_after == video.stat().st_size < report.bytes_before


def test_a_file_system_without_links(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    before = video.read_bytes()
    report = crop(video, video, selection(t="0:1"))
    assert report.original is not None
    assert report.original.read_bytes() == before


@pytest.mark.parametrize("texts", [{"t": "9:"}, {"z": "0:1"}, {"x": "1s:"}])
def test_a_bad_selection_changes_nothing(
    video: Path, tmp_path: Path, texts: dict[str, str]
) -> None:
    before = video.read_bytes()
    with pytest.raises(UsageError):
        crop(video, video, selection(**texts))
    assert video.read_bytes() == before
    assert names(tmp_path) == ["video.lgi"]


def test_a_bad_file_changes_nothing(video: Path, tmp_path: Path) -> None:
    video.write_bytes(video.read_bytes()[:-1])
    with pytest.raises(FileError, match="E_TRUNC"):
        crop(video, video, selection(t="0:1"))
    assert names(tmp_path) == ["video.lgi"]


def test_a_missing_source(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        crop(tmp_path / "none.lgi", tmp_path / "out.lgi", selection(t="0:1"))
    assert names(tmp_path) == []


@pytest.mark.parametrize("target", ["none/out.lgi", "."])
def test_a_target_that_cannot_be_written(video: Path, tmp_path: Path, target: str) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        crop(video, tmp_path / target, selection(t="0:1"))
    assert names(tmp_path) == ["video.lgi"]


def test_when_replacing_fails_all_is_as_before(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LGI-W-05."""

    def fail(temporary: Path, target: Path) -> None:
        assert (tmp_path / "video.lgi.orig").exists()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "_commit", fail)
    before = video.read_bytes()
    with pytest.raises(OutputError, match="No space left"):
        crop(video, video, selection(t="0:1"))
    assert video.read_bytes() == before
    assert names(tmp_path) == ["video.lgi"]


def test_an_interrupt_after_replacing_keeps_the_original(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = storage._commit

    def interrupt(temporary: Path, target: Path) -> None:
        commit(temporary, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(storage, "_commit", interrupt)
    before = video.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        crop(video, video, selection(t="0:1"))
    assert (tmp_path / "video.lgi.orig").read_bytes() == before
    assert names(tmp_path) == ["video.lgi", "video.lgi.orig"]


@pytest.mark.skipif(sys.platform == "win32", reason="no resource limits here")
@pytest.mark.parametrize("target", ["video.lgi", "out.lgi"])
def test_a_full_disk(tmp_path: Path, target: str) -> None:
    """LGI-W-05: no partial file, and the one line that says why."""
    sound = geometry("audio", (axis(7, 2),), channels=1)
    groups = (GroupData(0, b"", {0: bytes(300_000), 1: bytes(300_000)}),)
    source = tmp_path / "video.lgi"
    source.write_bytes(dumps(Container((StreamData(sound, conf(1), groups),))))
    before = source.read_bytes()
    code = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from lgcodec._crop import crop
from lgcodec.errors import OutputError
try:
    crop(sys.argv[1], sys.argv[2], {})
except OutputError as error:
    sys.exit(str(error))
"""
    command = [sys.executable, "-c", code, str(source), str(tmp_path / target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"cannot write {tmp_path / target}: File too large\n"
    assert source.read_bytes() == before
    assert names(tmp_path) == ["video.lgi"]


# Every step that changes what is on the disk, and the moments between the copied blocks.
KILL = """
import os, pathlib, signal, sys
from lgcodec.format.source import FileSource
from lgcodec._crop import crop, parse_range
moments = 0
def dying(function):
    def step(*arguments, **options):
        for call in (lambda: None, lambda: function(*arguments, **options)):
            result = call()
            globals()["moments"] += 1
            if moments == int(sys.argv[1]):
                os.kill(os.getpid(), signal.SIGKILL)
        return result
    return step
for place, name in ((FileSource, "read_at"), (os, "fsync"), (pathlib.Path, "replace"),
                    (pathlib.Path, "hardlink_to"), (pathlib.Path, "chmod")):
    setattr(place, name, dying(getattr(place, name)))
crop(sys.argv[2], sys.argv[2], {"t": parse_range("0:2")})
print(moments)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL here")
def test_kill_at_any_moment(video: Path, tmp_path: Path) -> None:
    """LGI-W-05: the old file or the new one, whole, and the original once it is replaced."""
    old = video.read_bytes()
    crop(video, tmp_path / "new.lgi", selection(t="0:2"))
    new = (tmp_path / "new.lgi").read_bytes()
    command = [sys.executable, "-c", KILL]
    done = subprocess.run([*command, "0", str(video)], capture_output=True, text=True, check=True)
    moments = int(done.stdout)
    found = []
    for moment in (1, moments // 2, *range(moments - 8, moments + 1)):
        (tmp_path / "video.lgi.orig").unlink(missing_ok=True)
        video.write_bytes(old)
        killed = subprocess.run([*command, str(moment), str(video)], check=False)
        assert killed.returncode == -signal.SIGKILL
        found.append(video.read_bytes())
        if found[-1] == new:
            assert (tmp_path / "video.lgi.orig").read_bytes() == old
    assert set(found) == {old, new}


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """64 MiB that take no room on the disk, in chunks of 8 MiB."""
    sound = geometry("audio", (axis(7, 7),), channels=1)
    chunk = bytes(2**23)
    group = Group(0, 2**23, crc32c(chunk), tuple(range(7)), (2**23,) * 7, (crc32c(chunk),) * 7)
    heads = [("GEOM", sound.pack()), ("CONF", conf(1).pack())]
    source = tmp_path / "a.lgi"
    with source.open("wb") as file:
        parts = [Part(Entry.of(name, payload), [payload]) for name, payload in heads]
        file.truncate(write_parts(file, [*parts, group_part(0, group, [])]))
    del chunk
    tracemalloc.start()
    crop(source, tmp_path / "out.lgi", {})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**22
    assert (tmp_path / "out.lgi").stat().st_size == source.stat().st_size


def test_to_a_pipe(both: Path, tmp_path: Path) -> None:
    """LGI-W-05: front to back in one pass, the same bytes."""
    crop(both, tmp_path / "out.lgi", selection(t="1:3"))
    command = [sys.executable, "-c", TO_STDOUT, str(both)]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout == (tmp_path / "out.lgi").read_bytes()


TO_STDOUT = """
import sys
from lgcodec._crop import crop, parse_range
crop(sys.argv[1], sys.stdout.buffer, {"t": parse_range("1:3")})
"""


def test_from_a_server(both: Path, tmp_path: Path) -> None:
    crop(both, tmp_path / "1.lgi", selection(t="0:2"))
    with serving(both.read_bytes()) as server:
        crop(server.url, tmp_path / "2.lgi", selection(t="0:2"))
    assert (tmp_path / "1.lgi").read_bytes() == (tmp_path / "2.lgi").read_bytes()


def test_damage_travels_and_is_neither_hidden_nor_spread(video: Path, tmp_path: Path) -> None:
    """LGI-W-01: checksums travel along, so a crop never makes bad bytes look good."""
    data = bytearray(video.read_bytes())
    data[-1] ^= 1  # the last partition
    video.write_bytes(data)
    crop(video, tmp_path / "with.lgi", selection(x="4:"))
    crop(video, tmp_path / "without.lgi", selection(x=":4"))
    with pytest.raises(FileError, match="partition 319 of group 0 of the video has checksum"):
        loads((tmp_path / "with.lgi").read_bytes())
    loads((tmp_path / "without.lgi").read_bytes())


def test_removed_bytes_are_not_in_the_new_file(tmp_path: Path) -> None:
    """LGI-W-05."""
    sound = geometry("audio", (axis(7, 2),), channels=1)
    groups = (GroupData(0, b"shared", {0: b"kept chunk", 1: b"secret chunk"}),)
    path = tmp_path / "a.lgi"
    path.write_bytes(dumps(Container((StreamData(sound, conf(1), groups),))))
    crop(path, path, selection(t="0"), keep_original=False)
    assert b"kept chunk" in path.read_bytes()
    assert b"secret" not in path.read_bytes()
