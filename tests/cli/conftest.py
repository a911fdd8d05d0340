"""The command in this process and in one of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from lgcodec_cli.main import run

# What a shell starts in the background ignores Ctrl-C, and so would the processes of the tests.
HEEDS_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
COMMAND = "from lgcodec_cli.entry import main; main()"
WITHOUT_TORCH = f"import sys; sys.modules['torch'] = None; {COMMAND}"


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    def failed(self, code: int, *words: str) -> None:
        """Assert the exit code, and one line on stderr with these words."""
        assert self.code == code, self.err
        assert self.err.startswith("lgi: ")
        assert self.err.count("\n") == 1
        assert self.out == ""
        for word in words:
            assert word in self.err


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> None:
    """Relative paths of a test lie in its own folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def lgi(capsys):
    def call(*arguments: object) -> Result:
        code = run([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture
def spawn():
    """A process of its own, with torch blocked unless asked for."""

    def start(*arguments: object, torch: bool = False, **settings) -> subprocess.Popen:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        code = HEEDS_CTRL_C + (COMMAND if torch else WITHOUT_TORCH)
        environment = {**os.environ, **settings.pop("environment", {})}
        return subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            env=environment,
            **{**pipes, "text": True, **settings},
        )

    return start


@pytest.fixture
def lgi_process(spawn):
    def call(*arguments: object, **settings) -> Result:
        process = spawn(*arguments, **settings)
        out, err = process.communicate(timeout=120)
        return Result(process.returncode, out, err)

    return call
