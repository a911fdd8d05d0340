"""Partitions of latents that nobody asked for."""

import numpy as np
import pytest

from fit.builders import RATE
from lgcodec.fit.latent_plan import LatentPlanner
from lgcodec.fit.options import EncodeOptions
from lgcodec.signal import Signal


@pytest.mark.parametrize(
    ("grid", "tile"),
    [
        ((33, 720, 1280), (16, 120, 128)),  # 6 and 10 parts of these
        ((16, 272, 640), (16, 96, 128)),  # of 272 samples three parts, of eights
        ((20, 128, 129), (16, 128, 72)),
        ((5, 20, 31), (5, 20, 31)),
    ],
)
def test_pictures_of_videos_are_divided_evenly(
    grid: tuple[int, ...], tile: tuple[int, ...]
) -> None:
    video = Signal("video", np.zeros((*grid, 1), np.uint8), RATE["video"])
    plan = LatentPlanner(video, EncodeOptions(), 0).first()
    assert tuple(axis.tile_len for axis in plan.geometry.axes) == tile
    asked = LatentPlanner(video, EncodeOptions(partition_size=(4, 16, 24)), 0).first()
    lengths = tuple(axis.tile_len for axis in asked.geometry.axes)
    assert lengths == tuple(min(n, own) for n, own in zip((4, 16, 24), grid, strict=True))
