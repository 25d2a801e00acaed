"""Which engines a process uses, and how it says so."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.engines.stand_in import Exchange, StandIn
from vivavoce import lineup
from vivavoce.engines.openai_chat import OpenAIChat
from vivavoce.errors import ConfigError, EngineError
from vivavoce.lineup import Choice, Lineup, open_lineup
from vivavoce.speech import Message

_SCRIPTED = Choice(stt="scripted", tts="scripted")


def _open(choice: Choice, environ: Mapping[str, str] | None = None) -> tuple[dict[str, str], Lineup]:
    """The names of the engines, and the lineup, closed again."""

    async def run() -> tuple[dict[str, str], Lineup]:
        # What happens to listen on the machine of the test has no influence.
        opened = await open_lineup(choice, environ or {}, local_ports=())
        await opened.close()
        engines = opened.engines
        names = {kind: getattr(engines, kind).name for kind in ("vad", "stt", "llm", "tts")}
        return names, opened

    return asyncio.run(run())


@pytest.mark.slow
def test_without_any_setting_all_engines_are_built_in() -> None:
    """No key, no download, no server: four engines, and a sentence for each."""
    names, opened = _open(Choice())

    assert {"vad": "silero", "stt": "moonshine", "llm": "knowledge", "tts": "espeak"} == names
    assert (
        "Voice detection: silero (built in).",
        "Ears: moonshine (built in; English).",
        "Brain: knowledge (built in; answers from the agent's knowledge text, no language model).",
        "Voice: espeak (built in; clear, but robotic).",
    ) == opened.notes


def test_named_engines_are_taken_with_their_settings() -> None:
    """A name is an order, and the table of that name goes to the engine."""
    with pytest.raises(ConfigError, match="word_s"):
        _open(Choice(stt="scripted", tts="scripted", settings={"scripted": {"word_s": "no"}}))

    names, _ = _open(Choice(stt="scripted", llm="scripted", tts="scripted"))

    assert {"vad": "silero", "stt": "scripted", "llm": "scripted", "tts": "scripted"} == names


def test_an_unknown_engine_is_answered_with_those_that_exist() -> None:
    """The start fails with the names that would do."""
    with pytest.raises(ConfigError, match='no stt named "clever"; installed are: moonshine'):
        _open(Choice(stt="clever"))


@pytest.mark.parametrize(
    ("environ", "note"),
    [
        ({"OPENAI_API_KEY": "sk-secret"}, "Brain: openai (at https://api.openai.com/v1)."),
        (
            {"OPENAI_BASE_URL": "https://models.test/v1", "OPENAI_MODEL": "big"},
            'Brain: openai (model "big" at https://models.test/v1).',
        ),
    ],
)
def test_the_environment_brings_in_a_language_model(environ: dict[str, str], note: str) -> None:
    """A key or a base URL is enough to think with a language model; the key is not told to anybody."""
    names, opened = _open(_SCRIPTED, environ)

    assert "openai" == names["llm"]
    assert note == opened.notes[2]
    assert "sk-secret" not in "".join(opened.notes)


def test_a_server_elsewhere_needs_the_name_of_a_model() -> None:
    """Another server than OpenAI's has other models, and which of them costs what is not ours to guess."""
    with pytest.raises(ConfigError, match="needs the setting model"):
        _open(_SCRIPTED, {"OPENAI_BASE_URL": "https://models.test/v1"})


async def _ask(engine: Any) -> str:
    return "".join([str(piece) async for piece in engine.reply([Message("user", "Hello")], ())])


async def _ollama(exchange: Exchange) -> None:
    """Lists one model, and answers with it."""
    if exchange.request.line.startswith("GET"):
        await exchange.whole(b'{"data": [{"id": "llama"}]}')
        exchange.writer.close()
    else:
        await exchange.deltas({"content": "I am a llama."})


def test_a_model_on_this_machine_is_found_and_used() -> None:
    """Without any setting, a server on a known port that lists models becomes the brain, and gets no key."""

    async def run() -> tuple[str, tuple[str, ...], dict[str, str], str]:
        async with StandIn([_ollama]) as server:
            opened = await open_lineup(_SCRIPTED, {}, local_ports=(server.port,))
            said = await _ask(opened.engines.llm)
            await opened.close()
            own = await open_lineup(_SCRIPTED, {}, local_ports=(server.port,), own_port=server.port)
            await own.close()
            return said, opened.notes, server.requests[-1].headers, own.engines.llm.name

    said, notes, headers, at_own_port = asyncio.run(run())

    assert "I am a llama." == said
    assert notes[2].startswith('Brain: openai (model "llama" found on this machine at http://127.0.0.1:')
    assert "Bearer none" == headers["authorization"]
    assert "knowledge" == at_own_port


