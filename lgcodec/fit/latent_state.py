"""How far a fit of latents is, on disk: it can be killed and goes on after its last round."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import torch

from lgcodec.coding.base import Floats, Symbols
from lgcodec.fit.checkpoint import load_state, reading, save_state

__all__ = ["LatentState"]


@final
@dataclass(frozen=True)
class LatentState:
    """All that the rounds to come depend on.

    step      of the bands, in units of `nets.latent.STEP_UNIT`; rounds: that are done
    trained   iterations so far; spent: seconds
    by_some   whether some partitions tell of all
    entropy   float weights of the network that predicts symbols
    symbols   [P, N_k] int16 of every band, the contexts of the next round
    """

    step: int
    rounds: int
    trained: int
    spent: float
    by_some: bool
    entropy: Floats
    symbols: Sequence[Symbols]

    def save(self, path: Path, identity: str) -> None:
        """Replace `path`; `identity` says of which fit this is. Raises OutputError."""
        tensors = {f"symbols.{i}": torch.from_numpy(part) for i, part in enumerate(self.symbols)}
        tensors["entropy"] = torch.from_numpy(self.entropy)
        names = ("step", "rounds", "trained", "spent", "by_some")
        save_state(path, identity, tensors, {name: getattr(self, name) for name in names})

    @classmethod
    def load(cls, path: Path, identity: str) -> "LatentState":
        """Undo `save`; UsageError if the file belongs to another fit, InputError if damaged."""
        tensors, numbers = load_state(path, identity)
        with reading(path):
            entropy = tensors.pop("entropy").numpy()
            symbols = [tensors[f"symbols.{i}"].numpy() for i in range(len(tensors))]
            return cls(**numbers, entropy=entropy, symbols=symbols)
