"""Latents that do not decode: step 17, what CONF says of them, and what their chunks hold."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import cbor2
import numpy as np

from lgcodec.coding import codec_of
from lgcodec.coding.context import Context
from lgcodec.coding.context_loops import MOST_LENGTH
from lgcodec.coding.distributions import SIGNS, slots
from lgcodec.coding.network import HIDDEN
from lgcodec.coding.streams import Writer
from lgcodec.format.conf import Plug
from lgcodec.format.container import Container, dumps, loads
from tests.second_reader.editable import File, numbers, numbers_of

from ..codings import TABLES
from ..networks import context
from ..valid import geometry_of, stream
from .base import Defect, defect, sound
from .configuration import configured, items
from .payload import global_payload, local_payload

__all__ = ["defects"]

DRAFT: Final = 19 * 3 + 3 + 3 * 3 + 3 + 3 + 1  # numbers of a network three units wide


@cache
def latents() -> bytes:
    """A picture of six partitions of latents, coded under a network. Entries: GEOM, CONF, GRUP."""
    geometry = geometry_of("image", ((8, 2, 1), (9, 3, 1)), "uint8", 1)
    return dumps(Container((stream("latent", "local-global", geometry, context),)))


@cache
def plain() -> bytes:
    """The same with symbols of two bytes each."""
    geometry = geometry_of("image", ((8, 2, 1), (9, 3, 1)), "uint8", 1)
    coding = Plug("integer"), Plug("raw")
    return dumps(Container((stream("latent", "local-global", geometry, coding),)))


def defects() -> Iterator[Defect]:
    """The family's configuration, tables, GEOM, coder and quantiser; then chunks."""
    yield from _family()
    yield from _tables()
    yield from _frames()
    yield from _coders()
    yield from _networks()
    yield from _chunks()


def _conf() -> dict[str, Any]:
    body = File.of(latents()).payloads[1].body
    assert isinstance(body, bytes)
    return {key: cbor2.loads(value) for key, value in items(body).items()}


def _profile(name: str, requirement: str, changes: Mapping[str, object], **options: Any) -> Defect:
    code = options.pop("code", "E_PROFILE")
    options = {"base": latents(), **options}
    name = f"profile-latent-{name}"
    return configured(name, requirement, changes, code=code, decoding=True, **options)


def _family() -> Iterator[Defect]:
    name, good = _conf()["family"]
    for what, change in (
        *(("levels-missing", {"levels": None}), ("levels-number", {"levels": 2})),
        *(("key-unknown", {"depth": 1}), ("key-of-a-draft", {"colour": False})),
        *(("tile", {"tile": [4, 3]}), ("frame", {"frame": [8, 9]}), ("hidden", {"hidden": 3})),
        *(("levels-of-one-axis", {"levels": [2]}), ("levels-of-three", {"levels": [2, 1, 0]})),
        *(("levels-none", {"levels": [0, 0]}), ("levels-17", {"levels": [17, 1]})),
        *(("levels-too-deep", {"levels": [2, 3]}), ("levels-negative", {"levels": [2, -1]})),
        *(("levels-less", {"levels": [1, 1]}), ("levels-true", {"levels": [2, True]})),
        ("levels-float", {"levels": [2.0, 1]}),
    ):
        changed = {key: value for key, value in {**good, **change}.items() if value is not None}
        yield _profile(what, "LGI-N-11", {"family": [name, changed]})


def _tables() -> Iterator[Defect]:
    conf = _conf()
    ((_, (size,)),) = conf["local"]
    entropy, steps, coarse = conf["global"]
    for what, tensors in (
        ("none", []),
        ("renamed", [["latent", [size]]]),
        ("one-less", [["latents", [size - 1]]]),
        ("two-axes", [["latents", [size, 1]]]),
        ("twice", [["latents", [size]], ["more", [size]]]),
    ):
        yield _profile(f"local-{what}", "LGI-N-11", {"local": tensors})
    for what, tensors in (
        ("none", []),
        ("one-more", [entropy, steps, coarse, ["z", [1]]]),
        ("angles-of-one-channel", [entropy, steps, coarse, ["angles", [1]]]),
        ("swapped", [steps, entropy, coarse]),
        ("no-coarse", [entropy, steps]),
        ("coarse-turned", [entropy, steps, ["coarse", [1, *coarse[1][:0:-1]]]]),
        ("coarse-flat", [entropy, steps, ["coarse", [coarse[1][1] * coarse[1][2]]]]),
        ("coarse-of-two", [entropy, steps, ["coarse", [2, *coarse[1][1:]]]]),
        ("steps-more", [entropy, ["steps", [steps[1][0] + 1]], coarse]),
        ("entropy-less", [["entropy", [entropy[1][0] - 1]], steps, coarse]),
        ("entropy-more", [["entropy", [entropy[1][0] + 1]], steps, coarse]),
        ("entropy-of-a-draft", [["entropy", [DRAFT]], steps, coarse]),
    ):
        yield _profile(f"global-{what}", "LGI-N-11", {"global": tensors})


