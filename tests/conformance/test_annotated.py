"""The appendix of the specification, and every other file explained byte by byte."""

import re

import pytest

from spec.conformance.make.__main__ import FOLDER
from spec.conformance.make.annotated import annotated

FILES = sorted((FOLDER / "valid").glob("*.lgi"))


def test_the_appendix_is_what_the_golden_file_says() -> None:
    text = (FOLDER.parent / "lgi-1.md").read_text()
    (block,) = re.findall(r"^```\n(000  .*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert block == annotated((FOLDER / "valid" / "golden.lgi").read_bytes())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_byte_of_a_file_is_explained(path) -> None:
    """Lines hold all bytes in order, at the offsets that they say."""
    data = path.read_bytes()
    rows = re.findall(r"^([0-9a-f]{3,})  ((?:[0-9a-f]{2} ?)+)", annotated(data), re.MULTILINE)
    found = b""
    for offset, row in rows:
        assert int(offset, 16) == len(found)
        found += bytes.fromhex(row)
    assert found == data
