"""
What can be set about an agent's widget, in the words of somebody who has a page.

The names are those of ``widgetConfig`` and ``embedLimits`` of the agent document; which values fit, these say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from vivavoce.agent_limits import RANGES
from vivavoce.agent_sections import EmbedLimits
from vivavoce.server.rest.widget_config import WidgetConfig

__all__ = ["DEFAULTS", "GROUPS", "Group", "WidgetField"]

DEFAULTS: Mapping[str, object] = {**msgspec.to_builtins(WidgetConfig()), **msgspec.to_builtins(EmbedLimits())}

Kind = Literal["text", "long", "choice", "colour", "number", "flag", "hosts", "limit"]


@dataclass(frozen=True, slots=True)
class WidgetField:
    """
    One setting.

    Args:
        name: In the document, and in the form.
        label: What people call it.
        kind: How it is typed; ``limit`` is one of ``embedLimits``.
        help: What is to be known about it.
        options: Of a choice: values and what they are called.
        instead: What an empty field stands for, where that is not the default of the API.
    """

    name: str
    label: str
    kind: Kind = "text"
    help: str = ""
    options: tuple[tuple[str, str], ...] = ()
    instead: str = ""

    @property
    def path(self) -> str:
        """Where it stands in the document."""
        return f"{'embedLimits' if self.kind == 'limit' else 'widgetConfig'}.{self.name}"

    @property
    def placeholder(self) -> str:
        """What an empty field shows."""
        return self.instead or str(DEFAULTS[self.name] or "")

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest number."""
        limits = RANGES.get(self.path)
        return (limits.low, limits.high) if limits else (0, 50)


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together."""

    title: str
    lead: str
    fields: tuple[WidgetField, ...]


def _text(name: str, label: str, instead: str, help_: str = "") -> WidgetField:
    return WidgetField(name, label, help=help_, instead=instead)


def _colour(name: str, label: str) -> WidgetField:
    return WidgetField(name, label, "colour")


def _limit(name: str, label: str) -> WidgetField:
    return WidgetField(name, label, "limit")


GROUPS: tuple[Group, ...] = (
    Group(
        "What it does",
        "",
        (
            WidgetField(
                "mode",
                "Visitors can",
                "choice",
                options=(("chat", "Write"), ("voice", "Talk"), ("hybrid", "Talk and write")),
            ),
            _text("title", "Heading of the panel", "Talk with AI"),
            _text("widgetName", "Name of the agent", "Assistant", "Stands before what it says."),
            WidgetField(
                "avatarUrl",
                "Picture of the agent",
                help="The address of a square picture: it begins with https://.",
                instead="https://www.example.com/ada.png",
            ),
        ),
    ),
    Group(
        "The button",
        "",
        (
            _text("ctaName", "Words on the button", "Chat with us"),
            _text("ctaTitle", "Line above them", "none"),
            _text("ctaSubtitle", "Line below them", "none"),
            WidgetField(
                "position",
                "Corner of the page",
                "choice",
                options=(
                    ("bottom-right", "Bottom right"),
                    ("bottom-left", "Bottom left"),
                    ("top-right", "Top right"),
                    ("top-left", "Top left"),
                ),
            ),
            WidgetField("size", "Size", "choice", options=(("full", "Full"), ("compact", "Compact"), ("tiny", "Tiny"))),
        ),
    ),
    Group(
        "Colours and shape",
        "A colour that is left empty is that of the scheme. "
        "Text that could not be read on a colour of yours is drawn in one that can.",
        (
            WidgetField(
                "theme",
                "Scheme",
                "choice",
                options=(("light", "Light"), ("dark", "Dark"), ("auto", "As the visitor's system prefers")),
            ),
            WidgetField("borderRadius", "Round corners (pixels)", "number", help="From 0 to 50."),
            _colour("accentColor", "Accent"),
            _colour("textOnAccentColor", "Text on the accent"),
            _colour("baseColor", "Panel"),
            _colour("primaryTextColor", "Text"),
            _colour("secondaryTextColor", "Faint text"),
            _colour("agentBubbleColor", "What the agent says"),
            _colour("ctaButtonColor", "Button"),
            _colour("ctaButtonTextColor", "Words on the button"),
        ),
    ),
    Group(
        "Words in the panel",
        "What is left empty is said in the visitor's own language; what you write is said to all alike.",
        (
            _text("startButtonText", "Button that begins a talk", "Start"),
            _text("endButtonText", "Button that ends it", "End Call"),
            _text("voiceEmptyMessage", "Before a talk", "Press the button and start talking."),
            _text("voiceActiveEmptyMessage", "When a talk has begun", "What is said will appear here."),
            WidgetField(
                "voiceShowTranscript", "Show what is said in a talk", "flag", help="Both sides, as it is spoken."
            ),
            _text("chatEmptyMessage", "Before a chat", "Ask us anything. Your first message begins the conversation."),
            _text("hybridEmptyMessage", "Before talk or chat", "Talk or write, whichever you prefer."),
            _text(
                "chatFirstMessage", "First line of a chat", "none", "Shown at once, before the agent has been asked."
            ),
            _text("chatPlaceholder", "In the empty text field", "Type your message..."),
        ),
    ),
    Group(
        "Consent",
        "",
        (
            WidgetField(
                "consentRequired",
                "Ask for consent first",
                "flag",
                help="Nothing is recorded or sent before the visitor agrees.",
            ),
            _text("consentTitle", "Heading", "Privacy Agreement"),
            WidgetField(
                "consentContent",
                "What the visitor agrees to",
                "long",
                help="An empty line begins a paragraph; addresses become links.",
                instead="What you say and write is processed to answer you, and may be recorded.",
            ),
            WidgetField(
                "consentStorageKey",
                "Remember the consent as",
                help="A name of your choice: the browser keeps it, and asks again under another name. "
                "Empty: asked at every visit.",
                instead="none",
            ),
        ),
    ),
    Group(
        "Which pages may show it",
        "",
        (
            WidgetField(
                "allowlist",
                "Allowed hosts",
                "hosts",
                help="One a line: shop.example is that host alone, *.shop.example all below it. "
                "Empty: every page in the world.",
            ),
            WidgetField(
                "publicKey",
                "Public key",
                help="Kept for scripts that were written for Atoms; nothing here asks for it.",
            ),
        ),
    ),
    Group(
        "What visitors may use",
        "A visitor is an address. Days are those of UTC, and 0 is no limit. "
        "Only calls from public pages count: not those of this console, and not those of your own back end.",
        (
            _limit("callsAtOncePerVisitor", "Calls at once, of one visitor"),
            _limit("minutesPerDayPerVisitor", "Minutes a day, of one visitor"),
            _limit("callsAtOnce", "Calls at once, of all together"),
            _limit("minutesPerDay", "Minutes a day, of all together"),
        ),
    ),
)
