"""Fits that have ended, on disk: to go on with a killed encode of groups none is fitted twice."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any, Final, final

import numpy as np
import torch
from torch import Tensor

from lgcodec.coding.base import Floats
from lgcodec.fit.checkpoint import has_ended, joined, load_state, part_of, reading, save_state
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.settings import FitProgress, FitSettings, Fitted, Report
from lgcodec.format.conf import TensorSpec
from lgcodec.nets import Family

__all__ = ["fitted_once"]

NUMBERS: Final = ("steps", "bits", "psnr", "iterations", "coder")  # of `Fitted`
TYPES: Final = (np.float32, np.int16)


def fitted_once(
    anew: Callable[[], Fitted],
    family: Family,
    sampler: Sampler,
    settings: FitSettings,
    *,
    report: Report | None,
    checkpoint: Path | None,
) -> Fitted:
    """What the fit `anew` gives; where `checkpoint` says that it has ended, what it gave then.

    A fit that ends replaces `checkpoint`, which it may use before in its own way. Raises UsageError
    and InputError as `load_state` does.
    """
    if checkpoint is None:
        return anew()
    identity = f"{family} {settings} {sampler.partitions} {sampler.digest}"
    ended = _Ended(checkpoint, identity, family, sampler.partitions)
    if checkpoint.exists() and has_ended(checkpoint):
        return ended.loaded(report)
    started, fitted = monotonic(), anew()
    return fitted if fitted.interrupted else ended.saved(fitted, monotonic() - started)


@final
@dataclass(frozen=True)
class _Ended:
    """The file of a fit that has ended; after Ctrl-C it is given all the same, as interrupted."""

    path: Path
    identity: str
    family: Family
    partitions: int

    def saved(self, fitted: Fitted, seconds: float) -> Fitted:
        """The same, which took so many seconds, once it is on disk."""
        scopes = {"local": fitted.local, "global": fitted.global_}
        parts = {
            scope: {name: torch.from_numpy(value) for name, value in own.items()}
            for scope, own in scopes.items()
        }
        numbers = {name: getattr(fitted, name) for name in NUMBERS}
        try:
            save_state(
                self.path, self.identity, joined(parts), {**numbers, "seconds": seconds}, ended=True
            )
        except KeyboardInterrupt:
            return replace(fitted, interrupted=True)
        return fitted

    def loaded(self, report: Report | None) -> Fitted:
        """What was saved; told as if it ended now."""
        tensors, numbers = load_state(self.path, self.identity, ended=True)
        with reading(self.path):
            local = _arrays(self.family.local_tensors(), part_of(tensors, "local"), self.partitions)
            global_ = _arrays(self.family.global_tensors(), part_of(tensors, "global"))
            fitted, seconds = _fitted(local, global_, numbers), float(numbers["seconds"])
        try:
            if report:
                report(FitProgress(1.0, fitted.iterations, fitted.psnr, seconds))
        except KeyboardInterrupt:
            return replace(fitted, interrupted=True)
        return fitted


def _fitted(
    local: dict[str, Floats], global_: dict[str, Floats], numbers: Mapping[str, Any]
) -> Fitted:
    """These tensors and `numbers`; KeyError, TypeError or ValueError where one is none."""
    steps, bits = numbers["steps"], numbers["bits"]
    return Fitted(
        local,
        global_,
        None if steps is None else {name: float(step) for name, step in dict(steps).items()},
        None if bits is None else int(bits),
        float(numbers["psnr"]),
        int(numbers["iterations"]),
        coder=str(numbers["coder"]),
    )


def _arrays(
    specs: Sequence[TensorSpec], tensors: Mapping[str, Tensor], *lead: int
) -> dict[str, Floats]:
    """Those that a family has, in its order, [*lead, *shape]; ValueError if they are others."""
    arrays = {spec.name: tensors[spec.name].numpy() for spec in specs}
    for spec in specs:
        found = arrays[spec.name]
        if found.shape != (*lead, *spec.shape) or found.dtype not in TYPES:
            raise ValueError(f"{spec.name} is {found.dtype} {found.shape}")
    return arrays
