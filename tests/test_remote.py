"""Files at URLs: the same content in few round trips, and no trust in the server."""

import socket
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from format.builders import axis, conf, geometry, video_with_sound
from hypothesis import given
from hypothesis import strategies as st
from range_server import Reply, serving

import lgcodec
from lgcodec.errors import FileError, InputError, UsageError
from lgcodec.format.container import (
    BytesSource,
    Container,
    GroupData,
    Reader,
    Stream,
    StreamData,
    dumps,
)
from lgcodec.remote import Timeouts, is_url, located, open_reader, ranges, traffic_of
from lgcodec.remote import source as remote_source
from lgcodec.remote.ranges import blocks

SHORT = Timeouts(connect=5, read=0.2, answer=5)


def film(groups: int = 1, chunk: int = 5000) -> bytes:
    """A video in `groups` of 16 frames, each with 2 x 4 x 8 partitions of about `chunk` bytes."""
    lattice = geometry("video", (axis(16 * groups, 2, groups), axis(64, 4), axis(64, 8)))
    random = Random(0)
    data = tuple(
        GroupData(
            ordinal,
            random.randbytes(20_000),
            {i: random.randbytes(chunk + i) for i in range(lattice.tiles_per_group)},
        )
        for ordinal in range(groups)
    )
    return dumps(Container((StreamData(lattice, conf(), data),)))


FILM = film()


def content(stream: Stream, wanted: dict[int, list[int]]) -> dict[int, tuple[bytes, dict]]:
    stream.announce(wanted)
    return {o: (stream.read_global(o), stream.read_locals(o, ids)) for o, ids in wanted.items()}


def everything(reader: Reader) -> list[object]:
    """All that a reader can tell."""
    return [
        *((s.geometry, s.conf, content(s, s.touching(s.geometry.window))) for s in reader.streams),
        {name: reader.read_ancillary(name) for name in reader.ancillary},
    ]


# --- the same as a local file


@pytest.mark.parametrize("data", [dumps(video_with_sound()), FILM, film(3)])
def test_the_same_content(data: bytes) -> None:
    with serving(data) as server, open_reader(server.url) as remote:
        assert everything(remote) == everything(Reader(BytesSource(data)))


@pytest.mark.parametrize(("front", "gap", "batch"), [(40, 0, 1), (300, 100, 500), (9000, 9, 2**20)])
def test_whatever_the_sizes_of_requests(
    monkeypatch: pytest.MonkeyPatch, front: int, gap: int, batch: int
) -> None:
    monkeypatch.setattr(remote_source, "FRONT", front)
    monkeypatch.setattr(remote_source, "BATCH", batch)
    monkeypatch.setattr(ranges, "MAX_GAP", gap)
    monkeypatch.setattr(ranges, "MAX_BLOCK", max(front, 64))
    data = dumps(video_with_sound())
    with serving(data) as server, open_reader(server.url) as remote:
        assert everything(remote) == everything(Reader(BytesSource(data)))


def test_a_path_is_no_url(tmp_path) -> None:
    assert is_url("https://a.org/b.lgi")
    assert is_url("HTTP://a.org/b.lgi")
    assert not is_url("a.lgi")
    assert not is_url("file:///a.lgi")
    assert located("http://a.org/b.lgi") == "http://a.org/b.lgi"
    assert located("a.lgi") == Path("a.lgi")
    (tmp_path / "a.lgi").write_bytes(FILM)
    with open_reader(tmp_path / "a.lgi") as reader:
        assert traffic_of(reader) is None


@pytest.mark.parametrize("where", ["ftp://a.org/b.lgi", "file:///a.lgi", "S3://a/b.lgi"])
def test_other_protocols_are_refused(where: str) -> None:
    with pytest.raises(UsageError, match="allowed are http and https"):
        lgcodec.open(where)


def test_as_a_value(tmp_path: Path) -> None:
    with serving(FILM) as server:
        part = lgcodec.open(server.url)[0, 1:3]
        assert (part.kind, part.shape) == ("video", (8, 32, 64))
        part.save(tmp_path / "part.lgi")
    with open_reader(tmp_path / "part.lgi") as cropped:
        assert [i for _, i in cropped.streams[0].present] == list(range(16, 48, 2))


# --- round trips

PART = (range(16, 32), range(8, 24))  # 2 partitions of each tile of time
REGION = (range(8), *PART)


@pytest.mark.parametrize(("groups", "trips"), [(1, 2), (12, 3)])
def test_round_trips_of_a_region(groups: int, trips: int) -> None:
    """LGI-U-01, LGI-U-05: the front, the directory if it is not there, global and local chunks."""
    data = film(groups)
    with serving(data) as server, open_reader(server.url) as reader:
        main = reader.streams[0]
        last = main.geometry.axes[0].window[-8:]
        found = content(main, main.touching((last, *PART)))
        traffic = traffic_of(reader)
        assert traffic is not None
        assert sum(len(chunks) for _, chunks in found.values()) == 2
        assert (traffic.round_trips, traffic.requests) == (trips, trips)
        assert server.ranges[0] == range(2**15)
        assert traffic.bytes_moved == sum(map(len, server.ranges)) < len(data) / 2
        assert reader.bytes_read < traffic.bytes_moved


