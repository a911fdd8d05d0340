"""What each shipped sample gives with the defaults: the table of the README and samples/*.lgi.

Every sample is encoded by `lgi encode IN OUT`, nothing else said, and by the same with --float32,
which shows what quantisation costs. --write puts the files into samples/ and the table into
README.md; otherwise both stay as they are.
"""

from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.common import ROOT, SAMPLES, Table, parser
from lgcodec import EncodeReport, encode
from lgcodec._encode import StreamReport
from lgcodec.fit.options import Preset
from lgcodec.storage import replacing

MEDIA = ("cat.png", "speech.wav", "bunny.mp4", "spot.npz")
BEGIN, END = "<!-- samples: made by benchmarks/samples.py -->\n", "<!-- end of samples -->\n"


def main() -> None:
    """Encode the samples and write results/samples.txt."""
    options = parser(__doc__)
    options.add_argument("--write", action="store_true", help="update samples/ and README.md")
    asked = options.parse_args()
    preset: Preset = "fast" if asked.quick else "medium"
    table = Table(
        f"Shipped samples, preset {preset}, seed 0; rate of the whole file, PSNR of every sample",
        ("file", "stream", "bytes", "bits/sample", "dB", "dB float32", "seconds"),
    )
    with TemporaryDirectory() as folder:
        for name in MEDIA:
            target = Path(folder) / f"{Path(name).stem}.lgi"
            quantised = encode(SAMPLES / name, target, preset=preset)
            floats = _in_floats(name, Path(folder) / "f.lgi", preset, quantised)
            _rows(table, name, quantised, floats)
            if asked.write:
                _copy(target.read_bytes(), SAMPLES / target.name)
    if not asked.no_write:
        table.write("samples")
    if asked.write:
        _into_readme(table)


def _in_floats(
    name: str, target: Path, preset: Preset, report: EncodeReport
) -> EncodeReport | None:
    """The same network fitted in floats; None of latents, which are integers by nature."""
    plan = report.streams[0].plan
    if plan.family.name == "latent":
        return None
    return encode(
        SAMPLES / name,
        target,
        preset=preset,
        family=plan.family.name,
        float_bits=32,
        params=plan.params_local + plan.params_global,
        partition_size=tuple(axis.tile_len for axis in plan.geometry.axes),
    )


def _rows(table: Table, name: str, quantised: EncodeReport, floats: EncodeReport | None) -> None:
    for index, stream in enumerate(quantised.streams):
        size = quantised.bytes if index == 0 else stream.bytes
        title = name if index == 0 else f"{name}, its sound"
        # The twin of a second stream is smaller.
        exact = _quality(floats.streams[0]) if floats and index == 0 else ""
        rate = 8 * size / prod(stream.grid)
        table.add(title, stream.kind, size, rate, _quality(stream), exact, stream.seconds)


def _quality(stream: StreamReport) -> str:
    return f"{stream.psnr:.2f}" if stream.iou is None else f"IoU {stream.iou:.4f}"


def _copy(data: bytes, path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def _into_readme(table: Table) -> None:
    path = ROOT / "README.md"
    before, rest = path.read_text().split(BEGIN)
    _, after = rest.split(END)
    with replacing(path) as temporary:
        temporary.write_text(f"{before}{BEGIN}{table.markdown()}{END}{after}")


if __name__ == "__main__":
    main()
