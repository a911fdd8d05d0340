"""CONF: how the chunks of a stream are to be understood, as strict deterministic CBOR.

Keys and names that are well known are stored as numbers, see `names`; here they are names.
Family, quantiser and coder are a name and a configuration that only the plug of that name reads.
The two tensor tables say which tensors a local and a global chunk hold, so that nobody else needs
to know the family. One byte string per value: what does not re-encode to itself is refused.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from lgcodec.errors import UsageError
from lgcodec.format import cbor
from lgcodec.format.checks import reading, require
from lgcodec.format.layout import (
    MAX_CHANNELS,
    MAX_CONFIGURATION_DEPTH,
    MAX_CRITICAL,
    MAX_TENSOR_DIMENSIONS,
    MAX_TENSOR_LENGTH,
    MAX_TENSOR_SIZE,
    MAX_TENSORS,
)
from lgcodec.format.names import name_of, named, number_of, numbered

__all__ = ["Conf", "Plug", "TensorSpec"]

PLUG_NAME: Final = re.compile(r"[a-z0-9-]{1,32}")
TENSOR_NAME: Final = re.compile(r"[a-z0-9._-]{1,64}")
PLUGS: Final = ("family", "quantiser", "coder")
KEYS: Final = (*PLUGS, "local", "global", "values", "fill")


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
            f"tensor {self.name} has shape {list(self.shape)!r:.80}, allowed are up to "
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
        require(
            isinstance(self.configuration, Mapping)
            and all(isinstance(key, str) for key in self.configuration),
            f"the configuration of {self.name} is not a map with text keys: "
            f"{self.configuration!r:.80}",
        )
        for key in self.configuration:
            cbor.check_scalar(key)
        frozen = {key: _frozen(value, 1) for key, value in self.configuration.items()}
        object.__setattr__(self, "configuration", frozen)


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
            counts = Counter(tensor.name for tensor in tensors)
            twice = [tensor for tensor, times in counts.items() if times > 1]
            require(not twice, f"{name} has tensors {twice!r:.80} twice, allowed is once")
        for name, numbers, most in (("values", self.values, 2), ("fill", self.fill, MAX_CHANNELS)):
            require(
                1 <= len(numbers) <= most
                and all(type(number) is float and math.isfinite(number) for number in numbers),
                f"{name} is {numbers!r:.80}, expected at most {most} finite floats",
            )
        require(
            len(self.values) == 2 and self.values[0] < self.values[1],
            f"values is {self.values}, expected lo < hi",
        )

    def check_channels(self, channels: int) -> None:
        """Raise UsageError unless `fill` has one value for each of `channels`."""
        require(
            len(self.fill) == channels,
            f"fill has {len(self.fill)} values, the stream has {channels} channels",
        )

    def pack(self) -> bytes:
        """The CONF payload; UsageError above 64 KiB."""
        plugs = {name: getattr(self, name) for name in PLUGS}
        item: dict[str, Any] = {
            **{
                name: [number_of(plug.name), numbered(plug.configuration)]
                for name, plug in plugs.items()
            },
            "local": [[number_of(tensor.name), tensor.shape] for tensor in self.local],
            "global": [[number_of(tensor.name), tensor.shape] for tensor in self.global_],
            "values": self.values,
            "fill": self.fill,
        }
        data = cbor.encode(numbered(item))
        require(
            len(data) <= MAX_CRITICAL, f"CONF has {len(data)} bytes, at most {MAX_CRITICAL} allowed"
        )
        return data

    @classmethod
    def unpack(cls, data: bytes, offset: int = 0) -> "Conf":
        """Read a CONF payload that starts at `offset` of its file; FileError E_CONF if bad."""
        with reading("E_CONF", offset):
            return _unpacked(data)


@lru_cache(maxsize=16)  # a file is opened several times in a row
def _unpacked(data: bytes) -> Conf:
    # A configuration stands in a pair, and that in the map of CONF
    item = named(cbor.decode(data, MAX_CONFIGURATION_DEPTH + 2), "CONF")
    require(
        set(item) == set(KEYS),
        f"CONF has the keys {', '.join(item)!r:.80}, expected are {', '.join(KEYS)}",
    )
    return Conf(
        **{name: _plug(item[name], name) for name in PLUGS},
        local=_tensors(item["local"], "local"),
        global_=_tensors(item["global"], "global"),
        values=tuple(_list(item["values"], "values")),
        fill=tuple(_list(item["fill"], "fill")),
    )


def _check_name(name: object, pattern: re.Pattern[str], what: str) -> None:
    require(
        isinstance(name, str) and pattern.fullmatch(name) is not None,
        f"{what} name is {name!r:.80}, expected {pattern.pattern}",
    )


def _frozen(item: object, depth: int) -> object:
    """A value of a configuration with its sequences as tuples, `depth` containers down."""
    if not isinstance(item, list | tuple):
        cbor.check_scalar(item)
        return item
    require(
        depth < MAX_CONFIGURATION_DEPTH,
        f"a configuration is nested too deeply, allowed are {MAX_CONFIGURATION_DEPTH} containers",
    )
    return tuple(_frozen(element, depth + 1) for element in item)


def _list(item: object, what: str) -> list[Any]:
    if not isinstance(item, list):
        raise UsageError(f"{what} is {item!r:.80}, expected an array")
    return item


def _pair(item: object, what: str) -> list[Any]:
    pair = _list(item, what)
    require(len(pair) == 2, f"{what} has {len(pair)} elements, expected 2")
    return pair


def _plug(item: object, what: str) -> Plug:
    name, configuration = _pair(item, what)
    return Plug(name_of(name), named(configuration, f"the configuration of {what}"))


def _tensors(item: object, what: str) -> tuple[TensorSpec, ...]:
    pairs = [_pair(pair, f"an entry of {what}") for pair in _list(item, what)]
    return tuple(TensorSpec(name_of(name), tuple(_list(shape, "shape"))) for name, shape in pairs)
