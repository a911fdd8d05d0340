"""One signal on its way to a stream: plan, fit, quantise, code."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from math import inf, log10
from time import monotonic
from typing import Final, Protocol, final

import numpy as np

from lgcodec._decode import decode_stream
from lgcodec._shares import Share, shares
from lgcodec.coding import codec_of
from lgcodec.coding.frequencies import SYMBOL_BITS
from lgcodec.coding.scaled import Scaled
from lgcodec.fit.choices import Motion
from lgcodec.fit.latents import USUAL, USUAL_OF_VIDEO, fit_latents
from lgcodec.fit.loop import fit
from lgcodec.fit.needs import Look, look_at, needs
from lgcodec.fit.options import EncodeOptions
from lgcodec.fit.plan import Plan
from lgcodec.fit.planner import planner_for
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.settings import FitProgress, Fitted
from lgcodec.format.conf import Conf, Plug
from lgcodec.format.container import Container, GroupData, Reader, Stream, StreamData, dumps
from lgcodec.media import lossless_bytes
from lgcodec.nets import Latent, pick_device
from lgcodec.nets.blocks import side_by_side
from lgcodec.signal import Kind, Signal, decibels, iou, peak_of, squared_error

Groups = Sequence[tuple[Sampler, Fitted]]

LOOK: Final = 0.3  # of all work: to look at all groups before any is fitted
LEAST_ERROR: Final = 1e-20  # of which a quality is told

__all__ = ["Job", "Listener", "StreamReport"]


class Listener(Protocol):
    """Who wants to know how an encode goes."""

    def chose(self, stream: int, plan: Plan) -> None:
        """Called once per stream, before its fit."""

    def progress(self, stream: int, done: float, psnr: float, seconds_left: float) -> None:
        """Called at every measurement, see `FitProgress`; `done` counts all of the stream."""


@final
@dataclass(frozen=True)
class StreamReport:
    """What became of one signal.

    bytes       of its chunks, its directories and its geometry and configuration
    psnr        dB of all samples, decoded from the written bytes; see `signal.peak_of`
    iou         of bool samples: intersection over union, also of all; None of others
    seconds     of fitting
    groups      that the file has, and that were planned: more after Ctrl-C
    """

    kind: Kind
    grid: tuple[int, ...]
    channels: int
    rate: Fraction | None
    plan: Plan
    bytes: int
    psnr: float
    iterations: int
    seconds: float
    weight_bits: float
    groups: tuple[int, int]
    iou: float | None = None


@final
class Job:
    """One signal on its way to a stream."""

    def __init__(
        self,
        index: int,
        signal: Signal,
        options: EncodeOptions,
        listener: Listener | None,
        size: int | None = None,
    ) -> None:
        self.index, self.signal, self.listener = index, signal, listener
        self.planner = planner_for(signal, options, lossless_bytes(signal), size=size)
        self.plan = self.planner.first()
        self.device = pick_device(options.device)
        self.values = low, high = _values(signal)
        self.peak = 2 * peak_of(signal.samples) / (high - low)  # network units
        self.motions: dict[int, Motion | None] = {}  # of groups that were looked at
        self.usual = USUAL_OF_VIDEO if signal.kind == "video" else USUAL  # step of latents
        self.float_bits = options.float_bits
        self.checkpoint_of = partial(options.checkpoint_of, index)
        self.look_of = partial(options.look_of, index)
        self.interrupted, self.iterations, self.attempts = False, 0, 0
        self.coded: Sequence[GroupData] = ()  # groups that need not be held otherwise any more
        self.started = self.seconds = self.measured = 0.0

    def encode(self) -> StreamData:
        """Fit and code all groups; for a quality, again with other sizes."""
        self.started = monotonic()
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
        if size is None or len(ids) < 2 or not isinstance(family, Latent):
            return shares(ids, ids)
        return shares(ids, self._needs(family, size, tuple(ids)), LOOK)

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
        self.usual, found = needs(looks, size)
        return dict(zip(ids, found, strict=True))

    def _planned(self) -> dict[int, int]:
        """Partitions of the groups that have any."""
        ids = {n: len(self.plan.ids(n)) for n in range(self.plan.geometry.groups)}
        return {ordinal: count for ordinal, count in ids.items() if count}

    def _chose(self) -> None:
        if self.listener:
            self.listener.chose(self.index, self.plan)

    def _coded(self, fitted: Groups) -> StreamData:
        """The stream of what is coded and these groups; floats by what takes the fewest bytes."""
        # None: Ctrl-C came before the weights were fitted rounded.
        bits = max((best.bits or SYMBOL_BITS for _, best in fitted), default=SYMBOL_BITS)
        coders = ("zstd", "raw") if self.float_bits else (self._coder(fitted),)
        return min((self._stream(self._conf(c, bits), fitted) for c in coders), key=_payload)

    def _coder(self, fitted: Groups) -> str:
        """That the symbols of some group need: `scaled` codes all that `rans` does."""
        needs_scales = any(best.coder == Scaled.name for _, best in fitted)
        return Scaled.name if needs_scales else "rans"

    def _stream(self, conf: Conf, fitted: Groups) -> StreamData:
        codec, groups = codec_of(conf), [*self.coded]
        for sampler, best in fitted:
            steps = best.steps_for(codec.coder)
            head, chunks = codec.encode(best.global_, best.local, steps, mapped=side_by_side)
            locals_ = dict(zip(sampler.ids, chunks, strict=True))
            groups.append(codec.group(sampler.ordinal, head, locals_))
        return StreamData(self.plan.geometry, conf, tuple(groups))

    def _bytes(self, fitted: Groups) -> int:
        """Of a file with what is coded and these groups alone."""
        return len(dumps(Container((self._coded(fitted),)))) if fitted or self.coded else 0

    def report(self, reader: Reader, device: str) -> StreamReport:
        """Sizes and quality of what was written."""
        stream = reader.streams[self.index]
        payload = sum(g.global_len + sum(g.lengths) for g in stream.groups.values())
        head = stream.geom_entry.length + stream.conf_entry.length
        size = head + payload + sum(g.dir_len for g in stream.groups.values())
        quality, overlap = self._quality(stream, device)
        return StreamReport(
            self.signal.kind,
            self.signal.grid,
            self.signal.channels,
            self.signal.rate,
            self.plan,
            size,
            quality,
            self.iterations,
            self.seconds,
            8 * payload / (self.plan.params_local + self.plan.params_global),
            (len(stream.groups), len(self._planned())),
            overlap,
        )

    def forget(self) -> None:
        """Remove the checkpoints of fits that have run their course."""
        if self.interrupted:
            return
        for ordinal in range(self.plan.geometry.groups):
            fits = (self.checkpoint_of(ordinal, attempt) for attempt in range(self.attempts + 1))
            for path in (self.look_of(ordinal), *fits):
                if path is not None:
                    path.unlink(missing_ok=True)

    def _quality(self, stream: Stream, device: str) -> tuple[float, float | None]:
        """PSNR, and IoU of bool, of all decoded samples; after Ctrl-C the fit's own PSNR."""
        if self.interrupted:
            return self.measured, None
        original, is_shape = self.signal.samples, self.signal.samples.dtype == np.bool_
        first, *others = stream.geometry.window
        error, overlap = 0.0, None
        try:
            for part in [first] if is_shape else self._slabs():
                window = part, *others
                decoded = decode_stream(stream, window, device=device, max_samples=original.size)
                own = original[part.start : part.stop]
                error += squared_error(own, decoded.samples)
                overlap = iou(own, decoded.samples) if is_shape else None
        except KeyboardInterrupt:  # what was fitted is worth more than its exact figure
            self.interrupted = True
            return self.measured, None
        return decibels(error, original), overlap

    def _slabs(self) -> list[range]:
        """Samples of the groups along the first axis, which is the only one that has several."""
        axis = self.plan.geometry.axes[0]
        length = axis.tiles * axis.tile_len
        return [axis.window[at : at + length] for at in range(0, len(axis.window), length)]

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

    def _fit(self, ordinal: int, before: Groups, share: Share) -> tuple[Sampler, Fitted]:
        """Fit a group, after what is coded and those of `before`."""
        plan, size, peak = self.plan, self._bytes(before), self.peak
        sampler, settings = self._sampler(ordinal), plan.settings
        if settings.size is not None:
            settings = replace(settings, size=int((settings.size - size) * share.of_rest))

        def size_of(fitted: Fitted) -> int:
            return self._bytes((*before, (sampler, fitted))) - size

        def report(progress: FitProgress) -> None:
            if self.listener:
                left = share.seconds_left(progress.done, progress.seconds)
                self.listener.progress(self.index, share.done(progress.done), progress.psnr, left)

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
                usual=self.usual,
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

    def _growing(self) -> list[int]:
        """Numbers of the tensors that `scaled` codes as differences, global ones counted first."""
        family = self.plan.family
        first, names = len(family.global_tensors()), [t.name for t in family.local_tensors()]
        return [first + names.index(name) for name in family.ascending]

    def _conf(self, coder: str, bits: int) -> Conf:
        family, entropy = self.plan.family, Plug(coder)
        if isinstance(family, Latent):
            quantiser, entropy = Plug("integer"), Plug("context", family.coder.configuration)
        elif self.float_bits:
            quantiser = Plug("float", {"bits": self.float_bits})
        else:
            quantiser = Plug("uniform", {"bits": bits})
            if coder == Scaled.name:
                entropy = Plug(coder, {"differences": self._growing(), "dependent": 1})
        low, high = self.values
        return Conf(
            family=Plug(family.name, family.configuration),
            quantiser=quantiser,
            coder=entropy,
            local=family.local_tensors(),
            global_=family.global_tensors(),
            values=self.values,
            fill=tuple(min(max(value, low), high) for value in self.plan.content.background),
        )


def _payload(stream: StreamData) -> int:
    """Bytes of all chunks."""
    return sum(
        len(group.global_chunk) + sum(map(len, group.local_chunks.values()))
        for group in stream.groups
    )


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
