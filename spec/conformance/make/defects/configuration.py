"""Defects of CONF: step 13."""

from collections.abc import Callable, Iterator, Mapping
from math import inf, nan
from typing import Any

import cbor2

from lgcodec.format.names import NAMES, number_of
from tests.second_reader.editable import File

from .base import Defect, defect, of_payload, sound

__all__ = ["configured", "defects", "items"]

CODE = "E_CONF"
# Items in the place of a value of a configuration.
ITEMS = {
    "LGI-C-01": {
        "integer-in-two-bytes": "1817",
        "integer-in-three-bytes": "1900ff",
        "integer-in-nine-bytes": "1b00000000ffffffff",
        "negative-in-two-bytes": "3817",
        "float-in-five-bytes": "fa3f800000",
        "float-in-nine-bytes": "fb3ff0000000000000",
        "zero-in-five-bytes": "fa00000000",
        "text-length-in-two-bytes": "780161",
        "array-length-in-two-bytes": "980100",
        "array-indefinite": "9f00ff",
        "text-indefinite": "7f6161ff",
        "tag-date": "c000",
        "tag-big-number": "c24101",
        "tag-fraction": "c4820001",
        "tag-shared": "d81c80",
        "tag-reference": "d81d00",
        "tag-namespace": "d9010080",
        "tag-self-described": "d9d9f700",
        "reserved-head": "1c",
        "break-alone": "ff",
        "array-of-2-56": "9b0100000000000000",
        "text-of-2-63": "7b8000000000000000",
        "item-cut": "19",
        "two-items": "0000",
    },
    "LGI-C-03": {
        "null": "f6",
        "undefined": "f7",
        "simple": "e0",
        "bytes": "4161",
        "map-in-configuration": "a0",
        "integer-2-63": "1b8000000000000000",
        "integer-below": "3b8000000000000000",
        "infinity": "f97c00",
        "minus-infinity": "f9fc00",
        "not-a-number": "f97e00",
        "not-a-number-payload": "f97e01",
        "utf-8-overlong": "62c080",
        "utf-8-surrogate": "63eda080",
        "utf-8-cut": "61c3",
        "utf-8-too-large": "64f4908080",
        "depth-9": "8181818181818180",
    },
}


def defects() -> Iterator[Defect]:
    """The encoding, the keys, then each of the seven values."""
    for requirement, examples in ITEMS.items():
        for name, item in examples.items():
            value = b"\x82" + _name("rans") + b"\xa1\x61a" + bytes.fromhex(item)
            yield _raw(f"conf-{name}", requirement, {"coder": value})
    yield from _encodings()
    yield from _values()
    yield from _plugs()
    yield from _tensors()
    yield from _spelled()
    yield from _beyond()


def items(data: bytes) -> dict[str, bytes]:
    """The values of a CONF by key, in their order, encoded with all names spelled out."""
    return {
        key: cbor2.dumps(_renamed(key, cbor2.loads(value), _name_of), canonical=True)
        for key, value in _stored(data).items()
    }


def configured(name: str, requirement: str, changes: Mapping[str, Any], **options: Any) -> Defect:
    """Other values of some keys, in their right encoding; `code` is E_CONF unless said.

    Names are spelled out in `changes` and stored as numbers.
    """
    stored = {key: _renamed(key, value, _number_of) for key, value in changes.items()}
    return _unlisted(name, requirement, stored, **options)


def _unlisted(name: str, requirement: str, changes: Mapping[str, Any], **options: Any) -> Defect:
    """Other values of some keys, whose names stay as they are given."""
    encoded = {key: cbor2.dumps(value, canonical=True) for key, value in changes.items()}
    return _raw(name, requirement, encoded, **options)


def _stored(data: bytes) -> dict[str, bytes]:
    """The encoded values of a CONF by key, in their order."""
    found = cbor2.loads(data).items()
    return {NAMES[key]: cbor2.dumps(value, canonical=True) for key, value in found}


def _renamed(key: str, value: Any, rename: Callable[[Any], Any]) -> Any:
    """With other names, where the value looks like a plug or like tensors."""
    if not isinstance(value, list):
        return value
    if key in ("local", "global"):
        return [[rename(tensor[0]), *tensor[1:]] for tensor in value]
    if key in ("family", "quantiser", "coder"):
        return [rename(value[0]), *(_keys_renamed(part, rename) for part in value[1:])]
    return value


