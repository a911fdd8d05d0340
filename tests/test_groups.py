"""Groups of latents: how many there are, and how they share the bytes of a target."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from encodes import stream_of
from latent_encodes import CASES, SHORT, decoded, signals

from lgcodec import _job
from lgcodec._encode import EncodeOptions, encode_signals
from lgcodec._job import Job
from lgcodec.fit import latent_plan
from lgcodec.format.container import Container, StreamData, dumps
from lgcodec.signal import Signal, psnr


def test_long_signals_are_fitted_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few as have so many values each; their samples and quality are those of one piece."""
    options = {**SHORT, "partition_size": (2, 24, 25)}
    film = signals()["film"]  # three tiles of 2 pictures along time
    monkeypatch.setattr(latent_plan, "GROUP", 2 * 36 * 50 * 3)
    data, report = encode_signals([film], EncodeOptions(**options))
    assert report.streams[0].plan.geometry.axes[0].groups == 3
    assert data == encode_signals([film], EncodeOptions(**options, groups=3))[0]
    assert report.streams[0].psnr == psnr(film.samples, decoded(data).samples) > 30
    monkeypatch.setattr(latent_plan, "GROUP", 1)  # not even a tile: no more groups than tiles
    most, _ = encode_signals([film], EncodeOptions(**options))
    assert most == data


def test_groups_share_bytes_by_what_they_hold() -> None:
    """Of three equal rows of partitions two are in the first group: all are equally good."""
    picture = signals()["image"].samples[:24]
    rows = Signal("image", np.concatenate([picture, picture, picture]), None)
    options = EncodeOptions(**SHORT, partition_size=(24, 23), groups=2, size=3000)
    data, _ = encode_signals([rows], options)
    groups = [group.length for group in stream_of(data).groups.values()]
    assert len(groups) == 2
    assert 0.95 * 3000 <= len(data) <= 3000
    assert groups[0] > 1.5 * groups[1]
    samples = decoded(data).samples
    first, second = psnr(rows.samples[:48], samples[:48]), psnr(picture, samples[48:])
    assert first == pytest.approx(second, abs=1.5)


def test_groups_share_bytes_by_what_they_need() -> None:
    """Of two groups of the same size one has little contrast: it takes less than half."""
    picture = signals()["image"].samples
    pale = picture // 4 + 90
    both = Signal("image", np.concatenate([picture, pale]), None)
    options = EncodeOptions(**SHORT, partition_size=(24, 23), groups=2, size=3000)
    data, _ = encode_signals([both], options)
    assert 0.95 * 3000 <= len(data) <= 3000
    first, second = (group.length for group in stream_of(data).groups.values())
    assert first > 2 * second


@pytest.mark.parametrize("size", [1200, 4000])
@pytest.mark.parametrize("plain", [0, 1, 2])
def test_a_group_of_nothing_takes_little(size: int, plain: int) -> None:
    """Wherever it is: a target is met, and it is no worse than the others."""
    picture = signals()["image"].samples[:24]
    parts = [picture, picture[::-1]]
    parts.insert(plain, np.full_like(picture, 9))
    whole = Signal("image", np.concatenate(parts), None)
    options = EncodeOptions(**SHORT, partition_size=(24, 23), groups=3, size=size)
    data, _ = encode_signals([whole], options)
    assert 0.95 * size <= len(data) <= size
    samples = decoded(data).samples
    found = [psnr(part, samples[24 * n : 24 * n + 24]) for n, part in enumerate(parts)]
    assert min(found) > 20
    assert found[plain] == max(found)
    lengths = [group.length for group in stream_of(data).groups.values()]
    assert lengths[plain] < size / 6


def test_if_the_size_is_missed_bytes_are_shared_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once more, as if nobody had looked at groups."""
    picture = signals()["image"].samples
    both = Signal("image", np.concatenate([picture, picture // 4 + 90]), None)
    options = EncodeOptions(**SHORT, partition_size=(24, 23), groups=2, size=3000)
    missed = list[bool]()
    has_missed = Job._has_missed

    def always(job: Job, stream: StreamData) -> bool:
        missed.append(has_missed(job, stream))
        return True

    monkeypatch.setattr(Job, "_has_missed", always)
    data, report = encode_signals([both], options)
    assert missed == [False]
    assert 0.95 * 3000 <= len(data) <= 3000
    first, second = (group.length for group in stream_of(data).groups.values())
    assert first == pytest.approx(second, rel=0.2)  # the first one's share has the head as well
    assert report.streams[0].groups == (2, 2)


@pytest.mark.parametrize(("size", "missed"), [(1.0, False), (1.06, True), (0.99, True)])
def test_a_size_is_missed_by_more_and_by_few(size: float, missed: bool) -> None:
    signal, options = signals()["grey"], {**SHORT, **CASES["grey"]}
    job = Job(
        0, signal, EncodeOptions(**options, size=1500), None, signal.samples.nbytes, size=1500
    )
    stream = job.encode()
    wanted = int(len(dumps(Container((stream,)))) * size)
    job.plan = replace(job.plan, settings=replace(job.plan.settings, size=wanted))
    assert job._has_missed(stream) == missed
    job.looked = False
    assert not job._has_missed(stream)


def test_what_was_seen_of_groups_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """How they move, and the step at which they have the size together."""
    taken = list[tuple[int, bool]]()
    steps = list[int]()
    fit, shared = _job.fit_latents, _job.needs

    def fitted(*given: Any, usual: int, motion: Any, **named: Any) -> Any:
        taken.append((usual, motion is not None))
        return fit(*given, usual=usual, motion=motion, **named)

    def needed(*given: Any) -> Any:
        found = shared(*given)
        steps.append(found[0])
        return found

    monkeypatch.setattr(_job, "fit_latents", fitted)
    monkeypatch.setattr(_job, "needs", needed)
    options = EncodeOptions(**SHORT, partition_size=(3, 24, 25), groups=2, size=4000)
    encode_signals([signals()["film"]], options)
    assert taken == [(steps[0], True)] * 2
