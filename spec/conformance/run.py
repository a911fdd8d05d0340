"""Runs the conformance suite over any program that reads .lgi files. Python's own library suffices.

    python run.py --check "lgi verify {file}"
    python run.py --check "lgi-reader verify {file}" --list "lgi-reader list {file}" \
        --crop "lgi-reader crop {file} {out} {ranges}" --range "{axis}={start}:{stop}"

A command is a template; README.md says what each must do. Every command is optional: what is not
given is not tested. Prints each failure and a count, and exits with 1 if there was a failure.
"""

import argparse
import ast
import hashlib
import json
import re
import shlex
import subprocess
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

__all__ = ["HERE", "Result", "Tools", "conform"]

HERE = Path(__file__).resolve().parent
SECONDS = 60
NUMBERS = {"|u1": "B", "|b1": "B", "<u2": "H", "<i2": "h", "<f4": "f"}
Execute = Callable[[Sequence[str]], tuple[int, str]]  # words -> exit status and all output


@dataclass(frozen=True)
class Tools:
    """Templates of commands, see README.md; None is not tested."""

    check: str | None = None
    list: str | None = None
    decode: str | None = None
    mask: str | None = None
    crop: str | None = None
    range: str = "{axis}={start}:{stop}"
    repair: str | None = None
    offset: str | None = None


@dataclass(frozen=True)
class Result:
    """One command on one file; `problem` is None if all is well."""

    command: str
    file: str
    problem: str | None


def execute(words: Sequence[str]) -> tuple[int, str]:
    """Run a program; -1 if it takes more than a minute, minus the number of a signal."""
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, f"took more than {SECONDS} seconds"
    return done.returncode, done.stdout.decode(errors="replace")


def conform(tools: Tools, run: Execute = execute, folder: Path = HERE) -> Iterator[Result]:
    """Every command that `tools` has, on every file of the suite in `folder`."""
    with TemporaryDirectory() as temporary:
        yield from _Suite(tools, run, folder, Path(temporary)).results()


class _Suite:
    """The files, the commands, and a folder for outputs."""

    def __init__(self, tools: Tools, run: Execute, folder: Path, temporary: Path) -> None:
        self.tools, self.run = tools, run
        self.folder, self.temporary = folder, temporary
        self.manifest: Mapping[str, list[Any]] = json.loads(
            (folder / "manifest.json").read_text("utf-8")
        )

    def results(self) -> Iterator[Result]:
        """Group by group."""
        for group in ("valid", "invalid", "recover", "crops"):
            for entry in self.manifest[group]:
                for command, problem in getattr(self, f"_{group}")(entry):
                    yield Result(command, entry["file"], problem)

    def _valid(self, entry: Any) -> Iterator[tuple[str, str | None]]:
        if self.tools.check:
            yield "check", _accepted(*self._do(self.tools.check, entry))
        if self.tools.list:
            status, output = self._do(self.tools.list, entry)
            same = output.split("\n")[:-1] == entry["list"]
            yield "list", _accepted(status, output) or (None if same else f"lists\n{output}")
        if not self.tools.decode:
            return
        for expected in entry["decode"]:
            if expected["stream"] == 0 or "{stream}" in self.tools.decode:
                yield "decode", self._decoded(self.tools.decode, entry, expected)
        if not entry["decode"]:
            yield "decode", _refused(*self._do(self.tools.decode, entry, out="x.npy"))

    def _invalid(self, entry: Any) -> Iterator[tuple[str, str | None]]:
        command = "decode" if entry["decoding"] else "check"
        if template := getattr(self.tools, command):
            status, output = self._do(template, entry, out="x.npy")
            yield command, self._refused_with(entry, status, output) or self._nothing("x.npy")

    def _recover(self, entry: Any) -> Iterator[tuple[str, str | None]]:
        if self.tools.check:
            yield "check", self._refused_with(entry, *self._do(self.tools.check, entry))
        if self.tools.repair:
            done = self._do(self.tools.repair, entry, out="repaired.lgi")
            yield "repair", self._made("repaired.lgi", entry["repaired"], *done)
        if self.tools.mask and entry["masked"]:
            yield "mask", self._decoded(self.tools.mask, entry, entry["masked"])

    def _crops(self, entry: Any) -> Iterator[tuple[str, str | None]]:
        if self.tools.crop:
            done = self._do(self.tools.crop, entry, out="crop.lgi")
            problem = self._made("crop.lgi", entry["result"], *done)
            yield "crop", problem and f"{entry['keep']}: {problem}"

    def _do(self, template: str, entry: Any, out: str = "out", **more: str) -> tuple[int, str]:
        """Run a command on the file of an entry."""
        target = self.temporary / out
        target.unlink(missing_ok=True)
        given = {"file": str(self.folder / entry["file"]), "out": str(target)}
        given |= {"scale": "1", "stream": "0", **more}
        words = []
        for word in shlex.split(template):
            words += self._ranges(entry) if word == "{ranges}" else [word.format(**given)]
        return self.run(words)

    def _ranges(self, entry: Any) -> list[str]:
        words = []
        for axis, (start, stop) in entry["keep"].items():
            first = entry["window"][axis][0]
            words += shlex.split(
                self.tools.range.format(
                    axis=axis,
                    start=start,
                    stop=stop,
                    first=start - first,
                    last=stop - first,
                    unit="f" if axis == "t" else "px",
                )
            )
        return words

    def _decoded(self, template: str, entry: Any, expected: Any) -> str | None:
        more = {"scale": expected["scale"], "stream": str(expected["stream"])}
        status, output = self._do(template, entry, "x.npy", **more)
        problem = _accepted(status, output) or self._missing("x.npy")
        if problem:
            return problem
        found = _array(self.temporary / "x.npy")
        return _distance(found, _array(self.folder / expected["reference"]), expected["tolerance"])

    def _made(self, name: str, expected: Any, status: int, output: str) -> str | None:
        """The file that must be made, or none."""
        if expected is None:
            return _refused(status, output) or self._nothing(name)
        problem = _accepted(status, output) or self._missing(name)
        if problem:
            return problem
        data = (self.temporary / name).read_bytes()
        same = hashlib.sha256(data).hexdigest() == expected["sha256"]
        return None if same else f"{len(data)} bytes, {expected['bytes']} others are expected"

    def _refused_with(self, entry: Any, status: int, output: str) -> str | None:
        """Refused, with the code, and an offset in the part that is defective."""
        if problem := _refused(status, output):
            return problem
        found = re.findall(r"\bE_[A-Z_]+\b", output)
        if entry["code"] not in found:
            return f"{entry['code']} is expected: {output}"
        if self.tools.offset is None or "where" not in entry:
            return None
        first, end = entry["where"]
        match = re.search(self.tools.offset, output)
        if match and first <= int(match[1]) < end:
            return None
        return f"an offset from {first} to {end - 1} is expected: {output}"

    def _missing(self, name: str) -> str | None:
        return None if (self.temporary / name).exists() else "nothing was written"

    def _nothing(self, name: str) -> str | None:
        return "a file was written" if (self.temporary / name).exists() else None


