"""`lgi crop`: what it keeps, what it says, and what it leaves alone when it fails."""

import json
from pathlib import Path
from subprocess import DEVNULL

import cli_files
import pytest

from lgcodec.format.container import Reader
from lgcodec_cli.main import run


@pytest.fixture
def film(tmp_path) -> Path:
    return cli_files.save(tmp_path / "a.lgi", cli_files.clip(), cli_files.sound())


def windows(path) -> list:
    with Reader.open(path) as reader:
        return [stream.geometry.window for stream in reader.streams]


def partitions(path) -> list[int]:
    with Reader.open(path) as reader:
        return [len(list(stream.present)) for stream in reader.streams]


def test_a_crop_that_removes_nothing_has_nothing_to_confide(lgi, film) -> None:
    shown = lgi("crop", film, "--t", ":", "-o", "b.lgi")
    assert shown.code == 0
    assert "dropped 0" in shown.out
    assert "privacy" not in shown.out


def test_replaces_the_file_and_keeps_the_original(lgi, film) -> None:
    before = film.read_bytes()
    shown = lgi("crop", film, "--t", "0:2", "--xy", "0:2,0:1")
    assert (shown.code, shown.err) == (0, "")
    assert windows(film) == [(range(8), range(8), range(16)), (range(10667),)]
    assert partitions(film) == [4, 3]
    original = film.with_name("a.lgi.orig")
    assert original.read_bytes() == before
    assert shown.out.splitlines() == [
        "video: kept 4 of 18 partitions, dropped 14",
        "  window t 0:8, y 0:8, x 0:16",
        "  before t 0:12, y 0:16, x 0:24",
        "audio: kept 3 of 4 partitions, dropped 1",
        "  window t 0:10667",
        "  before t 0:16000",
        f"{len(before):,} -> {film.stat().st_size:,} bytes "
        f"({100 * film.stat().st_size / len(before):.1f} %)",
        f"original kept as {original}",
        "privacy: border tiles still hold samples outside the window, the global chunk was "
        "made with what was removed, and the geometry tells the original extent",
    ]


def test_no_backup(lgi, film) -> None:
    lgi("crop", film, "--t", "0", "--no-backup")
    assert list(film.parent.iterdir()) == [film]


def test_another_file(lgi, film) -> None:
    before = film.read_bytes()
    out = film.with_name("b.lgi")
    shown = lgi("crop", film, "-o", out, "--y", "8px:")
    assert film.read_bytes() == before
    assert windows(out)[0] == (range(12), range(8, 16), range(24))
    assert "original kept" not in shown.out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--t", "-2:"], (range(4, 12), range(16), range(24))),
        (["--t=-1s:"], (range(6, 12), range(16), range(24))),
        (["--x", "-1"], (range(12), range(16), range(16, 24))),
        (["--xy", "-1:,:-1"], (range(12), range(8), range(16, 24))),
    ],
)
def test_ranges_that_begin_with_a_dash(lgi, film, arguments, expected) -> None:
    assert lgi("crop", film, *arguments).code == 0
    assert windows(film)[0] == expected


def test_drop(lgi, film) -> None:
    shown = lgi("crop", film, "--drop", "x=1:2,t=0:-1")
    assert shown.out.startswith("video: kept 14 of 18 partitions, dropped 4\naudio: kept 4 of 4")
    assert "window" not in shown.out.split("privacy")[0]
    assert windows(film) == [(range(12), range(16), range(24)), (range(16000),)]


def test_json_and_quiet(lgi, film) -> None:
    report = json.loads(lgi("crop", film, "--t", "0:1", "--json").out)
    assert report["original"] == f"{film}.orig"
    assert report["bytes_after"] == film.stat().st_size < report["bytes_before"]
    assert "made with what was removed" in report["note"]
    video, sound = report["streams"]
    assert video["window_after"] == {"t": [0, 4], "y": [0, 16], "x": [0, 24]}
    assert (sound["kind"], sound["partitions_before"], sound["partitions_after"]) == ("audio", 4, 2)
    assert lgi("crop", film, "--t", ":", "--quiet").out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "Nothing to crop"),
        (["--t", "a"], 2, "Invalid value for '--t': range 'a' is malformed"),
        (["--xy", "0:1"], 2, "Invalid value for '--xy': region '0:1' has 1 ranges"),
        (["--xy", "0:1,0:1", "--x", "0:1"], 2, "--xy says what --x and --y say"),
        (["--z", "0:1"], 2, "the video has no axis z, it has t, y, x"),
        (["--t", "7:9"], 2, "range 7:9 of axis t is empty, it has 3 partitions, 12f, 2s"),
        (["--drop", "x:0:2"], 2, "expected each axis once as in x=0:2"),
        (["--drop", "x=0:1,x=1:2"], 2, "expected each axis once"),
        (["--drop", "t=:"], 2, "nothing is left"),
        (["--t", "0:1", "-o", "b.png"], 2, "its name must end in .lgi"),
        (
            ["--t", "0:1", "-o", "nowhere/b.lgi"],
            5,
            "nowhere/b.lgi: the folder nowhere does not exist",
        ),
    ],
)
def test_mistakes_change_nothing(lgi, film, arguments, code, words) -> None:
    before = film.read_bytes()
    lgi("crop", film, *arguments).failed(code, words)
    assert film.read_bytes() == before
    assert list(film.parent.iterdir()) == [film]


def test_a_missing_input_comes_first(lgi, tmp_path) -> None:
    lgi("crop", tmp_path / "no" / "a.lgi", "--t", "0:1").failed(4, "No such file")
    lgi("crop", "a.lgi", "--t", "0:1", "-o", "nowhere/b.lgi").failed(4, "No such file")


def test_from_a_pipe_to_a_pipe(spawn, film, tmp_path) -> None:
    """LGI-W-05, and the report goes to stderr."""
    assert run_crop(film, "-o", "b.lgi")
    with film.open("rb") as file:
        process = spawn("crop", "-", "-o", "-", "--t", "0:2", stdin=file, text=False)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out == Path("b.lgi").read_bytes()
    assert err.startswith(b"video: kept 12 of 18 partitions")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.lgi", "b.lgi"]


def run_crop(*arguments: object) -> bool:
    return run(["crop", *map(str, arguments), "--t", "0:2"]) == 0


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_pipe_that_closes(spawn, tmp_path, unbuffered) -> None:
    """In the middle of a write: of the 288 443 bytes, a pipe and the reader here hold 170 000."""
    large = cli_files.stream("audio", [cli_files.axis(60_000, 10)], channels=1, rate=6)
    path = cli_files.save(tmp_path / "a.lgi", large)
    settings = {"environment": {"PYTHONUNBUFFERED": unbuffered}, "bufsize": 4096}
    with spawn("crop", path, "-o", "-", "--t", ":-1", text=False, **settings) as process:
        assert len(process.stdout.read(100_000)) == 100_000
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 5


def test_a_pipe_cannot_be_replaced(lgi, lgi_process, film) -> None:
    lgi("crop", "-", "--t", "0:1").failed(2, "- cannot be replaced: give -o OUT")
    lgi("crop", "http://a.org/b.lgi", "--t", "0:1").failed(2, "cannot be replaced")
    lgi_process("crop", "-", "-o", "b.lgi", "--t", "0:1", stdin=DEVNULL).failed(3, "E_TRUNC")
    lgi_process("crop", film, "-o", "-", "--t", "9:").failed(2, "is empty")


def test_without_torch(lgi_process, film) -> None:
    assert lgi_process("crop", film, "--t", "0:2", "--xy", "0:4,0:4").code == 0
