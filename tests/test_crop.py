"""Cropping: the laws of the result, and what is dropped."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from crops import SOUND, selection
from format.builders import axis, geometry, stream, video_with_sound
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lgcodec._crop import AxisRange, crop, resolve
from lgcodec._join import join
from lgcodec.errors import UsageError
from lgcodec.format.container import Container, Reader, StreamData, dumps, loads
from lgcodec.format.geometry import Window

# --- laws


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


def test_sound_that_is_longer_than_the_picture_keeps_its_end(tmp_path: Path) -> None:
    """Where the picture keeps its own, however that is said; parts make the whole again."""
    video = geometry("video", (axis(40, 4), axis(8, 1), axis(8, 1)), rate=Fraction(10))
    sound = geometry("audio", (axis(420, 4),), channels=1, rate=Fraction(100))
    path, first, last = (tmp_path / name for name in ("a.lgi", "b.lgi", "c.lgi"))
    path.write_bytes(dumps(Container((stream(video), stream(sound)))))
    for whole in ("0:4", "0s:4s", ":", "0:40f", "0s:99s"):
        crop(path, first, selection(t=whole))
        assert first.read_bytes() == path.read_bytes()
    before = crop(path, first, selection(t=":0.9s"))
    after = crop(path, last, selection(t="0.9s:"))
    assert before.streams[1].window_after == (range(90),)
    assert after.streams[1].window_after == (range(90, 420),)
    join([last, first], tmp_path / "d.lgi")
    assert (tmp_path / "d.lgi").read_bytes() == path.read_bytes()
    assert crop(path, last, {}, drop=selection(t="3s:")).streams[1].partitions_after == 3


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


def test_margins_of_an_earlier_crop_are_reported(video: Path, tmp_path: Path) -> None:
    """The tiles are the same, so they still hold what the first crop moved out of the window."""
    path = tmp_path / "out.lgi"
    crop(video, path, selection(x="10px:100px"))
    again = crop(path, path, selection(y="0:2"), keep_original=False)
    assert again.streams[0].window_after == (range(280), range(128), range(10, 100))
    assert again.streams[0].held == (range(280), range(128), range(128))
    assert again.note.startswith("border tiles still hold samples outside the window")


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
