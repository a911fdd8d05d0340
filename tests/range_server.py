"""A server of one file that knows ranges, and misbehaves when a test tells it to."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BLOCK = 2**16


@dataclass
class Reply:
    """What would be sent; `silent_after` bytes of the body the server sends nothing more."""

    status: int
    headers: dict[str, str]
    body: bytes
    silent_after: int | None = None


Spoil = Callable[[Reply, int], None]  # changes a reply, given the number of requests before it


class RangeServer(ThreadingHTTPServer):
    """Serves `data` at /a.lgi and leads from /moved to there; counts what it sends."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, data: bytes, spoil: Spoil | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.data = data
        self.spoil = spoil
        self.ranges: list[range] = []
        self.sent = 0
        self.ending = threading.Event()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.base}/a.lgi"

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is no news; stderr belongs to the command that is tested."""

    def reply(self, path: str, asked: str | None) -> Reply:
        if path == "/moved":
            return Reply(302, {"Location": "/a.lgi", "Content-Length": "0"}, b"")
        if path == "/circle":
            return Reply(302, {"Location": "/circle", "Content-Length": "0"}, b"")
        if path.partition("?")[0] != "/a.lgi":
            return Reply(404, {"Content-Length": "4"}, b"none")
        reply = self._part(asked)
        if self.spoil:
            self.spoil(reply, len(self.ranges) - 1)
        return reply

    def _part(self, asked: str | None) -> Reply:
        size = len(self.data)
        first, last = map(int, (asked or f"bytes=0-{size - 1}").removeprefix("bytes=").split("-"))
        self.ranges.append(range(first, last + 1))
        if first >= size:
            return Reply(416, {"Content-Range": f"bytes */{size}", "Content-Length": "0"}, b"")
        body = self.data[first : last + 1]
        headers = {
            "Content-Range": f"bytes {first}-{first + len(body) - 1}/{size}",
            "Content-Length": str(len(body)),
            "ETag": '"1"',
        }
        return Reply(206, headers, body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RangeServer

    def do_GET(self) -> None:
        reply = self.server.reply(self.path, self.headers["Range"])
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        try:
            self.end_headers()
            self._send(reply)
        except ConnectionError:
            self.close_connection = True
        if reply.headers.get("Content-Length") != str(len(reply.body)):
            self.close_connection = True

    def _send(self, reply: Reply) -> None:
        body = reply.body[: reply.silent_after]
        for at in range(0, len(body), BLOCK):
            self.server.sent += self.wfile.write(body[at : at + BLOCK])
        if reply.silent_after is not None:
            self.wfile.flush()
            self.server.ending.wait(10)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(data: bytes, spoil: Spoil | None = None) -> Iterator[RangeServer]:
    """A running server."""
    with RangeServer(data, spoil) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.ending.set()
            server.shutdown()
            thread.join()
