"""The options of `lgi encode` that say what network to fit, and for how long."""

from collections.abc import Callable, Sequence
from typing import Final

import click

from lgcodec._verify import FAMILIES
from lgcodec_cli._options import DEVICE, NUMBER, NUMBERS, PATH, SIZE, Function

__all__ = ["network_options", "schedule_options"]

COUNT: Final = click.IntRange(1)


SCHEDULE_OPTIONS: Final = (
    click.option(
        "--preset", type=click.Choice(["fast", "medium", "best"]), help="How much effort."
    ),
    click.option("--iters", "iterations", metavar="N", type=COUNT, help="Steps of a fit."),
    click.option("--samples", metavar="N", type=COUNT, help="Samples per partition and step."),
    click.option(
        "--time",
        "seconds",
        metavar="S",
        type=NUMBER,
        help="Seconds after which a fit ends; what is left to be rounded then takes some more.",
    ),
    click.option("--seed", metavar="N", type=click.IntRange(0), help="Of every random choice."),
    DEVICE,
)
NETWORK_OPTIONS: Final = (
    *SCHEDULE_OPTIONS[:1],
    click.option(
        "--family",
        type=click.Choice(FAMILIES),
        help="What kind of networks.",
    ),
    click.option("--params", metavar="N", type=COUNT, help="Weights of the network in all."),
    click.option("--partitions", type=NUMBERS, help="How many partitions, per axis."),
    click.option("--partition-size", type=NUMBERS, help="Samples of a partition, per axis."),
    click.option("--global-ratio", type=NUMBER, help="Share of the global weights, such as 0.1."),
    click.option(
        "--arrangement",
        type=click.Choice(["auto", "local-global", "per-partition", "single"]),
        help="Local networks with a global one, without, or a single network.",
    ),
    click.option("--local-width", metavar="N", type=COUNT, help="Hidden width of local networks."),
    click.option(
        "--global-width",
        metavar="N",
        type=click.IntRange(0),
        help="Hidden width of the global one.",
    ),
    click.option("--layers", metavar="N", type=COUNT, help="Layers, the linear last one counted."),
    click.option(
        "--merge",
        type=click.Choice(["concat", "add"]),
        help="How global features enter local ones: paper, equations 1 and 2.",
    ),
    click.option("--w0", type=NUMBER, help="Frequency of the sines."),
    click.option(
        "--coordinates",
        type=click.Choice(["tile", "frame"]),
        help="What local networks see: their own tile, or the frame as in the paper.",
    ),
    click.option(
        "--groups",
        metavar="N",
        type=COUNT,
        help="Global networks along the first axis; default: 1, more for long signals of latents.",
    ),
    *SCHEDULE_OPTIONS[1:4],
    click.option("--size", type=SIZE, help="Bytes of the file, such as 100kB."),
    click.option("--bpp", type=NUMBER, help="Its rate in bits per pixel, or per sample."),
    click.option("--kbps", type=NUMBER, help="Its rate in kbit/s."),
    click.option("--psnr", metavar="DB", type=NUMBER, help="Its quality, or where a fit ends."),
    click.option(
        "--quality", type=click.FloatRange(0, 100), help="Its rate, from 0 (least) to 100."
    ),
    click.option(
        "--bits",
        metavar="N",
        type=click.IntRange(2, 8),
        help="Bits per weight, 2 to 8; default 8. With a target: what a weight takes in the file, "
        "so that more bits leave fewer weights.",
    ),
    click.option("--float16", "float_bits", flag_value=16, type=int, help="Keep 16-bit floats."),
    click.option("--float32", "float_bits", flag_value=32, type=int, help="Keep 32-bit floats."),
    click.option(
        "--checkpoint",
        metavar="FILE",
        type=PATH,
        help="Save the fit every half minute, that of latents after each round, and what it gave, "
        "in FILE.0.0 and so on for each stream and group, and what was seen of one in "
        "FILE.0.0.look; the same command resumes it.",
    ),
    *SCHEDULE_OPTIONS[4:],
)


def network_options(function: Function) -> Function:
    """Add what `EncodeOptions` knows, under its names; None where it is left to the encoder."""
    return _with(NETWORK_OPTIONS, function)


def schedule_options(function: Function) -> Function:
    """Add those that say how long and where to fit, whatever the network."""
    return _with(SCHEDULE_OPTIONS, function)


def _with(options: Sequence[Callable[[Function], Function]], function: Function) -> Function:
    for option in reversed(options):
        function = option(function)
    return function
