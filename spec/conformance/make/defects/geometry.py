"""Defects of GEOM: step 12. A sound for what is about one axis, a picture for what is about two."""

from collections.abc import Callable, Iterator
from struct import pack, pack_into

from tests.second_reader.editable import File

from .base import Defect, defect, of_payload, picture

__all__ = ["defects"]

Edit = Callable[[bytes], bytes]

# field -> where it is and how it is packed, in the head and in an axis
HEAD = {
    **{"ndim": (0, "<B"), "kind": (1, "<B"), "channels": (2, "<H"), "sample-type": (4, "<B")},
    **{"rate-num": (8, "<I"), "rate-den": (12, "<I"), "reserved": (7, "<B")},
}
AXIS = {
    **{"frame-len": (0, "<Q"), "win-lo": (8, "<q"), "win-len": (16, "<Q"), "grid-lo": (24, "<q")},
    **{"tile-len": (32, "<I"), "tiles": (36, "<I"), "groups": (40, "<I"), "reserved": (44, "<I")},
}
IN_HEAD = (
    *(("ndim", n, "LGI-G-01") for n in (0, 2, 5, 255)),
    *(("kind", n, "LGI-G-02") for n in (0, 5, 255)),
    *(("sample-type", n, "LGI-G-02") for n in (0, 255)),
    *(("channels", n, "LGI-G-03") for n in (0, 65, 65_535)),
    *(("reserved", 1, "LGI-G-04"), ("rate-num", 0, "LGI-G-05"), ("rate-den", 0, "LGI-G-05")),
    *(("rate-den", 2, "LGI-G-05"), ("rate-den", 16_000, "LGI-G-05")),
)
IN_AXIS = (
    *(("frame-len", n, "LGI-G-06") for n in (0, 2**31, 2**64 - 1)),
    *(("win-len", n, "LGI-G-06") for n in (0, 2**31, 2**64 - 1)),
    *(("grid-lo", n, "LGI-G-06") for n in (-(2**31), 2**31, -(2**63), 2**63 - 1)),
    *(("tile-len", n, "LGI-G-06") for n in (0, 2**31, 2**32 - 1)),
    *(("tiles", n, "LGI-G-06") for n in (0, 2**32 - 1)),
    *(("groups", n, "LGI-G-06") for n in (0, 2**32 - 1)),
    *(("reserved", 1, "LGI-G-04"), ("tiles", 2**29, "LGI-G-07"), ("groups", 2**28, "LGI-G-07")),
    *(("win-lo", n, "LGI-G-08") for n in (-1, 2, -(2**63), 2**63 - 1)),
    *(("grid-lo", 1, "LGI-G-08"), ("win-len", 13, "LGI-G-08")),
)


def defects() -> Iterator[Defect]:
    """Lengths, then the head, the axes, and products over all axes."""
    for name, change in (
        ("too-short", lambda body: body[:-1]),
        ("too-long", lambda body: body + b"\0"),
        ("head-alone", lambda body: body[:16]),
        ("fifteen-bytes", lambda body: body[:15]),
        ("one-axis-more", lambda body: body + body[16:]),
    ):
        yield _geom(f"geom-{name}", "LGI-G-01", change)
    for field, number, requirement in IN_HEAD:
        yield _geom(f"geom-{field}-{number}", requirement, _set(HEAD[field], 0, number))
    for field, number, requirement in IN_AXIS:
        change = _set(AXIS[field], 16, number)
        yield _geom(f"geom-axis-{field}-{number}", requirement, change)
    yield from _of_two_axes()


def _geom(name: str, requirement: str, change: Edit) -> Defect:
    def edit(file: File) -> None:
        body = file.payloads[0].body
        assert isinstance(body, bytes)
        file.payloads[0].body = change(body)

    return defect(name, requirement, "E_GEOM", ("GEOM", 0), edit)


def _set(field: tuple[int, str], start: int, number: int) -> Edit:
    def change(body: bytes) -> bytes:
        made = bytearray(body)
        pack_into(field[1], made, start + field[0], number)
        return bytes(made)

    return change


def _of_two_axes() -> Iterator[Defect]:
    """Axes that are good, each for itself."""
    head = pack("<BBHB3sII", 2, 2, 3, 1, bytes(3), 0, 0)
    rated = pack("<BBHB3sII", 2, 2, 3, 1, bytes(3), 25, 1)
    video = pack("<BBHB3sII", 2, 3, 3, 1, bytes(3), 25, 1)
    rated = pack("<BBHB3sII", 2, 2, 3, 1, bytes(3), 25, 1)
    video = pack("<BBHB3sII", 2, 3, 3, 1, bytes(3), 25, 1)

    def both(*numbers: int) -> bytes:
        return pack("<QqQqIIII", *numbers, 0) * 2

    for name, requirement, body in (
        ("tiles-over-limit", "LGI-G-09", head + both(1, 0, 1, 0, 1, 2**10 + 1, 1)),
        ("groups-over-limit", "LGI-G-09", head + both(1, 0, 1, 0, 1, 2, 2**8 + 1)),
        ("tiles-wrap", "LGI-G-09", head + both(1, 0, 1, 0, 1, 2**16, 1)),
        ("rate-of-picture", "LGI-G-05", rated + both(6, 0, 4, 0, 2, 3, 1)),
        ("picture-as-video", "LGI-G-01", video + both(6, 0, 4, 0, 2, 3, 1)),
    ):
        change = of_payload(0, body=body)
        made = defect(f"geom-{name}", requirement, "E_GEOM", ("GEOM", 0), change, base=picture())
        yield made
