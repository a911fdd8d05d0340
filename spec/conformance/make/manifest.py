"""The suite as files by name: manifest.json and everything that it lists."""

import json
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from hashlib import sha256
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lgcodec.format.container import Container, StreamData, dumps

from .crops import selections
from .defects import defects
from .exact import decoded, tolerance
from .places import Part
from .recover import Damaged, damaged, damaged_alone
from .valid import Vector, vectors

__all__ = ["suite"]

Files = dict[str, bytes]  # path in the folder -> content


def suite() -> Files:
    """Every file of the suite."""
    files: Files = {}
    whole = list(vectors())
    listed: dict[str, list[Any]] = {
        "valid": [_valid(vector, files) for vector in whole],
        "invalid": [_invalid(made, files) for made in defects()],
        "recover": [_recover(made, vector, files) for vector, made in _damages(whole)],
        "crops": [entry for vector in whole for entry in _crops(vector)],
    }
    heads = {"specification": "lgi-1", "made by": "python -m spec.conformance.make"}
    files["manifest.json"] = _json({**heads, **listed}).encode()
    return files


def _json(manifest: Mapping[str, Any]) -> str:
    """One line for each file."""
    parts = []
    for key, value in manifest.items():
        if isinstance(value, list):
            rows = ",\n    ".join(json.dumps(row, ensure_ascii=False) for row in value)
            parts.append(f"{json.dumps(key)}: [\n    {rows}\n  ]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


def _damages(whole: Iterable[Vector]) -> Iterator[tuple[Vector, Damaged]]:
    """Of the file with two streams, and of latents, whose chunks depend on each other least."""
    for vector in whole:
        if vector.name == "video-with-sound":
            yield from ((vector, made) for made in damaged(vector))
        elif vector.name.startswith("latent-local-global-") and len(vector.scales) == 1:
            yield from ((vector, made) for made in damaged_alone(vector))


def _valid(vector: Vector, files: Files) -> dict[str, Any]:
    name = f"valid/{vector.name}.lgi"
    files[name] = vector.data
    streams = vector.container.streams
    return {
        "file": name,
        "about": vector.about,
        **_digest(vector.data),
        "families": [one.conf.family.name for one in streams],
        "codings": [[one.conf.quantiser.name, one.conf.coder.name] for one in streams],
        "kinds": [one.geometry.kind for one in streams],
        "decode": [
            _reference(vector.name, number, one, scale, files)
            for number, one in enumerate(streams)
            for scale in vector.scales
            if vector.networks
        ],
        "list": list(_listing(vector.container)),
    }


def _reference(
    name: str, number: int, stream: StreamData, scale: Fraction, files: Files
) -> dict[str, Any]:
    suffix = ("" if number == 0 else f"-{number}") + _scaled(scale)
    return _samples(f"valid/{name}{suffix}.npy", decoded(stream, scale), stream, files) | {
        "stream": number,
        "scale": str(scale),
    }


def _scaled(scale: Fraction) -> str:
    return "" if scale == 1 else f"-scale-{scale.numerator}-{scale.denominator}"


def _samples(path: str, samples: NDArray[Any], stream: StreamData, files: Files) -> dict[str, Any]:
    file = BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(samples), version=(1, 0))
    files[path] = file.getvalue()
    return {"reference": path, "tolerance": tolerance(stream)}


def _invalid(made: Any, files: Files) -> dict[str, Any]:
    name = f"invalid/{made.name}.lgi"
    if name in files:
        raise ValueError(f"two defects are called {made.name}")
    files[name] = made.data
    return {
        "file": name,
        "about": made.about,
        "requirement": made.requirement,
        "code": made.code,
        "where": [made.where.start, made.where.stop],
        "decoding": made.decoding,
    }


def _recover(made: Damaged, whole: Vector, files: Files) -> dict[str, Any]:
    name = f"recover/{made.name}.lgi"
    files[name] = made.data
    masked = None
    if made.masks:
        main = whole.container.streams[0]
        lost = _absent(made.lost, main)
        shown = decoded(main, absent=lost)
        masked = _samples(f"recover/{made.name}.npy", shown, main, files) | {
            "stream": 0,
            "scale": "1",
        }
    return {
        "file": name,
        "about": made.about,
        "code": made.code,
        "lost": [list(part) for part in made.lost],
        "repaired": _result(made.repaired),
        "masked": masked,
    }


def _absent(lost: Iterable[Part], main: StreamData) -> set[tuple[int, int]]:
    """Partitions of stream 0 that are not shown."""
    absent = set()
    for group in main.groups:
        for partition in group.local_chunks:
            names = {("global", 0, group.ordinal), ("local", 0, group.ordinal, partition)}
            if names & set(lost):
                absent.add((group.ordinal, partition))
    return absent


def _crops(vector: Vector) -> Iterator[dict[str, Any]]:
    geometry = vector.container.streams[0].geometry
    window = {
        name: [span.start, span.stop]
        for name, span in zip(geometry.axis_names, geometry.window, strict=True)
    }
    for crop in selections(vector.name, vector.container):
        yield {
            "file": f"valid/{vector.name}.lgi",
            "window": window,
            "keep": {**window, **{name: list(span) for name, span in crop.keep.items()}},
            "result": _result(crop.result),
        }


def _result(made: Container | None) -> dict[str, Any] | None:
    return None if made is None else _digest(dumps(made))


def _digest(data: bytes) -> dict[str, Any]:
    return {"bytes": len(data), "sha256": sha256(data).hexdigest()}


def _listing(container: Container) -> Iterator[str]:
    """What README.md asks a program to list."""
    for number, stream in enumerate(container.streams):
        geometry = stream.geometry
        rate = geometry.rate
        yield (
            f"stream {number} {geometry.kind} channels {geometry.channels} {geometry.sample_type}"
            f" rate {rate.numerator if rate else 0}/{rate.denominator if rate else 0}"
        )
        for name, axis in zip(geometry.axis_names, geometry.axes, strict=True):
            yield (
                f"  axis {name} frame {axis.frame_len}"
                f" window {axis.win_lo}:{axis.win_lo + axis.win_len}"
                f" grid {axis.grid_lo} tile {axis.tile_len} tiles {axis.tiles} groups {axis.groups}"
            )
        for group in stream.groups:
            yield f"  group {group.ordinal} global {len(group.global_chunk)}"
            for partition, chunk in group.local_chunks.items():
                yield f"    partition {partition} {len(chunk)}"
    for kind, data in container.ancillary.items():
        yield f"ancillary {kind} {len(data)}"
