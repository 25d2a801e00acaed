"""
Decides which engines a process uses: the only place that does.

"auto" means the best that works on this machine without asking anybody: no key, no download, nothing outside it,
unless the environment names a server with the OpenAI interface or one answers on this very machine.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from vivavoce.engines.engine import Engines, EngineSettings
from vivavoce.engines.openai_settings import OPENAI_URL, is_loopback
from vivavoce.errors import ConfigError, EngineError
from vivavoce.local_models import PORTS, find_local_model, model_at
from vivavoce.plugins import find

__all__ = ["Choice", "Lineup", "OpenedEngine", "open_lineup"]

_KINDS = ("vad", "stt", "llm", "tts")
_AUTO = "auto"
_OPENAI = "openai"
# What "auto" tries, the best first. Measured word errors: Moonshine 1.5 in 100, pocketsphinx more than 30.
_BUILT_IN = {"vad": ("silero",), "stt": ("moonshine", "sphinx"), "llm": ("knowledge",), "tts": ("espeak",)}
_ROLES = {"vad": "Voice detection", "stt": "Ears", "llm": "Brain", "tts": "Voice"}
_ABOUT = {
    "silero": "built in",
    "moonshine": "built in; English",
    "sphinx": "built in; English, mistakes many words",
    "espeak": "built in; clear, but robotic",
    "knowledge": "built in; answers from the agent's knowledge text, no language model",
    "scripted": "follows a script; for tests",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """
    What the configuration says about engines.

    Args:
        vad: Name of the voice detector, or ``auto``; so for the others.
        stt: The recogniser.
        llm: The language model.
        tts: The voice.
        settings: Of each engine by its name. A key may begin with a kind ("stt_model") and is then for that kind alone.
    """

    vad: str = _AUTO
    stt: str = _AUTO
    llm: str = _AUTO
    tts: str = _AUTO
    settings: Mapping[str, EngineSettings] = field(default_factory=dict)

    def settings_of(self, kind: str, name: str) -> dict[str, str]:
        """
        The settings of one engine.

        Where the same engine may think and hear or speak too, ``model`` is that of the language model,
        and the others' are ``stt_model`` and ``tts_model``.
        """
        table = self.settings.get(name, {})
        prefixes = tuple(f"{one}_" for one in _KINDS)
        settings = {key: value for key, value in table.items() if not key.startswith(prefixes)}
        thinks = self.llm == name or (self.llm == _AUTO and name == _OPENAI)
        if thinks and kind != "llm":
            settings.pop("model", None)
        own = f"{kind}_"
        return settings | {key.removeprefix(own): value for key, value in table.items() if key.startswith(own)}


@dataclass(frozen=True, slots=True)
class OpenedEngine:
    """
    What is known of an engine since it was opened.

    Args:
        kind: ``vad``, ``stt``, ``llm`` or ``tts``.
        name: Its name.
        about: What it is and where it runs, such as ``built in``, or a model and the address of its server.
        faults: What was wrong with those that would have been better.
    """

    kind: str
    name: str
    about: str
    faults: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """One sentence that tells a reader what it is."""
        instead = "".join(f" ({fault})" for fault in self.faults)
        return f"{_ROLES[self.kind]}: {self.name} ({self.about}).{instead}"


@dataclass(frozen=True, slots=True)
class Lineup:
    """The engines of a process, and what is known of each."""

    engines: Engines
    opened: tuple[OpenedEngine, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for each."""
        return tuple(engine.note for engine in self.opened)

    async def close(self) -> None:
        """Close all engines, even if one of them fails to."""
        async with AsyncExitStack() as stack:
            for engine in (self.engines.vad, self.engines.stt, self.engines.llm, self.engines.tts):
                stack.push_async_callback(engine.close)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An engine that may be opened, and what to tell about it."""

    name: str
    settings: Mapping[str, str]
    about: str


async def open_lineup(
    choice: Choice, environ: Mapping[str, str], *, own_port: int = 0, local_ports: Sequence[int] = PORTS
) -> Lineup:
    """
    Choose and open the engines of this process.

    Args:
        choice: What the operator wants.
        environ: Usually ``os.environ``: OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL.
        own_port: The port that this server is going to have: whatever answers there is no language model.
        local_ports: The ports of this machine that are asked for a language model; none to ask nobody.

    Raises:
        ConfigError: An engine cannot be opened; the sentence says what to install or to set.
    """
    ports = [port for port in local_ports if port != own_port]
    engines: dict[str, Any] = {}
    opened = []
    async with AsyncExitStack() as stack:
        for kind in _KINDS:
            engine, known = await _open_best(kind, await _candidates(kind, choice, environ, ports))
            stack.push_async_callback(engine.close)
            engines[kind] = engine
            opened.append(known)
        # From here on the caller closes them.
        stack.pop_all()
    return Lineup(Engines(**engines), tuple(opened))


async def _candidates(kind: str, choice: Choice, environ: Mapping[str, str], ports: Sequence[int]) -> list[_Candidate]:
    """What to try for a kind, in this order."""
    name = getattr(choice, kind)
    if name == _OPENAI or (name == _AUTO and kind == "llm" and _names_server(choice, environ)):
        return [await _openai(kind, choice, environ)]
    if name != _AUTO:
        return [_Candidate(name, choice.settings_of(kind, name), _ABOUT.get(name, "added by a package"))]
    if kind == "llm" and (local := await find_local_model(ports)) is not None:
        # The key in the environment is not for whatever happens to listen here.
        settings = choice.settings_of(kind, _OPENAI) | {
            "base_url": local.base_url,
            "model": local.model,
            "api_key": "",
        }
        return [_Candidate(_OPENAI, settings, f'model "{local.model}" found on this machine at {local.base_url}')]
    return [_Candidate(one, choice.settings_of(kind, one), _ABOUT[one]) for one in _BUILT_IN[kind]]


def _names_server(choice: Choice, environ: Mapping[str, str]) -> bool:
    settings = choice.settings_of("llm", _OPENAI)
    return bool(
        environ.get("OPENAI_API_KEY")
        or environ.get("OPENAI_BASE_URL")
        or settings.get("api_key")
        or settings.get("base_url")
    )


async def _openai(kind: str, choice: Choice, environ: Mapping[str, str]) -> _Candidate:
    """The openai engine with everything that the environment says filled in."""
    settings = choice.settings_of(kind, _OPENAI)
    base_url = settings.get("base_url") or environ.get("OPENAI_BASE_URL") or OPENAI_URL
    settings |= {"base_url": base_url, "api_key": settings.get("api_key") or environ.get("OPENAI_API_KEY", "")}
    if kind == "llm" and not settings.get("model"):
        settings["model"] = environ.get("OPENAI_MODEL", "")
        if not settings["model"] and is_loopback(base_url):
            # A server on this machine mostly has one model; it may take a moment to say which.
            settings["model"] = await model_at(base_url.rstrip("/"), limit_s=2.0)
    model = f'model "{settings["model"]}" ' if settings.get("model") else ""
    return _Candidate(_OPENAI, settings, f"{model}at {base_url}")


async def _open_best(kind: str, candidates: list[_Candidate]) -> tuple[Any, OpenedEngine]:
    """Open the first candidate that can be opened."""
    faults = []
    for candidate in candidates:
        try:
            engine = await _open(kind, candidate)
        except (ConfigError, EngineError) as error:
            faults.append(str(error))
        else:
            return engine, OpenedEngine(kind, candidate.name, candidate.about, tuple(faults))
    raise ConfigError("; ".join(faults))


async def _open(kind: str, candidate: _Candidate) -> Any:
    engine = find(kind, candidate.name)(candidate.settings)
    try:
        # Engines that keep a process start it now: no call is to wait for it.
        if warm := getattr(engine, "warm", None):
            await warm()
    except BaseException:
        await engine.close()
        raise
    return engine