def _accepted(status: int, output: str) -> str | None:
    return None if status == 0 else f"exit status {status}: {output}"


def _refused(status: int, output: str) -> str | None:
    """A crash is no refusal."""
    if status <= 0 or "Traceback" in output:
        return f"must be refused, exit status {status}: {output}"
    return None


@dataclass(frozen=True)
class _Array:
    shape: tuple[int, ...]
    kind: str
    numbers: Sequence[float]


def _array(path: Path) -> _Array:
    """A .npy file of version 1, one of four little-endian types, in C order."""
    data = path.read_bytes()
    start = 10 + int.from_bytes(data[8:10], "little")
    header = ast.literal_eval(data[10:start].decode("latin-1"))
    numbers = array(NUMBERS[header["descr"]], data[start:])
    if sys.byteorder == "big":
        numbers.byteswap()
    shape = header["shape"]
    return _Array(shape, header["descr"], numbers)


def _distance(found: _Array, expected: _Array, tolerance: float) -> str | None:
    shapes = {expected.shape, expected.shape[:-1] if expected.shape[-1] == 1 else expected.shape}
    if found.shape not in shapes or found.kind != expected.kind:
        return f"{found.shape} of {found.kind}, not {expected.shape} of {expected.kind}"
    far = max(abs(a - b) for a, b in zip(found.numbers, expected.numbers, strict=True))
    return None if far <= tolerance else f"a sample is {far} away, allowed is {tolerance}"


def main() -> None:
    """Read the options, run, print what fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for field in fields(Tools):
        parser.add_argument(f"--{field.name}", default=field.default, metavar="TEMPLATE")
    counts: Counter[tuple[str, bool]] = Counter()
    for result in conform(Tools(**vars(parser.parse_args()))):
        counts[result.command, result.problem is None] += 1
        if result.problem:
            print(f"FAIL {result.command} {result.file}: {result.problem.strip()}")
    for command in sorted({name for name, _ in counts}):
        print(f"{command}: {counts[command, True]} passed, {counts[command, False]} failed")
    sys.exit(any(not good for _, good in counts))


if __name__ == "__main__":
    main()
