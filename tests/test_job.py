"""Encoding of several streams: progress, interrupts, what is kept."""

from math import isfinite

import pytest
from encodes import CASES, decoded, stream_of
from fit.builders import smooth

from lgcodec._decode import decode_stream
from lgcodec._encode import EncodeOptions, encode_signals
from lgcodec.fit.plan import Plan
from lgcodec.format.container import loads
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


def test_an_interrupt_leaves_out_what_was_not_begun() -> None:
    """The second stream, and the groups after the one that was under way."""
    data, report = encode_signals(CLIP, CLIP_OPTIONS, listener=Log(1))
    assert report.interrupted
    assert len(report.streams) == len(loads(data).streams) == 1
    signal, options = CASES["groups"]
    data, report = encode_signals([signal], EncodeOptions(**options), listener=Log(1))
    assert [group.ordinal for group in loads(data).streams[0].groups] == [0]
    mask = decoded(data).present
    assert mask is not None
    assert mask.any()
    assert not mask.all()
