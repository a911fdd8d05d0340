"""How to fit, how a fit goes and what it gives: plain values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from lgcodec.coding.base import Coder, Floats
from lgcodec.fit.measurement import Measurement

__all__ = ["FitProgress", "FitSettings", "Fitted", "Report", "SizeOf"]


@final
@dataclass(frozen=True)
class FitSettings:
    """How to fit.

    iterations      optimisation steps, quantisation-aware ones included
    samples         samples per partition and step
    rate            learning rate of local weights; global ones take `global_rate`
    bits            nominal bits of the uniform quantiser; None fits float weights only
    aware_share     share of the iterations with quantisation in the loop
    aware_rate      learning rate where these begin, against the first
    seconds         stop after so long, schedule included; None has no limit
    psnr            stop the float phase when measured this good, dB, then take the widest steps
                    that keep it; None has no target
    size            bytes that the coded weights may take at most; None leaves them open
    refine          second-order steps, at most, that end a fit for a size in the place of the phase
                    with quantisation in the loop; 0: that phase
    settled         share of the error that the last few of these steps must have brought, else
                    they end
    single          for a network of many weights: steps in the axes of gradients (`soap`), a pull
                    that makes weights small, and rounding under a Kronecker product
    descents        of latents: how often all symbols are chosen anew by what they do to samples
    measurement     what to fit to instead of the samples
    """

    iterations: int
    samples: int
    rate: float
    global_rate: float
    bits: int | None = 8
    aware_share: float = 0.15
    aware_rate: float = 0.15
    seconds: float | None = None
    psnr: float | None = None
    size: int | None = None
    seed: int = 0
    refine: int = 0
    settled: float = 0.005
    single: bool = False
    descents: int = 0
    measurement: Measurement | None = None


@final
@dataclass(frozen=True)
class FitProgress:
    """One measurement.

    done      how far the schedule is, 0 to 1
    psnr      the best quality so far, dB; of latents the last, of a few partitions but for the end
              of a fit that has to reach one
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

    local        tensors by name, [P, *shape] float32; symbols of latents int16
    global_      tensors by name, [*shape] float32
    steps        learned steps by "local.<name>" and "global.<name>"; None: not quantised
    psnr         dB on the measured samples, not on a batch; of latents that have to reach none, on
                 those of a few partitions
    bits         that hold every symbol; None: not quantised
    interrupted  whether Ctrl-C ended the fit
    coder        name of the one that the weights were rounded for
    """

    local: dict[str, Floats]
    global_: dict[str, Floats]
    steps: dict[str, float] | None
    bits: int | None
    psnr: float
    iterations: int
    interrupted: bool = False
    coder: str = "rans"

    def steps_for(self, coder: Coder) -> dict[str, float] | None:
        """By which `coder` is to store the weights; None: its quantiser finds them.

        Those of weights that were rounded for a coder without scales are divided by the scale that
        then all symbols have.
        """
        if self.steps is None or self.coder == coder.name:
            return self.steps
        return {name: step / coder.later_scale for name, step in self.steps.items()}


SizeOf = Callable[[Fitted], int]  # bytes of what was fitted
