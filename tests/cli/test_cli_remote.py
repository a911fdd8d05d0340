"""Commands on files at URLs: the same results, and what they cost."""

import json
from pathlib import Path

import cli_files
import numpy as np
import pytest
from range_server import Reply, serving


@pytest.fixture
def film(tmp_path) -> Path:
    return cli_files.save(tmp_path / "a.lgi", cli_files.clip(), cli_files.sound())


@pytest.fixture
def url(film):
    with serving(film.read_bytes()) as server:
        yield server.url


def test_info(lgi, film, url) -> None:
    size = film.stat().st_size
    shown = lgi("info", url)
    assert (shown.code, shown.err) == (0, "")
    *sheet, network = shown.out.replace(url, str(film)).splitlines()
    assert sheet == lgi("info", film).out.splitlines()
    assert network.startswith(f"network: 1 request in 1 round trip, {size:,} bytes moved, ")
    found = json.loads(lgi("info", url, "--json").out)
    local = json.loads(lgi("info", film, "--json").out)
    assert found.pop("network") == {"requests": 1, "round_trips": 1, "bytes_moved": size}
    assert found.pop("bytes_needed") < size
    assert found == {**local, "file": url}


def test_decode(lgi, film, url) -> None:
    lgi("decode", film, "a.npz", "--t", "1s:")
    shown = lgi("decode", url, "b.npz", "--t", "1s:")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.splitlines()[-1].startswith("network: 1 request in 1 round trip, ")
    first, second = (np.load(name)["samples"] for name in ("a.npz", "b.npz"))
    np.testing.assert_array_equal(first, second)


def test_crop(lgi, lgi_process, film, url) -> None:
    lgi("crop", film, "-o", "b.lgi", "--t", "0:2")
    shown = lgi("crop", url, "-o", "c.lgi", "--t", "0:2")
    assert (shown.code, shown.err) == (0, "")
    assert Path("c.lgi").read_bytes() == Path("b.lgi").read_bytes()
    assert shown.out.startswith("video: kept 12")


def test_crop_does_not_count_what_it_does_not_read(lgi, film, url) -> None:
    shown = lgi("crop", url, "-o", "c.lgi", "--t", "1s:1.5s")
    assert shown.out.splitlines()[0].startswith("video: kept 12 of 18 partitions")
    assert "audio: kept 1 partition\n" in shown.out
    shown = lgi("crop", url, "-o", "c.lgi", "--t", "1s:1.5s", "--json")
    assert json.loads(shown.out)["streams"][1]["partitions_before"] is None


def test_verify_and_repair(lgi, film, url) -> None:
    assert lgi("verify", url).out.startswith(f"{url}: intact")
    assert lgi("repair", url, "-o", "b.lgi").code == 0
    assert Path("b.lgi").read_bytes() == film.read_bytes()


def test_a_server_that_is_silent(lgi, film) -> None:
    def stalls(reply: Reply, _: int) -> None:
        reply.silent_after = 10

    with serving(film.read_bytes(), stalls) as server:
        message = f"cannot read {server.url}: the server was silent for 0.2 s"
        lgi("info", server.url, "--timeout", "0.2").failed(4, message)
        lgi("info", server.url, "--timeout", "no").failed(2, "--timeout")


@pytest.mark.parametrize("command", [["info"], ["verify"], ["crop", "--t", "0", "-o", "b.lgi"]])
def test_nothing_there(lgi, url, command) -> None:
    missing = url.replace("a.lgi", "b.lgi")
    lgi(command[0], missing, *command[1:]).failed(4, f"cannot read {missing}", "404 Not Found")
    assert not Path("b.lgi").exists()


def test_without_torch(lgi_process, url) -> None:
    assert lgi_process("info", url).code == 0
