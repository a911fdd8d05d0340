"""Pages of the specification: one for each plug, the same headings, every requirement tested."""

import re
from pathlib import Path

import pytest

from lgcodec.coding import CODERS, QUANTISERS
from lgcodec.nets import FAMILIES

SPEC = Path(__file__).parents[2] / "spec"
TESTS = Path(__file__).parents[1]
HEADINGS = [
    "Abstract",
    "Name",
    "Configuration parameters",
    "Format and algorithm",
    "Requirements",
    "Change log",
]
PAGES = sorted([*(SPEC / "families").glob("*.md"), *(SPEC / "codings").glob("*.md")])
PLUGS = [page for page in PAGES if page.name != "README.md"]


def required(page: Path) -> list[str]:
    return re.findall(r"\*\*(LGI-[A-Z]-\d\d)\*\*", page.read_text())


def test_every_plug_has_a_page() -> None:
    names = {page.stem for page in PLUGS}
    assert names == {*FAMILIES, *QUANTISERS, *CODERS}


@pytest.mark.parametrize("page", PLUGS, ids=lambda page: page.stem)
def test_pages_have_the_same_headings(page: Path) -> None:
    text = page.read_text()
    assert re.findall(r"^## (.*)$", text, re.M) == HEADINGS
    assert text.split("## Name\n\n")[1].startswith(f"`{page.stem}`\n")
    assert required(page)


def test_requirements_have_numbers_of_their_own() -> None:
    numbers = [name for page in [*PAGES, SPEC / "lgi-1.md"] for name in required(page)]
    assert sorted(set(numbers)) == sorted(numbers)


def test_every_requirement_of_a_page_has_a_test() -> None:
    text = "".join(path.read_text() for path in TESTS.rglob("test_*.py"))
    assert [name for page in PAGES for name in required(page) if name not in text] == []


@pytest.mark.parametrize("page", [*PAGES, SPEC / "lgi-1.md"], ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    """To files that exist, and to headings in them."""
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text()):
        path = page.parent / target if target else page
        assert path.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", path.read_text(), re.M)
            slugs = {re.sub(r"[^\w -]", "", t.lower()).replace(" ", "-") for t in titles}
            assert anchor in slugs
