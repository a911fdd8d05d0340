"""What changes weights by their gradients, at learning rates that a schedule scales."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor
from typing_extensions import override

__all__ = ["AdamW", "Optimiser"]


class Optimiser(ABC):
    """Changes parameters by their `grad`."""

    @abstractmethod
    def clear(self) -> None:
        """Set all gradients to 0."""

    @abstractmethod
    def step(self, warm: float, level: float) -> None:
        """Change all parameters, every rate multiplied by both."""

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """Moments, to be saved."""

    @abstractmethod
    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Undo `state`."""


@final
class AdamW(Optimiser):
    """Of `parameters`, and those that are added, which may have other rates.

    rate   of learning, before it is scaled
    """

    def __init__(self, parameters: Sequence[Tensor], rate: float, device: torch.device) -> None:
        self._adamw = torch.optim.AdamW(
            [{"params": list(parameters), "lr": rate, "base": rate}],
            betas=(0.9, 0.99),
            weight_decay=0.0,
            fused=device.type in ("cpu", "cuda"),
        )

    def add(self, parameters: Sequence[Tensor], rate: float) -> None:
        """Change these as well, if there are any."""
        if parameters:
            self._adamw.add_param_group({"params": list(parameters), "lr": rate, "base": rate})

    @override
    def clear(self) -> None:
        self._adamw.zero_grad(set_to_none=False)

    @override
    def step(self, warm: float, level: float) -> None:
        for group in self._adamw.param_groups:
            group["lr"] = group["base"] * warm * level
        self._adamw.step()

    def forget_directions(self) -> None:
        """Begin anew where parameters have been set; their second moments stay."""
        for state in self._adamw.state.values():
            state["exp_avg"].zero_()

    @override
    def state(self) -> dict[str, Tensor]:
        moments = self._adamw.state_dict()["state"]
        return {f"{i}.{key}": v for i, state in moments.items() for key, v in state.items()}

    @override
    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            index, key = name.split(".")
            state.setdefault(int(index), {})[key] = value
        groups = self._adamw.state_dict()["param_groups"]
        self._adamw.load_state_dict({"state": state, "param_groups": groups})
