"""Signal -> bytes: plan, fit, quantise, code, write. The mirror image of `_decode.py`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import Protocol, final

import numpy as np

from lgcodec._decode import decode_stream
from lgcodec.coding import codec_of
from lgcodec.coding.uniform import MAX_BITS
from lgcodec.errors import UsageError
from lgcodec.fit.loop import fit
from lgcodec.fit.options import EncodeOptions
from lgcodec.fit.plan import Plan, make_plan
from lgcodec.fit.quantise import bits_of
from lgcodec.fit.sampling import Sampler
from lgcodec.fit.settings import FitProgress, Fitted
from lgcodec.format.conf import Conf, Plug
from lgcodec.format.container import (
    BytesSource,
    Container,
    GroupData,
    Reader,
    Stream,
    StreamData,
    dumps,
)
from lgcodec.media import lossless_bytes
from lgcodec.nets import pick_device
from lgcodec.signal import Kind, Signal, peak_of, psnr

__all__ = ["EncodeOptions", "EncodeReport", "Listener", "StreamReport", "encode_signals"]


class Listener(Protocol):
    """Who wants to know how an encode goes."""

    def chose(self, stream: int, plan: Plan) -> None:
        """Called once per stream, before its fit."""

    def progress(self, stream: int, done: float, psnr: float, seconds_left: float) -> None:
        """Called at every measurement; `done`, 0 to 1, counts all groups of the stream."""


@final
@dataclass(frozen=True)
class StreamReport:
    """What became of one signal.

    bytes       of its chunks, its directories and its geometry and configuration
    psnr        dB of all samples, decoded from the written bytes; see `signal.peak_of`
    seconds     of fitting
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


@final
@dataclass(frozen=True)
class EncodeReport:
    """What an encode gave. `bits_per_sample`: whole file, per sample of the main stream."""

    streams: tuple[StreamReport, ...]
    bytes: int
    bits_per_sample: float
    seconds: float
    interrupted: bool


def encode_signals(
    signals: Sequence[Signal],
    options: EncodeOptions | None = None,
    *,
    listener: Listener | None = None,
) -> tuple[bytes, EncodeReport]:
    """Fit every signal and return the bytes of the file with a report.

    The first signal is the main stream; `params`, partitions and widths of `options` are about it,
    and the others get their defaults. On Ctrl-C the best weights so far are written, with
    `EncodeReport.interrupted`: groups that were not begun are absent, and so are streams; a second
    Ctrl-C raises KeyboardInterrupt.
    """
    if not signals:
        raise UsageError("no signal to encode")
    options = options or EncodeOptions()
    started = monotonic()
    jobs = [
        _Job(index, signal, options if index == 0 else _side_options(options), listener)
        for index, signal in enumerate(signals)
    ]
    streams = list(_until_interrupted(jobs))
    data = dumps(Container(tuple(streams)))
    lossless = sum(job.plan.lossless_bytes for job in jobs)
    if options.leaves_size_open and len(data) >= lossless:
        raise UsageError(
            f"the file would have {len(data)} bytes, a lossless one has {lossless}; to encode it "
            "all the same, say --params"
        )
    with Reader(BytesSource(data)) as reader:
        reports = tuple(job.report(reader, options.device) for job in jobs[: len(streams)])
    for job in jobs:
        job.forget()
    bits = 8 * len(data) / signals[0].size
    interrupted = any(job.interrupted for job in jobs)
    return data, EncodeReport(reports, len(data), bits, monotonic() - started, interrupted)


def _until_interrupted(jobs: Sequence["_Job"]) -> Iterator[StreamData]:
    for job in jobs:
        yield job.encode()
        if job.interrupted:
            return


def _side_options(options: EncodeOptions) -> EncodeOptions:
    return EncodeOptions(
        preset=options.preset,
        iterations=options.iterations,
        seconds=options.seconds,
        bits=options.bits,
        float_bits=options.float_bits,
        seed=options.seed,
        device=options.device,
        checkpoint=options.checkpoint,
    )


