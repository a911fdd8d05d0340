import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from format.builders import CONF, conf, conf_payload
from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import Conf, Plug, TensorSpec

scalars = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
plugs = st.builds(
    Plug,
    st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True),
    st.dictionaries(st.text(max_size=30), values, max_size=4),
)
shapes = st.lists(st.integers(1, 60), max_size=4).map(tuple)
tensors = st.lists(
    st.builds(TensorSpec, st.from_regex(r"[a-z0-9._-]{1,64}", fullmatch=True), shapes),
    max_size=4,
    unique_by=lambda tensor: tensor.name,
).map(tuple)
finite = st.floats(allow_nan=False, allow_infinity=False)
confs = st.builds(
    Conf,
    plugs,
    plugs,
    plugs,
    tensors,
    tensors,
    st.tuples(finite, finite).filter(lambda pair: pair[0] < pair[1]),
    st.lists(finite, min_size=1, max_size=4).map(tuple),
)


@given(confs)
def test_round_trip(value: Conf) -> None:
    data = value.pack()
    assert Conf.unpack(data) == value
    assert Conf.unpack(data).pack() == data


@given(confs, st.data())
def test_any_change_is_refused_or_kept(value: Conf, data: st.DataObject) -> None:
    """LGI-F-03 for CONF: what is accepted re-encodes to itself."""
    payload = bytearray(value.pack())
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] = data.draw(st.integers(0, 255))
    try:
        assert Conf.unpack(bytes(payload)).pack() == payload
    except FileError as error:
        assert error.code == "E_CONF"


def test_bytes_are_those_of_the_specification() -> None:
    expected = Conf(
        family=Plug("f"),
        quantiser=Plug("q"),
        coder=Plug("c"),
        local=(TensorSpec("w", (1,)),),
        global_=(),
        values=(0.0, 255.0),
        fill=(0.0,),
    )
    assert Conf.unpack(conf_payload()) == expected
    assert expected.pack() == conf_payload()


def family(configuration: bytes) -> bytes:
    return conf_payload(family=b"\x66family\x82\x61f" + configuration)


def local(tensors: bytes) -> bytes:
    return conf_payload(local=b"\x65local" + tensors)


def nested(depth: int) -> bytes:
    return family(b"\xa1\x61a" + b"\x81" * (depth - 1) + b"\x00")


