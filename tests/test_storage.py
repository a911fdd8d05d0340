import os
import subprocess
import sys
from pathlib import Path

import pytest

from lgcodec.errors import OutputError, UsageError
from lgcodec.storage import replacing


def test_the_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.lgi"
    target.write_bytes(b"old")
    with replacing(target) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".lgi"
        temporary.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, UsageError])
def test_on_any_exception_nothing_changes(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.lgi"
    target.write_bytes(b"old")
    with pytest.raises(error), replacing(target) as temporary:
        temporary.write_bytes(b"half")
        raise error("stop")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    umask = os.umask(0o027)
    try:
        with replacing(tmp_path / "a.lgi") as temporary:
            temporary.write_bytes(b"x")
    finally:
        os.umask(umask)
    assert (tmp_path / "a.lgi").stat().st_mode & 0o777 == 0o640


def test_folder_as_target(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="it is a folder"), replacing(tmp_path):
        pass


def test_missing_folder(tmp_path: Path) -> None:
    target = tmp_path / "none" / "a.lgi"
    with (
        pytest.raises(OutputError, match=r"cannot write .*a\.lgi: the folder .* does not exist"),
        replacing(target),
    ):
        pass


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="Permission denied"), replacing(tmp_path / "a.lgi"):
            pass
    finally:
        tmp_path.chmod(0o700)


def test_operating_system_errors_name_the_target(tmp_path: Path) -> None:
    target = tmp_path / "a.lgi"
    message = r"cannot write .*a\.lgi: No space left"
    with pytest.raises(OutputError, match=message), replacing(target):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no resource limits here")
def test_a_full_disk_leaves_no_partial_file(tmp_path: Path) -> None:
    code = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
from lgcodec.errors import OutputError
from lgcodec.storage import replacing
try:
    with replacing(sys.argv[1]) as temporary, temporary.open("wb") as file:
        for _ in range(100):
            file.write(bytes(1000))
except OutputError as error:
    sys.exit(error.exit_code)
"""
    target = tmp_path / "a.lgi"
    target.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", code, str(target)], check=False)
    assert done.returncode == 5
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
