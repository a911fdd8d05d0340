"""lgcodec.fit.latents: progress, what Ctrl-C leaves, and checkpoints."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from latent_encodes import CASES, SAMPLES, SHORT, decoded, encode, signals

from lgcodec import media
from lgcodec._encode import EncodeOptions, EncodeReport, encode_signals
from lgcodec._job import LOOK, Job
from lgcodec.errors import InputError, UsageError
from lgcodec.fit import choices, entropy, latents, pyramids
from lgcodec.fit.choices import Chooser
from lgcodec.fit.latent_state import LatentState
from lgcodec.fit.sampling import Sampler, Tiles
from lgcodec.nets import Latent
from lgcodec.nets.latent import STEP_UNIT
from lgcodec.signal import Signal, psnr

# --- Ctrl-C


class Progress:
    """Remembers what it is told, and interrupts from `at` on."""

    def __init__(self, at: float = 2.0) -> None:
        self.at = at
        self.told: list[tuple[float, float, float]] = []

    def chose(self, stream: int, plan: object) -> None:
        pass

    def progress(self, _: int, done: float, psnr: float, seconds_left: float) -> None:
        self.told.append((done, psnr, seconds_left))
        if done >= self.at:
            raise KeyboardInterrupt


def watched(listener: Progress, **options: Any) -> tuple[bytes, EncodeReport]:
    asked = EncodeOptions(**{**SHORT, **CASES["image"], "iterations": 40, **options})
    return encode_signals([signals()["image"]], asked, listener=listener)


@pytest.fixture
def told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latents, "TELL_EVERY", 0.0)
    monkeypatch.setattr(latents, "TELLING", 0)


def test_groups_are_looked_at_before_they_are_fitted() -> None:
    """How they move is not looked for twice, and that they are looked at is told."""
    listener, film = Progress(), signals()["film"]
    options = EncodeOptions(**SHORT, partition_size=(2, 24, 25), groups=3, size=4000)
    encode_signals([film], options, listener=listener)
    done = [share for share, _, _ in listener.told]
    assert done == sorted(done)
    assert done[:3] == pytest.approx([LOOK / 3, 2 * LOOK / 3, LOOK])
    assert all(left > 0 for _, _, left in listener.told[:3])


def test_motion_that_was_found_is_taken() -> None:
    """By another fit of the same tiles: symbols are the same, and it need not be the best."""
    film = signals()["film"]
    options = EncodeOptions(**SHORT, partition_size=(5, 24, 25))
    job = Job(0, film, options, None, film.samples.nbytes)
    family, sampler = job.plan.family, job._sampler(0)
    assert isinstance(family, Latent)
    found = Chooser(family, sampler)
    assert found.motion is not None
    assert found.motion.any()
    again = Chooser(family, sampler, found.motion)
    still = Chooser(family, sampler, 0 * found.motion)
    assert still.motion is not None
    assert not still.motion.any()
    step = -3 * STEP_UNIT
    same, other = again.choose(step), still.choose(step)
    for one, two in zip(found.choose(step).symbols, same.symbols, strict=True):
        assert np.array_equal(one, two)
    assert still.bytes(other) > found.bytes(same)


@pytest.mark.usefixtures("told_at_once")
@pytest.mark.parametrize("options", [{}, {"size": 1500}, {"psnr": 36.0}])
def test_progress_grows_to_its_end(options: dict[str, Any]) -> None:
    listener = Progress()
    _, report = watched(listener, **options)
    shares, qualities, left = zip(*listener.told, strict=True)
    assert len(shares) > 3
    assert sorted(shares) == list(shares)
    assert (shares[-1], left[-1]) == (1.0, 0.0)
    assert qualities[-1] == pytest.approx(report.streams[0].psnr, abs=1e-4)


@pytest.mark.usefixtures("told_at_once")
@pytest.mark.parametrize("options", [{}, {"psnr": 36.0}])
def test_progress_tells_the_quality_of_a_few_partitions(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    """Of all at the end alone, and only where it was asked for."""
    seen, tiles = [], Sampler.tiles

    def counted(self: Sampler, lengths: Sequence[int], rows: slice = slice(None)) -> Tiles:
        found = tiles(self, lengths, rows)
        seen.append(len(found.values))
        return found

    monkeypatch.setattr(Sampler, "tiles", counted)
    monkeypatch.setattr(pyramids, "FEW", 2)
    listener = Progress()
    report = watched(listener, **options)[1].streams[0]
    assert seen.count(2) == len(listener.told) - bool(options)
    assert listener.told[-1][1] == pytest.approx(report.psnr, abs=1e-4 if options else 2)


@pytest.mark.usefixtures("told_at_once")
@pytest.mark.parametrize("at", [0.01, 0.5, 0.7])
def test_an_interrupt_gives_what_was_chosen_last(at: float) -> None:
    """A whole file, of the quality that it reports: in a search, and after a round."""
    data, report = watched(Progress(at), size=1500)
    assert report.interrupted
    found = psnr(signals()["image"].samples, decoded(data).samples)
    assert found == pytest.approx(report.streams[0].psnr, abs=0.01)


@pytest.mark.parametrize("size", [6000, 9000])
def test_an_interrupt_between_search_and_choice(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """What was chosen is widened from its own step, not from the one that was found."""
    taken, (cat,) = latents._Run._taken, media.read(SAMPLES / "cat.png")

    def interrupted(run: Any, step: int) -> Any:
        monkeypatch.setattr(latents._Run, "_taken", taken)
        raise KeyboardInterrupt

    monkeypatch.setattr(latents._Run, "_taken", interrupted)
    # Few partitions, so that the first choice is that of the usual step.
    options = EncodeOptions(family="latent", preset="fast", size=size, partition_size=(128, 128))
    _, report = encode_signals([cat], options)
    assert report.interrupted
    assert 0.8 * size < report.bytes <= size


def test_an_interrupt_while_the_network_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two steps: the weights are those of a network all the same."""
    output, count = entropy.Entropy._output, 0

    def interrupted(*given: Any) -> Any:
        nonlocal count
        count += 1
        if count == 15:
            raise KeyboardInterrupt
        return output(*given)

    monkeypatch.setattr(entropy.Entropy, "_output", interrupted)
    data, report = encode(iterations=40)
    assert report.interrupted
    assert psnr(signals()["image"].samples, decoded(data).samples) > 30


