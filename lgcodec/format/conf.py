"""CONF: how the chunks of a stream are to be understood, as strict deterministic CBOR.

Family, quantiser and coder are a name and a configuration that only the plug of that name reads.
The two tensor tables say which tensors a local and a global chunk hold, so that nobody else needs
to know the family. One byte string per value: what does not re-encode to itself is refused.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import cbor2

from lgcodec.errors import FileError, UsageError
from lgcodec.format.checks import reading, require
from lgcodec.format.layout import (
    MAX_CONFIGURATION_DEPTH,
    MAX_CRITICAL,
    MAX_TENSOR_DIMENSIONS,
    MAX_TENSOR_LENGTH,
    MAX_TENSOR_SIZE,
    MAX_TENSORS,
)

__all__ = ["Conf", "Plug", "TensorSpec"]

PLUG_NAME: Final = re.compile(r"[a-z0-9-]{1,32}")
TENSOR_NAME: Final = re.compile(r"[a-z0-9._-]{1,64}")
KEYS: Final = ("family", "quantiser", "coder", "local", "global", "values", "fill")
# Shared values and strings repeat what they name: a few bytes of them expand without bound.
SHARING_TAGS: Final = (25, 28, 29, 256)


@dataclass(frozen=True)
class TensorSpec:
    """One tensor of a chunk: its name and its shape, 0 to 4 dimensions, at most 2**28 numbers."""

    name: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        _check_name(self.name, TENSOR_NAME, "tensor")
        require(
            len(self.shape) <= MAX_TENSOR_DIMENSIONS
            and all(type(n) is int and 1 <= n <= MAX_TENSOR_LENGTH for n in self.shape)
            and self.size <= MAX_TENSOR_SIZE,
            f"tensor {self.name} has shape {list(self.shape)}, allowed are up to "
            f"{MAX_TENSOR_DIMENSIONS} dimensions of 1 to {MAX_TENSOR_LENGTH} and "
            f"{MAX_TENSOR_SIZE} numbers",
        )

    @property
    def size(self) -> int:
        """Numbers in the tensor."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Plug:
    """A family, quantiser or coder: its name and the configuration that only it reads.

    A configuration maps texts to bool, int (64 bit, signed), finite float, text, or sequences of
    these, at most 8 containers deep. Sequences become tuples.
    """

    name: str
    configuration: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_name(self.name, PLUG_NAME, "plug")
        where = f"configuration of {self.name}"
        require(isinstance(self.configuration, Mapping), f"the {where} is not a map")
        checked = {
            _text(key, where): _value(value, f"{where}, {key}", 1)
            for key, value in self.configuration.items()
        }
        object.__setattr__(self, "configuration", checked)