def _keys_renamed(part: Any, rename: Callable[[Any], Any]) -> Any:
    if not isinstance(part, dict):
        return part
    return {rename(key): value for key, value in part.items()}


def _name_of(stored: Any) -> Any:
    return NAMES[stored] if isinstance(stored, int) else stored


def _number_of(name: Any) -> Any:
    return number_of(name) if isinstance(name, str) else name


def _name(name: str) -> bytes:
    """A name as CONF has it."""
    return bytes(cbor2.dumps(number_of(name)))


def _raw(
    name: str, requirement: str, changes: Mapping[str, bytes], code: str = CODE, **options: Any
) -> Defect:
    def change(file: File) -> None:
        body = file.payloads[1].body
        assert isinstance(body, bytes)
        file.payloads[1].body = _map({**_stored(body), **changes})

    return defect(name, requirement, code, ("CONF", 0), change, **options)


def _map(values: Mapping[str, bytes]) -> bytes:
    return bytes([0xA0 + len(values)]) + b"".join(_name(k) + v for k, v in values.items())


def _encodings() -> Iterator[Defect]:
    good, whole = _stored(_conf()), _conf()
    swapped = {key: good[key] for key in ("quantiser", "family", *list(good)[2:])}
    missing = {key: value for key, value in good.items() if key != "global"}
    more = bytes([0xA8]) + whole[1:]
    twice = more + _name("fill") + good["fill"]
    deep = b"\x81" * 10_000 + b"\x80"
    for name, requirement, body in (
        ("not-cbor", "LGI-C-01", b"\xff" * 40),
        ("zero-byte", "LGI-C-01", b"\0"),
        ("array", "LGI-C-02", b"\x87" + b"\0" * 7),
        ("empty-map", "LGI-C-02", b"\xa0"),
        ("byte-after", "LGI-C-01", whole + b"\0"),
        ("item-after", "LGI-C-01", whole + whole),
        ("byte-missing", "LGI-C-01", whole[:-1]),
        ("map-indefinite", "LGI-C-01", b"\xbf" + whole[1:] + b"\xff"),
        ("keys-unsorted", "LGI-C-01", _map(swapped)),
        ("key-missing", "LGI-C-02", _map(missing)),
        ("key-unknown", "LGI-C-02", _map({**good, "zzzzzzzzzz": b"\0"})),
        ("key-twice", "LGI-C-01", twice),
        ("key-negative", "LGI-C-02", more + b"\x20\x00"),
        ("key-of-bytes", "LGI-C-02", more + b"\x41z\x00"),
        ("key-long", "LGI-C-01", b"\xa7\x18" + whole[1:]),
        ("json", "LGI-C-01", b'{"family": ["siren", {}]}'),
        ("depth-10000", "LGI-C-03", deep),
    ):
        change = of_payload(1, body=body)
        yield defect(f"conf-{name}", requirement, CODE, ("CONF", 0), change)


def _conf() -> bytes:
    body = File.of(sound()).payloads[1].body
    assert isinstance(body, bytes)
    return body


def _values() -> Iterator[Defect]:
    for name, values in (
        *(("equal", [1.0, 1.0]), ("decreasing", [1.0, 0.0]), ("integers", [0, 255])),
        *(
            ("one", [0.0]),
            ("three", [0.0, 1.0, 2.0]),
            ("infinite", [0.0, inf]),
            ("nan", [nan, 1.0]),
        ),
        *(("text", ["0", "1"]), ("number", 1.0), ("empty", [])),
    ):
        yield configured(f"conf-values-{name}", "LGI-C-05", {"values": values})
    for name, requirement, fill in (
        *(("integer", "LGI-C-05", [0]), ("infinite", "LGI-C-05", [inf])),
        *(("boolean", "LGI-C-05", [False]), ("empty", "LGI-C-06", [])),
        *(("two", "LGI-C-06", [0.0, 0.0]), ("65", "LGI-C-06", [0.0] * 65)),
    ):
        yield configured(f"conf-fill-{name}", requirement, {"fill": fill})


