"""lgcodec's own command, called in this process, and what `lgi info` says in the suite's words."""

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from lgcodec_cli.main import run

__all__ = ["lgi"]


def lgi(words: Sequence[str]) -> tuple[int, str]:
    """Exit status and output of `lgi ...`; `lgi list FILE` is `lgi info` in the suite's words."""
    _, command, *arguments = words
    if command != "list":
        return _called([command, *arguments])
    status, output = _called(["info", "--json", *arguments])
    return status, output if status else "".join(
        f"{line}\n" for line in _listed(json.loads(output))
    )


def _called(arguments: Sequence[str]) -> tuple[int, str]:
    with io.StringIO() as output:
        with redirect_stdout(output), redirect_stderr(output):
            status = run(arguments)
        return status, output.getvalue()


def _listed(info: dict[str, Any]) -> Iterator[str]:
    for number, stream in enumerate(info["streams"]):
        rate = stream["rate"] or "0/0"
        rate = rate if "/" in rate else f"{rate}/1"
        kind = f"{stream['kind']} channels {stream['channels']} {stream['sample_type']}"
        yield f"stream {number} {kind} rate {rate}"
        for axis in stream["axes"]:
            window = ":".join(map(str, axis["window"]))
            tiles = axis["tiles"] // axis["groups"]
            yield (
                f"  axis {axis['name']} frame {axis['frame']} window {window}"
                f" grid {axis['grid'][0]} tile {axis['tile']} tiles {tiles} groups {axis['groups']}"
            )
        yield from _groups(stream)
    for kind, size in info["ancillary"].items():
        yield f"ancillary {kind} {size}"


def _groups(stream: dict[str, Any]) -> Iterator[str]:
    for group in stream["present_groups"]:
        yield f"  group {group['group']} global {group['global']}"
        for one in stream["present"]:
            if one["group"] == group["group"]:
                yield f"    partition {one['partition']} {one['bytes']}"
