from dataclasses import replace
from struct import pack

import pytest
from google_crc32c import value as crc32c

from format.builders import MAGIC, Chunk, assemble, geom_payload, grup, tiny
from lgcodec.errors import FileError
from lgcodec.format.container import dumps, loads
from lgcodec.format.table import Entry, pack_front

GEOM, CONF, GRUP = tiny()
EXTRA = Chunk(b"mETa", b"hello")
SECOND = [replace(GEOM, stream=1), replace(CONF, stream=1)]


def code_of(data: bytes) -> str:
    with pytest.raises(FileError) as raised:
        loads(data)
    return raised.value.code


def test_front_is_that_of_the_tables() -> None:
    entries = [Entry("GEOM", 3, 4), Entry("GRUP", 9, 8, stream=1, ordinal=2, dir_len=5)]
    root = b"GEOM" + pack("<IIIQI", 0, 0, 0, 3, 4) + b"GRUP" + pack("<IIIQI", 1, 2, 5, 9, 8)
    header = MAGIC + pack("<BBHIQI", 1, 7, 0, 2, 32 + 56 + 12, crc32c(root))
    assert pack_front(entries, minor=7) == header + pack("<I", crc32c(header)) + root


@pytest.mark.parametrize("length", range(32))
def test_a_file_shorter_than_a_header(length: int) -> None:
    """LGI-H-01."""
    assert code_of(assemble(tiny())[:length]) == "E_TRUNC"


@pytest.mark.parametrize("at", range(8))
def test_each_byte_of_magic(at: int) -> None:
    """LGI-H-02."""
    magic = bytes(byte ^ 0x20 * (i == at) for i, byte in enumerate(MAGIC))
    assert code_of(assemble(tiny(), magic=magic)) == "E_MAGIC"


DAMAGED_ON_THE_WAY = {
    "line ends to LF": lambda data: data.replace(b"\r\n", b"\n"),
    "line ends to CRLF": lambda data: data.replace(b"\n", b"\r\n"),
    "seven bits": lambda data: bytes(byte & 127 for byte in data),
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "leading zero": lambda data: b"\0" + data,
    "a ZIP before it": lambda data: b"PK\3\4" + data,
    "a PDF before it": lambda data: b"%PDF-1.4\n" + data,
    "text": lambda data: b"hello, this is a text that is longer than a header\n",
}


@pytest.mark.parametrize("name", DAMAGED_ON_THE_WAY)
def test_magic_notices(name: str) -> None:
    """LGI-H-02: what happens to files on their way."""
    assert code_of(DAMAGED_ON_THE_WAY[name](assemble(tiny()))) == "E_MAGIC"


BAD_HEADERS = {
    "LGI-H-03 wrong": ("E_HDR_CRC", {"header_crc": 0}),
    "LGI-H-04 major 0": ("E_VERSION", {"major": 0}),
    "LGI-H-04 major 2": ("E_VERSION", {"major": 2}),
    "LGI-H-04 major 255": ("E_VERSION", {"major": 255}),
    "LGI-H-06 1": ("E_RESERVED", {"reserved": 1}),
    "LGI-H-06 2**15": ("E_RESERVED", {"reserved": 2**15}),
    "LGI-H-07 0": ("E_LIMIT", {"n_entries": 0}),
    "LGI-H-07 2": ("E_LIMIT", {"n_entries": 2}),
    "LGI-H-07 65 537": ("E_LIMIT", {"n_entries": 65_537}),
    "LGI-H-07 2**32 - 1": ("E_LIMIT", {"n_entries": 2**32 - 1}),
    "LGI-H-07 big-endian": ("E_LIMIT", {"n_entries": 3 << 24}),
    "LGI-H-08 0": ("E_LIMIT", {"file_size": 0}),
    "LGI-H-08 shorter than the root": ("E_LIMIT", {"file_size": 32 + 28 * 3 - 1}),
    "LGI-H-08 2**48": ("E_LIMIT", {"file_size": 2**48}),
    "LGI-H-08 2**63": ("E_LIMIT", {"file_size": 2**63}),
    "LGI-H-08 2**64 - 1": ("E_LIMIT", {"file_size": 2**64 - 1}),
    "LGI-H-08 root longer than the file": ("E_LIMIT", {"n_entries": 65_536}),
    "LGI-H-09 one byte too many": ("E_TRAILING", {"file_size": 207}),
    "LGI-H-09 one byte too few": ("E_TRUNC", {"file_size": 209}),
    "LGI-H-09 far too few": ("E_TRUNC", {"file_size": 2**48 - 1}),
    "LGI-R-01 wrong": ("E_ROOT_CRC", {"root_crc": 0}),
    "LGI-R-01 of an empty root": ("E_ROOT_CRC", {"root_crc": crc32c(b"")}),
}


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_bad_headers(name: str) -> None:
    code, fields = BAD_HEADERS[name]
    assert code_of(assemble(tiny(), **fields)) == code