def test_an_interrupt_before_anything_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(choices, "Pyramids", interrupted)
    with pytest.raises(KeyboardInterrupt):
        encode()


# --- checkpoints


@pytest.mark.usefixtures("told_at_once")
@pytest.mark.parametrize("options", [{}, {"size": 1500}])
@pytest.mark.parametrize("at", [0.5, 0.95])
def test_a_resumed_fit_ends_like_one_that_was_never_stopped(
    options: dict[str, Any], at: float, tmp_path: Path
) -> None:
    path = tmp_path / "fit"
    assert watched(Progress(at), checkpoint=path, **options)[1].interrupted
    assert list(tmp_path.iterdir())
    listener = Progress()
    data, report = watched(listener, checkpoint=path, **options)
    assert not report.interrupted
    assert listener.told[0][0] > 0.3
    assert data == watched(Progress(), **options)[0]
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("told_at_once")
def test_a_resumed_fit_knows_whether_some_partitions_tell_of_all(tmp_path: Path) -> None:
    """All there is to see is in one that is not looked at: steps are corrected by what all show."""
    pixels = np.zeros((128, 128, 1), np.uint8)
    pixels[:32, 32:64] = np.random.default_rng(3).integers(0, 256, (32, 32, 1), np.uint8)
    asked = EncodeOptions(family="latent", partition_size=(32, 32), preset="medium", size=600)
    whole, _ = encode_signals([Signal("image", pixels)], asked)
    kept, states = replace(asked, checkpoint=tmp_path / "fit"), list[bool]()
    with pytest.MonkeyPatch.context() as patched:
        load = LatentState.load.__func__  # type: ignore[attr-defined]

        def noted(cls: type[LatentState], *given: Any) -> LatentState:
            state: LatentState = load(cls, *given)
            states.append(state.by_some)
            return state

        patched.setattr(LatentState, "load", classmethod(noted))
        encode_signals([Signal("image", pixels)], kept, listener=Progress(0.95))
        resumed, report = encode_signals([Signal("image", pixels)], kept, listener=Progress())
    assert states == [False]
    assert not report.interrupted
    assert resumed == whole


@pytest.mark.parametrize("change", [{"iterations": 41}, {"seed": 1}, {"partition_size": (12, 23)}])
def test_a_checkpoint_of_another_fit_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "fit"
    watched(Progress(0.99), checkpoint=path)
    with pytest.raises(UsageError, match="checkpoint of another fit"):
        watched(Progress(), checkpoint=path, **change)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", bytes(1000)])
def test_a_damaged_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "fit.0.0").write_bytes(content)
    with pytest.raises(InputError, match="cannot read checkpoint"):
        watched(Progress(), checkpoint=tmp_path / "fit")
