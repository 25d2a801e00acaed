"""
The sections of the agent document, each with its fields, their types and their defaults.

The defaults are what a call is served with where the author says nothing.
Source: Atoms agent document (wire-spec 1.13 and 2.3). Of ``voiceDetectionConfig`` the defaults are our own: Atoms' are
0.7, 0.6, 0.2 and 0.4, and would cut the visitor short (see ``talk.policy``).
"""

import msgspec
from msgspec import Struct

from vivavoce.wire.variables import zone_label

__all__ = [
    "EmbedLimits",
    "IdleTimeouts",
    "Language",
    "LanguageSwitching",
    "PreCallApi",
    "Section",
    "SessionTimeout",
    "SinglePrompt",
    "SmartTurn",
    "Synthesizer",
    "Timezone",
    "Toggle",
    "VoiceConfig",
    "VoiceDetection",
    "VoiceMailDetection",
]


class Section(Struct, frozen=True, rename="camel"):
    """A part of the document: camel case on the wire, and changed field by field."""


class VoiceConfig(Section, frozen=True):
    """
    Which voice; names that no engine knows are kept, and the default engine speaks.

    Atoms' default voice stands for it where the author names neither model nor voice; where he names one of them,
    the other is none, because Atoms' would mean something else beside it.
    """

    model: str = ""
    voice_id: str = ""
    gender: str = "female"

    def __post_init__(self) -> None:
        if not self.model and not self.voice_id:
            msgspec.structs.force_setattr(self, "model", "waves_lightning_v3_1")
            msgspec.structs.force_setattr(self, "voice_id", "nyah")


class Synthesizer(Section, frozen=True):
    """How the agent sounds; ``speed`` from 0 to 2."""

    voice_config: VoiceConfig = VoiceConfig()
    speed: float = 1.2
    consistency: float = 0.5
    similarity: float = 0.0
    enhancement: int = 1
    sample_rate: int = 16000


class LanguageSwitching(Section, frozen=True):
    """When the agent follows a visitor into another language."""

    is_enabled: bool = False
    min_words_for_detection: int = 2
    strong_signal_threshold: float = 0.7
    weak_signal_threshold: float = 0.3
    min_consecutive_for_weak_threshold_switch: int = 2


class Language(Section, frozen=True):
    """The languages that the agent speaks; ``default`` is one of ``supported``, and the only one if none is named."""

    default: str = "en"
    supported: tuple[str, ...] = ()
    switching: LanguageSwitching = LanguageSwitching()

    def __post_init__(self) -> None:
        if not self.supported:
            msgspec.structs.force_setattr(self, "supported", (self.default,))


class SmartTurn(Section, frozen=True):
    """Whether the text of a turn decides about its end, and how long a silence it may wait (seconds)."""

    is_enabled: bool = False
    wait_time_in_secs: float = 3.0


class VoiceDetection(Section, frozen=True):
    """Onset and end of speech: confidence and volume from 0 to 1, hold times in seconds."""

    confidence: float = 0.5
    min_volume: float = 0.0
    trigger_time_in_secs: float = 0.2
    release_time_in_secs: float = 0.64


class VoiceMailDetection(Section, frozen=True):
    """Of telephone calls only; kept for its author."""

    enabled: bool = False
    end_text: str = ""


class Toggle(Section, frozen=True):
    """A section that is only on or off."""

    is_enabled: bool = False


class IdleTimeouts(Section, frozen=True):
    """After how many silent seconds the agent asks, and how often before it hangs up."""

    chat_timeout_time_in_secs: float = 60
    webcall_timeout_time_in_secs: float = 20
    max_retries: int = 3


class SessionTimeout(Section, frozen=True):
    """The longest call, in seconds."""

    timeout_time_in_secs: float = 1800


class EmbedLimits(Section, frozen=True):
    """What public pages may use of the agent, together and each visitor: calls at once, and minutes a day; 0: any."""

    calls_at_once: int = 0
    minutes_per_day: float = 0
    calls_at_once_per_visitor: int = 2
    minutes_per_day_per_visitor: float = 60


class Timezone(Section, frozen=True):
    """The agent's own time: hours from UTC, and a label for people, which is made of them where there is none."""

    label: str = ""
    offset: float = 0

    def __post_init__(self) -> None:
        if not self.label:
            msgspec.structs.force_setattr(self, "label", zone_label({"offset": self.offset}))


class SinglePrompt(Section, frozen=True):
    """The prompt and the tools of an agent that is not a graph."""

    prompt: str = ""
    tools: tuple[dict[str, object], ...] = ()


class PreCallApi(Section, frozen=True):
    """A request before the call that fills variables; ``timeout`` in seconds."""

    is_enabled: bool = False
    url: str = ""
    method: str = "GET"
    timeout: float = 5
