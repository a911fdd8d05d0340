"""lgcodec.fit.ended: an encode of groups that was killed goes on with those that are left."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import encodes
import latent_encodes
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from lgcodec._encode import EncodeOptions, EncodeReport, encode_signals
from lgcodec.errors import InputError, UsageError
from lgcodec.fit import latents, loop
from lgcodec.fit.plan import Plan
from lgcodec.signal import Signal


class Killed(BaseException):
    """What nothing heeds, as when a process ends."""


class Watch:
    """Counts the fits that begin, and lets one of the second group fail as it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[int] = []
        self.error: BaseException | None = None
        self.told: list[tuple[float, float]] = []
        for module, name in ((latents, "Chooser"), (loop, "Objective")):
            monkeypatch.setattr(module, name, self._counting(getattr(module, name)))

    def _counting(self, usual: Callable[..., Any]) -> Callable[..., Any]:
        def begun(family: Any, sampler: Any, *rest: Any, **named: Any) -> Any:
            self.begun.append(sampler.ordinal)
            if sampler.ordinal == 1 and self.error:
                raise self.error
            return usual(family, sampler, *rest, **named)

        return begun

    def chose(self, stream: int, plan: Plan) -> None:
        """Nothing to say."""

    def progress(self, stream: int, done: float, psnr: float, seconds_left: float) -> None:
        self.told.append((done, psnr))


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


LATENTS = latent_encodes.signals()
CASES: dict[str, tuple[Signal, dict[str, Any]]] = {
    "latents": (LATENTS["grey"], {**latent_encodes.SHORT, **latent_encodes.CASES["grey"]}),
    "for a size": (  # backwards, as the first group then needs less and is fitted first
        replace(LATENTS["audio"], samples=LATENTS["audio"].samples[::-1].copy()),
        {**latent_encodes.SHORT, **latent_encodes.CASES["audio"], "size": 1200},
    ),
    "that move": (
        LATENTS["film"],
        {**latent_encodes.SHORT, "partition_size": (3, 24, 25), "groups": 2},
    ),
    "sines": encodes.CASES["groups"],
    "floats": encodes.CASES["stereo"],
}


def run(name: str, watch: Watch | None = None, **options: Any) -> tuple[bytes, EncodeReport]:
    signal, usual = CASES[name]
    return encode_signals([signal], EncodeOptions(**{**usual, **options}), listener=watch)


def stopped(watch: Watch, path: Path, name: str = "latents") -> None:
    """An encode of which the first group is done."""
    watch.error = Killed()
    with pytest.raises(Killed):
        run(name, watch, checkpoint=path)
    assert watch.begun == [0, 1]
    watch.begun, watch.error, watch.told = [], None, []


@pytest.mark.parametrize("name", CASES)
def test_groups_that_are_done_are_not_fitted_again(name: str, watch: Watch, tmp_path: Path) -> None:
    """And the file is that of an encode that nobody stopped."""
    stopped(watch, tmp_path / "fit", name)
    data, report = run(name, watch, checkpoint=tmp_path / "fit")
    assert watch.begun == list(range(1, report.streams[0].groups[1]))
    whole, of_whole = run(name)
    assert data == whole
    assert report.streams[0].iterations == of_whole.streams[0].iterations
    assert not list(tmp_path.iterdir())


def test_what_is_done_is_told_at_once(watch: Watch, tmp_path: Path) -> None:
    run("latents", watch)
    first = watch.told[0]
    watch.begun, watch.told = [], []
    stopped(watch, tmp_path / "fit")
    run("latents", watch, checkpoint=tmp_path / "fit")
    assert watch.told[0] == first
    assert len(watch.told) == 2


def test_after_an_interrupt_too(watch: Watch, tmp_path: Path) -> None:
    """The file has what is done; the same command makes it whole."""
    watch.error = KeyboardInterrupt()
    _, report = run("latents", watch, checkpoint=tmp_path / "fit")
    assert report.interrupted
    assert report.streams[0].groups == (1, 2)
    watch.begun, watch.error = [], None
    assert run("latents", watch, checkpoint=tmp_path / "fit")[0] == run("latents")[0]
    assert watch.begun == [1, 0, 1]


