"""
What can be set about an agent: names, types and defaults of the agent document, in one place.

A document is stored as its author wrote it, unknown fields included;
``settings_of`` reads the fields that this server knows, with the defaults filled in.
Source: Atoms agent document (wire-spec 1.13 and 2.3); decisions C28, C34 and C35.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec
from msgspec import Struct, field

from vivavoce.errors import Refused

__all__ = [
    "READ_ONLY",
    "AgentSettings",
    "Document",
    "IdleTimeouts",
    "Language",
    "SessionTimeout",
    "SinglePrompt",
    "SmartTurn",
    "Synthesizer",
    "VoiceConfig",
    "VoiceDetection",
    "cleaned",
    "merged",
    "settings_of",
    "with_defaults",
]

Document = Mapping[str, object]

# What the server itself says about an agent; a client that sends it back means nothing by it.
READ_ONLY = frozenset(
    {
        "_id",
        "organization",
        "workflowId",
        "createdBy",
        "createdAt",
        "updatedAt",
        "totalCalls",
        "transcriberType",
        "archived",
        "archivedAt",
        "activeVersionId",
        "versionId",
        "phoneNumber",
        "_resolvedConfig",
        "_configSource",
        "_versionedWorkflow",
    }
)


class _Section(Struct, frozen=True, rename="camel"):
    """A part of the document: camel case on the wire, and changed field by field."""


class VoiceConfig(_Section, frozen=True):
    """Which voice; names that no engine knows are kept, and the default engine speaks."""

    model: str = "waves_lightning_v3_1"
    voice_id: str = "nyah"
    gender: str = "female"


class Synthesizer(_Section, frozen=True):
    """How the agent sounds; ``speed`` from 0 to 2."""

    voice_config: VoiceConfig = VoiceConfig()
    speed: float = 1.2
    consistency: float = 0.5
    similarity: float = 0.0
    enhancement: int = 1
    sample_rate: int = 16000


class LanguageSwitching(_Section, frozen=True):
    """When the agent follows a visitor into another language."""

    is_enabled: bool = False
    min_words_for_detection: int = 2
    strong_signal_threshold: float = 0.7
    weak_signal_threshold: float = 0.3
    min_consecutive_for_weak_threshold_switch: int = 2


class Language(_Section, frozen=True):
    """The languages that the agent speaks; ``default`` is one of ``supported``."""

    default: str = "en"
    supported: tuple[str, ...] = ("en",)
    switching: LanguageSwitching = LanguageSwitching()


class SmartTurn(_Section, frozen=True):
    """Whether a model judges the end of a turn, and how long it may wait (seconds)."""

    is_enabled: bool = False
    wait_time_in_secs: float = 3.0


class VoiceDetection(_Section, frozen=True):
    """Onset and end of speech: confidence and volume from 0 to 1, hold times in seconds."""

    confidence: float = 0.7
    min_volume: float = 0.6
    trigger_time_in_secs: float = 0.2
    release_time_in_secs: float = 0.4


class VoiceMailDetection(_Section, frozen=True):
    """Of telephone calls only; kept for its author."""

    enabled: bool = False
    end_text: str = ""


class Toggle(_Section, frozen=True):
    """A section that is only on or off."""

    is_enabled: bool = False


class IdleTimeouts(_Section, frozen=True):
    """After how many silent seconds the agent asks, and how often before it hangs up."""

    chat_timeout_time_in_secs: float = 60
    webcall_timeout_time_in_secs: float = 20
    max_retries: int = 3


class SessionTimeout(_Section, frozen=True):
    """The longest call, in seconds."""

    timeout_time_in_secs: float = 1800


class Timezone(_Section, frozen=True):
    """The agent's own time: a label for people, and hours from UTC."""

    label: str = "(GMT+0:00) UTC"
    offset: float = 0


class SinglePrompt(_Section, frozen=True):
    """The prompt and the tools of an agent that is not a graph."""

    prompt: str = ""
    tools: tuple[dict[str, object], ...] = ()


class PreCallApi(_Section, frozen=True):
    """A request before the call that fills variables; ``timeout`` in seconds."""

    is_enabled: bool = False
    url: str = ""
    method: str = "GET"
    timeout: float = 5


