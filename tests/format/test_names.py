import re
from pathlib import Path

import pytest

from lgcodec.errors import UsageError
from lgcodec.format.conf import KEYS, PLUG_NAME, TENSOR_NAME
from lgcodec.format.names import NAMES, name_of, named, number_of, numbered

SPEC = Path(__file__).parents[2] / "spec"


def test_the_list_is_that_of_the_specification() -> None:
    text = (SPEC / "lgi-1.md").read_text()
    rows = re.findall(r"^\| (\d+) to (\d+) \| ((?:`[^`]+`(?:, )?)+) \|$", text, re.MULTILINE)
    listed: list[str] = []
    for first, last, names in rows:
        assert int(first) == len(listed)
        listed += re.findall("`(.+?)`", names)
        assert int(last) == len(listed) - 1
    assert tuple(listed) == NAMES
    last_number = str(len(NAMES) - 1)
    assert re.findall(r"^listed = 0\.\.(\d+) ", text, re.MULTILINE) == [last_number]
    assert re.findall(r"\*\*LGI-C-08\*\* .* at most (\d+),", text) == [last_number]


def test_the_second_reader_has_the_same_list() -> None:
    text = (SPEC / "reader" / "lgi.c").read_text()
    (block,) = re.findall(r"\*const NAMES\[\] = \{(.*?)\};", text, re.DOTALL)
    assert tuple(re.findall(r'"(.+?)"', block)) == NAMES


def test_what_is_on_the_list() -> None:
    """The keys of CONF first, what a small file has in one byte each, nothing twice."""
    assert NAMES[: len(KEYS)] == KEYS
    small = {"latent", "integer", "context", "tile", "levels", "channels"}
    assert small | {"latents", "entropy", "steps", "coarse", "angles"} <= set(NAMES[:24])
    assert len(set(NAMES)) == len(NAMES)
    assert all(PLUG_NAME.fullmatch(name) or TENSOR_NAME.fullmatch(name) for name in NAMES)


def test_numbers_and_names() -> None:
    assert [name_of(number) for number in range(len(NAMES))] == [*NAMES]
    assert [number_of(name) for name in NAMES] == [*range(len(NAMES))]
    assert number_of("8.w") == name_of("8.w") == "8.w"
    configuration = {"levels": 1, "other": 2}
    assert numbered(configuration) == {11: 1, "other": 2}
    assert named(numbered(configuration), "") == configuration


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ("levels", "name 'levels' is spelled out, expected 11"),
        ("family", "name 'family' is spelled out, expected 0"),
        (56, "number 56 stands for no name, allowed are 0 to 55"),
        (-1, "number -1 stands for no name"),
        (True, "name is True, expected a text or a number"),
        (1.0, r"name is 1\.0, expected a text or a number"),
        (b"a", "name is b'a', expected a text or a number"),
        ([], r"name is \[\], expected a text or a number"),
    ],
)
def test_what_is_no_name(stored: object, message: str) -> None:
    """LGI-C-07, LGI-C-08."""
    with pytest.raises(UsageError, match=message):
        name_of(stored)


def test_what_is_no_map() -> None:
    with pytest.raises(UsageError, match=r"CONF is \[1\], expected a map"):
        named([1], "CONF")
