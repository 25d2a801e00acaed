"""
What can be set about an agent: names, types and defaults of the agent document, in one place.

A document is stored as its author wrote it, unknown fields included;
``settings_of`` reads the fields that this server knows, with the defaults filled in.
The defaults are what a call is served with where the author says nothing, so that a document that was read can be
written back whole and changes nothing.
Source: Atoms agent document (wire-spec 1.13 and 2.3); decisions C28, C34 and C35. Its sections are in
``agent_sections``, the limits of its fields in ``agent_limits``.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec
from msgspec import field

from vivavoce.agent_limits import check_limits
from vivavoce.agent_sections import (
    EmbedLimits,
    IdleTimeouts,
    Language,
    PreCallApi,
    Section,
    SessionTimeout,
    SinglePrompt,
    SmartTurn,
    Synthesizer,
    Timezone,
    Toggle,
    VoiceDetection,
    VoiceMailDetection,
)
from vivavoce.analytics.settings import check_config
from vivavoce.complaints import complaint
from vivavoce.errors import Refused

__all__ = [
    "READ_ONLY",
    "AgentSettings",
    "Document",
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


class AgentSettings(Section, frozen=True, kw_only=True):
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
    # Our own: the agent's tools are all that there are, and a page can declare none.
    client_tools_managed_by_config: bool = False
    # Our own: of calls from public pages.
    embed_limits: EmbedLimits = EmbedLimits()

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
        raise Refused(400, complaint(str(error))) from error


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
        Refused: 400 for a wrong type (see ``settings_of``) or a value out of its range (see ``agent_limits``).
    """
    if _is_deep(changes, _MOST_LEVELS):
        raise Refused(400, "The document is nested too deeply")
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
    settings = settings_of(result)
    check_limits(changes)
    if "language" in changes and settings.language.default not in settings.language.supported:
        raise Refused(400, "language.default: Expected one of language.supported")
    check_config(result)
    if any("\0" in text for text in _texts(result)):
        # PostgreSQL stores no such character in a text.
        raise Refused(400, "a zero character (\\u0000) cannot be stored: remove it from the text")
    return result


_SECTIONS = frozenset(
    info.encode_name
    for info in msgspec.structs.fields(AgentSettings)
    if isinstance(info.type, type) and issubclass(info.type, Section)
)


# More than any document has that means something; what is deeper could be stored and not be shown.
_MOST_LEVELS = 32


def _is_deep(value: object, levels: int) -> bool:
    """Whether objects and lists lie within each other deeper than this."""
    match value:
        case Mapping():
            return not levels or any(_is_deep(entry, levels - 1) for entry in value.values())
        case list() | tuple():
            return not levels or any(_is_deep(entry, levels - 1) for entry in value)
        case _:
            return False


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