def test_an_interrupt_while_it_is_told_loses_nothing(watch: Watch, tmp_path: Path) -> None:
    stopped(watch, tmp_path / "fit")
    data, report = encode_signals(
        [CASES["latents"][0]],
        EncodeOptions(**CASES["latents"][1], checkpoint=tmp_path / "fit"),
        listener=encodes.Stopper(),
    )
    assert (report.interrupted, report.streams[0].groups) == (True, (1, 2))
    assert len(data) > 100
    assert watch.begun == []


# --- what is refused


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("latents", {"seed": 1}),
        ("latents", {"partition_size": (24, 25)}),
        ("for a size", {"size": 1250}),
        ("sines", {"iterations": 91}),
        ("sines", {"partitions": (4, 1, 4)}),
    ],
)
def test_a_fit_that_ended_with_others(
    name: str, change: dict[str, Any], watch: Watch, tmp_path: Path
) -> None:
    stopped(watch, tmp_path / "fit", name)
    with pytest.raises(UsageError, match="checkpoint of another fit"):
        run(name, watch, checkpoint=tmp_path / "fit", **change)


def test_another_signal_and_another_group(watch: Watch, tmp_path: Path) -> None:
    stopped(watch, tmp_path / "fit")
    signal, options = CASES["latents"]
    asked = EncodeOptions(**options, checkpoint=tmp_path / "fit")
    with pytest.raises(UsageError, match=r"fit\.0\.0 is a checkpoint of another fit"):
        encode_signals([Signal("image", signal.samples[::-1].copy())], asked)
    (tmp_path / "fit.0.1").write_bytes((tmp_path / "fit.0.0").read_bytes())
    with pytest.raises(UsageError, match=r"fit\.0\.1 is a checkpoint of another fit"):
        run("latents", checkpoint=tmp_path / "fit")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999])
def test_a_file_that_is_cut(share: float, watch: Watch, tmp_path: Path) -> None:
    stopped(watch, tmp_path / "fit")
    path = tmp_path / "fit.0.0"
    path.write_bytes(path.read_bytes()[: round(share * path.stat().st_size)])
    with pytest.raises(InputError, match=r"cannot read checkpoint .*fit\.0\.0"):
        run("latents", checkpoint=tmp_path / "fit")


Content = tuple[dict[str, Any], dict[str, str]]


def without_symbols(tensors: dict[str, Any], metadata: dict[str, str]) -> Content:
    return {name: v for name, v in tensors.items() if name != "local.latents"}, metadata


def fewer_partitions(tensors: dict[str, Any], metadata: dict[str, str]) -> Content:
    return {**tensors, "local.latents": tensors["local.latents"][1:].copy()}, metadata


def other_type(tensors: dict[str, Any], metadata: dict[str, str]) -> Content:
    return {**tensors, "global.steps": tensors["global.steps"].astype(np.float64)}, metadata


def without_numbers(tensors: dict[str, Any], metadata: dict[str, str]) -> Content:
    return tensors, {**metadata, "numbers": '{"seconds": 1}'}


def with_no_json(tensors: dict[str, Any], metadata: dict[str, str]) -> Content:
    return tensors, {**metadata, "numbers": "["}


def with_one_number(tensors: dict[str, Any], metadata: dict[str, str]) -> Content:
    return tensors, {**metadata, "numbers": "3"}


def with_words(tensors: dict[str, Any], metadata: dict[str, str]) -> Content:
    numbers = json.loads(metadata["numbers"]) | {"iterations": "many"}
    return tensors, {**metadata, "numbers": json.dumps(numbers)}


@pytest.mark.parametrize(
    "changed",
    [
        without_symbols,
        fewer_partitions,
        other_type,
        without_numbers,
        with_no_json,
        with_one_number,
        with_words,
    ],
)
def test_a_file_that_is_forged(
    changed: Callable[[dict[str, Any], dict[str, str]], Content], watch: Watch, tmp_path: Path
) -> None:
    """With the right identity, and not what such a fit comes to."""
    stopped(watch, tmp_path / "fit")
    path = tmp_path / "fit.0.0"
    with safe_open(path, framework="np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
    tensors, metadata = changed(tensors, metadata)
    save_file(tensors, path, metadata)
    with pytest.raises(InputError, match=r"cannot read checkpoint .*fit\.0\.0"):
        run("latents", checkpoint=tmp_path / "fit")
