"""Plans for targets: which network to fit for so many bytes, or next on the way to a quality."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from math import prod
from typing import Final, final

from typing_extensions import override

from lgcodec.errors import UsageError
from lgcodec.fit.architecture import arrangement_of
from lgcodec.fit.latent_plan import LatentPlanner, wants_perceptrons
from lgcodec.fit.options import EncodeOptions
from lgcodec.fit.plan import Plan, bits_to_refine, make_plan
from lgcodec.fit.plans import Plans
from lgcodec.fit.points import LAYERS, SINGLE_BITS, TIED_BITS, point_at, rate_of, tied_bits
from lgcodec.fit.search import Search
from lgcodec.fit.tiles import tilings_for
from lgcodec.fit.unevenness import unevenness
from lgcodec.signal import Kind, Signal

__all__ = ["Planner", "planner_for"]

LARGEST: Final = 0.98  # of a lossless file
PROMISE: Final = 1.2  # of the fewest bytes that any plan expects


# By rate and quality, benchmarks/results/rate-*.txt.
BEST: Final[Mapping[Kind, str]] = {
    "audio": "latent",
    "image": "latent",
    "video": "latent",
    "volume": "siren",
}
WORTH: Final = 0.02  # bits per pixel of a video, below which latents may not fit


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
            (least, most), rate = self._bounds, rate_of(self.signal.kind, self.psnr)
            return self._for_bytes(int(min(max(rate * self.signal.size / 8, least), most)))
        return make_plan(self.signal, self.options, self.lossless_bytes)

    @override
    def after(self, plan: Plan, psnr: float) -> Plan | None:
        """The plan for another number of bytes."""
        size = plan.settings.size
        if self._search is None or size is None:
            return None
        found = self._search.next(size, psnr)
        if found is not None:
            return self._for_bytes(found)
        if self._search.has_found:
            return None
        raise UsageError(
            f"{self.psnr} dB is out of reach in fewer bytes than the "
            f"{self.lossless_bytes} of a lossless file; the nearest possible is "
            f"{self._search.best:.1f} dB"
        )

    @override
    def is_enough(self, psnr: float) -> bool:
        """Whether `psnr` is the quality wanted, if one is."""
        return self._search is None or self._search.is_enough(psnr)

    @cached_property
    def _saved_by_scales(self) -> float:
        """Bits of a weight, in partitions as asked for."""
        arrangement = arrangement_of(self.signal.kind, self.options)
        if self.signal.kind not in TIED_BITS or arrangement != "per-partition":
            return 0.0
        tilings, _ = tilings_for(self.signal, self.options, arrangement, 1)
        return unevenness(self.signal, tilings)

    @cached_property
    def _search(self) -> Search | None:
        if self.psnr is None:
            return None
        return Search(self.signal.kind, self.psnr, self.signal.size, *self._bounds)

    @cached_property
    def _bounds(self) -> tuple[int, int]:
        """The fewest and the most bytes of a plan for a quality."""
        least = self.smallest()
        return least, max(least, int(LARGEST * self.lossless_bytes))

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

    def _for_bytes(self, size: int) -> Plan:
        kind, options = self.signal.kind, self.options
        rate = 8 * size / self.signal.size
        point = point_at(kind, rate)
        point = replace(point, bits=self._bits(rate, point.bits))
        if options.arrangement not in ("single", "local-global"):
            options = replace(options, layers=options.layers or LAYERS.get(kind))
        plan = make_plan(self.signal, options, self.lossless_bytes, size=size, point=point)
        if not (options.partitions or options.partition_size):
            return plan
        # Fewer weights of more bits, where those are too many for second-order steps: without these
        # rounding to so few bits as they have on average loses 7 dB.
        while needed := bits_to_refine(plan):
            point = replace(point, bits=needed)
            plan = make_plan(self.signal, options, self.lossless_bytes, size=size, point=point)
        return plan

    def _bits(self, rate: float, usual: float) -> float:
        """Of a weight, as coded: what is asked for, else what was measured best."""
        kind, options = self.signal.kind, self.options
        if options.bits is not None:
            return float(options.bits)
        if options.arrangement == "single":
            return SINGLE_BITS.get(kind, usual)
        if options.partitions or options.partition_size:
            return tied_bits(kind, rate, usual) - self._saved_by_scales
        return usual


def planner_for(
    signal: Signal, options: EncodeOptions, lossless_bytes: int, *, size: int | None = None
) -> Plans:
    """Who plans for the family of `options`."""
    if _family(signal, options, size) == "latent":
        return LatentPlanner(signal, options, lossless_bytes, size=size)
    return Planner(signal, options, lossless_bytes, size=size)


def _family(signal: Signal, options: EncodeOptions, size: int | None) -> str:
    """The family asked for, or the best one that has all options given."""
    if options.family != "auto":
        return options.family
    best = BEST[signal.kind]
    unfit = wants_perceptrons(options) or prod(signal.grid) == 1  # one sample has no details
    if best == "latent" and unfit:
        return "siren"
    return "siren" if signal.kind == "video" and _is_tiny(signal, options, size) else best


def _is_tiny(signal: Signal, options: EncodeOptions, size: int | None) -> bool:
    """Whether a file is to have too few bytes for latents."""
    if size is None:
        return False
    latents = LatentPlanner(signal, options, 0, size=size)
    return 8 * size < WORTH * signal.size or size < latents.smallest()