def test_a_window_over_all_groups_is_one_batch() -> None:
    with serving(film(12)) as server, open_reader(server.url) as reader:
        main = reader.streams[0]
        wanted = main.touching((range(192), *PART))
        assert list(wanted) == list(range(12))
        content(main, wanted)
        traffic = traffic_of(reader)
        assert traffic is not None
        assert traffic.round_trips == 3


def test_only_directories_of_the_window_are_judged() -> None:
    """LGI-U-05: a damaged directory elsewhere does not matter; its own group is refused."""
    data = bytearray(film(3))
    reader = Reader(BytesSource(bytes(data)))
    data[reader.streams[0].groups.directory_at(1)[0]] ^= 1
    with serving(bytes(data)) as server, open_reader(server.url) as remote:
        main = remote.streams[0]
        assert list(main.touching((range(16), *PART))) == [0]
        with pytest.raises(FileError, match="E_DIR_CRC"):
            main.touching((range(16, 17), *PART))
    with pytest.raises(FileError, match="E_DIR_CRC"):
        Reader(BytesSource(bytes(data)))


# --- which ranges


def test_ranges() -> None:
    wanted = [range(10, 20), range(30, 40), range(2**23, 2**23 + 5), range(40, 50), range(5, 5)]
    assert blocks(wanted) == [range(10, 50), range(2**23, 2**23 + 5)]
    assert blocks([]) == []
    assert blocks([range(2**24 + 7)]) == [range(2**24), range(2**24, 2**24 + 7)]


def test_far_directories_do_not_bring_the_whole_file() -> None:
    """Of 300 ranges 300 kB apart no more than what is needed and 1 MiB comes in vain."""
    wanted = [range(at, at + 2000) for at in range(0, 300 * 300_000, 300_000)]
    fetched = blocks(wanted)
    assert sum(map(len, fetched)) <= 2 * 300 * 2000 + 2**20
    assert len(fetched) >= 294


@given(st.lists(st.tuples(st.integers(0, 2**25), st.integers(0, 2**21)), max_size=20))
def test_blocks_cover_what_is_wanted(spans: list[tuple[int, int]]) -> None:
    wanted = [range(at, at + length) for at, length in spans]
    fetched = blocks(wanted)
    assert all(a.stop <= b.start for a, b in pairwise(fetched))
    assert all(0 < len(block) <= 2**24 for block in fetched)
    for one in wanted:
        assert sum(len(_shared(one, block)) for block in fetched) == len(one)


def _shared(a: range, b: range) -> range:
    return range(max(a.start, b.start), min(a.stop, b.stop))


# --- servers that cannot be trusted


def ignores_ranges(reply: Reply, _: int) -> None:
    reply.status, reply.body = 200, bytes(2**25)
    reply.headers = {"Content-Length": str(2**25)}


def ignores_ranges_of_unknown_length(reply: Reply, _: int) -> None:
    reply.status, reply.body, reply.headers = 200, bytes(2**25), {}


def says_nothing_of_the_range(reply: Reply, _: int) -> None:
    del reply.headers["Content-Range"]


def sends_another_range(reply: Reply, _: int) -> None:
    reply.headers["Content-Range"] = f"bytes 1-{len(reply.body)}/{len(FILM)}"


def hides_the_size(reply: Reply, _: int) -> None:
    reply.headers["Content-Range"] = f"bytes 0-{len(reply.body) - 1}/*"


def sends_less(reply: Reply, _: int) -> None:
    reply.body = reply.body[:-10]


def sends_less_without_saying(reply: Reply, _: int) -> None:
    reply.body = reply.body[:-10]
    del reply.headers["Content-Length"]


def sends_more(reply: Reply, _: int) -> None:
    reply.body += b"more"
    reply.headers["Content-Length"] = str(len(reply.body))


def sends_more_without_saying(reply: Reply, _: int) -> None:
    reply.body += b"more"
    del reply.headers["Content-Length"]


def compresses(reply: Reply, _: int) -> None:
    reply.headers["Content-Encoding"] = "gzip"


def stalls_at_once(reply: Reply, _: int) -> None:
    reply.silent_after = 0


def stalls_later(reply: Reply, _: int) -> None:
    reply.silent_after = 1000


def fails(reply: Reply, _: int) -> None:
    reply.status, reply.body, reply.headers = 503, b"", {"Content-Length": "0"}