class AgentSettings(_Section, frozen=True, kw_only=True):
    """The whole agent, with defaults."""

    name: str = "New agent"
    description: str = ""
    workflow_type: Literal["single_prompt", "workflow_graph"] = "single_prompt"
    first_message: str = ""
    global_prompt: str = ""
    single_prompt_config: SinglePrompt = SinglePrompt()
    slm_model: str = "electron"
    synthesizer: Synthesizer = Synthesizer()
    language: Language = Language()
    default_variables: dict[str, object] = field(default_factory=dict)
    pre_call_api: PreCallApi = field(default=PreCallApi(), name="preCallAPI")
    allow_interruptions: bool = True
    wait_for_user_to_speak_first: bool = False
    mute_user_until_first_bot_response: bool = False
    # Seconds at the start of the agent's speech in which it cannot be interrupted.
    interruption_backoff_timer: float = 0
    smart_turn_config: SmartTurn = SmartTurn()
    voice_detection_config: VoiceDetection = VoiceDetection()
    voice_mail_detection_config: VoiceMailDetection = VoiceMailDetection()
    denoising_config: Toggle = Toggle()
    redaction_config: Toggle = Toggle(is_enabled=True)
    pronunciation_dicts: tuple[dict[str, object], ...] = ()
    llm_idle_timeout_config: IdleTimeouts = IdleTimeouts()
    session_timeout_config: SessionTimeout = SessionTimeout()
    timezone: Timezone = Timezone()
    background_sound: str = ""
    call_disposition_config: str = ""
    allow_inbound_call: bool = True
    enable_style_guide: bool = True
    visible_to_everyone: bool = False

    @property
    def prompt(self) -> str:
        """The system prompt, wherever its author put it."""
        return self.single_prompt_config.prompt or self.global_prompt


def settings_of(document: Document) -> AgentSettings:
    """
    The known fields of a document, typed, with the defaults filled in.

    Raises:
        Refused: 400 with a text such as ``allowInterruptions: Expected boolean, received string``.
    """
    try:
        return msgspec.convert(document, AgentSettings)
    except msgspec.ValidationError as error:
        raise Refused(400, _complaint(str(error))) from error


def with_defaults(document: Document) -> dict[str, object]:
    """The document as the API shows it: known fields with their defaults, unknown fields as they were sent."""
    filled: dict[str, object] = msgspec.to_builtins(settings_of(document))
    return _laid_over(filled, document)


def cleaned(body: Document) -> dict[str, object]:
    """
    What of a new agent's body is worth storing: no read-only fields, no nulls, and only fitting types.

    Raises:
        Refused: 400, see ``settings_of``.
    """
    return merged({}, body)


def merged(document: Document, changes: Document) -> dict[str, object]:
    """
    A document after a change: known sections change field by field, everything else is replaced; null removes.

    Raises:
        Refused: 400, see ``settings_of``.
    """
    result = dict(document)
    for name, value in changes.items():
        if name in READ_ONLY:
            continue
        if value is None:
            result.pop(name, None)
        elif name in _SECTIONS and isinstance(value, Mapping) and isinstance(old := result.get(name), Mapping):
            result[name] = _laid_over(old, value)
        else:
            result[name] = value
    settings_of(result)
    if any("\0" in text for text in _texts(result)):
        # PostgreSQL stores no such character in a text.
        raise Refused(400, "a zero character (\\u0000) cannot be stored: remove it from the text")
    return result


_SECTIONS = frozenset(
    info.encode_name
    for info in msgspec.structs.fields(AgentSettings)
    if isinstance(info.type, type) and issubclass(info.type, _Section)
)


def _laid_over(below: Document, above: Document) -> dict[str, object]:
    """Both objects as one; where both have an object, these are joined in turn."""
    result = dict(below)
    for name, value in above.items():
        old = result.get(name)
        result[name] = _laid_over(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def _texts(value: object) -> Iterator[str]:
    """Every text in a JSON value, names of fields included."""
    match value:
        case str():
            yield value
        case Mapping():
            for name, entry in value.items():
                yield name
                yield from _texts(entry)
        case list() | tuple():
            for entry in value:
                yield from _texts(entry)
        case _:
            return


# msgspec says: Expected `bool`, got `str` - at `$.allowInterruptions`
_MISMATCH = re.compile(r"Expected `(?P<expected>[^`]+)`, got `(?P<got>[^`]+)`(?: - at `\$\.?(?P<path>[^`]*)`)?")
_ENUM = re.compile(r"Invalid enum value '?(?P<value>[^'`]*)'?(?: - at `\$\.?(?P<path>[^`]*)`)?")
_JSON_NAMES = {"str": "string", "bool": "boolean", "int": "number", "float": "number", "null": "null"}


def _complaint(message: str) -> str:
    """msgspec's complaint in the words of the API (wire-spec 2.0.3)."""
    if match := _MISMATCH.match(message):
        expected, got = (_JSON_NAMES.get(match[part], match[part]) for part in ("expected", "got"))
        return f"{match['path']}: Expected {expected}, received {got}"
    if match := _ENUM.match(message):
        return f"{match['path']}: Invalid enum value '{match['value']}'"
    return message
