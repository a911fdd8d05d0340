"""Cropping: the language of ranges, the laws of the result, and what happens when it fails."""

import signal
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from format.builders import axis, conf, geometry, stream, video_with_sound
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from range_server import serving

from lgcodec import storage
from lgcodec._crop import AxisRange, Bound, crop, parse_range, parse_xy, resolve
from lgcodec.errors import FileError, InputError, OutputError, UsageError
from lgcodec.format.checks import crc32c
from lgcodec.format.container import Container, GroupData, Reader, StreamData, dumps, loads
from lgcodec.format.directory import Group
from lgcodec.format.geometry import Window
from lgcodec.format.table import Entry
from lgcodec.format.writer import Part, group_part, write_parts

# --- ranges


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:2", AxisRange(Bound(Fraction(0)), Bound(Fraction(2)))),
        ("1:", AxisRange(Bound(Fraction(1)), None)),
        (":-1", AxisRange(None, Bound(Fraction(-1)))),
        (":", AxisRange()),
        ("3", AxisRange(Bound(Fraction(3)), None, single=True)),
        ("+3", AxisRange(Bound(Fraction(3)), None, single=True)),
        ("-1", AxisRange(Bound(Fraction(-1)), None, single=True)),
        ("2s", AxisRange(Bound(Fraction(2), "s"), None, single=True)),
        ("0.5s:1.25s", AxisRange(Bound(Fraction(1, 2), "s"), Bound(Fraction(5, 4), "s"))),
        ("48f:-1f", AxisRange(Bound(Fraction(48), "f"), Bound(Fraction(-1), "f"))),
        ("256px:", AxisRange(Bound(Fraction(256), "px"), None)),
        ("25%:75%", AxisRange(Bound(Fraction(25), "%"), Bound(Fraction(75), "%"))),
        ("1:2s", AxisRange(Bound(Fraction(1)), Bound(Fraction(2), "s"))),
        ("12.5%:", AxisRange(Bound(Fraction(25, 2), "%"), None)),
    ],
)
def test_parse_range(text: str, expected: AxisRange) -> None:
    assert parse_range(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "a", "1:2:3", "::", "1.5", "1.5f", "1.5px:", "2 s", "2h", "s", "%", "--1"),
        *("1e3s", ".5s", "5.s", "0x10", "١", "1_0", "1:2\n", "9" * 5000, "nan", "infs", "½", "1,2"),
    ],
)
def test_malformed_ranges(text: str) -> None:
    with pytest.raises(UsageError, match=r"^range "):
        parse_range(text)


def test_parse_xy() -> None:
    assert parse_xy("0:4,1:") == (parse_range("0:4"), parse_range("1:"))
    for text in ("0:4", "0:4,1:2,3", ""):
        with pytest.raises(UsageError, match="expected two as in 0:4,0:4"):
            parse_xy(text)


def test_ranges_read_as_they_were_written() -> None:
    for text in ("0:2", "1:", ":-1", ":", "3", "0.5s:1.25s", "25%:75%", "-1f"):
        assert str(parse_range(text)) == text


# 100 samples at 10 per second in 7 tiles of 15, of which the window shows 20 to 90: tiles 1 to 5
SOUND = geometry("audio", (axis(100, 7, win_lo=20, win_len=70),), channels=1, rate=Fraction(10))
PICTURE = geometry("image", (axis(100, 7), axis(100, 7, win_lo=20, win_len=70)), channels=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":", range(20, 90)),
        ("0:", range(20, 90)),
        ("0:1", range(20, 30)),
        ("0", range(20, 30)),
        ("1", range(30, 45)),
        ("1:3", range(30, 60)),
        ("-1", range(75, 90)),
        ("-2:", range(60, 90)),
        (":-1", range(20, 75)),
        ("-99:99", range(20, 90)),
        ("0s:", range(20, 90)),
        ("1s:2s", range(30, 40)),
        ("1.04s:1.05s", range(30, 31)),  # halves upward
        ("0.96s:2.04s", range(30, 40)),
        ("-1s:", range(80, 90)),
        ("99s", None),
        ("6.99s", range(89, 90)),  # the sample that it lies in
        ("0.19s", range(21, 22)),
        ("7s", None),
        ("-7s", range(20, 21)),
        ("-7.1s", None),
        ("5f:-5f", range(25, 85)),
        ("5f", range(25, 26)),
        ("-1f", range(89, 90)),
        ("70f", None),
        ("0%:50%", range(20, 55)),
        ("99.9%", range(89, 90)),
        ("100%", None),
        ("1:4s", range(30, 60)),
        ("0.5s:2", range(25, 45)),
        ("5", None),
        ("-6", None),
        ("2:2", None),
        ("3:1", None),
        ("9:12", None),
        ("-99:-98", None),
        ("99f:", None),
        ("5px:", None),
    ],
)
def test_resolve_along_time(text: str, expected: range | None) -> None:
    if expected is None:
        with pytest.raises(UsageError, match="it has 5 partitions, 70f, 7s"):
            resolve(SOUND, {"t": parse_range(text)})
    else:
        assert resolve(SOUND, {"t": parse_range(text)}) == (expected,)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0:1", range(20, 30)),
        ("10px:20px", range(30, 40)),
        ("-10px:", range(80, 90)),
        ("10%:", range(27, 90)),
        ("1s:", None),
        ("1f:", None),
    ],
)
def test_resolve_along_space(text: str, expected: range | None) -> None:
    if expected is None:
        with pytest.raises(UsageError, match="does not fit axis x, it has 5 partitions, 70px"):
            resolve(PICTURE, {"x": parse_range(text)})
    else:
        assert resolve(PICTURE, {"x": parse_range(text)}) == (range(100), expected)


