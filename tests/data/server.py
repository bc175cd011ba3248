"""A small web server on 127.0.0.1 that can break off, ignore ranges, and refuse."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Behaviour:
    content: bytes = b""
    status: int = 200
    breaks: list[int] = field(default_factory=list)  # bytes to send before breaking off, one entry a request
    ranges: bool = True
    seen: list[str | None] = field(default_factory=list)  # the Range header of each request


class Server:
    """Serves the behaviours it is given, by path; use it in a `with`."""

    def __init__(self, **behaviours: Behaviour) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                serve(self, behaviours[self.path.strip("/")])

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/{name}"

    def __enter__(self) -> "Server":
        self.thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def serve(handler: BaseHTTPRequestHandler, behaviour: Behaviour) -> None:
    wanted = handler.headers.get("Range")
    behaviour.seen.append(wanted)
    content, total = behaviour.content, len(behaviour.content)
    start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and behaviour.ranges else 0
    if behaviour.status != 200:
        handler.send_error(behaviour.status)
        return
    if start >= total and wanted and behaviour.ranges:
        handler.send_response(416)
        handler.send_header("Content-Range", f"bytes */{total}")
        handler.end_headers()
        return
    handler.send_response(206 if start else 200)
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
    handler.send_header("Content-Length", str(total - start))
    handler.end_headers()
    stop = behaviour.breaks.pop(0) if behaviour.breaks else total
    handler.wfile.write(content[start : start + stop])
