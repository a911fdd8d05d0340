"""The command `lgi`: finds the command, and turns every error into one line and an exit code.

A new command is a module of its own, with a `command` in it, and one line in `COMMANDS`.
"""

import gc
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Final

import click

from lgcodec.errors import FileError, LgiError, UsageError
from lgcodec_cli.entry import INTERRUPTED

__all__ = ["COMMANDS", "lgi", "main", "run"]

COMMANDS: Final = {
    "encode": "Fit a network to a picture, sound, video or volume.",
    "crop": "Keep a part of a .lgi file: chunks are copied, nothing is decoded.",
    "join": "Sew parts of one .lgi file together again.",
    "extend": "Add partitions to a .lgi file: the media file is larger now.",
    "decode": "Turn a .lgi file, or a window of it, back into samples.",
    "info": "Show what is in a .lgi file.",
    "verify": "Check every table and every checksum of a .lgi file.",
    "compare": "Say how far one file is from another: PSNR, SSIM, rate.",
    "repair": "Make a new file of what is intact in a damaged one.",
}
REPAIRABLE: Final = ("E_TRUNC", "E_CHUNK_CRC", "E_PAYLOAD")  # where partitions may be intact
OUR_FAULT: Final = 1
OUTPUT: Final = 5
# New ones until garbage is looked for among them. torch and numba make half a million when they are
# imported, which all stay: with Python's 700 a quarter of the time of a small decode went there.
OBJECTS: Final = 100_000
EPILOG: Final = """\b
Exit codes:
    0  done
    1  a fault of lgi itself, or out of memory
    2  usage: the request is malformed or impossible
    3  the .lgi file is bad
    4  the input cannot be read
    5  the output cannot be written
  130  interrupted

LGI_DEBUG=1 in the environment adds the traceback of an error.
"""


class _Commands(click.Group):
    """Commands by name; their modules are imported only when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"lgcodec_cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lgcodec", message="lgi %(version)s")
def lgi() -> None:
    """A croppable neural codec for pictures, sounds, videos and volumes."""


def main() -> None:
    """The entry point of `lgi`."""
    gc.set_threshold(OBJECTS)
    _replace_closed_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names can be any bytes
    code = INTERRUPTED
    with suppress(KeyboardInterrupt):  # another one, once the first was told of
        code = run(sys.argv[1:])
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done, and the exit code says what
    gc.freeze()  # else Python looks twice through all that torch has made, as it ends
    sys.exit(code)


def _replace_closed_streams() -> None:
    """Put something in the place of streams that a shell has closed, as with `>&-`.

    Else a file that is opened later would take their number. To write to standard output fails
    then, as it does on a full disk; what is said on stderr is lost.
    """
    for name, mode, flags in (
        ("stdin", "r", os.O_RDONLY),
        ("stdout", "w", os.O_RDONLY),
        ("stderr", "w", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode, encoding="utf-8"))


def run(arguments: Sequence[str]) -> int:
    """Do one command and return the exit code; an error becomes one line on stderr."""
    try:
        _invoke(list(arguments) or ["--help"])
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except BaseException as error:
        return _report(error)
    return 0


def _invoke(arguments: list[str]) -> None:
    # Not `lgi.main`, which has its own messages and exit codes for Ctrl-C and broken pipes.
    with lgi.make_context("lgi", arguments) as context:
        lgi.invoke(context)


def _report(error: BaseException) -> int:
    if os.environ.get("LGI_DEBUG") == "1":
        traceback.print_exception(error)
    code, message = _explained(error)
    _settle_stdout()
    if message:
        with suppress(OSError):
            click.echo(f"lgi: {' '.join(message.split())}", err=True)
    return code


def _explained(error: BaseException) -> tuple[int, str]:
    """The exit code and the message of `error`; a broken pipe needs no words."""
    match error:
        case LgiError():
            told = _of_file(error) if isinstance(error, FileError) else str(error)
            return error.exit_code, told
        case click.ClickException():
            path = getattr(getattr(error, "ctx", None), "command_path", "lgi")
            message = error.format_message().rstrip(".")
            return UsageError.exit_code, f"{message}. See {path} --help"
        case KeyboardInterrupt():
            return INTERRUPTED, str(error) or "interrupted"
        case BrokenPipeError():
            return OUTPUT, ""
    name = type(error).__name__
    if isinstance(error, MemoryError) or name == "OutOfMemoryError":  # the latter is torch's
        return OUR_FAULT, "out of memory: a smaller window, scale or network needs less"
    return OUR_FAULT, f"{name}: {error}. This is a fault of lgi, please report it"


def _of_file(error: FileError) -> str:
    """Which file it is, if that is known, what is wrong, and what to do if some may be left."""
    where = f"{error.file}: " if error.file else ""
    more = "; lgi verify lists the damage, lgi repair saves what is intact"
    return f"{where}{error}{more if error.code in REPAIRABLE else ''}"


def _settle_stdout() -> None:
    """Let Python not try again, at exit, to write what could not be written."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
