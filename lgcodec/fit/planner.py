"""Plans for targets: which network to fit for so many bytes, or next on the way to a quality."""

from collections.abc import Mapping
from math import inf
from typing import Final, final

from typing_extensions import override

from lgcodec.errors import UsageError
from lgcodec.fit.latent_plan import LatentPlanner, wants_perceptrons
from lgcodec.fit.options import EncodeOptions
from lgcodec.fit.plan import Plan, make_plan
from lgcodec.fit.plans import Plans
from lgcodec.fit.points import point_at, rate_for
from lgcodec.signal import Kind, Signal

__all__ = ["Planner", "planner_for"]

WASTE: Final = 0.75  # of the bytes planned; what takes fewer had too many weights
LEANER: Final = 0.9  # of the bytes that too many weights took
SPARE: Final = 0.3  # dB to plan above the quality wanted
LARGEST: Final = 0.98  # of a lossless file
PROMISE: Final = 1.2  # of the fewest bytes that any plan expects
GROWTH: Final = 1.1  # times the bytes, where a plan for more is the same as the last
STEP: Final = 4.0  # times the bytes that an attempt may have more than the last


# By rate and quality, benchmarks/results/rate-*.txt.
BEST: Final[Mapping[Kind, str]] = {
    "audio": "latent",
    "image": "latent",
    "video": "siren",
    "volume": "siren",
}


@final
class Planner(Plans):
    """Plans for one stream.

    size   bytes that the stream may take, or None
    psnr   dB wanted, or None; only where the network's size is open
    """

    def __init__(
        self,
        signal: Signal,
        options: EncodeOptions,
        lossless_bytes: int,
        *,
        size: int | None = None,
    ) -> None:
        self.signal, self.options = signal, options
        self.lossless_bytes, self.size = lossless_bytes, size
        self.psnr = options.psnr if options.leaves_network_open else None

    @override
    def first(self) -> Plan:
        """The plan to begin with."""
        if self.size is not None:
            return self._for_bytes(self.size)
        if self.psnr is not None:
            middle = point_at(self.signal.kind, 0.0)
            rate = rate_for(self.signal.kind, self.psnr - middle.psnr, middle.rate)
            return self._near(rate)
        return make_plan(self.signal, self.options, self.lossless_bytes)

    @override
    def leaner(self, plan: Plan, size: int) -> Plan | None:
        """A plan for fewer than `size` bytes, what `plan` took to the quality; None if it fits.

        Where the network is too large for a quality, its weights end up with few bits: fewer
        weights of more bits do better.
        """
        if self._rate(plan.expected_bytes) * WASTE < self._rate(size):
            return None
        return self._near(LEANER * self._rate(size))

    @override
    def after(self, plan: Plan, psnr: float) -> Plan:
        """A larger plan than `plan`, which gave `psnr` only; UsageError if there is none."""
        now, most = plan.expected_bytes, self._near(inf).expected_bytes
        rate = self._rate(now)
        wanted = rate_for(self.signal.kind, (self.psnr or 0) + SPARE - psnr, rate)
        larger, rate = plan, min(wanted, STEP * rate)
        while larger.expected_bytes <= now < most:  # widths are whole numbers
            larger, rate = self._near(rate), rate * GROWTH
        if now >= most:
            raise UsageError(
                f"{self.psnr} dB is out of reach in fewer bytes than the "
                f"{self.lossless_bytes} of a lossless file; the nearest possible is {psnr:.1f} dB"
            )
        return larger

    @override
    def smallest(self) -> int:
        """The fewest bytes that a plan can promise; UsageError if there are none.

        The head of a file is estimated, and what is estimated too high has to become weights.
        """
        high = self.lossless_bytes
        while high and not self._fits(high):  # a global network cannot have any size
            high = high * 3 // 4
        if not high:
            raise UsageError(
                f"a lossless file of this {self.signal.kind} has {self.lossless_bytes} bytes, no "
                ".lgi with this network has fewer; to encode it all the same, say --params"
            )
        low = 0
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._fits(middle) else (middle, high)
        return int(high * PROMISE)

    def _fits(self, size: int) -> bool:
        try:
            self._for_bytes(size)
        except UsageError:
            return False
        return True

    def _near(self, rate: float) -> Plan:
        """The plan for a rate, or for the nearest that there is."""
        most = LARGEST * self.lossless_bytes
        wanted = int(min(rate * self.signal.size / 8, most))
        return self._for_bytes(max(wanted, self.smallest()))

    def _rate(self, size: int) -> float:
        return 8 * size / self.signal.size

    def _for_bytes(self, size: int) -> Plan:
        point = point_at(self.signal.kind, self._rate(size))
        return make_plan(self.signal, self.options, self.lossless_bytes, size=size, point=point)


def planner_for(
    signal: Signal, options: EncodeOptions, lossless_bytes: int, *, size: int | None = None
) -> Plans:
    """Who plans for the family of `options`."""
    if _family(signal, options) == "latent":
        return LatentPlanner(signal, options, lossless_bytes, size=size)
    return Planner(signal, options, lossless_bytes, size=size)


def _family(signal: Signal, options: EncodeOptions) -> str:
    """The family asked for, or the best one that has all options given."""
    if options.family != "auto":
        return options.family
    best = BEST[signal.kind]
    return "siren" if best == "latent" and wants_perceptrons(options) else best