@pytest.mark.parametrize("minor", [1, 255])
def test_any_minor_is_accepted_and_kept(minor: int) -> None:
    """LGI-H-05."""
    data = assemble(tiny(), minor=minor)
    assert loads(data).minor == minor
    assert dumps(loads(data)) == data


BAD_ENTRIES = {
    "LGI-R-02 digit": ("E_TYPE", [GEOM, CONF, GRUP, replace(EXTRA, name=b"mE1a")]),
    "LGI-R-02 space": ("E_TYPE", [GEOM, CONF, GRUP, replace(EXTRA, name=b"mE a")]),
    "LGI-R-02 zero": ("E_TYPE", [GEOM, CONF, GRUP, replace(EXTRA, name=b"mET\0")]),
    "LGI-R-02 0x80": ("E_TYPE", [GEOM, CONF, GRUP, replace(EXTRA, name=b"\x80ETa")]),
    "LGI-R-02 letter beyond ASCII": ("E_TYPE", [GEOM, CONF, GRUP, replace(EXTRA, name=b"\xe9ETa")]),
    "LGI-R-02 lower case third": ("E_TYPE", [GEOM, CONF, GRUP, replace(EXTRA, name=b"mEta")]),
    "LGI-R-02 lower case GEOM": ("E_TYPE", [replace(GEOM, name=b"GEoM"), CONF, GRUP]),
    "LGI-R-03 other": ("E_UNKNOWN_CRITICAL", [GEOM, CONF, GRUP, replace(EXTRA, name=b"METa")]),
    "LGI-R-03 GEOm": ("E_UNKNOWN_CRITICAL", [replace(GEOM, name=b"GEOm"), CONF, GRUP]),
    "LGI-R-04 stream 16": ("E_LIMIT", [replace(GEOM, stream=16), CONF, GRUP]),
    "LGI-R-04 ancillary stream": ("E_LIMIT", [GEOM, CONF, GRUP, replace(EXTRA, stream=1)]),
    "LGI-R-04 ordinal": ("E_LIMIT", [GEOM, CONF, replace(GRUP, ordinal=65_536)]),
    "LGI-R-04 GEOM ordinal": ("E_LIMIT", [replace(GEOM, ordinal=1), CONF, GRUP]),
    "LGI-R-04 ancillary ordinal": ("E_LIMIT", [GEOM, CONF, GRUP, replace(EXTRA, ordinal=1)]),
    "LGI-R-04 dir_len 0": ("E_LIMIT", [GEOM, CONF, replace(GRUP, dir_len=0)]),
    "LGI-R-04 dir_len 19": ("E_LIMIT", [GEOM, CONF, replace(GRUP, dir_len=19)]),
    "LGI-R-04 dir_len = length": ("E_LIMIT", [GEOM, CONF, replace(GRUP, dir_len=45)]),
    "LGI-R-04 dir_len > length": ("E_LIMIT", [GEOM, CONF, replace(GRUP, dir_len=46)]),
    "LGI-R-04 dir_len 2**32 - 1": ("E_LIMIT", [GEOM, CONF, replace(GRUP, dir_len=2**32 - 1)]),
    "LGI-R-04 dir_len of GEOM": ("E_LIMIT", [replace(GEOM, dir_len=1), CONF, GRUP]),
    "LGI-R-04 dir_len of mETa": ("E_LIMIT", [GEOM, CONF, GRUP, replace(EXTRA, dir_len=1)]),
    "LGI-R-04 empty GEOM": ("E_LIMIT", [replace(GEOM, payload=b""), CONF, GRUP]),
    "LGI-R-04 empty mETa": ("E_LIMIT", [GEOM, CONF, GRUP, replace(EXTRA, payload=b"")]),
    "LGI-R-04 long CONF": ("E_LIMIT", [GEOM, replace(CONF, length=2**16 + 1), GRUP]),
    "LGI-R-04 long mETa": ("E_LIMIT", [GEOM, CONF, GRUP, replace(EXTRA, length=2**26 + 1)]),
    "LGI-R-04 long GRUP": ("E_LIMIT", [GEOM, CONF, replace(GRUP, length=2**48)]),
    "LGI-R-04 GRUP of 2**64 - 1": ("E_LIMIT", [GEOM, CONF, replace(GRUP, length=2**64 - 1)]),
    "LGI-R-05 one too many": ("E_SIZE", [GEOM, CONF, replace(GRUP, length=46)]),
    "LGI-R-05 one too few": ("E_SIZE", [GEOM, CONF, replace(GRUP, length=44)]),
    "LGI-R-05 mETa": ("E_SIZE", [GEOM, CONF, GRUP, replace(EXTRA, length=4)]),
    "LGI-R-06 no GEOM": ("E_ORDER", [CONF, GRUP, EXTRA]),
    "LGI-R-06 no CONF": ("E_ORDER", [GEOM, GRUP, EXTRA]),
    "LGI-R-06 CONF first": ("E_ORDER", [CONF, GEOM, GRUP]),
    "LGI-R-06 GRUP first": ("E_ORDER", [GRUP, GEOM, CONF]),
    "LGI-R-06 GEOM twice": ("E_ORDER", [GEOM, GEOM, CONF, GRUP]),
    "LGI-R-06 CONF twice": ("E_ORDER", [GEOM, CONF, CONF, GRUP]),
    "LGI-R-06 stream 0 twice": ("E_ORDER", [GEOM, CONF, GEOM, CONF, GRUP]),
    "LGI-R-06 all GEOM first": ("E_ORDER", [GEOM, SECOND[0], CONF, SECOND[1], GRUP]),
    "LGI-R-06 stream 1 alone": ("E_ORDER", [*SECOND, replace(GRUP, stream=1)]),
    "LGI-R-06 CONF of stream 1": ("E_ORDER", [GEOM, SECOND[1], GRUP]),
    "LGI-R-06 ancillary before GRUP": ("E_ORDER", [GEOM, CONF, EXTRA, GRUP]),
    "LGI-R-06 ancillary unsorted": (
        "E_ORDER",
        [GEOM, CONF, GRUP, EXTRA, replace(EXTRA, name=b"aBCd")],
    ),
    "LGI-R-06 ancillary twice": ("E_ORDER", [GEOM, CONF, GRUP, EXTRA, EXTRA]),
    "LGI-R-06 ordinals equal": ("E_ORDER", [GEOM, CONF, GRUP, GRUP]),
    "LGI-R-06 ordinals decrease": ("E_ORDER", [GEOM, CONF, replace(GRUP, ordinal=1), GRUP]),
    "LGI-R-06 streams decrease": (
        "E_ORDER",
        [GEOM, CONF, *SECOND, replace(GRUP, stream=1), GRUP],
    ),
    "LGI-R-07 no GRUP": ("E_ORDER", [GEOM, CONF, EXTRA]),
    "LGI-R-07 stream 1 without GRUP": ("E_ORDER", [GEOM, CONF, *SECOND, GRUP]),
    "LGI-R-07 GRUP of no stream": ("E_ORDER", [GEOM, CONF, GRUP, replace(GRUP, stream=1)]),
    "LGI-R-07 nothing but GRUP": ("E_ORDER", [replace(GRUP, ordinal=i) for i in range(3)]),
    "LGI-R-07 nothing but ancillary": (
        "E_ORDER",
        [replace(EXTRA, name=name) for name in (b"aBCd", b"bBCd", b"cBCd")],
    ),
}


