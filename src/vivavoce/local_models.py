"""
Finds a server with the OpenAI interface on this very machine, such as Ollama, llama.cpp, vLLM or LM Studio.

Only loopback is ever asked, all ports at once and not for long; whatever goes wrong means that there is none.
"""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["PORTS", "LocalModel", "find_local_model", "model_at"]

# Ollama, llama.cpp's server, vLLM, LM Studio.
PORTS = (11434, 8080, 8000, 1234)
_LIMIT_S = 0.2
_MOST_BYTES = 1 << 20
# Models of these kinds are listed as well, but do not converse.
_NO_CHAT = ("embed", "rerank", "whisper", "tts", "bge-", "clip")


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model and the server that has it; ``base_url`` ends in ``/v1``."""

    base_url: str
    model: str


async def find_local_model(ports: Iterable[int] = PORTS, *, limit_s: float = _LIMIT_S) -> LocalModel | None:
    """
    The first model of the first port in the list at which a server answers ``GET /v1/models``.

    Args:
        ports: Ports of 127.0.0.1.
        limit_s: How long to wait for all of them together.
    """
    urls = [f"http://127.0.0.1:{port}/v1" for port in ports]
    models = await asyncio.gather(*(model_at(url, limit_s=limit_s) for url in urls))
    return next((LocalModel(url, model) for url, model in zip(urls, models, strict=True) if model), None)


async def model_at(base_url: str, *, limit_s: float = _LIMIT_S) -> str:
    """The first model for conversation that a plain HTTP server lists; empty if there is none, whatever the reason."""
    try:
        async with asyncio.timeout(limit_s):
            return _first_model(await _get(f"{base_url}/models"))
    except (OSError, TimeoutError, ValueError):
        return ""


async def _get(url: str) -> bytes:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        # With HTTP/1.0 the answer is neither in chunks nor followed by another: it ends with the connection.
        head = f"GET {parts.path} HTTP/1.0\r\nHost: {parts.netloc}\r\nAccept: application/json\r\n\r\n"
        writer.write(head.encode())
        answer = b""
        while (data := await reader.read(65536)) and len(answer) <= _MOST_BYTES:
            answer += data
        return answer
    finally:
        writer.close()


def _first_model(answer: bytes) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.partition(b"\r\n")[0].split(b" ")
    if len(status) < 2 or status[1] != b"200":
        return ""
    listed = json.loads(body)
    models = listed.get("data") if isinstance(listed, dict) else None
    if not isinstance(models, list):
        return ""
    names = [model["id"] for model in models if isinstance(model, dict) and isinstance(model.get("id"), str)]
    return next((name for name in names if not any(kind in name.lower() for kind in _NO_CHAT)), "")