def test_an_axis_that_the_signal_lacks() -> None:
    with pytest.raises(UsageError, match="the image has no axis t, it has y, x"):
        resolve(PICTURE, {"t": parse_range("0:1")})


def test_seconds_of_an_odd_rate_are_exact() -> None:
    ntsc = replace(geometry("video"), rate=Fraction(30_000, 1001))
    assert resolve(ntsc, {"t": parse_range("1.001s:")})[0] == range(30, 280)


bounds = st.none() | st.builds(Bound, st.fractions(-8, 8, max_denominator=1), st.just(""))


@given(bounds, bounds)
def test_partitions_count_like_a_slice(start: Bound | None, stop: Bound | None) -> None:
    """A range of partitions is the same slice of the list of tiles."""
    tiles = list(SOUND.axes[0].touching(SOUND.axes[0].window))
    kept = tiles[slice(*(None if bound is None else int(bound.value) for bound in (start, stop)))]
    if not kept:
        with pytest.raises(UsageError, match="is empty"):
            resolve(SOUND, {"t": AxisRange(start, stop)})
        return
    (window,) = resolve(SOUND, {"t": AxisRange(start, stop)})
    assert list(SOUND.axes[0].touching(window)) == kept
    assert window.start == max(20, SOUND.axes[0].tile(kept[0]).start)
    assert window.stop == min(90, SOUND.axes[0].tile(kept[-1]).stop)


# --- laws


def selection(**texts: str) -> dict[str, AxisRange]:
    return {name: parse_range(text) for name, text in texts.items()}


def model(
    data: StreamData, window: Window, dropped: frozenset[tuple[int, int]]
) -> StreamData | None:
    """What a stream becomes, from the boxes of its partitions."""
    groups = []
    for group in data.groups:
        chunks = {
            i: chunk
            for i, chunk in group.local_chunks.items()
            if _intersect(data.geometry.box(group.ordinal, i), window)
            and (group.ordinal, i) not in dropped
        }
        if chunks:
            groups.append(replace(group, local_chunks=chunks))
    if not groups:
        return None
    return StreamData(data.geometry.with_window(window), data.conf, tuple(groups))


def _intersect(box: Window, window: Window) -> bool:
    return all(
        max(a.start, b.start) < min(a.stop, b.stop) for a, b in zip(box, window, strict=True)
    )


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "video.lgi"
    path.write_bytes(dumps(Container((stream(),))))
    return path


@pytest.fixture
def both(tmp_path: Path) -> Path:
    path = tmp_path / "both.lgi"
    path.write_bytes(dumps(video_with_sound()))
    return path


def test_the_example_of_the_paper(video: Path, tmp_path: Path) -> None:
    """LGI-W-01, LGI-W-03: 32 of 320 partitions, and not a byte more than they need."""
    report = crop(video, tmp_path / "out.lgi", selection(t="0:2", y="0:4", x="0:4"))
    assert (report.partitions_before, report.partitions_after) == (320, 32)
    assert not report.hides_samples
    with Reader.open(video) as before, Reader.open(tmp_path / "out.lgi") as after:
        old, new = before.streams[0], after.streams[0]
        window = (range(112), range(256), range(256))
        assert new.geometry == old.geometry.with_window(window)
        assert new.conf == old.conf
        ids = [(y * 8 + x) * 5 + t for y in range(4) for x in range(4) for t in range(2)]
        assert [i for _, i in new.present] == ids
        assert new.read_locals(0, ids) == old.read_locals(0, ids)
        assert new.read_global(0) == old.read_global(0)
        gone = set(range(320)) - set(ids)
        lengths = dict(zip(old.groups[0].ids, old.groups[0].lengths, strict=True))
        chunks = sum(lengths[i] for i in gone)
        bits = 320 * old.groups[0].len_width - 32 * new.groups[0].len_width
        entries = 4 * len(gone) + bits // 8 - 8 * (len(new.groups[0].runs) - 1)
        window = len(old.geometry.pack()) - len(new.geometry.pack())
        assert report.bytes_before - report.bytes_after == chunks + entries + window
        assert report.bytes_after == (tmp_path / "out.lgi").stat().st_size == after.file_size