@dataclass(frozen=True)
class Conf:
    """How to decode one stream.

    local, global_   tensors of every local and of every global chunk, in the order of their bytes;
                     at most 256 each, names unique within each
    values           (lo, hi): the sample values that network outputs -1 and 1 stand for
    fill             per channel, the sample value of an absent partition
    """

    family: Plug
    quantiser: Plug
    coder: Plug
    local: tuple[TensorSpec, ...]
    global_: tuple[TensorSpec, ...]
    values: tuple[float, float]
    fill: tuple[float, ...]

    def __post_init__(self) -> None:
        for name, tensors in (("local", self.local), ("global", self.global_)):
            require(
                len(tensors) <= MAX_TENSORS,
                f"{name} has {len(tensors)} tensors, allowed are at most {MAX_TENSORS}",
            )
            names = [tensor.name for tensor in tensors]
            require(len(set(names)) == len(names), f"{name} names a tensor twice: {names}")
        numbers = (*self.values, *self.fill)
        require(
            all(type(number) is float and math.isfinite(number) for number in numbers),
            f"values are {self.values} and fill is {self.fill}, expected finite floats",
        )
        require(
            len(self.values) == 2 and self.values[0] < self.values[1],
            f"values are {self.values}, expected lo < hi",
        )

    def check_channels(self, channels: int) -> None:
        """Raise UsageError unless `fill` has one value for each of `channels`."""
        require(
            len(self.fill) == channels,
            f"fill has {len(self.fill)} values, the stream has {channels} channels",
        )

    def pack(self) -> bytes:
        """The CONF payload; UsageError above 64 KiB."""
        plugs = {name: getattr(self, name) for name in ("family", "quantiser", "coder")}
        item: dict[str, Any] = {
            **{name: [plug.name, plug.configuration] for name, plug in plugs.items()},
            "local": [[tensor.name, tensor.shape] for tensor in self.local],
            "global": [[tensor.name, tensor.shape] for tensor in self.global_],
            "values": self.values,
            "fill": self.fill,
        }
        data = _encode(item)
        require(
            len(data) <= MAX_CRITICAL, f"CONF has {len(data)} bytes, at most {MAX_CRITICAL} allowed"
        )
        return data

    @classmethod
    def unpack(cls, data: bytes, offset: int = 0) -> "Conf":
        """Read a CONF payload that starts at `offset` of its file; FileError E_CONF if bad."""
        with reading("E_CONF", offset):
            item = _decode(data, offset)
            require(
                isinstance(item, dict) and set(item) == set(KEYS),
                f"CONF is not a map with the keys {', '.join(KEYS)}",
            )
            conf = cls(
                **{name: Plug(*_pair(item[name], name)) for name in KEYS[:3]},
                local=_tensors(item["local"], "local"),
                global_=_tensors(item["global"], "global"),
                values=tuple(_list(item["values"], "values")),
                fill=tuple(_list(item["fill"], "fill")),
            )
            require(conf.pack() == data, "CONF is not in its deterministic encoding")
            return conf


def _encode(item: object) -> bytes:
    return bytes(cbor2.dumps(item, canonical=True))


def _decode(data: bytes, offset: int) -> Any:
    try:
        return cbor2.loads(
            data,
            max_depth=MAX_CONFIGURATION_DEPTH + 2,  # CONF itself and the pair around each name
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
            semantic_decoders=dict.fromkeys(SHARING_TAGS, _refuse_tag),
        )
    except cbor2.CBORDecodeError as error:
        raise FileError("E_CONF", f"CONF is not strict CBOR: {error}", offset) from error


def _refuse_tag(*_: object) -> None:
    raise ValueError("shared values are not allowed")


def _check_name(name: object, pattern: re.Pattern[str], what: str) -> None:
    require(
        isinstance(name, str) and pattern.fullmatch(name) is not None,
        f"{what} name is {name!r}, expected {pattern.pattern}",
    )


def _list(item: object, what: str) -> list[Any]:
    if not isinstance(item, list):
        raise UsageError(f"{what} is not an array")
    return item


def _pair(item: object, what: str) -> list[Any]:
    pair = _list(item, what)
    require(len(pair) == 2, f"{what} has {len(pair)} elements, expected 2")
    return pair


def _tensors(item: object, what: str) -> tuple[TensorSpec, ...]:
    pairs = [_pair(pair, f"an entry of {what}") for pair in _list(item, what)]
    return tuple(TensorSpec(name, tuple(_list(shape, "shape"))) for name, shape in pairs)


def _text(item: object, where: str) -> str:
    if not isinstance(item, str):
        raise UsageError(f"a key of the {where} is {item!r}, expected a text")
    surrogates = any("\ud800" <= letter <= "\udfff" for letter in item)
    require(not surrogates, f"the {where} has a text that is not valid Unicode")
    return item


def _value(item: object, where: str, depth: int) -> object:
    if isinstance(item, list | tuple):
        require(depth < MAX_CONFIGURATION_DEPTH, f"the {where} is nested too deeply")
        return tuple(_value(element, where, depth + 1) for element in item)
    if isinstance(item, str):
        return _text(item, where)
    if type(item) is int:
        require(-(2**63) <= item < 2**63, f"the {where} is {item}, expected 64 bits")
    elif type(item) is float:
        require(math.isfinite(item), f"the {where} is {item}, expected a finite number")
    else:
        require(type(item) is bool, f"the {where} is a {type(item).__name__}")
    return item
