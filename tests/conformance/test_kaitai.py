"""`spec/lgi-1.ksy` has the fields of the byte tables of `spec/lgi-1.md`, in their order."""

import re
from pathlib import Path

import pytest

SPEC = Path(__file__).parents[2] / "spec"
TEXT = (SPEC / "lgi-1.md").read_text()
KAITAI = (SPEC / "lgi-1.ksy").read_text()
# type of the .ksy -> section, and which of its tables
TABLES = {"header": (3, 0), "entry": (4, 0), "grup": (7, 0)}
TABLES |= {"geom": (5, 0), "rate": (5, 1), "axis": (5, 2)}
ENUMS = ("kind", "sample_type")
ANY = -1  # bytes of a number that has as many as it needs


def table(section: int, number: int) -> list[tuple[str, int]]:
    """Names and bytes of the fields of fixed length."""
    body = re.split(r"^## \d+\. ", TEXT, flags=re.M)[section]
    tables = re.findall(r"(?:^\|.*\|\n)+", body, re.M)
    rows = [re.findall(r"[^|]+", line) for line in tables[number].splitlines()[2:]]
    cells = [[cell.strip() for cell in row] for row in rows]
    fields = [row[-3:-1] for row in cells]
    return [(name, _bytes(kind)) for kind, name in fields if _bytes(kind)]


def _bytes(kind: str) -> int:
    """Of a type such as u32, number, 8 bytes; 0 of a table of them."""
    if kind == "number":
        return ANY
    found = re.fullmatch(r"u(\d+)|(\d+) bytes", kind)
    return 0 if found is None else int(found[1]) // 8 if found[1] else int(found[2])


def fields(name: str) -> list[tuple[str, int]]:
    """The same of a type of the .ksy, as far as fields are not repeated."""
    body = re.search(rf"^  {name}:\n    seq:\n((?: {{6}}.*\n)+)", KAITAI, re.M)
    assert body is not None
    items = re.split(r"^      - ", body[1], flags=re.M)[1:]
    return [
        (item.split()[1], _size(item))
        for item in items
        if not re.search("repeat|size: global_len|type: rate", item)
    ]


def _size(item: str) -> int:
    if "contents" in item:
        return 8
    if "type: leb128" in item:
        return ANY
    found = re.search(r"^        (?:type: u|size: )(\d)$", item, re.M)
    assert found is not None, item
    return int(found[1])


@pytest.mark.parametrize("name", TABLES)
def test_fields(name: str) -> None:
    assert fields(name) == table(*TABLES[name])
    assert len(fields(name)) > 1


@pytest.mark.parametrize("name", ENUMS)
def test_enumerations(name: str) -> None:
    (row,) = re.findall(rf"^\| u8 \| {name} \|(.*)\|$", TEXT, re.M)
    listed = re.search(rf"^  {name}:\n((?:    \d: \w+\n)+)", KAITAI, re.M)
    assert listed is not None
    assert re.findall(r"(\d): (\w+)", listed[1]) == re.findall(r"([1-9]) (\w+)", row)


def test_tables_of_a_group_stand_in_their_order() -> None:
    body = re.search(r"^  grup:\n((?: {4}.*\n)+)", KAITAI, re.M)
    assert body is not None
    repeated = re.findall(r"- id: (\w+)\n(?:        (?!repeat).*\n)+        repeat:", body[1])
    assert repeated == ["runs", "lengths", "crcs", "local_chunks"]
