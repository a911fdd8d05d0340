"""Joining: what was cut apart is the file that it was, and nothing else is sewn together."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from crops import selection
from format.builders import axis, geometry, stream, video_with_sound
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from range_server import serving

from lgcodec._crop import crop
from lgcodec._join import join
from lgcodec.errors import FileError, UsageError
from lgcodec.format.container import Container, dumps, loads

PICTURE = Container(
    (stream(geometry("image", (axis(40, 5), axis(56, 7)), channels=1)),),
    {"mETa": b"m", "teXt": b"t"},
)
BOTH = video_with_sound()
folders = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def cut(whole: Path, name: str, **ranges: str) -> Path:
    part = whole.with_name(name)
    crop(whole, part, selection(**ranges))
    return part


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "whole.lgi"
    path.write_bytes(dumps(PICTURE))
    return path


def cropped_whole(whole: Path) -> bytes:
    """What a crop that keeps everything leaves: no ancillary chunk that depends on the content."""
    return cut(whole, "kept.lgi", x=":", y=":").read_bytes()


@given(data=st.data())
@folders
def test_parts_become_the_whole(whole: Path, data: st.DataObject) -> None:
    """LGI-1, 17: rows of pieces that may overlap, in any order."""
    pieces = []
    ends = [0, *sorted(data.draw(st.sets(st.integers(1, 4), max_size=3))), 5]
    for row, (top, bottom) in enumerate(pairwise(ends)):
        middle, more = data.draw(st.integers(1, 6)), data.draw(st.integers(0, 1))
        spans = f":{middle + more}", f"{middle}:"
        pieces += [
            cut(whole, f"{row}{n}.lgi", y=f"{top}:{bottom}", x=span) for n, span in enumerate(spans)
        ]
    done = join(data.draw(st.permutations(pieces)), whole.with_name("joined.lgi"))
    joined = whole.with_name("joined.lgi").read_bytes()
    assert joined == cropped_whole(whole)
    assert (done.bytes_after, done.streams[0].partitions_after) == (len(joined), 35)
    assert sorted(done.bytes_before) == sorted(piece.stat().st_size for piece in pieces)


def test_every_stream_is_joined(tmp_path: Path) -> None:
    """A video in one group and its sound in two."""
    whole = tmp_path / "whole.lgi"
    whole.write_bytes(dumps(BOTH))
    kept = cut(whole, "kept.lgi", t=":")
    half = BOTH.streams[0].geometry.axes[0].win_len // 2
    parts = [cut(whole, "a.lgi", t=f":{half}f"), cut(whole, "b.lgi", t=f"{half}f:")]
    assert len(loads(parts[0].read_bytes()).streams) == 2
    join(parts, tmp_path / "joined.lgi")
    assert (tmp_path / "joined.lgi").read_bytes() == kept.read_bytes()


def test_samples_are_those_of_the_file_that_was_cut(tmp_path: Path) -> None:
    sample = Path(__file__).parents[1] / "samples" / "cat.lgi"
    (tmp_path / "whole.lgi").write_bytes(sample.read_bytes())
    left, right = (cut(tmp_path / "whole.lgi", f"{x}.lgi", x=x) for x in ("0:2", "2:"))
    join([right, left], tmp_path / "joined.lgi")
    assert (tmp_path / "joined.lgi").read_bytes() == sample.read_bytes()


def test_parts_at_urls(tmp_path: Path) -> None:
    """Chunks travel once; for a directory behind them 32 KiB may be asked for."""
    sample = Path(__file__).parents[1] / "samples" / "bunny.lgi"
    whole = tmp_path / "whole.lgi"
    whole.write_bytes(sample.read_bytes())
    left, right = cut(whole, "l.lgi", x=":2"), cut(whole, "r.lgi", x="1:")
    with serving(left.read_bytes()) as server:
        join([server.url, right], tmp_path / "joined.lgi")
        assert 2**16 < left.stat().st_size <= server.sent <= left.stat().st_size + 2**15
        assert len(server.ranges) <= 3
    assert (tmp_path / "joined.lgi").read_bytes() == sample.read_bytes()


def other(container: Container, **changes: object) -> bytes:
    """The same file, but for what `changes` says of its stream."""
    return dumps(replace(container, streams=(replace(container.streams[0], **changes),)))


def refused(*parts: Path, words: str) -> None:
    target = parts[0].with_name("joined.lgi")
    with pytest.raises(UsageError, match=words):
        join(parts, target)
    assert not target.exists()


def test_what_does_not_fit(whole: Path) -> None:
    left, right = cut(whole, "l.lgi", x=":3"), cut(whole, "r.lgi", x="3:")
    refused(left, words="two parts or more, found 1")
    refused(left, cut(whole, "gap.lgi", x="4:"), words="leave a gap")
    refused(left, cut(whole, "corner.lgi", x="3:", y="2:"), words="do not make a box")
    stranger = whole.with_name("b.lgi")
    one = loads(right.read_bytes())
    (group,) = one.streams[0].groups
    for changes, words in (
        ({"conf": replace(one.streams[0].conf, fill=(3.0,))}, "configuration of networks"),
        ({"groups": (replace(group, global_chunk=b"other"),)}, "global network in group 0"),
        ({"groups": (replace(group, crc_width=2),)}, "width in group 0"),
        ({"geometry": replace(one.streams[0].geometry, sample_type="uint16")}, "kind of samples"),
    ):
        stranger.write_bytes(other(one, **changes))
        refused(left, stranger, words=f"b.lgi has .*{words}, compared to .*l.lgi: these are not")
    stranger.write_bytes(dumps(BOTH))
    refused(left, stranger, words="streams: .*l.lgi has 1, .*b.lgi 2, parts need as many")


def test_a_partition_that_differs(whole: Path) -> None:
    left, right = cut(whole, "l.lgi", x=":4"), cut(whole, "r.lgi", x="3:")
    one = loads(right.read_bytes())
    (group,) = one.streams[0].groups
    changed = {**group.local_chunks, 3: bytes([*group.local_chunks[3][:-1], 0])}
    assert changed != group.local_chunks
    right.write_bytes(other(one, groups=(replace(group, local_chunks=changed),)))
    refused(left, right, words="r.lgi has another partition 3 in group 0, compared to .*l.lgi")


def test_one_path_is_no_list(whole: Path) -> None:
    with pytest.raises(UsageError, match="expected is a list of paths"):
        join(str(whole), whole.with_name("joined.lgi"))  # type: ignore[arg-type]


def test_a_part_is_not_overwritten(whole: Path) -> None:
    left, right = cut(whole, "l.lgi", x=":3"), cut(whole, "r.lgi", x="3:")
    before = left.read_bytes()
    with pytest.raises(UsageError, match="which is one of the parts"):
        join([left, right], left)
    assert left.read_bytes() == before


def test_damage_is_not_sewn_in(whole: Path) -> None:
    left, right = cut(whole, "l.lgi", x=":3"), cut(whole, "r.lgi", x="3:")
    data = bytearray(right.read_bytes())
    data[-30] ^= 1
    right.write_bytes(data)
    with pytest.raises(FileError, match="E_CHUNK_CRC") as caught:
        join([left, right], whole.with_name("joined.lgi"))
    assert caught.value.file == str(right)
    assert not whole.with_name("joined.lgi").exists()
