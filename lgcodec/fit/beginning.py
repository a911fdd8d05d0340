"""Where a fit begins if not at random weights: at those of an encoded signal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from lgcodec.coding.base import Floats
from lgcodec.fit.quantise import FixedStep
from lgcodec.nets import Family, TensorWeights

__all__ = ["Start"]


@final
@dataclass(frozen=True)
class Start:
    """Weights to begin with.

    weights          as `Family.initialise` gives them
    freezes_global   global weights stay as they are
    fixed            with frozen global weights: steps that do not change, None of float weights
    """

    weights: TensorWeights
    freezes_global: bool = False
    fixed: Mapping[str, FixedStep] | None = None

    @classmethod
    def at(
        cls,
        family: Family,
        local: Mapping[str, Floats],
        global_: Mapping[str, Floats],
        moved: tuple[NDArray[np.float64], NDArray[np.float64]],
        *,
        freezes_global: bool,
        fixed: Mapping[str, FixedStep] | None,
    ) -> "Start":
        """Begin at tensors of encoded partitions, `local` being [P, *shape].

        moved   sign and shift [P, D], see `Family.moved`
        """
        own = {f"local.{name}": torch.from_numpy(value) for name, value in local.items()}
        sign, shift = (torch.from_numpy(part).float() for part in moved)
        shared = {f"global.{name}": torch.from_numpy(v.copy()) for name, v in global_.items()}
        return cls({**family.moved(own, sign, shift), **shared}, freezes_global, fixed)
