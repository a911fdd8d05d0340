"""A fit on disk, so that it can be killed and resumed: tensors in safetensors, never a pickle."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from lgcodec.errors import InputError, UsageError
from lgcodec.storage import replacing

__all__ = ["has_ended", "joined", "load_state", "part_of", "reading", "save_state"]

FRESH: Final = "remove it or name another to begin anew"
GOES_ON, ENDED = "fit", "ended"  # keys of the identity


def save_state(
    path: Path,
    identity: str,
    tensors: Mapping[str, Tensor],
    numbers: dict[str, Any],
    *,
    ended: bool = False,
) -> None:
    """Replace `path` by this state; `identity` says of which fit it is. Raises OutputError.

    ended   whether it is what a fit has come to, see `has_ended`
    """
    key = ENDED if ended else GOES_ON
    metadata = {key: _digest(identity), "numbers": json.dumps(numbers)}
    with replacing(path) as temporary:
        save_file({k: v.contiguous().cpu() for k, v in tensors.items()}, temporary, metadata)


def load_state(
    path: Path, identity: str, *, ended: bool = False
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Undo `save_state`; UsageError if `path` is of another fit, InputError if damaged."""
    with reading(path), safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        if metadata.get(ENDED if ended else GOES_ON) != _digest(identity):
            raise UsageError(
                f"{path} is a checkpoint of another fit: input, options and version must be "
                f"those it was made with; {FRESH}"
            )
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return tensors, json.loads(metadata["numbers"])


def has_ended(path: Path) -> bool:
    """Whether `path` holds what a fit has come to, not how far it is. InputError if damaged."""
    with reading(path), safe_open(path, framework="pt") as file:
        return ENDED in (file.metadata() or {})


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong while the checkpoint `path` is read into InputError."""
    try:
        yield
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
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
