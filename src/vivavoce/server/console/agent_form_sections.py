"""
Every setting of an agent, in the order and the words of its form.

What an agent's document can have is in ``agent_settings`` and its neighbours; docs/agents.md tells what has an effect.
"""

from collections.abc import Iterator

from vivavoce.agent_limits import CHOICES
from vivavoce.server.console.agent_form_fields import AnyField, Field, Section
from vivavoce.server.console.agent_form_later import LATER_SECTIONS
from vivavoce.server.console.agent_form_rows import PRONUNCIATIONS

__all__ = ["ESSENTIALS", "SECTIONS", "all_fields"]

_LANGUAGES = "en es fr de it pt nl ru hi mr gu ta te kn ml bn or north_indic".split()
_VOICE_MODELS = "waves_lightning_v3_1 gpt-realtime gpt-realtime-mini".split()
_SOUNDS = {"": "None", "office": "Office", "cafe": "Café", "call_center": "Call centre", "static": "Static"}
_ENHANCEMENT = {0: "Off", 1: "Usual", 2: "Strong"}

_CONVERSATION = Section(
    "conversation",
    "Conversation",
    "Who the agent is, and how a call begins.",
    (
        Field("name", "Name", help="For you and your colleagues; visitors do not see it.", placeholder="New agent"),
        Field("firstMessage", "Greeting", "text", help="Said first. {{name}} stands for a variable.", lines=2),
        Field(
            "singlePromptConfig.prompt",
            "Prompt",
            "text",
            help="What a language model is told: who it is, what it is to do, how it speaks. The built-in brain "
            "answers from its paragraphs, and leaves instructions out.",
            lines=10,
        ),
        Field(
            "globalPrompt",
            "Short prompt",
            "text",
            help="Used where the prompt above is empty.",
            lines=4,
        ),
        Field(
            "knowledge",
            "Knowledge text",
            "text",
            help="Markdown, a heading for each question. For more than a page use Knowledge above: files, and "
            "questions with their answers.",
            default="",
            lines=6,
        ),
        Field("waitForUserToSpeakFirst", "The visitor speaks first: no greeting", "switch"),
        Field("description", "Description", "text", help="For you and your colleagues.", lines=2),
    ),
)

_VOICE = Section(
    "voice",
    "Voice",
    "How the agent sounds, and in which language.",
    (
        Field(
            "synthesizer.voiceConfig.voiceId",
            "Voice",
            help="A name that this server’s voice engine knows, such as en-gb for espeak; empty for its usual one.",
            default="",
            placeholder="the engine’s own",
        ),
        Field("synthesizer.speed", "Speed", "number", help="1.2 is the voice’s natural pace."),
        Field(
            "language.default",
            "Language",
            help="A code such as en or de.",
            suggestions=tuple(_LANGUAGES),
        ),
        Field(
            "language.supported",
            "Languages that it speaks",
            "words",
            help="Codes with commas between them, the language above among them; empty for that alone.",
            default="",
        ),
        PRONUNCIATIONS,
        Field(
            "synthesizer.voiceConfig.model",
            "Voice model",
            help="One that begins with waves, lightning or gpt-realtime is hosted elsewhere: the engine’s own voice "
            "speaks in its place.",
            suggestions=tuple(_VOICE_MODELS),
            default="",
            rare=True,
        ),
        Field(
            "synthesizer.voiceConfig.gender",
            "Gender",
            "choice",
            help="Only for the variable {{agent_gender}}.",
            options=(("female", "Female"), ("male", "Male")),
            rare=True,
        ),
        Field("synthesizer.consistency", "Consistency", "number", inert=True),
        Field("synthesizer.similarity", "Similarity", "number", inert=True),
        Field(
            "synthesizer.enhancement",
            "Enhancement",
            "choice",
            options=tuple((str(value), _ENHANCEMENT.get(value, str(value))) for value in (0, 1, 2)),
            inert=True,
        ),
        Field(
            "synthesizer.sampleRate",
            "Sample rate",
            "choice",
            help="The page asks for a rate when it opens a call.",
            options=tuple((str(rate), f"{rate} Hz") for rate in CHOICES["synthesizer.sampleRate"]),
            inert=True,
        ),
        Field(
            "backgroundSound",
            "Background sound",
            "choice",
            options=tuple((str(sound), _SOUNDS.get(str(sound), str(sound))) for sound in CHOICES["backgroundSound"]),
            inert=True,
        ),
        Field("language.switching.isEnabled", "Follows a visitor into another language", "switch", inert=True),
        Field("language.switching.minWordsForDetection", "Words it takes to tell a language", "whole", inert=True),
        Field("language.switching.strongSignalThreshold", "Sure of another language from", "number", inert=True),
        Field("language.switching.weakSignalThreshold", "Perhaps another language from", "number", inert=True),
        Field(
            "language.switching.minConsecutiveForWeakThresholdSwitch",
            "Turns in a row that make “perhaps” a change",
            "whole",
            inert=True,
        ),
    ),
)

