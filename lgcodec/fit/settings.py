"""How to fit, how a fit goes and what it gives: plain values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from lgcodec.coding.base import Floats

__all__ = ["FitProgress", "FitSettings", "Fitted", "Report"]


@final
@dataclass(frozen=True)
class FitSettings:
    """How to fit.

    iterations      optimisation steps, quantisation-aware ones included
    samples         samples per partition and step
    rate            learning rate of local weights; global ones take `global_rate`
    bits            nominal bits of the uniform quantiser; None fits float weights only
    aware_share     share of the iterations with quantisation in the loop
    seconds         stop after so long, schedule included; None has no limit
    psnr            stop the float phase when measured this good, dB; None has no target
    """

    iterations: int
    samples: int
    rate: float
    global_rate: float
    bits: int | None = 8
    aware_share: float = 0.15
    seconds: float | None = None
    psnr: float | None = None
    seed: int = 0


@final
@dataclass(frozen=True)
class FitProgress:
    """One measurement.

    done      how far the schedule is, 0 to 1
    psnr      the best quality so far, dB
    seconds   of fitting so far
    """

    done: float
    iteration: int
    psnr: float
    seconds: float


Report = Callable[[FitProgress], None]


@final
@dataclass(frozen=True)
class Fitted:
    """The best weights of a fit.

    local        tensors by name, [P, *shape] float32
    global_      tensors by name, [*shape] float32
    steps        learned steps by "local.<name>" and "global.<name>"; None: not quantised
    psnr         dB on the measured samples, not on a batch
    interrupted  whether Ctrl-C ended the fit
    """

    local: dict[str, Floats]
    global_: dict[str, Floats]
    steps: dict[str, float] | None
    psnr: float
    iterations: int
    interrupted: bool = False
