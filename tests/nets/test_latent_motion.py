"""Latents of tiles whose pictures move: what a file says, what is asked for, and extremes."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from format.builders import axis, geometry
from hypothesis import given, settings
from hypothesis import strategies as st

from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import Conf, Plug, TensorSpec
from lgcodec.nets import Latent, Request, family_of
from lgcodec.signal import Kind
from nets.test_latent import MOVING, conf_of, weights_of

FILM = geometry("video", (axis(24, 3), axis(64, 4), axis(48, 3)))
STILL = Latent(3, (8, 16, 16), (3, 4, 2), (24, 64, 48), ahead=1)
MATCHING = replace(STILL, motion=6)
TABLES = MATCHING.local_tensors(), MATCHING.global_tensors()


# --- what a file says


def test_the_family_of_a_configuration() -> None:
    """LGI-N-11, LGI-N-12."""
    conf = conf_of(MATCHING)
    assert conf.family.configuration == {"levels": (3, 4, 2), "ahead": 1, "motion": 6}
    assert conf.coder.configuration["motion"] == 6
    assert conf.local[1:] == (TensorSpec("motion", (7, 3, 3, 3)),)
    assert family_of(Conf.unpack(conf.pack()), FILM) == MATCHING
    assert family_of(replace(conf, coder=Plug("rans")), FILM) == MATCHING
    assert family_of(conf_of(STILL), FILM) == STILL


def test_a_family_and_a_coder_that_do_not_agree() -> None:
    """LGI-N-12."""
    alike = replace(MATCHING, motion=8), replace(MATCHING, motion=10)  # as many blocks
    assert alike[0].local_tensors() == alike[1].local_tensors()
    for family, other in ((MATCHING, STILL), (STILL, MATCHING), alike):
        coder = Plug("context", other.coder.configuration)
        with pytest.raises(FileError, match="E_PROFILE: context has"):
            family_of(conf_of(family, coder=coder), FILM)
        with pytest.raises(FileError, match="E_PROFILE: "):
            family_of(replace(conf_of(family), family=Plug("latent", other.configuration)), FILM)


@pytest.mark.parametrize(
    "number", [0, 1, 2, 5, 7, -6, True, 6.0, "6", None, (6,), 8, 1024, 1026, 2**40]
)
def test_numbers_that_are_refused(number: object) -> None:
    """LGI-N-11: the key is absent or an edge, and that of the tables."""
    good = MATCHING.configuration
    assert Latent.from_tables(good, *TABLES, FILM) == MATCHING
    with pytest.raises(FileError, match=r"^E_PROFILE: "):
        Latent.from_tables({**good, "motion": number}, *TABLES, FILM)


def test_only_what_is_split_ahead_moves() -> None:
    """LGI-N-11."""
    whole = replace(STILL, ahead=0)
    assert (
        Latent.from_tables(whole.configuration, whole.local_tensors(), whole.global_tensors(), FILM)
        == whole
    )
    for local in (whole.local_tensors(), TABLES[0]):
        with pytest.raises(FileError, match="E_PROFILE: the tables are not of latents: motion"):
            Latent.from_tables(
                {**whole.configuration, "motion": 6}, local, whole.global_tensors(), FILM
            )


@pytest.mark.parametrize(
    "tensors",
    [
        TABLES[0][:1],
        TABLES[0][::-1],
        (*TABLES[0], TABLES[0][1]),
        *(
            (TABLES[0][0], TensorSpec("motion", shape))
            for shape in ((7, 2), (8, 3, 3, 3), (7, 3, 3, 2), (7, 9, 3), (189,), (7, 3, 2, 3))
        ),
        (TABLES[0][0], TensorSpec("moves", (7, 3, 3, 3))),
    ],
)
def test_tables_that_are_refused(tensors: tuple[TensorSpec, ...]) -> None:
    """LGI-N-11."""
    with pytest.raises(FileError, match=r"^E_PROFILE: "):
        Latent.from_tables(MATCHING.configuration, tensors, TABLES[1], FILM)


def test_motion_of_a_tile_that_stands_still() -> None:
    """LGI-N-11: there is no place for it."""
    with pytest.raises(FileError, match=r"^E_PROFILE: "):
        Latent.from_tables(STILL.configuration, *TABLES, FILM)


# --- what is asked for


def asked(kind: Kind, tile: tuple[int, ...]) -> Latent:
    frame = tuple(2 * n for n in tile)
    return Latent.for_request(Request(kind, 3, frame, tile, 4, params=0, global_ratio=None))


@pytest.mark.parametrize(
    ("kind", "tile", "ahead", "blocks"),
    [
        ("video", (16, 64, 64), 1, (2, 2)),
        ("video", (17, 65, 33), 1, (3, 2)),
        ("video", (2, 512, 2), 1, (16, 1)),
        ("video", (2, 1, 512), 1, (1, 16)),
        ("video", (1025, 8, 8), 1, (1, 1)),
        ("video", (2**14, 8, 8), 1, (1, 1)),
        ("video", (2**14 + 1, 8, 8), 1, ()),
        ("video", (2**13, 5, 33), 1, (1, 2)),
        ("video", (2**13 + 1, 5, 33), 1, ()),
        ("video", (2, 2000, 64), 1, (63, 2)),
        ("video", (1, 64, 64), 0, ()),
        ("video", (16, 1, 1), 0, ()),
        ("volume", (32, 32, 32), 0, ()),
        ("image", (64, 64), 0, ()),
        ("audio", (4096,), 0, ()),
    ],
)
def test_videos_move(
    kind: Kind, tile: tuple[int, ...], ahead: int, blocks: tuple[int, ...]
) -> None:
    """As long as a tile has few blocks for all of its pictures."""
    family = asked(kind, tile)
    assert (family.ahead, family.motion) == (ahead, 32 if blocks else 0)
    latents, *others = family.local_tensors()
    assert latents.name == "latents"
    moved = len(family.pyramid.predicted)
    assert others == ([TensorSpec("motion", (moved, *blocks, 3))] if blocks else [])


@pytest.mark.parametrize(
    "change",
    [*({"motion": n} for n in (1, 2, 3, 7, -4, 1026)), {"ahead": 0}],
)
def test_families_that_cannot_be(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        replace(MATCHING, **change)


def test_most_blocks_of_a_tile() -> None:
    """LGI-N-11: those of part 0 do not count, here two pictures."""
    family = replace(MATCHING, motion=4, tile=(1026, 16, 16), levels=(10, 4, 2))
    assert family.local_tensors()[1] == TensorSpec("motion", (1024, 4, 4, 3))
    with pytest.raises(UsageError, match="16400 blocks of a tile move"):
        replace(family, tile=(1027, 16, 16))


# --- values


@settings(max_examples=20)
@given(st.sampled_from(MOVING), st.integers(0, 2**16), st.booleans())
def test_values_are_finite_wherever_pictures_are(family: Latent, seed: int, far: bool) -> None:
    """The farthest displacements of a file, and others."""
    weights = weights_of(family, 2, seed)
    number = 32_767.0 if far else 500.0
    weights["local.motion"][..., :2] = weights["local.motion"][..., :2].sign() * number
    assert family.lattice(weights, torch.zeros(2, 3).long()).isfinite().all()


def test_values_of_the_largest_integers_are_finite() -> None:
    family = MOVING[1]
    weights = {n: torch.full_like(v, 32_767.0) for n, v in weights_of(family, 1).items()}
    assert family.lattice(weights, torch.zeros(1, 3).long()).isfinite().all()


def test_the_smooth_part_stands_still() -> None:
    """Wherever pictures are: what the coarse grid says is not displaced."""
    family = replace(MOVING[3], tile=(4, 8, 8), levels=(2, 2, 2), frame=(8, 16, 16))
    weights, index = weights_of(family, 1), torch.zeros(1, 3).long()
    weights["local.latents"].zero_()
    still = family.lattice({**weights, "local.motion": torch.zeros(1, 3, 2, 2, 3)}, index)
    assert still.abs().max() > 0.1
    assert torch.equal(family.lattice(weights, index), still)
