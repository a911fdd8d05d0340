"""Encoding of several streams: progress, interrupts, what is kept."""

from math import isfinite
from typing import Any

import latent_encodes as latents
import pytest
from encodes import CASES, decoded, stream_of
from fit.builders import smooth

from lgcodec._decode import decode_stream
from lgcodec._encode import EncodeOptions, encode_signals
from lgcodec._job import Job
from lgcodec.coding import ChunkCodec
from lgcodec.fit.plan import Plan
from lgcodec.format.container import StreamData, loads
from lgcodec.signal import psnr


class Log:
    """A listener that remembers, and interrupts when it is told to."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.plans: list[tuple[int, Plan]] = []
        self.calls: list[tuple[int, float, float]] = []
        self.stop_at = stop_at

    def chose(self, stream: int, plan: Plan) -> None:
        self.plans.append((stream, plan))

    def progress(self, stream: int, done: float, psnr: float, seconds_left: float) -> None:
        assert seconds_left >= 0
        self.calls.append((stream, done, psnr))
        if len(self.calls) == self.stop_at:
            raise KeyboardInterrupt


CLIP = (
    smooth("video", (6, 16, 18), 3),
    smooth("audio", (1000,), 1, "int16"),
)
CLIP_OPTIONS = EncodeOptions(params=6000, partitions=(2, 2, 2), iterations=50, float_bits=16)


def test_two_streams() -> None:
    log = Log()
    data, report = encode_signals(CLIP, CLIP_OPTIONS, listener=log)
    for index, signal in enumerate(CLIP):
        found = decode_stream(stream_of(data, index), device="cpu")
        assert (found.kind, found.grid, found.rate) == (signal.kind, signal.grid, signal.rate)
        assert report.streams[index].psnr == psnr(signal.samples, found.samples)
        assert report.streams[index].kind == signal.kind
    assert [stream for stream, _ in log.plans] == [0, 1]
    assert log.plans[0][1].tiles == (2, 2, 2)
    assert report.bits_per_sample == 8 * len(data) / CLIP[0].size
    assert not report.interrupted


def test_what_a_fit_measured_is_not_coded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last measurement and the file are the same chunks; other symbols are coded anew."""
    coded: list[tuple[bytes, ...]] = []
    encode = ChunkCodec.encode

    def counted(*given: Any, **more: Any) -> Any:
        head, chunks = encode(*given, **more)
        coded.append((head, *chunks))
        return head, chunks

    monkeypatch.setattr(ChunkCodec, "encode", counted)
    signal = smooth("image", (64, 48), 3)
    for size in (900, 1500):
        coded.clear()
        data, _ = encode_signals([signal], EncodeOptions(family="latent", size=size))
        assert any(all(chunk in data for chunk in chunks) for chunks in coded)
        assert len(set(coded)) == len(coded)
        assert 0.95 * size <= len(data) <= size


def test_progress_runs_from_stream_to_stream_and_through_groups() -> None:
    log = Log()
    signal, options = CASES["stereo"]
    encode_signals([signal], EncodeOptions(**options), listener=log)
    done = [share for _, share, _ in log.calls]
    assert done == sorted(done)
    assert len(set(done)) == len(done) >= 6
    assert done[-1] == 1.0
    assert all(isfinite(quality) for _, _, quality in log.calls)


@pytest.mark.parametrize("stop_at", [1, 3])
def test_an_interrupt_keeps_what_there_is(stop_at: int) -> None:
    """In the float phase, and with rounding in the loop: a file that decodes."""
    signal, options = CASES["grey"]
    options = {**options, "iterations": 100}
    data, report = encode_signals([signal], EncodeOptions(**options), listener=Log(stop_at))
    assert report.interrupted
    assert report.streams[0].iterations == 25 * stop_at
    assert decoded(data).present is None
    assert psnr(signal.samples, decoded(data).samples) > 5


def test_after_an_interrupt_groups_that_were_not_begun_are_absent() -> None:
    signal, options = CASES["groups"]
    data, report = encode_signals([signal], EncodeOptions(**options), listener=Log(1))
    assert [group.ordinal for group in loads(data).streams[0].groups] == [0]
    assert report.streams[0].groups == (1, 2)
    mask = decoded(data).present
    assert mask is not None
    assert mask.any()
    assert not mask.all()


@pytest.mark.parametrize(
    ("method", "kept"),
    [("_sampler", 1), ("_coded", 2)],
    ids=["before it has anything", "while it is coded"],
)
def test_an_interrupt_in_a_group_of_latents_keeps_those_before(
    monkeypatch: pytest.MonkeyPatch, method: str, kept: int
) -> None:
    """And the group itself where only its code is missing, which is quickly made."""
    usual, calls = getattr(Job, method), []

    def interrupted(job: Job, given: Any) -> Any:
        is_second = given == 1 if method == "_sampler" else [s.ordinal for s, _ in given] == [1]
        if is_second and not calls:
            calls.append(given)
            raise KeyboardInterrupt
        return usual(job, given)

    monkeypatch.setattr(Job, method, interrupted)
    options = EncodeOptions(**{**latents.SHORT, **latents.CASES["grey"]})
    data, report = encode_signals([latents.signals()["grey"]], options)
    assert report.interrupted
    assert report.streams[0].groups == (kept, 2)
    whole, _ = latents.encoded("grey")
    assert loads(data).streams[0].groups == loads(whole).streams[0].groups[:kept]


def test_an_interrupt_before_another_stream_has_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps the main one whole; a second one abandons."""
    usual, most = Job.encode, 1

    def interrupted(job: Job) -> StreamData:
        nonlocal most
        if job.index and most:
            most -= 1
            raise KeyboardInterrupt
        return usual(job)

    monkeypatch.setattr(Job, "encode", interrupted)
    data, report = encode_signals(CLIP, CLIP_OPTIONS)
    assert report.interrupted
    assert report.streams[0].psnr == psnr(CLIP[0].samples, decoded(data).samples)
    assert decode_stream(stream_of(data, 1), device="cpu").present is None
    most = 2
    with pytest.raises(KeyboardInterrupt):
        encode_signals(CLIP, CLIP_OPTIONS)


def test_after_an_interrupt_other_streams_are_fitted_quickly() -> None:
    """Whole; the main stream is what there was of it."""
    data, report = encode_signals(CLIP, CLIP_OPTIONS, listener=Log(1))
    assert report.interrupted
    assert [stream.kind for stream in report.streams] == ["video", "audio"]
    found = decode_stream(stream_of(data, 1), device="cpu")
    assert found.present is None
    assert psnr(CLIP[1].samples, found.samples) > 20