def _plugs() -> Iterator[Defect]:
    for name, plug in (
        *(("name-upper", ["Siren", {}]), ("name-empty", ["", {}]), ("name-long", ["s" * 33, {}])),
        *(("name-underscore", ["si_ren", {}]), ("name-newline", ["siren\n", {}])),
        *(
            ("name-nul", ["siren\0", {}]),
            ("name-not-ascii", ["sirèn", {}]),
            ("name-of-a-tensor", ["0.w", {}]),
            ("name-of-a-key", ["tile_range", {}]),
            ("name-negative", [-1, {}]),
            ("name-true", [True, {}]),
        ),
        *(("alone", ["siren"]), ("three", ["siren", {}, {}]), ("text", "siren"), ("map", {"a": 1})),
        *(("configuration-array", ["siren", []]), ("configuration-key", ["siren", {-1: 1}])),
    ):
        yield configured(f"conf-plug-{name}", "LGI-C-03", {"family": plug})


def _tensors() -> Iterator[Defect]:
    for name, requirement, tensors in (
        ("257", "LGI-C-02", [[f"t{i}", [1]] for i in range(257)]),
        ("same-name", "LGI-C-04", [["w", [1]], ["b", [1]], ["w", [1]]]),
        ("zero", "LGI-C-04", [["w", [0]]]),
        ("negative", "LGI-C-04", [["w", [-1]]]),
        ("dimension", "LGI-C-04", [["w", [2**24 + 1]]]),
        ("product", "LGI-C-04", [["w", [2**14, 2**14, 2]]]),
        ("product-wraps", "LGI-C-04", [["w", [2**24, 2**24, 2**24, 1]]]),
        ("five-dimensions", "LGI-C-02", [["w", [1, 1, 1, 1, 1]]]),
        ("float", "LGI-C-04", [["w", [1.0]]]),
        ("true", "LGI-C-04", [["w", [True]]]),
        ("name-upper", "LGI-C-03", [["W", [1]]]),
        ("name-long", "LGI-C-03", [["w" * 65, [1]]]),
        ("name-alone", "LGI-C-02", [["w"]]),
        ("map", "LGI-C-02", {"w": [1]}),
    ):
        yield configured(f"conf-tensors-{name}", requirement, {"local": tensors})


def _spelled() -> Iterator[Defect]:
    """Names of the list as texts, sorted as texts are."""
    whole = {key: value for key, value in _stored(_conf()).items() if key != "global"}
    body = bytes([0xA7]) + _map(whole)[1:] + cbor2.dumps("global") + _stored(_conf())["global"]
    yield defect("conf-spelled-key", "LGI-C-07", CODE, ("CONF", 0), of_payload(1, body=body))
    for name, changes in (
        ("family", {"family": ["siren", {}]}),
        ("coder", {"coder": ["rans", {}]}),
        ("key-of-family", {"family": [number_of("siren"), {"w0": 30.0}]}),
        ("key-as-a-number-too", {"family": ["x", {number_of("w0"): 30.0, "w0": 30.0}]}),
        ("key-of-quantiser", {"quantiser": [number_of("uniform"), {"bits": 8}]}),
        ("tensor", {"local": [["0.w", [1]]]}),
        ("tensor-as-a-number-too", {"local": [[number_of("0.w"), [1]], ["0.w", [1]]]}),
        ("plug-as-a-tensor", {"global": [["siren", [1]]]}),
    ):
        yield _unlisted(f"conf-spelled-{name}", "LGI-C-07", changes)


def _beyond() -> Iterator[Defect]:
    """Numbers that stand for no name."""
    beyond = len(NAMES)
    whole = {key: value for key, value in _stored(_conf()).items() if key != "fill"}
    key = bytes(cbor2.dumps(beyond)) + _stored(_conf())["fill"]
    body = bytes([0xA7]) + _map(whole)[1:] + key
    yield defect("conf-beyond-key", "LGI-C-08", CODE, ("CONF", 0), of_payload(1, body=body))
    for name, changes in (
        *(("plug", {"coder": [beyond, {}]}), ("plug-2-64", {"coder": [2**64 - 1, {}]})),
        ("key-of-family", {"family": [number_of("siren"), {beyond: 1}]}),
        ("key-of-family-2-63", {"family": [number_of("siren"), {2**63: 1}]}),
        ("key-of-family-2-32", {"family": [number_of("siren"), {2**32: 1}]}),
        ("tensor", {"local": [[beyond, [1]]]}),
    ):
        yield _unlisted(f"conf-beyond-{name}", "LGI-C-08", changes)
