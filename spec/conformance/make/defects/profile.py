"""Streams that can be read and not decoded: step 17, what CONF says of its plugs."""

from collections.abc import Iterator
from typing import Any

import cbor2

from tests.second_reader.editable import File

from .base import Defect, picture, sound
from .configuration import configured, items

__all__ = ["defects"]


def _value(key: str, base: bytes) -> Any:
    body = File.of(base).payloads[1].body
    assert isinstance(body, bytes)
    return cbor2.loads(items(body)[key])


def defects() -> Iterator[Defect]:
    """Names, pairs, configurations, tables of tensors."""
    yield from _names()
    yield from _codings()
    yield from _siren()
    yield from _tables()


def _profile(name: str, requirement: str, key: str, value: object, **options: Any) -> Defect:
    code = options.pop("code", "E_PROFILE")
    changes = {key: value}
    return configured(name, requirement, changes, code=code, decoding=True, **options)


def _names() -> Iterator[Defect]:
    for key in ("family", "quantiser", "coder"):
        plug = ["from-the-future", {"a": 1}]
        requirement = "section 6" if key == "family" else "LGI-K-01"
        yield _profile(f"profile-{key}", requirement, key, plug)
    pair = ["float", {"bits": 32}]
    yield _profile("profile-float-and-rans", "LGI-K-01", "quantiser", pair)


def _codings() -> Iterator[Defect]:
    for name, configuration in (
        *(("bits-1", {"bits": 1}), ("bits-20", {"bits": 20}), ("bits-none", {})),
        *(("bits-float", {"bits": 8.0}), ("bits-true", {"bits": True})),
        *(("bits-unknown-key", {"bits": 8, "step": 1.0}),),
    ):
        quantiser = ["uniform", configuration]
        yield _profile(f"profile-{name}", "LGI-Q-01", "quantiser", quantiser, code="E_CONF")
    coder = ["rans", {"precision": 12}]
    yield _profile("profile-rans-key", "LGI-K-11", "coder", coder, code="E_CONF")
    for name, differences in (
        *(("none", {}), ("number", {"differences": 1}), ("true", {"differences": [True]})),
        *(("twice", {"differences": [1, 1]}), ("backwards", {"differences": [3, 1]})),
        *(("negative", {"differences": [-1, 1]}), ("key", {"differences": [1], "unit": 4})),
        *(("dependent-0", {"differences": [1], "dependent": 0}),),
        *(("dependent-true", {"differences": [1], "dependent": True}),),
    ):
        coder = ["scaled", differences]
        yield _profile(f"profile-scaled-{name}", "LGI-K-50", "coder", coder, code="E_CONF")
    coder = ["scaled", {"differences": [16]}]  # of 16 tensors
    yield _profile("profile-scaled-beyond", "LGI-K-51", "coder", coder)


def _siren() -> Iterator[Defect]:
    name, good = _value("family", sound())
    for what, change in (
        *(("w0-missing", {"w0": None}), ("w0-integer", {"w0": 30}), ("w0-zero", {"w0": 0.0})),
        *(("w0-huge", {"w0": 2.0**25}), ("key-unknown", {"hidden": 3})),
        *(("ranges-of-two-axes", {"ranges": [[-1.0, 1.0]] * 2}), ("ranges-none", {"ranges": []})),
        *(("ranges-equal", {"ranges": [[1.0, 1.0]]}), ("ranges-flat", {"ranges": [-1.0, 1.0]})),
        *(("merge-unknown", {"merge": "max"}), ("merge-add", {"merge": "add"})),
        *(("tile-range-negative", {"tile_range": -1.0}), ("tile-range-true", {"tile_range": True})),
    ):
        changed = {**good, **change}
        kept = {key: value for key, value in changed.items() if value is not None}
        requirement = "LGI-N-01" if what.startswith("w0") else "LGI-N-07"
        yield _profile(f"profile-siren-{what}", requirement, "family", [name, kept])
    alone, good = _value("family", picture())
    added = [alone, {**good, "merge": "add"}]
    yield _profile("profile-siren-merge-of-none", "LGI-N-07", "family", added, base=picture())


def _tables() -> Iterator[Defect]:
    local = _value("local", picture())
    for what, tensors in (
        ("none", []),
        ("odd", local[:-1]),
        ("renamed", [["first.w", local[0][1]], *local[1:]]),
        ("swapped", [local[1], local[0], *local[2:]]),
        ("wider", [[local[0][0], [2, 9]], *local[1:]]),
        ("flat", [[local[0][0], [6]], *local[1:]]),
        ("channels", [*local[:-2], ["2.w", [3, 2]], ["2.b", [2]]]),
        ("axes", [[local[0][0], [3, 3]], *local[1:]]),
    ):
        yield _profile(f"profile-local-{what}", "LGI-N-02", "local", tensors, base=picture())
    shared = _value("global", sound())
    for what, tensors in (
        ("no-merge", shared[:-2]),
        ("merge-shape", [*shared[:-2], ["merge.w", [6, 3]], shared[-1]]),
        *(("one-more", [*shared, ["z", [1]]]), ("one-layer", [*shared[:2], *shared[-2:]])),
    ):
        yield _profile(f"profile-global-{what}", "LGI-N-02", "global", tensors)