@st.composite
def selections(draw: st.DrawFn) -> dict[str, AxisRange]:
    texts = {}
    for name, tiles, samples in (("t", 4, (40, "f")), ("y", 3, (20, "px")), ("x", 5, (30, "px"))):
        count, unit = draw(st.sampled_from([(tiles, ""), samples]))
        start = draw(st.integers(0, count - 1))
        stop = draw(st.integers(start + 1, count))
        if draw(st.booleans()):
            texts[name] = f"{start}{unit}:{stop}{unit}"
    return selection(**texts)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(selections(), selections())
def test_laws(both: Path, tmp_path: Path, first: dict, second: dict) -> None:
    """LGI-W-01, LGI-W-03, LGI-W-04: equal to the model byte for byte, idempotent, composes."""
    once, twice, again = (tmp_path / name for name in ("1.lgi", "2.lgi", "3.lgi"))
    source = video_with_sound()
    crop(both, once, first)
    window = resolve(source.streams[0].geometry, first)
    expected = [model(source.streams[0], window, frozenset())]
    sound = source.streams[1]
    heard = range(window[0].start * 20, window[0].stop * 20)
    heard = heard if "t" in first else range(800)
    expected.append(model(sound, (heard,), frozenset()))
    assert loads(once.read_bytes()).streams == tuple(expected)
    assert once.read_bytes() == dumps(Container(tuple(expected), {"mETa": b"kept"}, minor=3))

    crop(once, again, {})
    assert again.read_bytes() == once.read_bytes()
    try:
        report = crop(once, twice, second)
    except UsageError:
        return
    shown = report.streams[0].window_after
    assert shown is not None
    units = zip(("t", "y", "x"), ("f", "px", "px"), shown, strict=True)
    direct = selection(**{name: f"{s.start}{u}:{s.stop}{u}" for name, u, s in units})
    if "t" not in first and "t" not in second:
        del direct["t"]
    crop(both, again, direct)
    assert again.read_bytes() == twice.read_bytes()


def test_ordinals_ids_and_absent_groups(both: Path, tmp_path: Path) -> None:
    """LGI-W-01: the second group of the sound keeps its number when the first is dropped."""
    crop(both, tmp_path / "out.lgi", selection(t="2s:"))
    cropped = loads((tmp_path / "out.lgi").read_bytes())
    assert [group.ordinal for group in cropped.streams[1].groups] == [1]
    assert cropped.streams[1].groups[0] == video_with_sound().streams[1].groups[1]
    assert cropped.streams[1].geometry.window == (range(400, 800),)


def test_space_does_not_cut_sound(both: Path, tmp_path: Path) -> None:
    crop(both, tmp_path / "out.lgi", selection(x="0:1", y="0:1"))
    assert loads((tmp_path / "out.lgi").read_bytes()).streams[1] == video_with_sound().streams[1]


def test_samples_of_another_rate_are_rounded_by_the_clock(tmp_path: Path) -> None:
    video = geometry("video", (axis(30, 3), axis(8, 1), axis(8, 1)), rate=Fraction(30_000, 1001))
    sound = geometry("audio", (axis(44_144, 4),), channels=1, rate=Fraction(44_100))
    path = tmp_path / "a.lgi"
    path.write_bytes(dumps(Container((stream(video), stream(sound)))))
    report = crop(path, tmp_path / "out.lgi", selection(t="10f:11f"))
    # frame 10 lasts from 0.33367 s to 0.36703 s: 14 714.7 to 16 186.17 samples
    assert report.streams[1].window_after == (range(14_715, 16_186),)


def test_a_stream_of_which_nothing_is_left_goes(tmp_path: Path) -> None:
    """LGI-W-03: the sound that ends before the selection goes, the next is renumbered."""
    video = geometry("video", (axis(40, 4), axis(8, 1), axis(8, 1)), rate=Fraction(10))
    short = geometry("audio", (axis(100, 2),), channels=1, rate=Fraction(100))
    long = geometry("audio", (axis(800, 2),), channels=2, rate=Fraction(200))
    path = tmp_path / "a.lgi"
    path.write_bytes(dumps(Container((stream(video), stream(short), stream(long)))))
    report = crop(path, path, selection(t="2s:3s"), keep_original=False)
    assert [one.partitions_after for one in report.streams] == [1, 0, 1]
    assert report.streams[1].window_after is None
    left = loads(path.read_bytes()).streams
    assert [one.geometry.channels for one in left] == [3, 2]
    assert left[1].geometry.window == (range(400, 600),)