@pytest.mark.parametrize("name", BAD_ENTRIES)
def test_bad_entries(name: str) -> None:
    code, chunks = BAD_ENTRIES[name]
    assert code_of(assemble(chunks)) == code


def test_lengths_whose_sum_wraps_64_bits() -> None:
    """LGI-R-05: each length within its limit, 65 536 of them far beyond 2**64."""
    entry = replace(GRUP, length=2**48 - 1, payload=b"").entry
    root = GEOM.entry + CONF.entry + entry * 65_534
    data = assemble([GEOM, CONF, GRUP], root=root, n_entries=65_536)
    assert code_of(data) == "E_SIZE"


def test_65_536_tiny_chunks() -> None:
    """LGI-H-07: the limit itself; the entries are refused at once for their order."""
    assert code_of(assemble([GEOM, CONF, *[GRUP] * 65_534])) == "E_ORDER"


def test_many_groups_are_read() -> None:
    groups = [replace(grup(), ordinal=i) for i in range(2_000)]
    geom = replace(GEOM, payload=geom_payload([{"groups": 2_000}]))
    data = assemble([geom, CONF, *groups])
    assert len(loads(data).streams[0].groups) == 2_000


def test_unknown_ancillary_types_are_accepted() -> None:
    """LGI-R-03, LGI-A-01."""
    data = assemble([GEOM, CONF, GRUP, EXTRA, replace(EXTRA, name=b"zZZZ")])
    assert loads(data).ancillary == {"mETa": b"hello", "zZZZ": b"hello"}
    assert dumps(loads(data)) == data


def test_messages_say_what_where() -> None:
    with pytest.raises(
        FileError, match=r"^E_LIMIT: n_entries is 2, allowed are 3 to 65536 \(at byte 12\)$"
    ):
        loads(assemble(tiny(), n_entries=2))
    with pytest.raises(FileError, match=r"^E_MAGIC: not a \.lgi file, it begins with b'\\x89PNG"):
        loads(b"\x89PNG\r\n\x1a\n" + bytes(30))
    with pytest.raises(FileError, match=r"^E_TRUNC: the file has 0 bytes, a header has 32"):
        loads(b"")
