"""What groups need: the same step for all."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import latent_encodes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lgcodec._encode import EncodeOptions
from lgcodec._job import Job
from lgcodec.errors import InputError, UsageError
from lgcodec.fit import needs as needs_module
from lgcodec.fit.needs import FIXED, LOOKED_AT, Look, look_at, needs
from lgcodec.fit.steps import FINEST, WIDEST
from lgcodec.nets import Latent

SLOPES = st.floats(-1 / 20, -1 / 100)
AMOUNTS = st.floats(10.0, 1e6)


def looks_of(*sizes: tuple[float, ...]) -> list[Look]:
    return [Look(1, own, 1.0, None) for own in sizes]


@given(
    groups=st.lists(st.tuples(AMOUNTS, SLOPES), min_size=1, max_size=5), step=st.integers(-120, 40)
)
def test_bytes_that_fall_evenly_are_found_at_one_step(
    groups: list[tuple[float, float]], step: int
) -> None:
    def at(where: int) -> list[float]:
        return [float(many * np.exp(slope * where)) for many, slope in groups]

    looks = looks_of(*zip(*map(at, LOOKED_AT), strict=True))
    found, shares = needs(looks, sum(at(step)) + len(groups) * sum(FIXED))
    assert found == step
    assert shares == pytest.approx([sum(FIXED) + own for own in at(step)])


@pytest.mark.parametrize(("size", "step"), [(1e12, FINEST), (1, WIDEST)])
def test_what_is_out_of_reach_takes_the_last_step(size: float, step: int) -> None:
    found, shares = needs(looks_of((4000.0, 2000.0, 1000.0), (1000.0, 500.0, 250.0)), size)
    assert found == step
    assert shares[0] - sum(FIXED) == pytest.approx(4 * (shares[1] - sum(FIXED)))


def test_a_group_that_says_nothing_needs_no_more_at_fine_steps_than_it_should() -> None:
    """A black film: all its bytes are of its head, at any step."""
    _, shares = needs(looks_of((300.0, 300.0, 300.0), (9000.0, 3000.0, 900.0)), 30_000)
    assert shares[0] < 400 + sum(FIXED)


# --- looks that are kept


LOSSLESS = 2**20  # bytes
ASKED: dict[str, Any] = {
    **latent_encodes.SHORT,
    "partition_size": (3, 24, 25),
    "groups": 2,
    "size": 4000,
}


def grouped(path: Path | None = None) -> Job:
    """A film in groups, of which a part moves."""
    film = latent_encodes.signals()["film"]
    return Job(0, film, EncodeOptions(**ASKED, checkpoint=path), None, LOSSLESS, size=4000)


def look(job: Job, path: Path) -> Look:
    family = job.plan.family
    assert isinstance(family, Latent)
    return look_at(family, job._sampler(0), path)


def test_a_look_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job, path = grouped(), tmp_path / "look"
    first = look(job, path)
    monkeypatch.delattr(needs_module, "Chooser")  # so nobody can look
    again = look(job, path)
    assert (again.sizes, again.error) == (first.sizes, first.error)
    assert first.motion is not None
    assert first.motion.any()
    assert np.array_equal(again.motion, first.motion)


def test_a_look_at_nothing_is_read_again(tmp_path: Path) -> None:
    """What is black is reproduced without any error."""
    job = grouped()
    black = replace(job.signal, samples=np.zeros_like(job.signal.samples))
    job, path = Job(0, black, EncodeOptions(**ASKED), None, LOSSLESS, size=4000), tmp_path / "look"
    assert look(job, path).error == 0
    assert look(job, path).error == 0


def test_a_look_at_something_else_is_refused(tmp_path: Path) -> None:
    job, path = grouped(), tmp_path / "look"
    look(job, path)
    family = job.plan.family
    assert isinstance(family, Latent)
    with pytest.raises(UsageError, match="checkpoint of another fit"):
        look_at(family, job._sampler(1), path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="cannot read checkpoint"):
        look(job, path)


def test_looks_go_when_the_encode_is_done(tmp_path: Path) -> None:
    """And stay while it is not."""
    job = grouped(tmp_path / "fit")
    job.encode()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["fit.0.0", "fit.0.0.look", "fit.0.1", "fit.0.1.look"]
    job.forget()
    assert not list(tmp_path.iterdir())
