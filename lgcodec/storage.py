"""Files that appear whole or not at all: write a temporary sibling, sync it, rename it.

A temporary file in the same folder keeps the rename atomic; the folder is synced too, so that a
power cut leaves either the old file or the new one.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lgcodec.errors import LgiError, OutputError

__all__ = ["check_folder", "replacing"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`, with its suffix; on success it becomes `path`.

    On any exception, Ctrl-C included, the temporary file is removed and `path` is untouched.
    OSError becomes OutputError, naming the file and the reason.
    """
    target = Path(path)
    temporary = _temporary_beside(target)
    try:
        yield temporary
        _commit(temporary, target)
    except LgiError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def check_folder(path: Path, folder: Path | None = None) -> None:
    """Raise OutputError unless files can be written to `folder`, that of `path` if it is None."""
    folder = folder or path.parent
    if not folder.is_dir():
        raise OutputError(f"cannot write {path}: the folder {folder} does not exist")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"cannot write {path}: the folder {folder} is not writable")


def _temporary_beside(target: Path) -> Path:
    if target.is_dir():
        raise OutputError(f"cannot write {target}: it is a folder")
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{target.stem}.", suffix=target.suffix, dir=target.parent
        )
    except OSError as error:
        check_folder(target)
        raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
    os.close(handle)
    return Path(name)


def _commit(temporary: Path, target: Path) -> None:
    with temporary.open("rb") as written:
        os.fsync(written.fileno())
    umask = os.umask(0)
    os.umask(umask)
    temporary.chmod(0o666 & ~umask)  # mkstemp makes 0600; the user expects an ordinary file
    temporary.replace(target)
    with suppress(OSError):  # some systems cannot open a folder for syncing
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
