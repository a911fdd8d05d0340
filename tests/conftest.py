"""Tests share the machine with others: one thread each, and no example has a deadline."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from format.builders import stream, video_with_sound
from hypothesis import settings

from lgcodec.format.container import Container, dumps


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is imported, later
    settings.register_profile("shared", deadline=None)
    settings.load_profile("shared")


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A file of one stream, the example of the paper."""
    path = tmp_path / "video.lgi"
    path.write_bytes(dumps(Container((stream(),))))
    return path


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """A file of a video and its sound, with ancillary chunks."""
    path = tmp_path / "both.lgi"
    path.write_bytes(dumps(video_with_sound()))
    return path


@pytest.fixture(params=[1, 2, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """How many threads torch uses; afterwards as before."""
    import torch  # not before `pytest_configure`

    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)
