"""A fit on disk, so that it can be killed and resumed: tensors in safetensors, never a pickle."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from lgcodec.errors import InputError, UsageError
from lgcodec.storage import replacing

__all__ = ["joined", "load_state", "part_of", "save_state"]

FRESH: Final = "remove it or name another to begin anew"


def save_state(
    path: Path, identity: str, tensors: dict[str, Tensor], numbers: dict[str, Any]
) -> None:
    """Replace `path` by this state; `identity` says of which fit it is. Raises OutputError."""
    metadata = {"fit": _digest(identity), "numbers": json.dumps(numbers)}
    with replacing(path) as temporary:
        save_file({k: v.contiguous().cpu() for k, v in tensors.items()}, temporary, metadata)


def load_state(path: Path, identity: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and numbers of `path`; UsageError if it is of another fit, InputError if damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("fit") != _digest(identity):
                raise UsageError(
                    f"{path} is a checkpoint of another fit: input, options and version must be "
                    f"those it was made with; {FRESH}"
                )
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, json.loads(metadata["numbers"])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise InputError(f"cannot read checkpoint {path}: {error}; {FRESH}") from error


def joined(parts: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Tensors of several parts of a state by "<part>.<name>"."""
    return {f"{part}.{name}": v for part, own in parts.items() for name, v in own.items()}


def part_of(tensors: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    """Those of one part by their own names; none if it has none."""
    start = f"{part}."
    return {name.removeprefix(start): v for name, v in tensors.items() if name.startswith(start)}


def _digest(identity: str) -> str:
    return sha256(identity.encode()).hexdigest()
