"""The front of a file: a header of 32 bytes and a root table of 28 bytes per payload.

`pack_front` writes it, `unpack_header` and `unpack_root` read it in the normative order of checks
of spec/lgi-1.md. Payloads follow in the order of the table; an offset is stored nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, final

from lgcodec.errors import FileError
from lgcodec.format.checks import check_crc, crc32c
from lgcodec.format.layout import (
    CONF,
    CRC,
    CRITICAL_TYPES,
    DIRECTORY,
    ENTRY,
    GEOM,
    GRUP,
    HEADER,
    HEADER_LENGTH,
    MAGIC,
    MAJOR,
    MAX_ANCILLARY,
    MAX_CRITICAL,
    MAX_DIRECTORY,
    MAX_ENTRIES,
    MAX_FILE_SIZE,
    MAX_GROUPS,
    MAX_STREAMS,
    MIN_ENTRIES,
    is_chunk_type,
    is_critical,
)

__all__ = [
    "Entry",
    "Header",
    "front_length",
    "length_message",
    "pack_front",
    "unpack_header",
    "unpack_root",
]

ORDER: Final = (
    "GEOM and CONF of streams 0, 1, ..., then GRUP by stream and ordinal, at least one per stream, "
    "then ancillary chunks by type"
)


@final
@dataclass(frozen=True)
class Entry:
    """One payload: 28 bytes of the root table. Built unchecked; `unpack_root` checks.

    type      GEOM, CONF, GRUP or an ancillary type
    stream    0 to 15, ordinal 0 to 65 535 for GRUP, dir_len: bytes of GRUP's directory; else 0
    length    bytes of the payload, at least 1
    crc       CRC-32C of the directory for GRUP, of the whole payload otherwise
    """

    type: str
    length: int
    crc: int
    stream: int = 0
    ordinal: int = 0
    dir_len: int = 0

    @classmethod
    def of(cls, chunk_type: str, payload: bytes, stream: int = 0) -> "Entry":
        """The entry of a payload that is not a group."""
        return cls(chunk_type, len(payload), crc32c(payload), stream)

    def pack(self) -> bytes:
        """The 28 bytes of this entry."""
        name = self.type.encode("ascii")
        return ENTRY.pack(name, self.stream, self.ordinal, self.dir_len, self.length, self.crc)


@final
@dataclass(frozen=True)
class Header:
    """What the first 32 bytes say, beyond magic, major and header_crc."""

    minor: int
    n_entries: int
    file_size: int
    root_crc: int


def length_message(size: int, file_size: int) -> str:
    """What E_TRUNC and E_TRAILING say of a file of `size` bytes."""
    return f"the file has {size} bytes, file_size is {file_size}"


def front_length(n_entries: int) -> int:
    """Bytes of header and root table: where the first payload starts."""
    return HEADER_LENGTH + ENTRY.size * n_entries


def pack_front(entries: Sequence[Entry], minor: int) -> bytes:
    """Header and root table of a file with these payloads."""
    root = b"".join(entry.pack() for entry in entries)
    file_size = front_length(len(entries)) + sum(entry.length for entry in entries)
    header = HEADER.pack(MAGIC, MAJOR, minor, 0, len(entries), file_size, crc32c(root))
    return header + CRC.pack(crc32c(header)) + root


def unpack_header(data: bytes, size: int) -> Header:
    """Read the first 32 bytes (or fewer) of a file of `size` bytes; FileError if they are bad."""
    if len(data) < HEADER_LENGTH:
        message = f"the file has {len(data)} bytes, a header has {HEADER_LENGTH}"
        raise FileError("E_TRUNC", message, len(data))
    magic, major, minor, reserved, n_entries, file_size, root_crc = HEADER.unpack_from(data)
    if magic != MAGIC:
        message = f"not a .lgi file, it begins with {magic!r} and not with {MAGIC!r}"
        raise FileError("E_MAGIC", message, 0)
    (header_crc,) = CRC.unpack_from(data, HEADER.size)
    check_crc("E_HDR_CRC", "the header", data[: HEADER.size], header_crc, 0)
    if major != MAJOR:
        raise FileError("E_VERSION", f"the file has version {major}, {MAJOR} can be read", 8)
    if reserved:
        raise FileError("E_RESERVED", f"reserved is {reserved}, it must be 0", 10)
    _check_limit("n_entries", n_entries, MIN_ENTRIES, MAX_ENTRIES, 12)
    _check_limit("file_size", file_size, front_length(n_entries), MAX_FILE_SIZE, 16)
    if size > file_size:
        raise FileError("E_TRAILING", length_message(size, file_size), file_size)
    if size < file_size:
        raise FileError("E_TRUNC", length_message(size, file_size), size)
    return Header(minor, n_entries, file_size, root_crc)


def unpack_root(data: bytes, header: Header) -> tuple[Entry, ...]:
    """Read the whole root table; FileError if it is bad."""
    check_crc("E_ROOT_CRC", "the root table", data, header.root_crc, HEADER_LENGTH)
    entries = tuple(
        _entry(data[at : at + ENTRY.size], HEADER_LENGTH + at)
        for at in range(0, len(data), ENTRY.size)
    )
    total = len(data) + HEADER_LENGTH + sum(entry.length for entry in entries)
    if total != header.file_size:
        message = f"header, root table and payloads have {total} bytes, file_size is"
        raise FileError("E_SIZE", f"{message} {header.file_size}", 16)
    _check_order(entries)
    return entries


def _entry(data: bytes, offset: int) -> Entry:
    name, stream, ordinal, dir_len, length, crc = ENTRY.unpack(data)
    chunk_type = name.decode("latin-1")
    if not is_chunk_type(chunk_type):
        message = f"chunk type {name!r} is not four letters with the third upper case"
        raise FileError("E_TYPE", message, offset)
    if is_critical(chunk_type) and chunk_type not in CRITICAL_TYPES:
        message = f"chunk type {chunk_type} is not known, critical ones are"
        raise FileError("E_UNKNOWN_CRITICAL", f"{message} {', '.join(CRITICAL_TYPES)}", offset)
    _check_limit("stream", stream, 0, MAX_STREAMS - 1 if is_critical(chunk_type) else 0, offset + 4)
    _check_limit("ordinal", ordinal, 0, MAX_GROUPS - 1 if chunk_type == GRUP else 0, offset + 8)
    if chunk_type == GRUP:
        _check_limit("dir_len", dir_len, DIRECTORY.size, MAX_DIRECTORY, offset + 12)
        _check_limit("length", length, dir_len + 1, MAX_FILE_SIZE, offset + 16)
    else:
        most = MAX_CRITICAL if is_critical(chunk_type) else MAX_ANCILLARY
        _check_limit("dir_len", dir_len, 0, 0, offset + 12)
        _check_limit("length", length, 1, most, offset + 16)
    return Entry(chunk_type, length, crc, stream, ordinal, dir_len)


def _check_order(entries: Sequence[Entry]) -> None:
    """Every entry may stand after the one before it, and the last one may be the last."""
    heads = takewhile(lambda entry: entry.type in (GEOM, CONF), entries)
    streams = sum(entry.type == GEOM for entry in heads)
    before: Entry | None = None
    for index, entry in enumerate((*entries, None)):
        if not _may_follow(before, entry, streams):
            found = f"{_described(entry)} after {_described(before)}"
            message = f"entry {index} of the root table is {found}; allowed is {ORDER}"
            raise FileError("E_ORDER", message, front_length(index))
        before = entry


def _may_follow(before: Entry | None, entry: Entry | None, streams: int) -> bool:
    """LGI-R-06 and LGI-R-07; None is what stands before the first entry and after the last."""
    kind = None if entry is None else (entry.type, entry.stream)
    is_ancillary = entry is not None and not is_critical(entry.type)
    match before:
        case None:
            return kind == (GEOM, 0)
        case Entry(type="GEOM"):
            return kind == (CONF, before.stream)
        case Entry(type="CONF"):
            return kind in ((GEOM, before.stream + 1), (GRUP, 0))
        case Entry(type="GRUP"):
            if kind == (GRUP, before.stream):
                return entry is not None and entry.ordinal > before.ordinal
            is_last = before.stream == streams - 1
            return is_ancillary or entry is None if is_last else kind == (GRUP, before.stream + 1)
    return entry is None or (is_ancillary and entry.type > before.type)


def _described(entry: Entry | None) -> str:
    match entry:
        case None:
            return "nothing"
        case Entry(type="GRUP"):
            return f"GRUP {entry.ordinal} of stream {entry.stream}"
        case Entry(type="GEOM" | "CONF"):
            return f"{entry.type} of stream {entry.stream}"
    return entry.type


def _check_limit(name: str, value: int, least: int, most: int, offset: int) -> None:
    if not least <= value <= most:
        message = f"{name} is {value}, allowed are {least} to {most}"
        raise FileError("E_LIMIT", message, offset)
