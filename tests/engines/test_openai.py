"""The three engines behind the OpenAI interface: their contracts and their settings."""

import asyncio
from collections.abc import Mapping

import numpy as np
import pytest

from tests.engines.stand_in import Exchange, StandIn
from vivavoce.audio.pcm import silence
from vivavoce.engines.openai import open_llm, open_stt, open_tts
from vivavoce.engines.openai_settings import is_loopback, remote
from vivavoce.errors import ConfigError
from vivavoce.testing.contracts import check_language_model, check_speech_to_text, check_text_to_speech


async def _any(exchange: Exchange) -> None:
    """A server with all three routes: it hears "hello", says "hello", and hums two seconds."""
    # So slow that a cancellation comes before the answer, and so quick that nobody waits.
    await asyncio.sleep(0.05)
    if "transcriptions" in exchange.request.line:
        await exchange.whole(b'{"text": "hello"}')
    elif "speech" in exchange.request.line:
        await exchange.head(content_type="audio/pcm")
        for _ in range(8):
            await exchange.chunk(np.full(6000, 100, "<i2").tobytes())
        await exchange.end()
    else:
        await exchange.deltas({"role": "assistant", "content": ""}, {"content": "hello "}, {"content": "there"})


@pytest.mark.slow
def test_all_three_keep_their_contracts() -> None:
    """What holds for every engine holds for these."""

    async def run() -> None:
        async with StandIn([_any]) as server:
            await check_speech_to_text(open_stt(server.settings), silence(0.5, 16000), ["hello"])
            await check_language_model(open_llm(server.settings))
            await check_text_to_speech(open_tts(server.settings))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("settings", "environ", "complaint"),
    [
        ({}, {}, "needs a key: set OPENAI_API_KEY"),
        ({"base_url": "http://a/v1"}, {}, "needs the setting model"),
        ({"base_url": "a/v1", "model": "m"}, {}, "takes a URL with http"),
        ({"api_key": "k", "modell": "m"}, {}, "no setting modell; it takes: api_key, .*model"),
        ({"api_key": "k", "gap_s": "soon"}, {}, "gap_s takes a number"),
        ({"api_key": ""}, {"OPENAI_API_KEY": "k"}, "needs a key"),
    ],
)
def test_wrong_settings_are_named(settings: Mapping[str, str], environ: Mapping[str, str], complaint: str) -> None:
    """The start fails with the setting's name and what it takes."""
    with pytest.raises(ConfigError, match=complaint):
        remote(settings, stage="llm", model="default", environ=environ)


def test_the_environment_stands_in_for_settings() -> None:
    """Settings come first, then the variables that every OpenAI program knows; the key is never shown."""
    environ = {"OPENAI_API_KEY": "sk-secret", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1/"}
    ours = remote({"base_url": "https://api.openai.com/v1"}, stage="llm", model="default", environ=environ)
    theirs = remote({"model": "m", "api_key": "other"}, stage="llm", model="default", environ=environ)

    assert ("https://api.openai.com/v1", "sk-secret", "default") == (ours.base_url, ours.api_key, ours.model)
    assert ("http://127.0.0.1:1/v1", "other", "m") == (theirs.base_url, theirs.api_key, theirs.model)
    assert "sk-secret" not in repr(ours)


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("http://localhost:11434/v1", True),
        ("http://127.0.0.1/v1", True),
        ("http://[::1]:1/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://127.0.0.1.example.com/v1", False),
        ("http://10.0.0.1/v1", False),
    ],
)
def test_this_machine_is_told_from_all_others(url: str, ours: bool) -> None:
    """Only an address that cannot leave the machine counts as local."""
    assert ours == is_loopback(url)
