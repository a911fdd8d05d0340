"""Defects of group directories and of chunks: steps 14 to 16."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.second_reader.editable import File

from .base import (
    Change,
    Defect,
    defect,
    group_of,
    groups,
    keep_checksums,
    of_group,
    of_payload,
    picture,
    sound,
)

__all__ = ["defects"]

DIRECTORY = ("directory", 0, 0)
EQUAL = [b"aa", b"bb", b"cc"]


def defects() -> Iterator[Defect]:
    """Directories by their fields, lengths, runs; then checksums of chunks."""
    yield defect("dir-crc", "LGI-D-01", "E_DIR_CRC", DIRECTORY, of_payload(2, crc=7))
    yield from _fields()
    yield from _lengths()
    yield from _widths()
    yield from _runs()
    yield from _grid()
    yield from _chunks()


def _group(
    name: str, requirement: str, code: str, fields: Mapping[str, Any], base: bytes | None = None
) -> Defect:
    return defect(name, requirement, code, DIRECTORY, of_group(**fields), base=base)


def _fields() -> Iterator[Defect]:
    for at in range(2):
        reserved = bytes(i == at for i in range(2))
        yield _group(f"dir-reserved-{at}", "LGI-D-02", "E_RESERVED", {"reserved": reserved})
    for width in (26, 32, 255):
        yield _group(f"dir-width-{width}", "LGI-D-03", "E_WIDTH", {"width": width})
    for width in (0, 3, 5, 8, 255):
        yield _group(f"dir-crc-width-{width}", "LGI-D-13", "E_WIDTH", {"crc_width": width})
    for name, fields in (
        ("runs-0", {"n_runs": 0}),
        ("runs-more-than-chunks", {"n_runs": 4}),
        ("runs-huge", {"n_runs": 2**32 - 1}),
        ("local-0", {"n_local": 0}),
        ("local-1048577", {"n_local": 2**20 + 1}),
        ("local-huge", {"n_local": 2**32 - 1}),
        ("all-huge", {"n_runs": 2**32 - 1, "n_local": 2**32 - 1}),
    ):
        yield _group(f"dir-{name}", "LGI-D-04", "E_LIMIT", fields)
    for name, fields in (
        ("runs-one-more", {"n_runs": 2}),
        ("local-one-more", {"n_local": 4}),
        ("local-one-less", {"n_local": 2}),
        ("local-1048576", {"n_local": 2**20}),
    ):
        yield _group(f"dir-{name}", "LGI-D-05", "E_DIR", fields)
    for name, more in (("longer", 1), ("shorter", -1)):
        yield defect(f"dir-{name}", "LGI-D-05", "E_DIR", DIRECTORY, _dir_len(more))


def _dir_len(more: int) -> Change:
    """Another dir_len, whose checksum fits."""

    def change(file: File) -> None:
        payload = file.payloads[2]
        size = len(group_of(file).directory())
        payload.body = payload.pack()[1]
        payload.dir_len = size + more

    return change


def _lengths() -> Iterator[Defect]:
    huge = {"global_len": 2**28 + 1}
    yield _group("dir-global-too-long", "LGI-D-07", "E_LIMIT", huge)
    yield _group("dir-global-huge", "LGI-D-07", "E_LIMIT", {"global_len": 2**32 - 1})
    yield _group("dir-length-0", "LGI-D-07", "E_LIMIT", {"lengths": {1: 0}})
    for name, length in (("too-long", 2**24 + 1), ("huge", 2**25 - 1)):
        long = {"width": 25, "lengths": {1: length}}
        yield _group(f"dir-length-{name}", "LGI-D-07", "E_LIMIT", long)
    far = {"chunks": EQUAL, "width": 0, "lengths": {0: 2**32 - 1}}
    yield _group("dir-length-of-all-huge", "LGI-D-07", "E_LIMIT", far)
    size = len(group_of(File.of(sound())).chunks[0])
    for name, fields in (
        ("length-one-more", {"lengths": {0: size + 1}}),
        ("length-one-less", {"lengths": {2: 1}}),
        ("global-one-more", {"global_len": 1 + len(group_of(File.of(sound())).global_chunk)}),
        ("global-0", {"global_len": 0}),
        ("equal-lengths-less", {"chunks": EQUAL, "width": 0, "lengths": {0: 1}}),
    ):
        yield _group(f"dir-{name}", "LGI-D-08", "E_SIZE", fields)


def _widths() -> Iterator[Defect]:
    """A len_width above the smallest, bits after the lengths, chunks too long for a crc_width."""
    for width in (2, 3, 8, 25):
        fields = {"chunks": EQUAL, "width": width}
        yield _group(f"dir-width-{width}-of-equal", "LGI-D-03", "E_WIDTH", fields)
    for width, longest in ((9, 255), (25, 255), (10, 256), (13, 4095), (17, 65_535)):
        long = {"chunks": [*EQUAL[1:], bytes(longest)], "width": width, "crc_width": 4}
        yield _group(f"dir-width-{width}-of-{longest}", "LGI-D-03", "E_WIDTH", long)
    one = {"runs": [[1, 1]], "chunks": [b"aa"], "width": 2}
    yield _group("dir-width-2-of-one", "LGI-D-03", "E_WIDTH", one)
    for bit in (6, 7):
        filled = {"chunks": [b"a", b"bb", b"ccc"], "width": 2, "filling": 1 << bit}
        yield _group(f"dir-bit-{bit}-after-lengths", "LGI-D-14", "E_RESERVED", filled)
    for crc_width, length in ((1, 1024), (2, 4096)):
        for name, chunks, width in (
            ("", [*EQUAL[1:], bytes(length)], length.bit_length()),
            ("equal-", [bytes(length)] * 3, 0),
        ):
            short = {"crc_width": crc_width, "chunks": chunks, "width": width}
            full = f"dir-crc-width-{crc_width}-of-{name}{length}"
            yield _group(full, "LGI-D-07", "E_LIMIT", short)


def _runs() -> Iterator[Defect]:
    """Six partitions in runs of which none is as it must be."""
    for name, runs in (
        ("empty", [[0, 6], [7, 0]]),
        ("empty-first", [[0, 0], [1, 6]]),
        ("touching", [[0, 3], [3, 3]]),
        ("overlapping", [[0, 4], [3, 2]]),
        ("repeated", [[0, 3], [0, 3]]),
        ("unsorted", [[4, 2], [0, 4]]),
        ("beyond-limit", [[2**20 - 5, 6]]),
        ("start-wraps", [[2**32 - 1, 6]]),
        ("count-wraps", [[1, 2**32 - 1]]),
        ("too-few", [[0, 5]]),
        ("too-many", [[0, 7]]),
        ("sum-wraps", [[0, 7], [8, 2**32 - 1]]),
    ):
        yield _group(f"runs-{name}", "LGI-D-06", "E_RUNS", {"runs": runs}, picture())


def _grid() -> Iterator[Defect]:
    for name, runs in (("last", [[1, 6]]), ("far", [[2**20 - 6, 6]]), ("hole", [[0, 5], [6, 1]])):
        yield _group(f"grid-{name}", "LGI-D-09", "E_GRID", {"runs": runs}, picture())
    for name, ordinal in (("group", 3), ("group-far", 65_535)):
        where, change = ("directory", 0, 2), of_payload(4, ordinal=ordinal)
        yield defect(f"grid-{name}", "LGI-D-09", "E_GRID", where, change, base=groups())


def _chunks() -> Iterator[Defect]:
    def crc(name: str, part: tuple[str | int, ...], change: Change) -> Defect:
        return defect(f"crc-{name}", "LGI-D-10", "E_CHUNK_CRC", part, change)

    for entry, name in enumerate(("geom", "conf", "", "ancillary-kept", "ancillary-dropped")):
        if name:
            yield crc(name, ("payload", entry), of_payload(entry, crc=0))
    yield crc("global", ("global", 0, 0), of_group(global_crc=0))
    for i, name in enumerate(("first", "middle", "last")):
        part = ("local", 0, 0, i)
        for width in (1, 2, 4):
            wrong = of_group(crc_width=width, crcs={i: 1})
            yield crc(f"local-{name}-of-{width}", part, wrong)
        yield crc(f"flip-{name}", part, _flip(i))

    def swapped(file: File) -> None:
        group = group_of(file)
        keep_checksums(group)
        group.chunks[0], group.chunks[1] = group.chunks[1], group.chunks[0]

    equal = {"chunks": [b"abc", b"abd", b"abe"], "width": 0}

    def swap_equal(file: File) -> None:
        of_group(**equal)(file)
        swapped(file)

    yield crc("swapped", ("payload", 2), swap_equal)
    yield crc("zeroed", ("payload", 2), _zeroed)
    empty = {"global_chunk": b"", "global_crc": 1}
    yield crc("empty-global", ("payload", 2), of_group(**empty))


def _flip(index: int) -> Change:
    def change(file: File) -> None:
        group = group_of(file)
        keep_checksums(group)
        *head, last = group.chunks[index]
        group.chunks[index] = bytes([*head, last ^ 1])

    return change


def _zeroed(file: File) -> None:
    group = group_of(file)
    keep_checksums(group)
    group.chunks[1] = bytes(len(group.chunks[1]))
