"""What the README shows works as it stands."""

import re
import shutil
from pathlib import Path

import pytest

import lgcodec

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def test_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    (tmp_path / "samples").mkdir()
    shutil.copy(ROOT / "samples/cat.png", tmp_path / "samples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(code, names)
    picture = names["picture"]
    assert isinstance(picture, lgcodec.Signal)
    assert picture.grid[0] == 2 * names["part"].shape[0]  # type: ignore[attr-defined]
    assert (tmp_path / "part.lgi").stat().st_size < (tmp_path / "cat.lgi").stat().st_size


def test_every_file_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link