@final
class _Job:
    """One signal on its way to a stream."""

    def __init__(
        self, index: int, signal: Signal, options: EncodeOptions, listener: Listener | None
    ) -> None:
        self.index, self.signal, self.listener = index, signal, listener
        self.plan = make_plan(signal, options, lossless_bytes(signal))
        self.device = pick_device(options.device)
        self.values = _values(signal)
        self.float_bits = options.float_bits
        self.checkpoint = options.checkpoint
        self.interrupted, self.iterations = False, 0
        self.started = self.seconds = self.measured = 0.0

    def encode(self) -> StreamData:
        """Fit and code all groups."""
        if self.listener:
            self.listener.chose(self.index, self.plan)
        self.started = monotonic()
        fitted: list[tuple[Sampler, Fitted]] = []
        while len(fitted) < self.plan.geometry.groups and not self.interrupted:
            fitted.append(self._fit(len(fitted)))
        self.seconds = monotonic() - self.started
        rounded = all(f.steps is not None for _, f in fitted)
        coded = [self._coded(self._conf(coder, rounded), fitted) for coder in self._coders()]
        return min(coded, key=_payload)

    def _coders(self) -> tuple[str, ...]:
        """Coders worth trying; the one that gives the fewest bytes is taken."""
        return ("zstd", "raw") if self.float_bits else ("rans",)

    def _coded(self, conf: Conf, fitted: Sequence[tuple[Sampler, Fitted]]) -> StreamData:
        codec, groups = codec_of(conf), []
        for ordinal, (sampler, best) in enumerate(fitted):
            head, chunks = codec.encode(best.global_, best.local, best.steps)
            groups.append(GroupData(ordinal, head, dict(zip(sampler.ids, chunks, strict=True))))
        return StreamData(self.plan.geometry, conf, tuple(groups))

    def report(self, reader: Reader, device: str) -> StreamReport:
        """Sizes and quality of what was written."""
        stream = reader.streams[self.index]
        payload = sum(g.global_len + sum(g.lengths) for g in stream.groups.values())
        head = stream.geom_entry.length + stream.conf_entry.length
        size = head + payload + sum(g.dir_len for g in stream.groups.values())
        return StreamReport(
            self.signal.kind,
            self.signal.grid,
            self.signal.channels,
            self.signal.rate,
            self.plan,
            size,
            self._quality(stream, device),
            self.iterations,
            self.seconds,
            8 * payload / (self.plan.params_local + self.plan.params_global),
        )

    def forget(self) -> None:
        """Remove the checkpoints of a fit that has run its course."""
        for ordinal in range(self.plan.geometry.groups):
            path = self._checkpoint(ordinal)
            if path is not None and not self.interrupted:
                path.unlink(missing_ok=True)

    def _quality(self, stream: Stream, device: str) -> float:
        """PSNR of all samples, decoded from the written bytes; after Ctrl-C the fit's own."""
        if self.interrupted:
            return self.measured
        try:
            decoded = decode_stream(stream, device=device, max_samples=self.signal.size)
        except KeyboardInterrupt:  # what was fitted is worth more than its exact figure
            self.interrupted = True
            return self.measured
        return psnr(self.signal.samples, decoded.samples)

    def _checkpoint(self, ordinal: int) -> Path | None:
        path = self.checkpoint
        return path and path.with_name(f"{path.name}.{self.index}.{ordinal}")

    def _fit(self, ordinal: int) -> tuple[Sampler, Fitted]:
        plan, (low, high) = self.plan, self.values
        sampler = Sampler(
            self.signal.samples,
            plan.geometry,
            ordinal,
            values=self.values,
            ranges=plan.family.ranges,
            tile_range=plan.family.tile_range,
            device=self.device,
            seed=plan.settings.seed,
        )

        def report(progress: FitProgress) -> None:
            if self.listener:
                groups = plan.geometry.groups
                done = (ordinal + progress.done) / groups
                left = progress.seconds * (1 - done) * groups / max(progress.done, 1e-9)
                self.listener.progress(self.index, done, progress.psnr, left)

        peak = 2 * peak_of(self.signal.samples) / (high - low)
        fitted = fit(
            plan.family,
            sampler,
            plan.settings,
            peak=peak,
            device=self.device,
            report=report,
            checkpoint=self._checkpoint(ordinal),
        )
        self.measured = fitted.psnr
        self.interrupted |= fitted.interrupted
        self.iterations += fitted.iterations
        return sampler, fitted

    def _conf(self, coder: str, rounded: bool) -> Conf:
        family = self.plan.family
        if self.float_bits:
            quantiser = Plug("float", {"bits": self.float_bits})
        else:
            bits = max(bits_of(family, self.plan.settings.bits or 0).values())
            bits = bits if rounded else MAX_BITS  # Ctrl-C came before they were fitted rounded
            quantiser = Plug("uniform", {"bits": bits})
        low, high = self.values
        return Conf(
            family=Plug(family.name, family.configuration),
            quantiser=quantiser,
            coder=Plug(coder),
            local=family.local_tensors(),
            global_=family.global_tensors(),
            values=self.values,
            fill=(min(max(0.0, low), high),) * self.signal.channels,
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
    if samples.dtype.kind == "u":
        return 0.0, float(np.iinfo(samples.dtype).max)
    if signal.kind == "audio" or samples.dtype.kind == "i":
        return -peak_of(samples), peak_of(samples)
    low, high = float(samples.min()), float(samples.max())
    return (low, high) if low < high else (low, low + 1.0)
