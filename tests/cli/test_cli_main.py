"""Exit codes, one line per error, nothing heavy imported."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import cli_files
import click
import pytest

from lgcodec.errors import FileError, InputError, OutputError, UsageError
from lgcodec_cli.main import COMMANDS
from lgcodec_cli.main import lgi as group


def test_help_lists_commands_and_exit_codes(lgi) -> None:
    for arguments in ([], ["-h"], ["--help"]):
        shown = lgi(*arguments)
        assert (shown.code, shown.err) == (0, "")
        assert all(name in shown.out for name in COMMANDS)
        assert "130  interrupted" in shown.out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command(lgi, name) -> None:
    shown = lgi(name, "--help")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith(f"Usage: lgi {name} ")


def test_version(lgi) -> None:
    assert lgi("--version").out == f"lgi {version('lgcodec')}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "No such command 'nothing'"),
        (["--nothing"], "No such option"),
        (["crop"], "Missing argument 'IN'"),
        (["crop", "x.lgi", "--tt", "1"], "lgi crop --help"),
        (["crop", "x.lgi", "--t"], "requires an argument"),
        (["decode", "x.lgi", "y.png", "--device", "tpu"], "tpu"),
    ],
)
def test_usage_errors(lgi, arguments, words) -> None:
    lgi(*arguments).failed(2, words)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UsageError("no"), 2, "no"),
        (FileError("E_MAGIC", "no", 3), 3, "E_MAGIC: no (at byte 3)"),
        (InputError("no"), 4, "no"),
        (OutputError("no"), 5, "no"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError("a\nb"), 1, "out of memory"),
        (type("OutOfMemoryError", (RuntimeError,), {})("CUDA"), 1, "out of memory"),
        (ZeroDivisionError("a\nb"), 1, "ZeroDivisionError: a b. This is a fault of lgi"),
    ],
)
def test_every_error_is_one_line(lgi, monkeypatch, error, code, message) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(group, "get_command", lambda *_: click.Command("boom", callback=fail))
    lgi("boom").failed(code, message)


def test_a_bad_file_is_named_and_what_can_be_done_is_said(lgi, tmp_path) -> None:
    """Where there may be intact partitions."""
    short, other = tmp_path / "short.lgi", tmp_path / "other.lgi"
    short.write_bytes(b"\x89LGI\r\n\x1a\n")
    other.write_bytes(b"something else, of more than a header's bytes")
    lgi("compare", short, other).failed(3, f"lgi: {short}: E_TRUNC: ", "lgi repair")
    found = lgi("info", other)
    found.failed(3, f"lgi: {other}: E_MAGIC: ")
    assert "repair" not in found.err


def test_traceback_on_request(lgi, monkeypatch) -> None:
    assert "Traceback" not in lgi("info", "missing.lgi").err
    monkeypatch.setenv("LGI_DEBUG", "1")
    assert "Traceback" in lgi("info", "missing.lgi").err


@pytest.mark.parametrize("name", COMMANDS)
def test_help_needs_no_torch(lgi_process, name) -> None:
    assert lgi_process(name, "-h").code == 0


def test_a_process_exits_with_the_code(lgi_process) -> None:
    lgi_process("info", "missing.lgi").failed(4, "missing.lgi", "No such file")
    lgi_process("crop", "missing.lgi").failed(2, "Nothing to crop")


def test_the_installed_command() -> None:
    command = Path(sys.executable).with_name("lgi")
    if not command.exists():
        pytest.skip("lgi is not installed beside this Python")
    shown = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("lgi ")


def test_ctrl_c_while_lgi_is_imported(tmp_path) -> None:
    """As Python sees it: raised by whatever is imported just then."""
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt", encoding="utf-8")
    begin = (
        "import sys; sys.path.insert(0, sys.argv[1]); from lgcodec_cli.entry import main; main()"
    )
    command = [sys.executable, "-c", begin, str(tmp_path)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stdout, shown.stderr) == (130, "", "lgi: interrupted\n")


def test_a_reader_that_leaves_is_no_error(spawn, tmp_path) -> None:
    path = cli_files.save(tmp_path / "a.lgi", cli_files.picture())
    process = spawn("info", path)
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 5


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk_under_the_report(lgi_process, tmp_path) -> None:
    path = cli_files.save(tmp_path / "a.lgi", cli_files.picture())
    with Path("/dev/full").open("w") as full:
        process = lgi_process("info", path, stdout=full)
    assert process.code == 5
    assert process.err == "lgi: cannot write the report: No space left on device\n"


@pytest.mark.parametrize("command", [["info"], ["verify"], ["decode", "-", "a.png"]])
def test_only_crop_reads_from_a_pipe(lgi, command) -> None:
    name, *rest = command
    lgi(name, *(rest or ["-"])).failed(2, "IN", "only lgi crop reads from a pipe")


def test_a_folder_is_no_input(lgi, tmp_path) -> None:
    (tmp_path / "frames").mkdir()
    lgi("encode", "frames", "a.lgi").failed(
        4, "frames: it is a folder; pictures are frames/%04d.png"
    )


def closed(number: int) -> dict[str, object]:
    """Of a process that a shell starts with `1>&-` or `2>&-`."""
    name = {1: "stdout", 2: "stderr"}[number]
    return {name: None, "preexec_fn": lambda: os.close(number)}


def test_closed_standard_output(lgi_process, tmp_path) -> None:
    path = cli_files.save(tmp_path / "a.lgi", cli_files.picture())
    process = lgi_process("info", path, **closed(1))
    assert process.code == 5
    assert process.err == "lgi: cannot write the report: Bad file descriptor\n"
    process = lgi_process("crop", path, "-o", "b.lgi", "--x", "0:1", "--quiet", **closed(1))
    assert (process.code, process.err) == (0, "")
    assert lgi_process("verify", "b.lgi").code == 0


def test_closed_standard_error(lgi_process, tmp_path) -> None:
    path = cli_files.save(tmp_path / "a.lgi", cli_files.picture())
    process = lgi_process("decode", path, "b.png", torch=True, **closed(2))
    assert process.code == 0
    assert (tmp_path / "b.png").exists()
    assert lgi_process("info", "absent.lgi", **closed(2)).code == 4


@pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes are Linux's")
def test_names_that_the_terminal_cannot_show(lgi_process, tmp_path) -> None:
    path = cli_files.save(tmp_path / "a\udcff.lgi", cli_files.picture())
    utf8, ascii_only = {"PYTHONIOENCODING": "utf-8"}, {"PYTHONIOENCODING": "ascii"}
    assert "a\\udcff.lgi" in lgi_process("info", path, environment=utf8).out
    assert lgi_process("info", path, environment=ascii_only).code == 0
    lgi_process("info", "ü.lgi", environment=ascii_only).failed(4, ".lgi: No such file")


@pytest.mark.parametrize("command", ["info", "crop", "decode"])
@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", 3, "E_TRUNC"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), 3, "E_MAGIC"),
        (None, 4, "it is a folder"),
    ],
)
def test_what_is_not_a_lgi_file(lgi, command, content, code, words) -> None:
    path = Path("in.lgi")
    path.mkdir() if content is None else path.write_bytes(content)
    arguments = {"crop": ["--x", "0:1"], "decode": ["out.png"], "info": []}[command]
    lgi(command, path, *arguments).failed(code, words)
    assert list(Path().iterdir()) == [path]