_LISTENING = Section(
    "listening",
    "Listening",
    "When the visitor counts as speaking, when his turn is over, and whether he may interrupt.",
    (
        Field(
            "voiceDetectionConfig.releaseTimeInSecs",
            "Silence that ends a turn (seconds)",
            "number",
            help="Shorter answers faster; longer lets people think.",
        ),
        Field(
            "smartTurnConfig.isEnabled",
            "Wait for unfinished sentences",
            "switch",
            help="A turn that ends with a comma, “and” or “um” is waited for. Then the silence above can be shorter.",
        ),
        Field("smartTurnConfig.waitTimeInSecs", "Longest wait for an unfinished sentence (seconds)", "number"),
        Field(
            "allowInterruptions",
            "The visitor may interrupt",
            "switch",
            help="Off: he is not heard while the agent talks.",
        ),
        Field(
            "interruptionBackoffTimer",
            "Not to be interrupted at first (seconds)",
            "number",
            help="So long at the start of each turn the agent talks on.",
        ),
        Field(
            "muteUserUntilFirstBotResponse",
            "The visitor is not heard before the agent’s first turn has ended",
            "switch",
        ),
        Field(
            "voiceDetectionConfig.confidence",
            "Sureness that a sound is speech",
            "number",
            help="Higher for noisy places; too high, and soft voices are missed.",
            rare=True,
        ),
        Field(
            "voiceDetectionConfig.minVolume",
            "Least volume",
            "number",
            help="What is softer is no speech: 0.6 is 50 dB below full scale, 0.1 is 10 dB; 0 takes every sound.",
            rare=True,
        ),
        Field(
            "voiceDetectionConfig.triggerTimeInSecs",
            "Speech before the visitor counts as speaking (seconds)",
            "number",
            rare=True,
        ),
        Field("denoisingConfig.isEnabled", "Suppress noise", "switch", help="Browsers do this themselves.", inert=True),
    ),
)

_TIMING = Section(
    "timing",
    "Timing",
    "What happens when nobody says anything, and how long a call may last.",
    (
        Field(
            "llmIdleTimeoutConfig.webcallTimeoutTimeInSecs",
            "Silence before it asks whether anybody is there (seconds)",
            "number",
        ),
        Field("llmIdleTimeoutConfig.chatTimeoutTimeInSecs", "The same in a chat (seconds)", "number"),
        Field("llmIdleTimeoutConfig.maxRetries", "How often it asks before it hangs up", "whole"),
        Field("sessionTimeoutConfig.timeoutTimeInSecs", "Longest call (seconds)", "number"),
        Field(
            "llmIdleTimeoutConfig.telephonyTimeoutTimeInSecs",
            "The same on the telephone (seconds)",
            "number",
            default="",
            inert=True,
        ),
    ),
)

SECTIONS = (_CONVERSATION, _VOICE, _LISTENING, _TIMING, *LATER_SECTIONS)


def all_fields() -> Iterator[AnyField]:
    """The fields of all sections."""
    for section in SECTIONS:
        yield from section.fields


_ESSENTIAL_PATHS = (
    "name",
    "firstMessage",
    "singlePromptConfig.prompt",
    "globalPrompt",
    "waitForUserToSpeakFirst",
    "synthesizer.voiceConfig.voiceId",
    "synthesizer.speed",
    "voiceDetectionConfig.releaseTimeInSecs",
    "smartTurnConfig.isEnabled",
    "allowInterruptions",
    "interruptionBackoffTimer",
)
# What one changes while one tries an agent, in this order.
ESSENTIALS = tuple(
    next(field for field in all_fields() if isinstance(field, Field) and field.path == path)
    for path in _ESSENTIAL_PATHS
)