def test_ancillary_chunks(both: Path, tmp_path: Path) -> None:
    """LGI-A-02: mETa is copied, tHMB shows what was removed and goes; LGI-H-05: minor is kept."""
    crop(both, tmp_path / "out.lgi", selection(t="0:1"))
    cropped = loads((tmp_path / "out.lgi").read_bytes())
    assert (cropped.ancillary, cropped.minor) == ({"mETa": b"kept"}, 3)


def test_margins_are_reported(video: Path, tmp_path: Path) -> None:
    report = crop(video, tmp_path / "out.lgi", selection(x="10px:100px"))
    assert report.hides_samples
    assert report.streams[0].window_after == (range(280), range(512), range(10, 100))
    assert report.streams[0].held == (range(280), range(512), range(128))
    assert report.note.startswith("border tiles still hold samples outside the window")
    aligned = crop(video, tmp_path / "out.lgi", selection(x="0:2"))
    assert aligned.note.startswith("the global chunk was made with what was removed")


def test_partitions_count_in_the_file_as_it_is_now(video: Path, tmp_path: Path) -> None:
    crop(video, video, selection(x="10px:200px"), keep_original=False)
    crop(video, video, selection(x="1"), keep_original=False)
    (only,) = loads(video.read_bytes()).streams
    assert only.geometry.window[2] == range(64, 128)


# --- drop


def test_drop_makes_tiles_absent(video: Path, tmp_path: Path) -> None:
    report = crop(video, tmp_path / "out.lgi", {}, drop=selection(t="0:2", y="0:4", x="0:4"))
    assert (report.partitions_before, report.partitions_after) == (320, 288)
    (only,) = loads((tmp_path / "out.lgi").read_bytes()).streams
    assert only.geometry == geometry()
    gone = frozenset((0, (y * 8 + x) * 5 + t) for y in range(4) for x in range(4) for t in range(2))
    assert only == model(stream(), geometry().window, gone)


def test_drop_spares_tiles_that_are_partly_inside(video: Path, tmp_path: Path) -> None:
    report = crop(video, tmp_path / "out.lgi", {}, drop=selection(x="10px:200px"))
    assert report.partitions_before - report.partitions_after == 2 * 8 * 5  # 64 to 192
    report = crop(video, tmp_path / "out.lgi", {}, drop=selection(x="10px:60px"))
    assert report.partitions_before == report.partitions_after


def test_drop_takes_a_last_tile_that_reaches_past_the_window(tmp_path: Path) -> None:
    path = tmp_path / "a.lgi"
    path.write_bytes(dumps(Container((stream(SOUND),))))
    report = crop(path, path, {}, drop=selection(t="-1"), keep_original=False)
    # tiles 0 and 6 do not touch the window and go as in any crop
    assert (report.partitions_before, report.partitions_after) == (7, 4)


def test_drop_along_time_alone_silences_the_sound_too(both: Path, tmp_path: Path) -> None:
    crop(both, tmp_path / "out.lgi", {}, drop=selection(t="0:1"))
    streams = loads((tmp_path / "out.lgi").read_bytes()).streams
    assert sorted(streams[1].groups[0].local_chunks) == [2, 3, 4]  # 1 s is two and a half tiles
    crop(both, tmp_path / "out.lgi", {}, drop=selection(t="0:1", x="0:1"))
    streams = loads((tmp_path / "out.lgi").read_bytes()).streams
    assert streams[1] == video_with_sound().streams[1]


def test_drop_and_selection_together(video: Path, tmp_path: Path) -> None:
    report = crop(video, tmp_path / "out.lgi", selection(t="1:3"), drop=selection(t="0:2"))
    assert report.partitions_after == 64
    assert report.streams[0].window_after == (range(56, 168), range(512), range(512))


@pytest.mark.parametrize("drop", [{"t": ":"}, {"x": "0:"}, {"y": "0%:100%"}])
def test_something_must_be_left(video: Path, tmp_path: Path, drop: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="nothing is left"):
        crop(video, tmp_path / "out.lgi", {}, drop=selection(**drop))
    assert not (tmp_path / "out.lgi").exists()


def test_a_window_in_which_everything_was_dropped(video: Path) -> None:
    crop(video, video, {}, drop=selection(t="0:2"), keep_original=False)
    with pytest.raises(UsageError, match="nothing is left"):
        crop(video, video, selection(t="0:1"))


# --- files


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
    with pytest.raises(FileError, match="partition 319 of group 0 has checksum"):
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
