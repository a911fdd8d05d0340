"""One signal on its way to a stream: plan, fit, quantise, code."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import inf, log10
from time import monotonic
from typing import Final, Protocol, final

import numpy as np

from lgcodec._coded import Coding, Groups
from lgcodec._shares import Share, shares
from lgcodec._stream_report import StreamReport, chunk_bytes, quality_of, stream_bytes
from lgcodec.fit.choices import Motion
from lgcodec.fit.latents import USUAL, USUAL_OF_VIDEO, fit_latents
from lgcodec.fit.loop import fit
from lgcodec.fit.needs import Look, look_at, needs
from lgcodec.fit.options import EncodeOptions
from lgcodec.fit.plan import Plan
from lgcodec.fit.planner import planner_for
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.settings import FitProgress, Fitted, Report
from lgcodec.fit.target import LEAST
from lgcodec.format.container import Container, GroupData, Reader, Stream, StreamData, dumps
from lgcodec.nets import Latent, pick_device
from lgcodec.signal import Signal, peak_of

LOOK: Final = 0.15  # of all work: to look at all groups before any is fitted
LEAST_ERROR: Final = 1e-20  # of which a quality is told

__all__ = ["Job", "Listener"]


class Listener(Protocol):
    """Who wants to know how an encode goes."""

    def chose(self, stream: int, plan: Plan) -> None:
        """Called once per stream, before its fit."""

    def progress(self, stream: int, done: float, psnr: float, seconds_left: float) -> None:
        """Called at every measurement, see `FitProgress`; `done` counts all of the stream."""


@final
class Job:
    """One signal on its way to a stream.

    lossless   bytes of a lossless file of it
    size       bytes that the stream may take, or None
    """

    def __init__(
        self,
        index: int,
        signal: Signal,
        options: EncodeOptions,
        listener: Listener | None,
        lossless: int,
        *,
        size: int | None = None,
    ) -> None:
        self.index, self.signal, self.listener = index, signal, listener
        self.planner = planner_for(signal, options, lossless, size=size)
        self.plan = self.planner.first()
        self.device = pick_device(options.device)
        self.values = low, high = _values(signal)
        self.peak = 2 * peak_of(signal.samples) / (high - low)  # network units
        self.motions: dict[int, Motion | None] = {}  # of groups that were looked at
        self.begin = USUAL_OF_VIDEO if signal.kind == "video" else USUAL  # a step of latents
        self.looked = False  # whether groups shared bytes by what they need
        self.evenly = False  # whether they must not
        self.float_bits = options.float_bits
        self._coding = Coding(self.plan, self.values, self.float_bits)
        self.checkpoint_of = partial(options.checkpoint_of, index)
        self.look_of = partial(options.look_of, index)
        self.interrupted, self.iterations, self.attempts = False, 0, 0
        self.coded: Sequence[GroupData] = ()  # groups that need not be held otherwise any more
        self.started = self.seconds = self.measured = 0.0

    def encode(self) -> StreamData:
        """Fit and code all groups; for a quality, again with other sizes."""
        self.started = monotonic()
        stream = self._attempt()
        if self._has_missed(stream):  # what groups need was foreseen wrongly
            self.evenly, self.attempts = True, self.attempts + 1
            stream = self._attempt()
        found = stream, self.plan, self.measured
        while not self.interrupted and (plan := self.planner.after(self.plan, self.measured)):
            self.plan, self.attempts = plan, self.attempts + 1
            stream = self._attempt()
            if self.planner.is_enough(self.measured) or not self.planner.is_enough(found[2]):
                found = stream, self.plan, self.measured
        stream, self.plan, self.measured = found
        self.seconds = monotonic() - self.started
        return stream

    def _attempt(self) -> StreamData:
        """Fit and code all groups as planned."""
        self._coding = Coding(self.plan, self.values, self.float_bits)
        self._chose()
        self.measured = inf
        self.coded, fitted = (), list[tuple[Sampler, Fitted]]()
        try:
            for ordinal, share in self._shares():
                fitted.append(self._fit(ordinal, fitted, share))
                if isinstance(self.plan.family, Latent):  # its coder is known; bounds memory
                    self.coded, fitted = self._coded(fitted).groups, []
                if self.interrupted:
                    break
        except KeyboardInterrupt:  # before a group had anything to keep, or while one was coded
            if not (fitted or self.coded):
                raise
            self.interrupted = True
        return self._coded(fitted)

    def _shares(self) -> Iterator[tuple[int, Share]]:
        """The groups that have partitions, and what of the whole they are."""
        ids, family, size = self._planned(), self.plan.family, self.plan.settings.size
        self.looked = False
        if size is None or len(ids) < 2 or self.evenly or not isinstance(family, Latent):
            return shares(ids, ids)
        self.looked = True
        found = self._needs(family, size, tuple(ids))
        # None takes just what it may. The one that can do most with what is left is the last.
        neediest = max(found, key=found.__getitem__)
        return shares({n: ids[n] for n in sorted(ids, key=neediest.__eq__)}, found, LOOK)

    def _has_missed(self, stream: StreamData) -> bool:
        """Whether bytes were shared by need, and there are more than wanted, or too few."""
        wanted = self.plan.settings.size
        if wanted is None or self.interrupted or not self.looked:
            return False
        return not LEAST * wanted <= len(dumps(Container((stream,)))) <= wanted

    def _needs(self, family: Latent, size: int, ids: Sequence[int]) -> Mapping[int, float]:
        """Of so many bytes what each of these groups needs, so that all are equally good."""
        looks, started = list[Look](), monotonic()
        for ordinal in ids:
            look = look_at(family, self._sampler(ordinal), self.look_of(ordinal))
            self.motions[ordinal] = look.motion
            looks.append(look)
            if self.listener:
                done = LOOK * len(looks) / len(ids)
                psnr = 10 * log10(self.peak**2 / max(look.error, LEAST_ERROR))
                left = (monotonic() - started) * (1 / done - 1)
                self.listener.progress(self.index, done, psnr, left)
        self.begin, found = needs(looks, size)
        return dict(zip(ids, found, strict=True))

    def _planned(self) -> dict[int, int]:
        """Partitions of the groups that have any."""
        ids = {n: len(self.plan.ids(n)) for n in range(self.plan.geometry.groups)}
        return {ordinal: count for ordinal, count in ids.items() if count}

    def _chose(self) -> None:
        if self.listener:
            self.listener.chose(self.index, self.plan)

    def _coded(self, fitted: Groups) -> StreamData:
        """The stream of what is coded and these groups."""
        return self._coding.stream(self.coded, fitted)

    def _head(self) -> int:
        """Bytes of a file beside its groups, where they share bytes by need."""
        return self._coding.head() if self.looked else 0

    def _bytes(self, fitted: Groups) -> int:
        """Of a file with what is coded and these groups alone."""
        return len(dumps(Container((self._coded(fitted),)))) if fitted or self.coded else 0

    def report(self, reader: Reader, device: str) -> StreamReport:
        """Sizes and quality of what was written."""
        stream, signal = reader.streams[self.index], self.signal
        quality, overlap = self._quality(stream, device)
        params = self.plan.params_local + self.plan.params_global
        return StreamReport(
            kind=signal.kind,
            grid=signal.grid,
            channels=signal.channels,
            rate=signal.rate,
            plan=self.plan,
            bytes=stream_bytes(stream),
            psnr=quality,
            iterations=self.iterations,
            seconds=self.seconds,
            weight_bits=8 * chunk_bytes(stream) / params,
            groups=(len(stream.groups), len(self._planned())),
            iou=overlap,
        )

    def _quality(self, stream: Stream, device: str) -> tuple[float, float | None]:
        """PSNR, and IoU of bool; after Ctrl-C the fit's own PSNR."""
        if not self.interrupted:
            try:
                return quality_of(stream, self.signal, device)
            except KeyboardInterrupt:  # what was fitted is worth more than its exact figure
                self.interrupted = True
        return self.measured, None

    def forget(self) -> None:
        """Remove the checkpoints of fits that have run their course."""
        if self.interrupted:
            return
        for ordinal in range(self.plan.geometry.groups):
            fits = (self.checkpoint_of(ordinal, attempt) for attempt in range(self.attempts + 1))
            for path in (self.look_of(ordinal), *fits):
                if path is not None:
                    path.unlink(missing_ok=True)

    def _sampler(self, ordinal: int) -> Sampler:
        plan = self.plan
        return Sampler(
            self.signal.samples,
            plan.geometry,
            ordinal,
            values=self.values,
            ranges=plan.family.ranges,
            tile_range=plan.family.tile_range,
            device=self.device,
            seed=plan.settings.seed,
            ids=plan.ids(ordinal),
        )

    def _report(self, share: Share) -> Report | None:
        """Who is told how a fit goes; None where nobody is: finding out what to tell takes long."""
        listener, index = self.listener, self.index
        if listener is None:
            return None

        def report(progress: FitProgress) -> None:
            left = share.seconds_left(progress.done, progress.seconds)
            listener.progress(index, share.done(progress.done), progress.psnr, left)

        return report

    def _fit(self, ordinal: int, before: Groups, share: Share) -> tuple[Sampler, Fitted]:
        """Fit a group, after what is coded and those of `before`."""
        plan, size, peak = self.plan, self._bytes(before), self.peak
        head = 0 if size else self._head()  # which comes with the first group, and is no part of it
        sampler, settings = self._sampler(ordinal), plan.settings
        if settings.size is not None:
            rest = settings.size - size - head
            settings = replace(settings, size=head + int(rest * share.of_rest))

        def size_of(fitted: Fitted) -> int:
            return self._bytes((*before, (sampler, fitted))) - size

        report = self._report(share)
        checkpoint = self.checkpoint_of(sampler.ordinal, self.attempts)
        if isinstance(plan.family, Latent):
            fitted = fit_latents(
                plan.family,
                sampler,
                settings,
                peak=peak,
                report=report,
                checkpoint=checkpoint,
                size_of=size_of,
                usual=self.begin,
                motion=self.motions.pop(ordinal, None),
            )
        else:
            fitted = fit(
                plan.family,
                sampler,
                settings,
                peak=peak,
                device=self.device,
                report=report,
                checkpoint=checkpoint,
                size_of=size_of,
            )
        self.interrupted |= fitted.interrupted
        self.iterations += fitted.iterations
        self.measured = min(self.measured, fitted.psnr)
        return sampler, fitted


def _values(signal: Signal) -> tuple[float, float]:
    """What the network outputs -1 and 1 stand for: full scale, or ± the peak of a sound."""
    samples = signal.samples
    if samples.dtype.kind == "b":
        return 0.0, 1.0
    if samples.dtype.kind == "u":
        return 0.0, float(np.iinfo(samples.dtype).max)
    if signal.kind == "audio" or samples.dtype.kind == "i":
        return -peak_of(samples), peak_of(samples)
    low, high = float(samples.min()), float(samples.max())
    return (low, high) if low < high else (low, low + 1.0)
