import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from format.builders import CONF, conf, conf_payload
from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import Conf, Plug, TensorSpec
from lgcodec.format.names import NAMES

scalars = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
listed = st.sampled_from(NAMES)
plugs = st.builds(
    Plug,
    st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
    | listed.filter(lambda name: not {"_", "."} & set(name)),
    st.dictionaries(st.text(max_size=30) | listed, values, max_size=4),
)
shapes = st.lists(st.integers(1, 60), max_size=4).map(tuple)
tensors = st.lists(
    st.builds(TensorSpec, st.from_regex(r"[a-z0-9._-]{1,64}", fullmatch=True) | listed, shapes),
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
    return conf_payload(family=b"\x00\x82\x61f" + configuration)


def local(tensors: bytes) -> bytes:
    return conf_payload(local=b"\x03" + tensors)


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
    "LGI-C-01 indefinite array": conf_payload(fill=b"\x06\x9f\xf9\x00\x00\xff"),
    "LGI-C-01 indefinite text": conf_payload(coder=b"\x02\x82\x7f\x61c\xff\xa0"),
    "LGI-C-01 duplicate key": conf_payload(b"\xa8", local=CONF["local"] * 2),
    "LGI-C-01 duplicate key of a configuration": family(b"\xa2\x61a\x00\x61a\x00"),
    "LGI-C-01 unsorted": conf_payload(family=CONF["coder"], coder=CONF["family"]),
    "LGI-C-01 unsorted configuration": family(b"\xa2\x61b\x00\x61a\x00"),
    "LGI-C-01 long key": family(b"\xa1\x18\x00\x00"),
    "LGI-C-01 long name": conf_payload(coder=b"\x02\x82\x18\x00\xa0"),
    "LGI-C-01 text before a number": family(b"\xa2\x60\x00\x18\x18\x00"),
    "LGI-C-01 numbers unsorted": family(b"\xa2\x08\x00\x07\x00"),
    "LGI-C-01 duplicate number": family(b"\xa2\x07\x00\x07\x00"),
    "LGI-C-01 map of 2**64 - 1": b"\xbb" + b"\xff" * 8,
    "LGI-C-01 long integer": family(b"\xa1\x61a\x18\x01"),
    "LGI-C-01 long length": family(b"\xb8\x01\x61a\x00"),
    "LGI-C-01 long float": conf_payload(fill=b"\x06\x81\xfa\x00\x00\x00\x00"),
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
    "LGI-C-02 unknown key": conf_payload(b"\xa8", fill=CONF["fill"] + b"\x61z\x00"),
    "LGI-C-02 key of bytes": conf_payload(fill=b"\x44fill\x81\xf9\x00\x00"),
    "LGI-C-03 empty name": conf_payload(coder=b"\x02\x82\x60\xa0"),
    "LGI-C-03 upper case name": conf_payload(coder=b"\x02\x82\x61C\xa0"),
    "LGI-C-03 name with a line end": conf_payload(coder=b"\x02\x82\x62c\n\xa0"),
    "LGI-C-03 name of 33": conf_payload(coder=b"\x02\x82\x78\x21" + b"c" * 33 + b"\xa0"),
    "LGI-C-03 name is bytes": conf_payload(coder=b"\x02\x82\x41c\xa0"),
    "LGI-C-03 name is an array": conf_payload(coder=b"\x02\x82\x80\xa0"),
    "LGI-C-03 name is true": conf_payload(coder=b"\x02\x82\xf5\xa0"),
    "LGI-C-03 name is a float": conf_payload(coder=b"\x02\x82\xf9\x00\x00\xa0"),
    "LGI-C-03 name of a tensor as that of a plug": conf_payload(coder=b"\x02\x82\x12\xa0"),
    "LGI-C-03 name alone": conf_payload(coder=b"\x02\x81\x61c"),
    "LGI-C-03 plug is a text": conf_payload(coder=b"\x02\x61c"),
    "LGI-C-03 configuration is an array": family(b"\x80"),
    "LGI-C-03 key is negative": family(b"\xa1\x20\x00"),
    "LGI-C-03 key is true": family(b"\xa1\xf5\x00"),
    "LGI-C-03 key is a float": family(b"\xa1\xf9\x00\x00\x00"),
    "LGI-C-03 key is an array": family(b"\xa1\x80\x00"),
    "LGI-C-03 key is a map": family(b"\xa1\xa0\x00"),
    "LGI-C-03 key has a tag": family(b"\xa1\xc0\x60\x00"),
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
    "LGI-C-04 repeated number": local(b"\x82" + b"\x82\x07\x81\x01" * 2),
    "LGI-C-04 257 tensors": local(
        b"\x99\x01\x01" + b"".join(b"\x82\x64%04d\x80" % i for i in range(257))
    ),
    "LGI-C-05 integer": conf_payload(fill=b"\x06\x81\x00"),
    "LGI-C-05 infinite": conf_payload(fill=b"\x06\x81\xf9\x7c\x00"),
    "LGI-C-05 NaN": conf_payload(fill=b"\x06\x81\xf9\x7e\x00"),
    "LGI-C-05 one value": conf_payload(values=b"\x05\x81\xf9\x00\x00"),
    "LGI-C-05 lo = hi": conf_payload(values=b"\x05\x82\xf9\x00\x00\xf9\x00\x00"),
    "LGI-C-05 no channels": conf_payload(fill=b"\x06\x80"),
    "LGI-C-05 65 channels": conf_payload(fill=b"\x06\x98\x41" + b"\xf9\x00\x00" * 65),
    "LGI-C-05 not an array": conf_payload(values=b"\x05\xa0"),
    "LGI-C-07 key": conf_payload(b"\xa7", fill=b"", z=b"\x64fill\x81\xf9\x00\x00"),
    "LGI-C-07 key twice": conf_payload(b"\xa8", z=b"\x64fill\x81\xf9\x00\x00"),
    "LGI-C-07 plug": conf_payload(coder=b"\x02\x82\x64rans\xa0"),
    "LGI-C-07 key of a configuration": family(b"\xa1\x62w0\x00"),
    "LGI-C-07 key of a configuration twice": family(b"\xa2\x18\x30\x00\x62w0\x00"),
    "LGI-C-07 last of the list": family(b"\xa1\x64bits\x00"),
    "LGI-C-07 tensor": local(b"\x81\x82\x63" + b"0.w\x81\x01"),
    "LGI-C-07 tensor twice": local(b"\x82\x82\x12\x81\x01\x82\x63" + b"0.w\x81\x01"),
    "LGI-C-07 name for another thing": local(b"\x81\x82\x65local\x81\x01"),
    "LGI-C-08 key": conf_payload(fill=b"\x18\x38\x81\xf9\x00\x00"),
    "LGI-C-08 plug": conf_payload(coder=b"\x02\x82\x18\x38\xa0"),
    "LGI-C-08 plug of 2**64 - 1": conf_payload(coder=b"\x02\x82\x1b" + b"\xff" * 8 + b"\xa0"),
    "LGI-C-08 key of a configuration": family(b"\xa1\x18\x38\x00"),
    "LGI-C-08 key of 2**64 - 1": family(b"\xa1\x1b" + b"\xff" * 8 + b"\x00"),
    "LGI-C-08 tensor": local(b"\x81\x82\x18\x38\x81\x01"),
    "LGI-C-08 negative": local(b"\x81\x82\x20\x81\x01"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_payloads(name: str) -> None:
    with pytest.raises(FileError) as raised:
        Conf.unpack(BAD[name], 180)
    assert (raised.value.code, raised.value.offset) == ("E_CONF", 180)


def test_numbers_stand_for_names() -> None:
    """LGI-C-07: keys, plugs and tensors; integers that are values stay what they are."""
    listed, fill = family(b"\xa3\x0b\x07\x18\x30\x00\x61a\x0b"), b"\x06\x81\xf9\x00\x00"
    found = Conf.unpack(listed.replace(b"\x61f", b"\x07").replace(b"\x61w", b"\x18\x32"))
    assert found.family == Plug("latent", {"levels": 7, "w0": 0, "a": 11})
    assert found.local == (TensorSpec("bits", (1,)),)
    assert found.pack().endswith(fill)


def test_numbers_are_sorted_before_texts() -> None:
    """LGI-C-01: by their bytes, so that 24 comes before a text that is shorter."""
    keys = {"b": 0, "bits": 1, "": 2, "aa": 3, "levels": 4, "x" * 24: 5}
    stored = conf(coder=Plug("c", keys)).pack()
    texts = b"\x60\x02\x61b\x00\x62aa\x03\x78\x18" + b"x" * 24 + b"\x05"
    assert b"\x82\x61c\xa6\x0b\x04\x18\x32\x01" + texts in stored
    assert Conf.unpack(stored).coder.configuration == keys


def test_messages_speak_of_names() -> None:
    for payload, message in (
        (conf_payload(b"\xa6", fill=b""), "keys 'family, quantiser, .*, values', expected are"),
        (conf_payload(coder=b"\x02\x82\x64rans\xa0"), "name 'rans' is spelled out, expected 42"),
        (family(b"\xa1\x18\x38\x00"), "number 56 stands for no name, allowed are 0 to 55"),
    ):
        with pytest.raises(FileError, match=message):
            Conf.unpack(payload)


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
