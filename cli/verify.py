"""`lgi verify`: check a file."""

from collections.abc import Iterator

import click

from lgcodec._verify import StreamCheck, VerifyReport, verify
from lgcodec.errors import FileError
from lgcodec.remote import Timeouts
from lgcodec_cli._damage import damage_lines
from lgcodec_cli._options import report_options
from lgcodec_cli._source import Location, lgi_argument
from lgcodec_cli._text import count, report

__all__ = ["command"]


@click.command
@lgi_argument
@click.option(
    "--deep",
    is_flag=True,
    help="Check the family's tables and decode every chunk to its numbers too; takes far longer.",
)
@report_options
def command(
    *, source: Location, timeouts: Timeouts | None, deep: bool, as_json: bool, quiet: bool
) -> None:
    """Check every table and every checksum of a .lgi file.

    Lists what is damaged, and where: partitions as ranges of lgi crop count them. The exit code is
    then 3. Networks are not evaluated. A family, quantiser or coder that this version does not know
    is reported, and is no defect of the file. What is intact can be saved with lgi repair; a chunk
    that only --deep finds bad is copied by it, since its checksum holds.
    """
    found = verify(source, timeouts, deep=deep)
    data = {
        "file": source,
        "bytes": found.bytes,
        "intact": not found.damage,
        "streams": found.streams,
        "damage": found.damage,
    }
    report(_lines(source, found), data, as_json=as_json, quiet=quiet)
    if found.damage:
        raise click.exceptions.Exit(FileError.exit_code)


def _lines(source: Location, found: VerifyReport) -> Iterator[str]:
    verdict = "damaged" if found.damage else "intact"
    yield f"{source}: {verdict}, {count(found.bytes, 'byte')}"
    yield from map(_stream, found.streams)
    yield from damage_lines(found.damage, found.geometries)


def _stream(stream: StreamCheck) -> str:
    whole = f"{stream.groups_intact} of {count(stream.groups, 'group')}"
    note = f"; cannot be decoded here: {stream.unreadable}" if stream.unreadable else ""
    if stream.numbers is not None:
        local, shared = stream.numbers
        whole += f"; decoded {count(local, 'local number')} and {shared:,} global ones"
    return f"{stream.kind}: {count(stream.intact, 'intact partition')} in {whole}{note}"
