"""Defects of the root table: steps 8 to 11."""

from collections.abc import Iterator, Mapping
from copy import deepcopy

from tests.second_reader.editable import File, Payload

from .base import Change, Defect, defect, groups, of_file, of_payload, sound, two

__all__ = ["defects"]

ROOT = ("root",)
TYPES = (
    *(("digit", b"noT3"), ("space", b"noT "), ("nul", b"noT\0"), ("high", b"n\x80Te")),
    *(("third-letter", b"note"), ("bracket", b"no[e"), ("at", b"@oTe"), ("back-tick", b"no`e")),
)


def defects() -> Iterator[Defect]:
    """Checksum, types, fields, sum, order."""
    yield defect("root-crc", "LGI-R-01", "E_ROOT_CRC", ROOT, of_file(root_crc=1))
    for name, kind in TYPES:
        yield _entry(f"type-{name}", "LGI-R-02", "E_TYPE", 3, type=kind)
    for name, kind in (("registered", b"IDAT"), ("private", b"NoTE"), ("lower", b"GeOM")):
        yield _entry(
            f"critical-{name}",
            "LGI-R-03",
            "E_UNKNOWN_CRITICAL",
            1 if name == "lower" else 3,
            type=kind,
        )
    yield from _limits()
    yield from _sums()
    yield from _orders()


def _entry(name: str, requirement: str, code: str, entry: int, **fields: object) -> Defect:
    """Fields of one entry, whose payload stays."""
    return defect(name, requirement, code, ("entry", entry), of_payload(entry, **fields))


def _limits() -> Iterator[Defect]:
    rows: tuple[tuple[str, int, Mapping[str, int]], ...] = (
        *(("stream-16", 2, {"stream": 16}), ("stream-of-conf-16", 1, {"stream": 2**32 - 1})),
        *(("stream-of-ancillary", 3, {"stream": 1}), ("ordinal-65536", 2, {"ordinal": 65_536})),
        *(("ordinal-of-geom", 0, {"ordinal": 1}), ("ordinal-of-conf", 1, {"ordinal": 1})),
        *(("ordinal-of-ancillary", 3, {"ordinal": 2**31}), ("dir-len-of-geom", 0, {"dir_len": 20})),
        *(("dir-len-of-conf", 1, {"dir_len": 1}), ("dir-len-of-ancillary", 4, {"dir_len": 1})),
        *(("dir-len-0", 2, {"dir_len": 0}), ("dir-len-19", 2, {"dir_len": 19})),
        *(("dir-len-is-length", 2, {"dir_len": 60, "length": 60}),),
        *(("dir-len-beyond-length", 2, {"dir_len": 2**16}),),
        *(("dir-len-beyond-limit", 2, {"dir_len": 16_777_237, "length": 2**25}),),
        *(("length-of-geom-0", 0, {"length": 0}), ("length-of-conf-0", 1, {"length": 0})),
        *(("length-of-group-0", 2, {"length": 0}), ("length-of-ancillary-0", 4, {"length": 0})),
        *(("length-of-geom-65537", 0, {"length": 65_537}),),
        *(("length-of-conf-65537", 1, {"length": 65_537}),),
        *(("length-of-ancillary-67108865", 3, {"length": 2**26 + 1}),),
        *(("length-of-group-2-48", 2, {"length": 2**48}),),
        *(("length-of-group-2-64", 2, {"length": 2**64 - 1}),),
    )
    for name, entry, fields in rows:
        yield _entry(name, "LGI-R-04", "E_LIMIT", entry, **fields)


def _sums() -> Iterator[Defect]:
    def changed(name: str, entry: int, change: int) -> Defect:
        length = len(File.of(sound()).payloads[entry].pack()[1]) + change
        made = _entry(name, "", "E_SIZE", entry, length=length)
        return Defect(name, name, "LGI-R-05", "E_SIZE", range(16, 24), made.data)

    yield changed("sum-one-more", 4, 1)
    yield changed("sum-one-less", 4, -1)
    yield changed("sum-of-geom-more", 0, 48)
    yield changed("sum-far-beyond", 2, 2**47)


def _orders() -> Iterator[Defect]:
    def moved(name: str, base: bytes, *order: int) -> Defect:
        def change(file: File) -> None:
            file.payloads = [deepcopy(file.payloads[i]) for i in order]

        return _placed(name, base, change)

    def _placed(name: str, base: bytes, change: Change) -> Defect:
        made = defect(name, "LGI-R-06", "E_ORDER", ROOT, change, base=base)
        root = range(32, 32 + 28 * int.from_bytes(made.data[12:16], "little") + 1)
        return Defect(name, name, "LGI-R-06", "E_ORDER", root, made.data)

    one, many, both = sound(), groups(), two()
    yield moved("order-no-geom", one, 1, 2, 3)
    yield moved("order-no-conf", one, 0, 2, 3)
    yield moved("order-no-group", one, 0, 1, 3)
    yield moved("order-geom-twice", one, 0, 0, 1, 2)
    yield moved("order-conf-twice", one, 0, 1, 1, 2)
    yield moved("order-conf-before-geom", one, 1, 0, 2)
    yield moved("order-group-first", one, 2, 0, 1)
    yield moved("order-ancillary-before-group", one, 0, 1, 3, 2)
    yield moved("order-ancillary-first", one, 3, 0, 1, 2)
    yield moved("order-ancillary-unsorted", one, 0, 1, 2, 4, 3)
    yield moved("order-ancillary-twice", one, 0, 1, 2, 3, 3)
    yield moved("order-group-twice", many, 0, 1, 2, 2, 3)
    yield moved("order-groups-decrease", many, 0, 1, 3, 2, 4)
    yield moved("order-streams-swapped", both, 2, 3, 0, 1, 4, 5)
    yield moved("order-groups-of-streams-swapped", both, 0, 1, 2, 3, 5, 4)
    yield moved("order-geoms-then-confs", both, 0, 2, 1, 3, 4, 5)
    yield moved("order-stream-without-group", both, 0, 1, 2, 3, 5)
    yield moved("order-last-stream-without-group", both, 0, 1, 2, 3, 4, 6)
    yield moved("order-group-of-no-stream", both, 0, 1, 4, 5)

    def renumbered(file: File) -> None:
        for payload in file.payloads[:3]:
            payload.stream = 1

    yield _placed("order-streams-from-1", one, renumbered)
    extra = Payload(b"GRUP", 15, 0, File.of(one).payloads[2].body)
    yield _placed("order-group-of-stream-15", one, lambda f: f.payloads.insert(3, extra))
