"""Whether a file still has its end: the libraries read what is left of these formats silently."""

from pathlib import Path
from typing import Final

from lgcodec.errors import InputError

__all__ = ["check_gif", "check_matroska", "check_ogg", "check_riff"]

MAX_OGG_PAGE: Final = 65_307
OGG_END_OF_STREAM: Final = 4  # flag in the sixth byte of a page
GIF_TRAILER: Final = b";"
MATROSKA_SEGMENT: Final = bytes.fromhex("18538067")  # all of the file behind its header


def check_riff(path: Path) -> None:
    """Raise InputError if a WAV or AVI file is shorter than it declares."""
    size = path.stat().st_size
    declared = 8 + int.from_bytes(_head(path, 8)[4:], "little")
    # Streamed files declare the largest size; some writers count the first 8 bytes in.
    if size + 8 < declared < 2**32 - 1:
        raise InputError(f"truncated: {size} of {declared} bytes")


def check_ogg(path: Path) -> None:
    """Raise InputError if the last page of an Ogg file is not marked as the last."""
    tail = _tail(path, MAX_OGG_PAGE)
    page = tail.rfind(b"OggS")
    if page < 0 or not tail[page + 5] & OGG_END_OF_STREAM:
        raise InputError("truncated: the last page is missing")


def check_gif(path: Path) -> None:
    """Raise InputError if a GIF file does not end with its trailer; zeros may follow it."""
    if not _tail(path, 4096).rstrip(b"\0").endswith(GIF_TRAILER):
        raise InputError("the content is not GIF, or truncated")


def check_matroska(path: Path) -> None:
    """Raise InputError if a Matroska or WebM file is shorter than it declares."""
    size = path.stat().st_size
    head = _head(path, 1024)
    header_size, start = _element_size(head, 4)
    segment = start + header_size
    if head[segment : segment + 4] != MATROSKA_SEGMENT:
        raise InputError("the content is not Matroska")
    declared, start = _element_size(head, segment + 4)
    unknown = 2 ** (7 * (start - segment - 4)) - 1  # all ones: a live stream
    if declared != unknown and start + declared > size:
        raise InputError(f"truncated: {size} of {start + declared} bytes")


def _element_size(head: bytes, position: int) -> tuple[int, int]:
    """An EBML size at `position`, and the position behind it."""
    width = 9 - head[position].bit_length()
    value = int.from_bytes(head[position : position + width], "big")
    return value & (2 ** (7 * width) - 1), position + width


def _head(path: Path, length: int) -> bytes:
    with path.open("rb") as file:
        return file.read(length)


def _tail(path: Path, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - length))
        return file.read()
