"""`make demo`: encode the shipped video, crop it, decode a frame, show the figures and a picture.

Everything goes through the command `lgi`, as a user would type it.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.common import ROOT, SAMPLES
from lgcodec import Signal, psnr, read

OUT = ROOT / "out"
VIDEO = SAMPLES / "bunny.mp4"
BAR = 20  # pixels of the caption above each picture


def main() -> None:
    """Run the three commands of the README on the sample video."""
    OUT.mkdir(exist_ok=True)
    whole, part = OUT / "bunny.lgi", OUT / "part.lgi"
    _lgi("encode", VIDEO, whole, "--preset", "fast")
    _lgi("decode", whole, OUT / "frame.png")
    _lgi("crop", whole, "-o", part, "--t", "0:2", "--xy", "0:2,0:1")
    _lgi("decode", part, OUT / "frame-cropped.png")
    for path in (whole, part):
        _run(["decode", str(path), str(path.with_suffix(".npz")), "--quiet"])
    _figures(whole, part)
    print(f"\npicture: {_side_by_side().relative_to(ROOT)} (original, decoded, cropped)")


def _lgi(*words: object) -> None:
    """Run a command, showing it and what it prints."""
    command = [str(Path(w).relative_to(ROOT)) if isinstance(w, Path) else str(w) for w in words]
    print(f"\n$ lgi {' '.join(command)}", flush=True)
    _run(command)


def _run(command: Sequence[str]) -> None:
    lgi = Path(sys.executable).with_name("lgi")
    subprocess.run([lgi, *command], cwd=ROOT, check=True)


def _figures(whole: Path, part: Path) -> None:
    original = read(VIDEO)[0]
    before, after = read(whole.with_suffix(".npz"))[0], read(part.with_suffix(".npz"))[0]
    inside = _corner(original, after)
    _row("", "bytes", "bits per pixel", "dB")
    _row("whole", *_line(whole, original, before.samples))
    _row("cropped", *_line(part, inside, after.samples))
    kept = _corner(before, after).samples
    _row("same part before the crop", "", "", f"{psnr(inside.samples, kept):.2f}")
    same = np.array_equal(kept, after.samples)
    print(f"kept samples decode to the same bits after the crop: {'yes' if same else 'NO'}")
    if not same:
        raise SystemExit("the crop changed what it kept")


def _row(*cells: object) -> None:
    print("{:<28}{:>10}{:>16}{:>8}".format(*cells))


def _line(path: Path, original: Signal, decoded: np.ndarray[Any, Any]) -> tuple[str, str, str]:
    size = path.stat().st_size
    bits = 8 * size / original.size
    return f"{size}", f"{bits:.3f}", f"{psnr(original.samples, decoded):.2f}"


def _corner(signal: Signal, part: Signal) -> Signal:
    place = tuple(slice(0, length) for length in part.grid)
    return Signal(signal.kind, signal.samples[place], signal.rate)


def _side_by_side() -> Path:
    first = Image.fromarray(read(VIDEO)[0].samples[0])
    pictures = {
        "original": first,
        "decoded": Image.open(OUT / "frame.png").convert("RGB"),
        "cropped": Image.open(OUT / "frame-cropped.png").convert("RGB"),
    }
    sheet = Image.new("RGB", (3 * first.width, first.height + BAR), "white")
    for column, (name, picture) in enumerate(pictures.items()):
        ImageDraw.Draw(sheet).text((column * first.width + 4, 4), name, fill="black")
        sheet.paste(picture, (column * first.width, BAR))
    path = OUT / "demo.png"
    sheet.save(path)
    return path


if __name__ == "__main__":
    main()
