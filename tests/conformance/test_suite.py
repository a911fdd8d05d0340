"""The conformance suite: whole, as its script makes it, and passed by both readers."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest
from second_reader.reader import SecondReader

from lgcodec._decode import decode_stream
from lgcodec._verify import verify
from lgcodec.coding import CODERS, QUANTISERS
from lgcodec.errors import FileError
from lgcodec.fit.options import Arrangement
from lgcodec.format.container import BytesSource, Reader, dumps, loads
from lgcodec.format.layout import KINDS
from lgcodec.nets import FAMILIES
from spec.conformance.make.__main__ import FOLDER
from spec.conformance.make.crops import SELECTIONS
from spec.conformance.make.manifest import suite
from spec.conformance.make.networks import KINDS_OF, NETWORKS
from spec.conformance.run import Result, Tools, conform

from .tools import lgi

SPEC = FOLDER.parent
MANIFEST: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text())
LGI = Tools(
    check="lgi verify {file}",
    list="lgi list {file}",
    decode="lgi decode {file} {out} --scale {scale} --device cpu",
    mask="lgi decode {file} {out} --on-error mask --device cpu",
    crop="lgi crop {file} -o {out} {ranges}",
    range="--{axis} {first}{unit}:{last}{unit}",
    repair="lgi repair {file} -o {out}",
)
SECOND = {
    "check": "verify {file}",
    "list": "list {file}",
    "crop": "crop {file} {out} {ranges}",
}


def failures(results: list[Result]) -> list[Result]:
    return [result for result in results if result.problem]


def entries(group: str) -> Any:
    return pytest.mark.parametrize(
        "entry", MANIFEST[group], ids=lambda entry: Path(entry["file"]).stem
    )


# --- the suite itself


def test_the_suite_is_as_its_script_makes_it() -> None:
    made = suite()
    there = [path for kind in ("valid", "invalid", "recover") for path in (FOLDER / kind).iterdir()]
    names = {str(path.relative_to(FOLDER)) for path in there} | {"manifest.json"}
    assert names == set(made)
    assert [name for name in made if (FOLDER / name).read_bytes() != made[name]] == []


def test_the_suite_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.*")) < 1_500_000


def test_every_plug_has_files() -> None:
    """Every family in every kind that it has, every arrangement, quantiser and coder."""
    valid = [entry for entry in MANIFEST["valid"] if entry["decode"]]
    shown = {
        (f, k) for entry in valid for f, k in zip(entry["families"], entry["kinds"], strict=True)
    }
    assert set(NETWORKS) == set(FAMILIES)
    assert {(family, kind) for family in FAMILIES for kind in KINDS_OF[family]} <= shown
    assert set(get_args(Arrangement)) <= set(NETWORKS["siren"])
    assert {kind for _, kind in shown} == set(KINDS)
    codings = [pair for entry in valid for pair in entry["codings"]]
    assert {quantiser for quantiser, _ in codings} == set(QUANTISERS)
    assert {coder for _, coder in codings} == set(CODERS)


def test_crops_are_of_files_that_there_are() -> None:
    cropped = {Path(entry["file"]).stem for entry in MANIFEST["crops"]}
    assert set(SELECTIONS) == cropped


def test_every_code_has_an_invalid_file() -> None:
    documented = set(re.findall(r"`(E_[A-Z_]+)`", (SPEC / "lgi-1.md").read_text()))
    counts = Counter(entry["code"] for entry in MANIFEST["invalid"])
    assert set(counts) == documented
    assert counts.total() > 100


def test_what_invalid_files_break_is_required_somewhere() -> None:
    pages = "".join(page.read_text() for page in SPEC.rglob("*.md"))
    required = set(re.findall(r"\*\*(LGI-[A-Z]-\d\d)\*\*", pages))
    broken = {entry["requirement"] for entry in MANIFEST["invalid"]}
    assert {name for name in broken if not name.startswith("section ")} <= required


def test_requirements_of_a_file_are_broken_by_one() -> None:
    """Those with a code, which a reader of the container checks."""
    text = (SPEC / "lgi-1.md").read_text()
    lists = re.findall(r"^- \*\*(LGI-[HRGCD]-\d\d)\*\*", text, re.MULTILINE)
    silent = {"LGI-H-05", "LGI-R-07", "LGI-G-10", "LGI-D-11", "LGI-D-12"}
    broken = {entry["requirement"] for entry in MANIFEST["invalid"]}
    assert set(lists) - broken == silent


# --- invalid files: code, offset, message


def refusal(data: bytes, *, decoding: bool) -> FileError:
    with pytest.raises(FileError) as raised:
        loads(data)
        assert decoding
        for stream in Reader(BytesSource(data)).streams:
            decode_stream(stream, device="cpu")
    return raised.value


@entries("invalid")
def test_invalid(entry: Any) -> None:
    """LGI-E-01, LGI-E-02, LGI-E-03: code, offset and message."""
    error = refusal((FOLDER / entry["file"]).read_bytes(), decoding=entry["decoding"])
    assert error.code == entry["code"], error
    assert error.offset is not None
    assert error.offset in range(*entry["where"]), error
    assert str(error) == f"{error.code}: {error.reason} (at byte {error.offset})"


@entries("valid")
def test_valid(entry: Any) -> None:
    """LGI-F-03."""
    data = (FOLDER / entry["file"]).read_bytes()
    assert dumps(loads(data)) == data
    assert verify(FOLDER / entry["file"]).damage == ()


def test_what_is_lost() -> None:
    """LGI-V-01: what a verifier lists of each damaged file."""
    for entry in MANIFEST["recover"]:
        if entry["repaired"] is None:
            continue
        expected = [_named(*part) for part in entry["lost"]]
        found = [
            (one.chunk, one.stream, one.group, one.partition)
            for one in verify(FOLDER / entry["file"]).damage
            if (one.chunk, one.stream) != (None, None)  # the length of the file
        ]
        assert found == expected, entry["file"]


def _named(kind: str, *part: Any) -> tuple[Any, ...]:
    if kind == "ancillary":
        return (*part, None, None, None)
    return (None, *part, *([] if kind == "local" else [None]))


# --- one small file of each kind: no bit without protection, no byte to spare

SMALLEST = {
    kind: min(
        (e for e in MANIFEST["valid"] if e["kinds"] == [kind] and e["decode"]),
        key=lambda entry: int(entry["bytes"]),
    )
    for kind in KINDS
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_flipped_bit_is_noticed(kind: str) -> None:
    """LGI-D-10 and every other checksum."""
    data = (FOLDER / SMALLEST[kind]["file"]).read_bytes()
    for at in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(FileError):
            loads(bytes(flipped))


@pytest.mark.parametrize("kind", KINDS)
def test_every_truncation_is_noticed(kind: str) -> None:
    """LGI-H-01, LGI-H-09."""
    data = (FOLDER / SMALLEST[kind]["file"]).read_bytes()
    for length in range(len(data)):
        with pytest.raises(FileError, match=r"^E_TRUNC"):
            loads(data[:length])


# --- the runner, over both readers


def test_lgi_passes() -> None:
    results = list(conform(LGI, lgi))
    assert failures(results) == []
    assert {result.command for result in results} == {
        "check",
        "list",
        "decode",
        "mask",
        "crop",
        "repair",
    }


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> SecondReader:
    if reason := SecondReader.missing():
        pytest.skip(reason)
    return SecondReader(tmp_path_factory.mktemp("second"))


def test_the_second_reader_passes(second: SecondReader) -> None:
    """Offsets too: `CODE OFFSET MESSAGE`."""
    templates = {name: f"{second.program} {template}" for name, template in SECOND.items()}
    results = list(conform(Tools(**templates, offset=r"^E_[A-Z_]+ (\d+) ")))
    assert failures(results) == []
    assert {result.command for result in results} == {"check", "list", "crop"}


def test_the_runner_needs_python_alone(second: SecondReader) -> None:
    script = FOLDER / "run.py"
    command = [sys.executable, "-I", script, "--check", f"{second.program} verify {{file}}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"check: [1-9]\d+ passed, 0 failed\n", done.stdout)


# --- the runner finds what is wrong


def problems(tools: Tools, status: int, output: str = "") -> dict[str, int]:
    found = [r for r in conform(tools, lambda _: (status, output)) if r.problem]
    return dict(Counter(result.command for result in found))


def test_the_runner_notices_who_accepts_everything() -> None:
    tools = Tools(check="x", decode="x", crop="x", repair="x", mask="x", list="x")
    verified = [entry for entry in MANIFEST["invalid"] if not entry["decoding"]]
    bad = problems(tools, 0)
    assert bad["check"] == len(verified) + len(MANIFEST["recover"])
    assert bad["crop"] == len(MANIFEST["crops"])
    assert bad["repair"] == len(MANIFEST["recover"])
    assert bad["list"] == len(MANIFEST["valid"])
    assert bad["mask"] > 0
    assert bad["decode"] > 0


@pytest.mark.parametrize(
    ("status", "output"),
    [(3, ""), (3, "E_NOTHING"), (-11, "E_LIMIT"), (1, "Traceback (most recent call last) E_LIMIT")],
)
def test_the_runner_notices_wrong_refusals(status: int, output: str) -> None:
    every = len(MANIFEST["valid"]) + len(MANIFEST["recover"])
    every += sum(not entry["decoding"] for entry in MANIFEST["invalid"])
    assert problems(Tools(check="x"), status, output) == {"check": every}


def test_the_runner_notices_wrong_offsets() -> None:
    codes = " ".join({entry["code"] for entry in MANIFEST["invalid"]})
    tools = Tools(check="x", offset=r"^(\d+)")
    far = problems(tools, 3, f"99999 {codes}")["check"] - len(MANIFEST["valid"])
    assert far == sum(not entry["decoding"] for entry in MANIFEST["invalid"])


@pytest.mark.parametrize("more", [b"x", b""])
def test_the_runner_notices_other_bytes(tmp_path: Path, more: bytes) -> None:
    """A crop, a repair and a decoder that get nearly everything right: a byte more, or another."""

    def careless(words: list[str]) -> tuple[int, str]:
        status, output = lgi(words)
        for word in words[3:]:
            if status == 0 and Path(word).suffix in (".lgi", ".npy"):
                data = Path(word).read_bytes()
                other = data[:-1] + bytes([data[-1] ^ 0x55])
                Path(word).write_bytes(data + more if more else other)
        return status, output

    tools = Tools(crop=LGI.crop, range=LGI.range, repair=LGI.repair)
    good = [
        e
        for e in [*MANIFEST["crops"], *MANIFEST["recover"]]
        if e.get("result") or e.get("repaired")
    ]
    assert len(failures(list(conform(tools, careless)))) == len(good)


@pytest.mark.parametrize("kind", KINDS)
def test_the_second_reader_notices_every_change(second: SecondReader, kind: str) -> None:
    """Every flipped bit and every truncation, as the reader here does."""
    data = (FOLDER / SMALLEST[kind]["file"]).read_bytes()
    number = int.from_bytes(data, "little")
    flipped = [(number ^ 1 << at).to_bytes(len(data), "little") for at in range(8 * len(data))]
    assert "ok" not in second.verdicts(flipped)
    assert set(second.verdicts([data[:end] for end in range(len(data))])) == {"E_TRUNC"}
