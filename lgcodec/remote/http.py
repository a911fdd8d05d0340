"""Ranges of one URL over HTTP, each answer checked before its body is read.

fsspec gives the session with what users configure for it (headers, proxies), and an event loop in a
thread of its own, which works from notebooks too. Its `cat_file` and `open` are not used: they read
whatever the server sends, the whole file where it ignores ranges, and do not notice a file that
changes between two requests.
"""

import asyncio
import re
from collections.abc import Sequence
from typing import Any, Final, final

import aiohttp
from fsspec.asyn import sync
from fsspec.implementations.http import HTTPFileSystem
from yarl import URL

from lgcodec.errors import InputError
from lgcodec.remote import Timeouts, Traffic

__all__ = ["HttpFile"]

CONNECTIONS: Final = 16
REDIRECTS: Final = 5
PARTIAL_CONTENT: Final = 206
CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")


@final
class HttpFile:
    """One file on a server.

    size   bytes in all, known after the first `fetch`

    An answer must be 206 with the range that was asked for, unencoded and of the right length; the
    file must keep its size, ETag and Last-Modified. Everything else is an InputError, which shows
    neither the credentials nor the query of the URL.
    """

    def __init__(self, url: str, timeouts: Timeouts, traffic: Traffic) -> None:
        try:
            self._url = URL(url)
            self._name = str(self._url.with_user(None).with_query(None).with_fragment(None))
        except ValueError as error:
            raise InputError(f"cannot read {url}: {error}") from error
        self._timeouts = timeouts
        self._traffic = traffic
        self._session: aiohttp.ClientSession | None = None
        self._version: tuple[str | None, ...] = ()
        self.size = 0
        self._system = HTTPFileSystem(get_client=self._client, skip_instance_cache=True)

    def fetch(self, wanted: Sequence[range]) -> list[bytes]:
        """The bytes of all ranges, asked for at once; what lies past the end is left out."""
        self._traffic.round_trips += 1
        data: list[bytes] = sync(self._system.loop, self._all, wanted)
        return data

    def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            sync(self._system.loop, self._session.close)

    async def _client(self, *, loop: object = None, **settings: Any) -> aiohttp.ClientSession:  # noqa: ARG002
        defaults: dict[str, Any] = {
            "connector": aiohttp.TCPConnector(limit=CONNECTIONS),
            "timeout": aiohttp.ClientTimeout(
                total=None, sock_connect=self._timeouts.connect, sock_read=self._timeouts.read
            ),
            "auto_decompress": False,
        }
        self._session = aiohttp.ClientSession(**defaults | settings)
        return self._session

    async def _all(self, wanted: Sequence[range]) -> list[bytes]:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._one(one)) for one in wanted]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _one(self, wanted: range) -> bytes:
        session = await self._system.set_session()
        asked = {"Range": f"bytes={wanted.start}-{wanted.stop - 1}", "Accept-Encoding": "identity"}
        try:
            async with session.get(self._url, headers=asked, max_redirects=REDIRECTS) as answer:
                self._traffic.requests += 1 + len(answer.history)
                length = self._check(answer, wanted)
                async with asyncio.timeout(self._timeouts.answer):
                    data: bytes = await answer.content.readexactly(length)
                    if await answer.content.read(1):
                        raise self._unreadable(f"the answer goes on after {length} bytes")
        except (aiohttp.ClientError, OSError, EOFError) as error:  # a timeout is an OSError
            raise self._unreadable(self._explained(error)) from error
        self._traffic.bytes_moved += length
        return data

    def _check(self, answer: aiohttp.ClientResponse, wanted: range) -> int:
        """Bytes of the body; InputError unless `answer` is what was asked for."""
        header = answer.headers.get("Content-Range", "")
        found = CONTENT_RANGE.fullmatch(header)
        encoding = answer.headers.get("Content-Encoding", "identity")
        if answer.status != PARTIAL_CONTENT:
            raise self._unreadable(_refusal(answer))
        if found is None or encoding != "identity":
            message = f"it sent Content-Range {header!r} and encoding {encoding!r}, expected"
            raise self._unreadable(f"{message} 'bytes A-B/SIZE' and none")
        first, last, size = map(int, found.groups())
        self._pin(answer, size)
        expected = range(wanted.start, min(wanted.stop, size))
        length = last + 1 - first
        if range(first, last + 1) != expected or answer.content_length not in (None, length):
            message = f"it sent {answer.content_length} bytes as {header!r}, expected bytes"
            raise self._unreadable(f"{message} {expected.start}-{expected.stop - 1}")
        return length

    def _pin(self, answer: aiohttp.ClientResponse, size: int) -> None:
        """Hold on to the first answer's place and version; InputError if this is another's."""
        headers = answer.headers
        version = (str(size), headers.get("ETag"), headers.get("Last-Modified"))
        if not self._version:
            if (self._url.scheme, answer.url.scheme) == ("https", "http"):
                raise self._unreadable("it leads from https to http")
            self._traffic.round_trips += len(answer.history)
            self._url, self._version, self.size = answer.url, version, size
        if version != self._version:
            raise self._unreadable("the file has changed since it was opened")

    def _explained(self, error: Exception) -> str:
        waited = self._timeouts
        reasons: dict[type[Exception], str] = {
            aiohttp.ConnectionTimeoutError: f"no connection within {waited.connect:g} s",
            aiohttp.ServerTimeoutError: f"the server was silent for {waited.read:g} s",
            TimeoutError: f"an answer took longer than {waited.answer:g} s",
            asyncio.IncompleteReadError: "an answer ended early",
            aiohttp.ClientPayloadError: "an answer ended early",
            aiohttp.TooManyRedirects: f"more than {REDIRECTS} redirects",
            aiohttp.InvalidURL: "not the URL of a file",
        }
        found = (reason for kind, reason in reasons.items() if isinstance(error, kind))
        return next(found, str(error) or type(error).__name__)

    def _unreadable(self, reason: str) -> InputError:
        return InputError(f"cannot read {self._name}: {reason}")


def _refusal(answer: aiohttp.ClientResponse) -> str:
    if answer.status == 200:
        size = answer.headers.get("Content-Length", "an unknown number of")
        return f"the server ignores ranges and would send all of {size} bytes; download it first"
    return f"the server answered {answer.status} {answer.reason}"
