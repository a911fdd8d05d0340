"""Signal -> bytes: plan, fit, quantise, code, write. The mirror image of `_decode.py`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final, final

from lgcodec._job import Job, Listener
from lgcodec._stream_report import StreamReport
from lgcodec.errors import UsageError
from lgcodec.fit.options import EncodeOptions
from lgcodec.fit.planner import planner_for
from lgcodec.fit.target import LEAST, SHORT, refusal, target_of
from lgcodec.format.container import BytesSource, Container, Reader, StreamData, dumps
from lgcodec.media import lossless_bytes
from lgcodec.nets import Latent
from lgcodec.signal import Signal
from lgcodec.storage import check_folder

__all__ = ["EncodeOptions", "EncodeReport", "Listener", "StreamReport", "encode_signals"]


SIDE_SHARE: Final = 1 / 8  # of the bytes of a file, for all streams but the main one
SMALLEST: Final = "siren"  # the family that files with fewer bytes than latents can have are of


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
    and the others get their defaults, or less where a target is tight. UsageError names the
    nearest target where one is out of reach, OutputError tells of a checkpoint that cannot be
    written, before anything is fitted. On Ctrl-C the best weights so far are written, with
    `EncodeReport.interrupted`: groups that have none yet are absent, other streams are fitted
    quickly. KeyboardInterrupt where the first stream has none at all, and at a second Ctrl-C.
    """
    if not signals:
        raise UsageError("no signal to encode")
    options = options or EncodeOptions()
    if options.checkpoint is not None:
        check_folder(options.checkpoint)
    started = monotonic()
    jobs, data = _written(signals, options, listener)
    if _needs_smallest(options, jobs[0], len(data)):
        for job in jobs:
            job.forget()
        return encode_signals(signals, replace(options, family=SMALLEST), listener=listener)
    with Reader(BytesSource(data)) as reader:
        reports = tuple(job.report(reader, options.device) for job in jobs)
    interrupted = any(job.interrupted for job in jobs)
    for job in jobs:
        job.forget()
    _check_use(jobs, options, len(data))
    if not interrupted:
        _check(signals[0], options, len(data), reports[0].psnr)
    bits = 8 * len(data) / signals[0].size
    return data, EncodeReport(reports, len(data), bits, monotonic() - started, interrupted)


def _written(
    signals: Sequence[Signal], options: EncodeOptions, listener: Listener | None
) -> tuple[list[Job], bytes]:
    """The jobs, once all have run, and the bytes of the file."""
    lossless, beside = list(map(lossless_bytes, signals)), _side_options(options)
    shares = _shares(signals, options, lossless)

    def planned(index: int, asked: EncodeOptions) -> Job:
        return Job(index, signals[index], asked, listener, lossless[index], size=shares[index])

    jobs = [planned(index, beside if index else options) for index in range(len(signals))]
    streams = _streams(jobs, lambda index: planned(index, beside.hurried))
    return jobs, dumps(Container(tuple(streams)))


def _shares(
    signals: Sequence[Signal], options: EncodeOptions, lossless: Sequence[int]
) -> list[int | None]:
    """Bytes for every stream, None where they are open; UsageError if the target is impossible.

    lossless   bytes of lossless files of them
    """
    target = target_of(signals[0], options)
    if target is None or target.size is None:
        return [None] * len(signals)
    planners = [
        planner_for(signal, _side_options(options) if index else options, lossless[index])
        for index, signal in enumerate(signals)
    ]
    most = int(target.size * SIDE_SHARE / max(1, len(signals) - 1))
    sides = [max(min(p.first().expected_bytes, most), p.smallest()) for p in planners[1:]]
    main, beside = planners[0], sum(sides)
    # Bytes are shared before a fit: beside other streams the main one gets what can be promised.
    least = beside + main.smallest() if sides else main.refused_below()
    largest = beside + max(main.lossless_bytes, main.smallest())
    nearest = min(max(least, target.size), largest)
    if nearest != target.size:
        raise UsageError(refusal(signals[0], options, target.size, nearest))
    return [target.size - beside, *sides]


def _needs_smallest(options: EncodeOptions, job: Job, size: int) -> bool:
    """Whether latents that nobody asked for took more bytes than are wanted; SMALLEST need not."""
    signal = job.signal
    target = target_of(signal, options)
    if options.family != "auto" or job.interrupted or target is None or target.size is None:
        return False
    if not isinstance(job.plan.family, Latent) or size <= target.size:
        return False
    smallest = replace(options, family=SMALLEST)
    others = planner_for(signal, smallest, job.plan.lossless_bytes)
    return others.smallest() <= target.size


def _check_use(jobs: Sequence[Job], options: EncodeOptions, size: int) -> None:
    """UsageError where a lossless file would have no more bytes, and nobody asked for so many."""
    lossless = sum(job.plan.lossless_bytes for job in jobs)
    if options.leaves_size_open and size >= lossless:
        raise UsageError(
            f"the file would have {size} bytes, a lossless one has {lossless}; to encode it "
            "all the same, say --params or --psnr"
        )


def _check(signal: Signal, options: EncodeOptions, size: int, psnr: float) -> None:
    """UsageError where the file, of `size` bytes, has missed its target."""
    target = target_of(signal, options)
    if target is None:
        return
    if target.size is not None and not LEAST * target.size <= size <= target.size:
        raise UsageError(refusal(signal, options, target.size, size))
    if target.psnr is not None and options.leaves_network_open and psnr < target.psnr - SHORT:
        raise UsageError(f"{target.psnr:g} dB is out of reach, the nearest possible is {psnr:.1f}")


def _streams(jobs: list[Job], quick: Callable[[int], Job]) -> list[StreamData]:
    """What `jobs` give; after Ctrl-C `quick` ones take the place of those that gave nothing yet."""
    streams = []
    try:
        for job in jobs:
            streams.append(job.encode())
            if job.interrupted:
                break
    except KeyboardInterrupt:
        if not streams:
            raise
    for index in range(len(streams), len(jobs)):
        jobs[index] = job = quick(index)
        streams.append(job.encode())
        if job.interrupted:  # by a second Ctrl-C
            raise KeyboardInterrupt
        job.interrupted = True
    return streams


def _side_options(options: EncodeOptions) -> EncodeOptions:
    return EncodeOptions(
        preset=options.preset,
        family=options.family,
        iterations=options.iterations,
        seconds=options.seconds,
        bits=options.bits,
        float_bits=options.float_bits,
        seed=options.seed,
        device=options.device,
        checkpoint=options.checkpoint,
    )
