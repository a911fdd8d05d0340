"""What runs without torch, in a fresh interpreter where importing it fails."""

import subprocess
import sys

import pytest

LIGHT = [
    "lgcodec",
    "lgcodec.format.container",
    "lgcodec._compare",
    "lgcodec._crop",
    "lgcodec._repair",
    "lgcodec._verify",
    "lgcodec.media",
    "lgcodec.remote.source",
]


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("module", LIGHT)
def test_import_without_torch(module: str) -> None:
    run(f"import sys; sys.modules['torch'] = None; import {module}")


@pytest.mark.parametrize("module", ["lgcodec.format.container", "lgcodec._crop", "lgcodec._repair"])
def test_the_crop_path_needs_no_array_mathematics(module: str) -> None:
    run(f"import sys; sys.modules['numpy'] = None; import {module}")


def test_the_format_imports_the_standard_library_cbor2_and_google_crc32c() -> None:
    code = (
        "import sys; before = set(sys.modules); import lgcodec.format.container;"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    foreign = set(run(code).split()) - set(sys.stdlib_module_names)
    assert foreign - {name for name in foreign if name.startswith("_")} == {
        "cbor2",
        "google_crc32c",
        "lgcodec",
    }


def test_paths_need_no_network_library() -> None:
    run("import sys; sys.modules['aiohttp'] = sys.modules['fsspec'] = None; import lgcodec._crop")
