"""
Any server with the OpenAI interface as language model, recogniser or voice: OpenAI, Ollama, vLLM, llama.cpp and others.

Settings of all three: ``base_url`` (else OPENAI_BASE_URL, else OpenAI's own), ``api_key`` (else OPENAI_API_KEY),
``model``, and the limits ``connect_s``, ``first_s``, ``gap_s`` and ``backoff_s``.
"""

from typing import Any

from vivavoce.engines.engine import EngineSettings
from vivavoce.engines.openai_chat import OpenAIChat
from vivavoce.engines.openai_hearing import OpenAIHearing
from vivavoce.engines.openai_settings import remote
from vivavoce.engines.openai_speech import OpenAISpeech
from vivavoce.engines.settings import number

__all__ = ["open_llm", "open_stt", "open_tts"]

# Used with OpenAI's own server when no model is set: the first one answers quickly and does not think aloud.
_CHAT_MODEL, _HEARING_MODEL, _SPEECH_MODEL = "gpt-4.1-mini", "gpt-transcribe", "gpt-4o-mini-tts"


def open_llm(settings: EngineSettings) -> OpenAIChat:
    """
    A language model. Further settings: ``temperature``, ``reasoning_effort``.

    Raises:
        ConfigError: A setting is wrong or absent.
        EngineError: The package openai is missing.
    """
    server = remote(settings, stage="llm", model=_CHAT_MODEL)
    options: dict[str, Any] = {}
    if settings.get("temperature"):
        options["temperature"] = number(settings, "temperature", 1.0, low=0, high=2)
    if settings.get("reasoning_effort"):
        options["reasoning_effort"] = settings["reasoning_effort"]
    return OpenAIChat(server, options)


def open_stt(settings: EngineSettings) -> OpenAIHearing:
    """
    A recogniser. Further setting: ``language``, such as ``en``.

    Raises:
        ConfigError: A setting is wrong or absent.
        EngineError: The package openai is missing.
    """
    server = remote(settings, stage="stt", model=_HEARING_MODEL)
    return OpenAIHearing(server, language=settings.get("language", ""))


def open_tts(settings: EngineSettings) -> OpenAISpeech:
    """
    A voice. Further settings: ``voice``, and ``rate_hz`` of raw sound that does not tell its rate.

    Raises:
        ConfigError: A setting is wrong or absent.
        EngineError: The package openai is missing.
    """
    server = remote(settings, stage="tts", model=_SPEECH_MODEL)
    rate_hz = int(number(settings, "rate_hz", 24000, low=8000, high=96000))
    return OpenAISpeech(server, voice=settings.get("voice") or "alloy", rate_hz=rate_hz)