LIARS = [
    (ignores_ranges, "the server ignores ranges and would send all of 33554432 bytes"),
    (ignores_ranges_of_unknown_length, "all of an unknown number of bytes; download it first"),
    (says_nothing_of_the_range, "it sent Content-Range '' and encoding 'identity', expected"),
    (sends_another_range, "expected bytes 0-32767"),
    (hides_the_size, "expected 'bytes A-B/SIZE'"),
    (sends_less, "an answer ended early"),
    (sends_less_without_saying, "an answer ended early"),
    (sends_more, "it sent 32772 bytes as 'bytes 0-32767/"),
    (sends_more_without_saying, "the answer goes on after 32768 bytes"),
    (compresses, "encoding 'gzip'"),
    (stalls_at_once, "the server was silent for 0.2 s"),
    (stalls_later, "the server was silent for 0.2 s"),
    (fails, "the server answered 503"),
]


@pytest.mark.parametrize(("spoil", "message"), LIARS)
def test_servers_that_misbehave(spoil: Callable[[Reply, int], None], message: str) -> None:
    """LGI-U-02, and no more is read than a little beyond the first 32 KiB."""
    with serving(FILM, spoil) as server, pytest.raises(InputError) as raised:
        open_reader(server.url, SHORT)
    assert message in str(raised.value)
    assert str(raised.value).startswith(f"cannot read {server.url}: ")
    assert "\n" not in str(raised.value)
    assert server.sent < 2**24


@pytest.mark.parametrize("spoil", [spoil for spoil, _ in LIARS[5:]])
def test_servers_that_misbehave_later(spoil: Callable) -> None:
    def later(reply: Reply, number: int) -> None:
        if number:
            spoil(reply, number)

    with serving(FILM, later) as server, open_reader(server.url, SHORT) as reader:
        main = reader.streams[0]
        with pytest.raises(InputError, match="cannot read"):
            content(main, main.touching(REGION))


def changed(name: str, value: str) -> Callable[[Reply, int], None]:
    def spoil(reply: Reply, number: int) -> None:
        if number:
            reply.headers[name] = value

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        changed("ETag", '"2"'),
        changed("Last-Modified", "Fri, 20 Nov 2026 15:00:00 GMT"),
        lambda reply, number: number and reply.headers.pop("ETag"),
    ],
)
def test_a_file_that_changes(spoil: Callable[[Reply, int], None]) -> None:
    """LGI-U-03."""
    with serving(FILM, spoil) as server, open_reader(server.url) as reader:
        main = reader.streams[0]
        with pytest.raises(InputError, match="the file has changed since it was opened"):
            content(main, main.touching(REGION))


def test_a_file_that_grows() -> None:
    """LGI-U-03."""
    with serving(FILM) as server, open_reader(server.url) as reader:
        server.data += b"more"
        with pytest.raises(InputError, match="the file has changed"):
            reader.read_at(reader.size - 5, 5)


def test_a_file_that_changes_unnoticed() -> None:
    """LGI-U-03: without ETag and date, checksums tell that two versions were mixed."""
    with serving(FILM) as server, open_reader(server.url) as reader:
        server.data = FILM[:-1] + bytes([FILM[-1] ^ 1])
        with pytest.raises(FileError, match="E_CHUNK_CRC"):
            reader.streams[0].read_locals(0, [63])


@pytest.mark.parametrize(("data", "code"), [(FILM + b"x", "E_TRAILING"), (FILM[:-1], "E_TRUNC")])
def test_another_size_than_the_header_says(data: bytes, code: str) -> None:
    """LGI-U-04."""
    with serving(data) as server, pytest.raises(FileError, match=code):
        open_reader(server.url)


def test_an_empty_file() -> None:
    with serving(b"") as server, pytest.raises(InputError, match="the server answered 416"):
        open_reader(server.url)


def test_redirects() -> None:
    """The place is found once; later requests go there at once."""
    with serving(FILM) as server, open_reader(f"{server.base}/moved") as reader:
        main = reader.streams[0]
        content(main, main.touching(REGION))
        traffic = traffic_of(reader)
        assert traffic is not None
        assert (traffic.requests, traffic.round_trips) == (3, 3)


@pytest.mark.parametrize(
    ("path", "message"), [("circle", "more than 5 redirects"), ("b.lgi", "answered 404 Not Found")]
)
def test_places_without_a_file(path: str, message: str) -> None:
    with serving(FILM) as server, pytest.raises(InputError, match=message):
        open_reader(f"{server.base}/{path}")


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(InputError, match="Cannot connect to host"):
        open_reader(f"http://127.0.0.1:{port}/a.lgi")


@pytest.mark.parametrize("url", ["http://", "http://[", "https://:80", "http://a:99999/b.lgi"])
def test_malformed_urls(url: str) -> None:
    with pytest.raises(InputError, match="cannot read"):
        open_reader(url)


def test_errors_show_no_secrets() -> None:
    with serving(FILM, fails) as server:
        url = server.url.replace("http://", "http://user:secret@") + "?signature=secret"
        with pytest.raises(InputError) as raised:
            open_reader(url)
        assert "secret" not in str(raised.value)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "lgcodec.remote.source")
    monkeypatch.setitem(sys.modules, "lgcodec.remote.http", None)
    with pytest.raises(InputError, match=r"pip install 'lgcodec\[remote\]'"):
        open_reader("http://127.0.0.1/a.lgi")
