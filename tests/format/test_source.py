import os
from pathlib import Path

import pytest

from lgcodec.errors import FileError, InputError
from lgcodec.format.source import BytesSource, FileSource, Source


@pytest.fixture(params=["file", "bytes"])
def source(request: pytest.FixtureRequest, tmp_path: Path):
    path = tmp_path / "a.lgi"
    path.write_bytes(b"0123456789")
    opened = FileSource(path) if request.param == "file" else BytesSource(b"0123456789")
    yield opened
    opened.close()


def test_reads_what_is_asked(source: Source) -> None:
    source.announce([(0, 4)])
    assert source.size == 10
    assert source.read_at(3, 4) == b"3456"
    assert source.read_at(0, 10) == b"0123456789"
    assert source.read_at(10, 0) == b""


@pytest.mark.parametrize(
    ("offset", "length"), [(0, 11), (10, 1), (11, 0), (0, 2**60), (-1, 1), (0, -1)]
)
def test_refuses_what_is_not_there(source: Source, offset: int, length: int) -> None:
    with pytest.raises(FileError, match="the file ends at byte 10") as raised:
        source.read_at(offset, length)
    assert raised.value.code == "E_TRUNC"


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*none\.lgi: No such file"):
        FileSource(tmp_path / "none.lgi")


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it is a folder"):
        FileSource(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.lgi")
    with pytest.raises(InputError, match="it is not a regular file"):
        FileSource(tmp_path / "pipe.lgi")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero here")
def test_endless_device_is_refused() -> None:
    with pytest.raises(InputError, match="it is not a regular file"):
        FileSource("/dev/zero")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads anything")
def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "a.lgi"
    path.write_bytes(b"x")
    path.chmod(0)
    with pytest.raises(InputError, match="Permission denied"):
        FileSource(path)


def test_a_file_that_shrinks_while_open(tmp_path: Path) -> None:
    path = tmp_path / "a.lgi"
    path.write_bytes(bytes(100_000))
    source = FileSource(path)
    os.truncate(path, 50_000)
    with pytest.raises(FileError, match="has become shorter"):
        source.read_at(40_000, 20_000)
    source.close()
