"""Tests share the machine with others: one thread each, and no example has a deadline."""

import os

import pytest
from hypothesis import settings


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is imported, later
    settings.register_profile("shared", deadline=None)
    settings.load_profile("shared")
