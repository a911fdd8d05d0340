"""Defects of GEOM: step 12. A sound for what is about one axis, a picture for what is about two."""

from collections.abc import Callable, Iterator, Mapping

from tests.second_reader.editable import File, numbers, numbers_of

from .base import Defect, defect, of_payload, picture

__all__ = ["defects"]

Edit = Callable[[bytes], bytes]

HEAD = ("kind", "channels", "sample-type")  # a byte each
NUMBERS = (
    *("rate-num", "rate-den", "frame-len", "win-at", "win-len", "grid-lo"),
    *("tile-len", "tiles", "groups"),
)
IN_HEAD = (
    *(("kind", n, "LGI-G-02") for n in (0, 5, 255)),
    *(("sample-type", n, "LGI-G-02") for n in (0, 6, 255)),
    *(("channels", n, "LGI-G-03") for n in (0, 65, 255)),
)
IN_NUMBERS = (
    *(("rate-num", 0, "LGI-G-05"), ("rate-num", 2**32, "LGI-G-05"), ("rate-den", 0, "LGI-G-05")),
    *(("rate-den", n, "LGI-G-05") for n in (2, 16_000, 2**35 - 1)),
    *(("frame-len", n, "LGI-G-06") for n in (0, 2**31, 2**35 - 1)),
    *(("win-len", n, "LGI-G-06") for n in (0, 2**31, 2**35 - 1)),
    *(("grid-lo", n, "LGI-G-06") for n in (2**32 - 1, 2**32, 2**35 - 1)),
    *(("tile-len", n, "LGI-G-06") for n in (0, 2**31, 2**32 - 1)),
    *(("tiles", n, "LGI-G-06") for n in (0, 2**32 - 1)),
    *(("groups", n, "LGI-G-06") for n in (0, 2**32 - 1)),
    *(("tiles", 2**29, "LGI-G-07"), ("groups", 2**28, "LGI-G-07")),
    *(("win-at", n, "LGI-G-08") for n in (2, 2**32 - 1, 2**35 - 1)),
    ("win-len", 13, "LGI-G-08"),
)
# What stands for a number in other bytes than the shortest, or in too many.
FORMS: Mapping[str, Edit] = {
    "one-byte-more": lambda number: _longer(number, 1),
    "two-bytes-more": lambda number: _longer(number, 2),
    "six-bytes": lambda _: b"\x80" * 5 + b"\1",
    "ten-bytes": lambda _: b"\xff" * 9 + b"\1",
}


def defects() -> Iterator[Defect]:
    """Lengths, then the head, the numbers, and products over all axes."""
    for name, change in (
        ("too-short", lambda body: body[:-1]),
        ("too-long", lambda body: body + b"\0"),
        ("head-alone", lambda body: body[:3]),
        ("two-bytes", lambda body: body[:2]),
        ("no-end", lambda body: body[:-1] + b"\x81"),
        ("no-rate", lambda body: body[:3] + numbers(numbers_of(body[3:])[2:])),
        ("one-axis-more", lambda body: body + numbers(numbers_of(body[3:])[2:])),
    ):
        yield _geom(f"geom-{name}", "LGI-G-01", change)
    for field, value, requirement in IN_HEAD:
        yield _geom(f"geom-{field}-{value}", requirement, _head(field, value))
    for field, value, requirement in IN_NUMBERS:
        yield _geom(f"geom-{field}-{value}", requirement, _number(field, _always(value)))
    for field in ("rate-num", "win-at", "groups"):
        for form, change in FORMS.items():
            yield _geom(f"geom-{field}-of-{form}", "LGI-G-04", _number(field, change))
    yield from _of_two_axes()


def _geom(name: str, requirement: str, change: Edit) -> Defect:
    def edit(file: File) -> None:
        body = file.payloads[0].body
        assert isinstance(body, bytes)
        file.payloads[0].body = change(body)

    return defect(name, requirement, "E_GEOM", ("GEOM", 0), edit)


def _always(value: int) -> Edit:
    return lambda _: numbers([value])


def _longer(number: bytes, more: int) -> bytes:
    return number[:-1] + bytes([number[-1] | 128]) + b"\x80" * (more - 1) + b"\0"


def _head(field: str, value: int) -> Edit:
    at = HEAD.index(field)
    return lambda body: body[:at] + bytes([value]) + body[at + 1 :]


def _number(field: str, made: Edit) -> Edit:
    """Other bytes in the place of a number of the sound."""

    def change(body: bytes) -> bytes:
        parts = [numbers([value]) for value in numbers_of(body[3:])]
        at = NUMBERS.index(field)
        return body[:3] + b"".join([*parts[:at], made(parts[at]), *parts[at + 1 :]])

    return change


def _of_two_axes() -> Iterator[Defect]:
    """Axes that are good, each for itself; then a rate and axes that the kind does not have."""
    head, rate, axis = b"\2\3\1", numbers((25, 1)), (6, 0, 4, 0, 2, 3, 1)
    for name, requirement, body in (
        ("tiles-over-limit", "LGI-G-09", head + numbers((1, 0, 1, 0, 1, 2**10 + 1, 1) * 2)),
        ("groups-over-limit", "LGI-G-09", head + numbers((1, 0, 1, 0, 1, 2, 2**8 + 1) * 2)),
        ("tiles-wrap", "LGI-G-09", head + numbers((1, 0, 1, 0, 1, 2**16, 1) * 2)),
        ("rate-of-picture", "LGI-G-01", head + rate + numbers(axis * 2)),
        ("picture-as-video", "LGI-G-01", b"\3\3\1" + rate + numbers(axis * 2)),
    ):
        change = of_payload(0, body=body)
        made = defect(f"geom-{name}", requirement, "E_GEOM", ("GEOM", 0), change, base=picture())
        yield made