def test_the_key_of_the_environment_is_not_for_strangers() -> None:
    """With a key the named server is used, even if another one listens on this machine."""

    async def run() -> tuple[Any, int]:
        async with StandIn([_ollama]) as server:
            environ = {"OPENAI_API_KEY": "sk-secret"}
            opened = await open_lineup(_SCRIPTED, environ, local_ports=(server.port,))
            await opened.close()
            return opened.engines.llm, len(server.requests)

    engine, requests = asyncio.run(run())

    assert isinstance(engine, OpenAIChat)
    assert 0 == requests


def test_a_base_url_on_this_machine_tells_its_model() -> None:
    """A local server is asked for its model, and the key in the environment is sent, because the operator named it."""

    async def run() -> tuple[str, str]:
        async with StandIn([_ollama]) as server:
            environ = {"OPENAI_BASE_URL": f"http://127.0.0.1:{server.port}/v1/", "OPENAI_API_KEY": "sk-mine"}
            opened = await open_lineup(_SCRIPTED, environ, local_ports=())
            await _ask(opened.engines.llm)
            await opened.close()
            body = json.loads(server.requests[-1].body)
            return body["model"], server.requests[-1].headers["authorization"]

    assert ("llama", "Bearer sk-mine") == asyncio.run(run())


def test_one_table_serves_three_kinds() -> None:
    """``model`` is that of the language model; a key that begins with a kind is for that kind alone."""
    table = {"base_url": "http://a/v1", "model": "talker", "stt_model": "hearer", "tts_base_url": "http://b/v1"}
    choice = Choice(stt="openai", tts="openai", settings={"openai": table})
    only_ears = Choice(stt="openai", llm="knowledge", settings={"openai": {"model": "hearer"}})

    assert {"base_url": "http://a/v1", "model": "talker"} == choice.settings_of("llm", "openai")
    assert {"base_url": "http://a/v1", "model": "hearer"} == choice.settings_of("stt", "openai")
    assert {"base_url": "http://b/v1"} == choice.settings_of("tts", "openai")
    assert {"model": "hearer"} == only_ears.settings_of("stt", "openai")


class _Opened:
    """An engine that remembers whether it has been closed."""

    name = "opened"

    def __init__(self) -> None:
        self.closed = False

    async def close(self) -> None:
        self.closed = True


def _offer(monkeypatch: pytest.MonkeyPatch, engines: Mapping[str, Any]) -> None:
    def find(kind: str, name: str) -> Any:
        def open_engine(settings: Mapping[str, str]) -> Any:
            engine = engines.get(name)
            if engine is None:
                raise EngineError(kind, name, f"pip install {name}")
            return engine

        return open_engine

    monkeypatch.setattr(lineup, "find", find)


def test_the_second_best_ears_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Moonshine is missing pocketsphinx hears, and the note says what to install."""
    engine = _Opened()
    _offer(monkeypatch, {"silero": engine, "sphinx": engine, "knowledge": engine, "espeak": engine})
    opened = asyncio.run(open_lineup(Choice(), {}, local_ports=()))

    assert (
        "Ears: sphinx (built in; English, mistakes many words)."
        ' (stt engine "moonshine" failed: pip install moonshine)' == opened.notes[1]
    )


def test_no_ears_at_all_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The start fails with every reason, and what had been opened is closed again."""
    voice_detection = _Opened()
    _offer(monkeypatch, {"silero": voice_detection})

    with pytest.raises(ConfigError, match=r"pip install moonshine.*pip install sphinx"):
        asyncio.run(open_lineup(Choice(), {}, local_ports=()))

    assert voice_detection.closed


def test_an_engine_that_keeps_a_process_is_warmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes its time is done at the start, so that no call waits for it; what fails then is closed again."""

    class Cold(_Opened):
        async def warm(self) -> None:
            raise EngineError("tts", "espeak", "install the library")

    engine, cold = _Opened(), Cold()
    _offer(monkeypatch, {"silero": engine, "moonshine": engine, "knowledge": engine, "espeak": cold})

    with pytest.raises(ConfigError, match="install the library"):
        asyncio.run(open_lineup(Choice(), {}, local_ports=()))

    assert cold.closed
