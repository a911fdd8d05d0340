"""What groups of latents need to be equally good: what the bytes of a file are shared by."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray

from lgcodec.fit.checkpoint import load_state, reading, save_state
from lgcodec.fit.choices import HEAD, Chooser, Motion
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.steps import FINEST, WIDEST
from lgcodec.nets.latent import STEP_UNIT, Latent

__all__ = ["Look", "look_at", "needs"]

LOOKED_AT: Final = (-5 * STEP_UNIT, -5 * STEP_UNIT // 2, 0)  # steps: of 50, of 38, of 25 dB or so
FIXED: Final = (110, 6)  # bytes of a group, and of each partition, in which nothing is seen
STEEPEST, FLATTEST = -1 / 16, -1 / 512  # what a step may change of the logarithm beyond them


@final
@dataclass(frozen=True)
class Look:
    """What is known of a group before it is fitted.

    partitions   of it
    sizes        bytes that its symbols would take at the steps LOOKED_AT
    error        mean squared, network units, that it would have at the widest of them, roughly
    motion       as `Chooser.motion`
    """

    partitions: int
    sizes: tuple[float, ...]
    error: float
    motion: Motion | None


def look_at(family: Latent, sampler: Sampler, checkpoint: Path | None) -> Look:
    """Look at a group, whose symbols are not chosen by their bits: that takes long.

    What was seen is read from `checkpoint` where it exists, or written there. Raises UsageError and
    InputError as `load_state` does.
    """
    identity = f"look {family} {sampler.partitions} {sampler.digest}"
    if checkpoint is not None and checkpoint.exists():
        return _loaded(checkpoint, identity, sampler.partitions)
    chooser = Chooser(family, sampler)
    sizes, errors = zip(*[_seen(chooser, step) for step in LOOKED_AT], strict=True)
    look = Look(sampler.partitions, sizes, errors[-1], chooser.motion)
    if checkpoint is not None:
        tensors = {} if look.motion is None else {"motion": torch.from_numpy(look.motion)}
        save_state(checkpoint, identity, tensors, {"sizes": look.sizes, "error": look.error})
    return look


def _seen(chooser: Chooser, step: int) -> tuple[float, float]:
    """Bytes and error at a step; its symbols are let go, for they are as large as the group."""
    choice = chooser.plainly(step)
    return chooser.bytes(choice) - HEAD, chooser.error(choice, roughly=True)


def _loaded(path: Path, identity: str, partitions: int) -> Look:
    tensors, numbers = load_state(path, identity)
    with reading(path):
        sizes, error = tuple(map(float, numbers["sizes"])), float(numbers["error"])
        motion = tensors["motion"].numpy() if "motion" in tensors else None
        if len(sizes) != len(LOOKED_AT) or not (min(sizes) > 0 and error >= 0):
            raise ValueError(f"sizes are {sizes}, the error is {error}")
    return Look(partitions, sizes, error, motion)


def needs(looks: Sequence[Look], size: float) -> tuple[int, list[float]]:
    """The one step at which all groups have `size` bytes together, and how many each has there.

    With one step a bit takes off the same squared error in all groups, so that none could give
    bytes to another and all be better for it.
    """
    steps = np.arange(FINEST, WIDEST + 1)
    found = np.array([_fixed(look) + np.exp(_between(np.log(look.sizes), steps)) for look in looks])
    best = np.argmin(np.abs(np.log(found.sum(0) / size)))
    return int(steps[best]), [float(own) for own in found[:, best]]


def _fixed(look: Look) -> int:
    group, partition = FIXED
    return group + partition * look.partitions


def _between(logs: NDArray[np.float64], steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """The logarithm of bytes at `steps` from those at LOOKED_AT: in line, and on in line."""
    slopes = (np.diff(logs) / np.diff(LOOKED_AT)).clip(STEEPEST, FLATTEST)
    inside = np.interp(steps, LOOKED_AT, logs)
    before = slopes[0] * np.minimum(steps - LOOKED_AT[0], 0)
    return np.asarray(inside + before + slopes[-1] * np.maximum(steps - LOOKED_AT[-1], 0))
