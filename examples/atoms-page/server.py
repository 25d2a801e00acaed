"""
The back end of the page: it has the key, and gives each call a token. Python alone is enough.

    VIVAVOCE_KEY=sk_… AGENT_ID=… python3 server.py

Anybody who reaches this server may call your agent: put your own login or limits in front of ``do_POST``.
"""

import os
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import dumps, load
from pathlib import Path

VIVAVOCE = os.environ.get("VIVAVOCE_SERVER", "http://localhost:8600")
KEY, AGENT_ID = os.environ["VIVAVOCE_KEY"], os.environ["AGENT_ID"]
PAGE = (Path(__file__).parent / "index.html").read_text("utf-8").replace("http://localhost:8600", VIVAVOCE)


def token() -> str:
    """A token for one call, which must begin within 30 seconds."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    body = dumps({"agent_id": AGENT_ID}).encode()
    request = urllib.request.Request(f"{VIVAVOCE}/atoms/v1/conversation/register-call", body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(load(answer)["data"]["access_token"])


class Handler(BaseHTTPRequestHandler):
    """``GET /`` is the page, ``POST /token`` a token."""

    def do_GET(self) -> None:
        if self.path == "/":
            self.answer(200, "text/html", PAGE)
        else:
            self.answer(404, "text/plain", "Not found")

    def do_POST(self) -> None:
        try:
            self.answer(200, "application/json", dumps({"access_token": token(), "agent_id": AGENT_ID}))
        except urllib.error.HTTPError as error:
            self.answer(502, "text/plain", error.read().decode())
        except OSError as error:
            self.answer(502, "text/plain", f"{VIVAVOCE} cannot be reached: {error}")

    def answer(self, status: int, media_type: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8765"))), Handler) as server:
        print(f"open http://localhost:{server.server_port}", flush=True)
        server.serve_forever()