def _frames() -> Iterator[Defect]:
    """GEOM, from whose tile and frame the shapes of tensors follow."""
    for what, at, number in (("frame", 0, 9), ("tile", 7 + 4, 4)):

        def change(file: File, at: int = at, number: int = number) -> None:
            body = file.payloads[0].body
            assert isinstance(body, bytes)
            edited = numbers_of(body[3:])
            edited[at] = number
            file.payloads[0].body = body[:3] + numbers(edited)

        where = ("CONF", 0)
        name = f"profile-latent-{what}-of-geometry"
        made = defect(name, "LGI-N-12", "E_PROFILE", where, change, base=latents(), decoding=True)
        yield made


def _coders() -> Iterator[Defect]:
    conf = _conf()
    name, good = conf["coder"]
    for what, change in (
        *(("tile", {"tile": [4, 4]}), ("levels", {"levels": [1, 1]})),
        *(("channels", {"channels": 2}), ("hidden", {"hidden": 3})),
    ):
        yield _profile(f"other-{what}", "LGI-N-12", {"coder": [name, {**good, **change}]})
    both = {"quantiser": ["integer", {}], "coder": [name, good]}
    yield _profile("coder-of-a-network", "LGI-K-42", both, base=sound())
    uniform = ["uniform", {"bits": 8}]
    yield _profile("uniform", "LGI-K-42", {"quantiser": uniform})
    bits = ["integer", {"bits": 16}]
    yield _profile("integer-key", "LGI-Q-21", {"quantiser": bits}, code="E_CONF")


def _networks() -> Iterator[Defect]:
    """A weight or bias beyond its limit; the sizes of all things stay."""
    (made,) = loads(latents()).streams
    codec = codec_of(made.conf)
    (group,) = made.groups
    head = codec.decode_global(group.global_chunk)
    assert isinstance(codec.coder, Context)
    usual, inputs = codec.coder.usual, codec.coder.inputs * HIDDEN
    for what, at, number in (
        *(("weight-256", 0, 256), ("weight-below", inputs - 1, -256)),
        *(("bias-4096", inputs, 4096), ("bias-below", -1, -4096)),
    ):
        symbols = [head.weights[t.name].reshape(1, -1).astype("<i2") for t in codec.global_]
        symbols[0][0, at] = number - usual[at]
        tables = [TABLES["context"](part) for part in symbols]
        chunk = b"".join([*tables, *codec.coder.encode(tables, symbols)])
        edit = dict.fromkeys([group.global_chunk], chunk).__getitem__
        yield global_payload(f"context-{what}", "LGI-K-43", edit, latents())


def _body(chunk: bytes) -> bytes:
    """The words of a chunk of one lane."""
    return chunk[4 - len(chunk) % 2 :]


def _far_escape() -> bytes:
    """A chunk whose first magnitude is an escape, by 2^15 or more beyond its class."""
    (made,) = loads(latents()).streams
    codec = codec_of(made.conf)
    (group,) = made.groups
    coder = codec.coder
    assert isinstance(coder, Context)
    pyramid = coder.pyramid
    ready = coder.for_locals(pyramid.tensors(), codec.decode_global(group.global_chunk).weights)
    first, *_ = ready.classes([np.zeros((1, size), np.int16) for size in pyramid.sizes])
    table, class_ = slots(), int(first[0, 0])
    ones = [table.first[SIGNS] + 1] * (MOST_LENGTH + 1)
    places = np.array([table.first[class_] + table.most[class_] + 1, *ones])
    writer = Writer(1, sum(pyramid.sizes))
    writer.put_alone(np.zeros_like(places), places)
    (chunk,) = writer.chunks()
    return chunk


def _chunks() -> Iterator[Defect]:
    for name, requirement, edit in (
        ("state-long", "LGI-K-44", lambda chunk: chunk[:1] + b"\0"),
        ("state-of-three-bytes", "LGI-K-44", lambda chunk: chunk[:3] + b"\0"),
        ("state-0", "LGI-K-44", lambda chunk: bytes(4) + _body(chunk)),
        ("state-low", "LGI-K-44", lambda chunk: b"\xff\xff\0" + _body(chunk)),
        ("state-in-four-bytes", "LGI-K-44", lambda chunk: b"\0\0\1\0" + _body(chunk)),
        ("word-more", "LGI-K-46", lambda chunk: chunk + b"\0\0"),
        ("word-missing", "LGI-K-46", lambda chunk: chunk[:-2]),
        ("state-changed", "LGI-K-46", lambda chunk: bytes([chunk[0] ^ 1]) + chunk[1:]),
    ):
        yield local_payload(f"context-{name}", requirement, edit, latents())
    far = _far_escape()
    yield local_payload("context-escape-far", "LGI-K-45", lambda _: far, latents())
    lowest = b"\0\x80"
    yield local_payload(
        "integer-lowest", "LGI-Q-22", lambda chunk: chunk[:2] + lowest + chunk[4:], plain()
    )
    yield local_payload("integer-cut", "LGI-K-22", lambda chunk: chunk[:-2], plain())
    yield local_payload("integer-odd", "LGI-K-22", lambda chunk: chunk[:-1], plain())
