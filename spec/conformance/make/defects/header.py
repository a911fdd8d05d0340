"""Defects of the header and of the length of the file: steps 1 to 7."""

from collections.abc import Iterator
from struct import pack

from google_crc32c import value as crc32c

from tests.second_reader.editable import File

from .base import Defect, of_file, sound

__all__ = ["defects"]

FIELDS = (
    *(("LGI-H-04", "E_VERSION", "major", 8, 1, (0, 2, 255)),),
    *(("LGI-H-06", "E_RESERVED", "reserved", 10, 2, (1, 0x8000)),),
    *(("LGI-H-07", "E_LIMIT", "n_entries", 12, 4, (0, 1, 2, 65_537, 2**32 - 1)),),
    *(("LGI-H-08", "E_LIMIT", "file_size", 16, 8, (0, 31, 171, 2**48, 2**63, 2**64 - 1)),),
)


def defects() -> Iterator[Defect]:
    """Lengths, magic, fields, and headers that were made for another machine."""
    yield from _magic()
    yield from _fields()
    yield from _lengths()
    yield from _orders()


def _plain(name: str, requirement: str, code: str, where: range, data: bytes) -> Defect:
    return Defect(name, name, requirement, code, where, data)


def _with(**fields: object) -> bytes:
    file = File.of(sound())
    of_file(**fields)(file)
    return file.pack()


def _magic() -> Iterator[Defect]:
    whole = sound()
    altered = [
        (f"magic-byte-{at}", whole[:at] + bytes([whole[at] ^ 0x20]) + whole[at + 1 :])
        for at in range(8)
    ]
    for name, data in (
        *altered,
        ("magic-line-ends-of-unix", whole.replace(b"\r\n", b"\n", 1)),
        ("magic-line-ends-of-dos", whole[:7] + b"\r" + whole[7:]),
        ("magic-high-bit-stripped", b"\x09" + whole[1:]),
        ("before-byte-order-mark", b"\xef\xbb\xbf" + whole),
        ("before-zero", b"\0" + whole),
        ("before-shebang", b"#!/bin/sh\n" + whole),
        ("before-zip", b"PK\3\4" + bytes(26) + whole),
        ("before-pdf", b"%PDF-1.7\n" + whole),
        ("other-png", b"\x89PNG\r\n\x1a\n" + whole[8:]),
        ("other-zeros", bytes(64)),
    ):
        yield _plain(name, "LGI-H-02", "E_MAGIC", range(1), data)


def _fields() -> Iterator[Defect]:
    yield _plain("header-crc", "LGI-H-03", "E_HDR_CRC", range(28), _with(header_crc=0))
    for requirement, code, field, at, width, numbers in FIELDS:
        for number in numbers:
            name = f"{field.replace('_', '-')}-{number}"
            data = _with(**{field: number})
            yield _plain(name, requirement, code, range(at, at + width), data)
    whole = sound()
    swapped = whole[:8] + pack(">BBHIQ", 1, 0, 0, 5, len(whole)) + whole[24:28]
    yield _plain(
        "big-endian", "LGI-F-01", "E_LIMIT", range(12, 16), swapped + _crc(swapped) + whole[32:]
    )
    reverse = whole[:28] + whole[31:27:-1] + whole[32:]
    yield _plain("big-endian-crc", "LGI-F-01", "E_HDR_CRC", range(28), reverse)


def _crc(data: bytes) -> bytes:
    return pack("<I", crc32c(data))


def _lengths() -> Iterator[Defect]:
    whole = sound()
    size = len(whole)
    for end in (0, 1, 7, 8, 12, 28, 31):
        yield _plain(f"prefix-{end}", "LGI-H-01", "E_TRUNC", range(end, end + 1), whole[:end])
    for name, end in (
        *(("cut-after-header", 32), ("cut-in-root", 70), ("cut-after-root", 172)),
        *(("cut-in-geom", 200), ("cut-in-chunks", size - 60), ("cut-last-byte", size - 1)),
    ):
        yield _plain(name, "LGI-H-09", "E_TRUNC", range(end, end + 1), whole[:end])
    for name, tail in (
        ("after-zero", b"\0"),
        ("after-itself", whole),
        ("after-zip", b"PK\5\6" + bytes(18)),
        ("after-line-end", b"\n"),
    ):
        yield _plain(name, "LGI-H-09", "E_TRAILING", range(size, size + 1), whole + tail)
    for name, number, code, end in (
        ("file-size-less", size - 1, "E_TRAILING", size - 1),
        ("file-size-more", size + 1, "E_TRUNC", size),
        ("file-size-huge", 2**48 - 1, "E_TRUNC", size),
    ):
        data = _with(file_size=number)
        yield _plain(name, "LGI-H-09", code, range(end, end + 1), data)


def _orders() -> Iterator[Defect]:
    """Two defects: the check that comes first tells."""
    size = len(sound())
    for name, code, where, fields in (
        ("magic-before-crc", "E_MAGIC", range(1), {"magic": bytes(8), "header_crc": 0}),
        ("crc-before-major", "E_HDR_CRC", range(28), {"header_crc": 0, "major": 2}),
        ("major-before-reserved", "E_VERSION", range(8, 9), {"major": 2, "reserved": 1}),
        ("reserved-before-count", "E_RESERVED", range(10, 12), {"reserved": 1, "n_entries": 0}),
        ("count-before-size", "E_LIMIT", range(12, 16), {"n_entries": 0, "file_size": 0}),
        ("size-before-root", "E_TRUNC", range(size, size + 1), {"file_size": 2**40, "root_crc": 0}),
    ):
        yield _plain(f"order-{name}", "section 9", code, where, _with(**fields))
