"""A web server of one file on this machine, for tests of what is fetched."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class WebFile:
    """What the server has; change it between two readings."""

    body: bytes = b""
    status: int = 200
    etag: str = ""
    content_type: str = "text/csv"
    port: int = 0
    #: Paths and conditional headers of the requests there were.
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/people.csv"


@contextmanager
def served(file: WebFile) -> Iterator[WebFile]:
    """Serve the file, with its port filled in, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file.asked.append((self.path, self.headers.get("If-None-Match")))
            is_same = bool(file.etag) and self.headers.get("If-None-Match") == file.etag
            body = b"" if is_same else file.body
            self.send_response(304 if is_same else file.status)
            if file.etag:
                self.send_header("ETag", file.etag)
            self.send_header("Content-Type", file.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        file.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield file
        finally:
            server.shutdown()
            thread.join()