# Arrays that repeat each other eight deep: expanded, 2000**8 of them.
BOMB = b"\xd8\x1c\x80" + b"\xd8\x1d\x00" * 2000
BAD = {
    "LGI-C-01 not CBOR": b"hello",
    "LGI-C-01 cut": conf_payload()[:-1],
    "LGI-C-01 trailing": conf_payload() + b"\0",
    "LGI-C-01 two items": conf_payload() * 2,
    "LGI-C-01 indefinite map": conf_payload(b"\xbf") + b"\xff",
    "LGI-C-01 indefinite array": conf_payload(fill=b"\x64fill\x9f\xf9\x00\x00\xff"),
    "LGI-C-01 indefinite text": conf_payload(coder=b"\x65coder\x82\x7f\x61c\xff\xa0"),
    "LGI-C-01 duplicate key": conf_payload(b"\xa8", local=CONF["local"] * 2),
    "LGI-C-01 duplicate key of a configuration": family(b"\xa2\x61a\x00\x61a\x00"),
    "LGI-C-01 unsorted": conf_payload(fill=CONF["coder"], coder=CONF["fill"]),
    "LGI-C-01 unsorted configuration": family(b"\xa2\x61b\x00\x61a\x00"),
    "LGI-C-01 long integer": family(b"\xa1\x61a\x18\x01"),
    "LGI-C-01 long length": family(b"\xb8\x01\x61a\x00"),
    "LGI-C-01 long float": conf_payload(fill=b"\x64fill\x81\xfa\x00\x00\x00\x00"),
    "LGI-C-01 small bignum": family(b"\xa1\x61a\xc2\x41\x01"),
    "LGI-C-01 tag 55799": b"\xd9\xd9\xf7" + conf_payload(),
    "LGI-C-01 date": family(b"\xa1\x61a\xc0\x742013-03-21T20:04:00Z"),
    "LGI-C-01 time": family(b"\xa1\x61a\xc1\x00"),
    "LGI-C-01 shared value": family(b"\xa1\x61a\xd8\x1c\x80"),
    "LGI-C-01 value that holds itself": family(b"\xa1\x61a\xd8\x1c\x81\xd8\x1d\x00"),
    "LGI-C-01 shared values expand": family(b"\xa1\x61a\x99\x07\xd1" + BOMB),
    "LGI-C-01 string references": family(b"\xa1\x61a\xd9\x01\x00\x82\x63aaa\xd8\x19\x00"),
    "LGI-C-01 set": family(b"\xa1\x61a\xd9\x01\x02\x81\x01"),
    "LGI-C-01 unknown tag": family(b"\xa1\x61a\xd9\x7f\xff\x00"),
    "LGI-C-01 huge array": b"\x9b\x01" + bytes(7),
    "LGI-C-01 huge text": b"\x7b\x01" + bytes(7),
    "LGI-C-01 60 000 containers deep": b"\x81" * 60000,
    "LGI-C-02 not a map": b"\x80",
    "LGI-C-02 missing key": conf_payload(b"\xa6", fill=b""),
    "LGI-C-02 unknown key": conf_payload(b"\xa8", fill=b"\x61z\x00" + CONF["fill"]),
    "LGI-C-02 key of bytes": conf_payload(fill=b"\x44fill\x81\xf9\x00\x00"),
    "LGI-C-03 empty name": conf_payload(coder=b"\x65coder\x82\x60\xa0"),
    "LGI-C-03 upper case name": conf_payload(coder=b"\x65coder\x82\x61C\xa0"),
    "LGI-C-03 name with a line end": conf_payload(coder=b"\x65coder\x82\x62c\n\xa0"),
    "LGI-C-03 name of 33": conf_payload(coder=b"\x65coder\x82\x78\x21" + b"c" * 33 + b"\xa0"),
    "LGI-C-03 name is a number": conf_payload(coder=b"\x65coder\x82\x01\xa0"),
    "LGI-C-03 name alone": conf_payload(coder=b"\x65coder\x81\x61c"),
    "LGI-C-03 plug is a text": conf_payload(coder=b"\x65coder\x61c"),
    "LGI-C-03 configuration is an array": family(b"\x80"),
    "LGI-C-03 key is a number": family(b"\xa1\x01\x00"),
    "LGI-C-03 map in a configuration": family(b"\xa1\x61a\xa0"),
    "LGI-C-03 bytes": family(b"\xa1\x61a\x41\x00"),
    "LGI-C-03 null": family(b"\xa1\x61a\xf6"),
    "LGI-C-03 undefined": family(b"\xa1\x61a\xf7"),
    "LGI-C-03 simple value": family(b"\xa1\x61a\xe5"),
    "LGI-C-03 2**63": family(b"\xa1\x61a\x1b\x80" + bytes(7)),
    "LGI-C-01 large bignum": family(b"\xa1\x61a\xc2\x49" + b"\xff" * 9),
    "LGI-C-01 bignum of 5000 digits": family(b"\xa1\x61a\xc2\x59\x10\x00" + b"\xff" * 4096),
    "LGI-C-01 bignum in a shape": local(b"\x81\x82\x61w\x81\xc2\x59\x10\x00" + b"\xff" * 4096),
    "LGI-C-01 decimal": family(b"\xa1\x61a\xc4\x82\x1a\x3f\xff\xff\xff\x01"),
    "LGI-C-01 bigfloat": family(b"\xa1\x61a\xc5\x82\x1a\x3f\xff\xff\xff\x01"),
    "LGI-C-03 -2**64": family(b"\xa1\x61a\x3b" + b"\xff" * 8),
    "LGI-C-03 NaN": family(b"\xa1\x61a\xf9\x7e\x00"),
    "LGI-C-03 NaN payload": family(b"\xa1\x61a\xf9\x7e\x01"),
    "LGI-C-03 infinity": family(b"\xa1\x61a\xf9\x7c\x00"),
    "LGI-C-03 invalid UTF-8": family(b"\xa1\x61a\x61\xff"),
    "LGI-C-03 surrogate": family(b"\xa1\x61a\x63\xed\xa0\x80"),
    "LGI-C-03 nine deep": nested(9),
    "LGI-C-04 not an array": local(b"\xa0"),
    "LGI-C-04 not a pair": local(b"\x81\x81\x61w"),
    "LGI-C-04 bad name": local(b"\x81\x82\x61W\x81\x01"),
    "LGI-C-04 shape is a number": local(b"\x81\x82\x61w\x01"),
    "LGI-C-04 five dimensions": local(b"\x81\x82\x61w\x85" + b"\x01" * 5),
    "LGI-C-04 zero": local(b"\x81\x82\x61w\x81\x00"),
    "LGI-C-04 negative": local(b"\x81\x82\x61w\x81\x20"),
    "LGI-C-04 float": local(b"\x81\x82\x61w\x81\xf9\x3c\x00"),
    "LGI-C-04 true": local(b"\x81\x82\x61w\x81\xf5"),
    "LGI-C-04 dimension": local(b"\x81\x82\x61w\x81\x1a\x01\x00\x00\x01"),
    "LGI-C-04 product": local(b"\x81\x82\x61w\x82\x1a\x00\x01\x00\x00\x19\x10\x01"),
    "LGI-C-04 repeated name": local(b"\x82" + b"\x82\x61w\x81\x01" * 2),
    "LGI-C-04 257 tensors": local(
        b"\x99\x01\x01" + b"".join(b"\x82\x64%04d\x80" % i for i in range(257))
    ),
    "LGI-C-05 integer": conf_payload(fill=b"\x64fill\x81\x00"),
    "LGI-C-05 infinite": conf_payload(fill=b"\x64fill\x81\xf9\x7c\x00"),
    "LGI-C-05 NaN": conf_payload(fill=b"\x64fill\x81\xf9\x7e\x00"),
    "LGI-C-05 one value": conf_payload(values=b"\x66values\x81\xf9\x00\x00"),
    "LGI-C-05 lo = hi": conf_payload(values=b"\x66values\x82\xf9\x00\x00\xf9\x00\x00"),
    "LGI-C-05 no channels": conf_payload(fill=b"\x64fill\x80"),
    "LGI-C-05 65 channels": conf_payload(fill=b"\x64fill\x98\x41" + b"\xf9\x00\x00" * 65),
    "LGI-C-05 not an array": conf_payload(values=b"\x66values\xa0"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_payloads(name: str) -> None:
    with pytest.raises(FileError) as raised:
        Conf.unpack(BAD[name], 180)
    assert (raised.value.code, raised.value.offset) == ("E_CONF", 180)


def test_depth_is_counted_from_the_configuration() -> None:
    """LGI-C-03: eight containers are allowed."""
    assert Conf.unpack(nested(8)).family.configuration == {"a": ((((((((0),),),),),),),)}


def test_negative_zero_is_kept() -> None:
    value = conf(fill=(-0.0, 0.0, 1.0))
    assert math.copysign(1, Conf.unpack(value.pack()).fill[0]) == -1


def test_fill_has_one_value_per_channel() -> None:
    """LGI-C-06."""
    conf(3).check_channels(3)
    with pytest.raises(UsageError, match="fill has 3 values, the stream has 4 channels"):
        conf(3).check_channels(4)


def test_configurations_are_copied_and_frozen() -> None:
    given_items: dict[str, Any] = {"hidden": [1, [2]]}
    plug = Plug("siren", given_items)
    given_items["hidden"].append(3)
    assert plug.configuration == {"hidden": (1, (2,))}


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"a": None}, "NoneType is not one of"),
        ({"a": b""}, "bytes is not one of"),
        ({"a": {}}, "dict is not one of"),
        ({"a": math.nan}, "nan is not a finite number"),
        ({"a": 2**63}, "an integer has 64 bits, allowed are 63 and a sign"),
        ({"a": "\ud800"}, "is not valid Unicode"),
        ({"\ud800": 0}, "is not valid Unicode"),
        ({"a": [[[[[[[[]]]]]]]]}, "nested too deeply"),
        ({1: 0}, "the configuration of siren is not a map with text keys"),
        ([], "is not a map"),
    ],
)
def test_bad_configurations(configuration: Mapping[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Plug("siren", configuration)


def test_size_of_a_tensor() -> None:
    assert TensorSpec("w", (2, 3, 4)).size == 24
    assert TensorSpec("w", ()).size == 1


def test_a_configuration_that_is_too_long() -> None:
    with pytest.raises(UsageError, match="at most 65536 allowed"):
        conf(family=Plug("siren", {"note": "x" * 65536})).pack()
