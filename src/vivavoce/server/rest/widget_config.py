"""
How an agent's widget looks: ``widgetConfig`` of its document.

Source: Atoms widget configuration (wire-spec 2.5).
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Literal

import msgspec
from litestar import get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from vivavoce.agent_settings import Document, merged
from vivavoce.complaints import complaint
from vivavoce.errors import Refused
from vivavoce.server.answers import Success
from vivavoce.server.rest.agents import agent_below
from vivavoce.server.services import Services
from vivavoce.store import agents

__all__ = ["HANDLERS", "WidgetChange", "WidgetConfig", "changed_widget", "widget_of"]

Text = Annotated[str, Meta(max_length=2000)]
Colour = Annotated[str, Meta(max_length=100)]
Address = Annotated[str, Meta(max_length=2000)]
# What may be shown in a page: addresses of the web, and paths on this server.
_ADDRESSES = ("https://", "http://", "/")


class WidgetConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The configuration with its defaults; ``assistantId`` is the agent's id."""

    assistant_id: str = ""
    position: Literal["bottom-right", "bottom-left", "top-right", "top-left"] = "bottom-right"
    size: Literal["tiny", "compact", "full"] = "full"
    # Pixels.
    border_radius: Annotated[int, Meta(ge=0, le=50)] = 16
    # Our own besides those of the source: both in one panel, and as the visitor's system prefers.
    mode: Literal["chat", "voice", "hybrid"] = "chat"
    theme: Literal["light", "dark", "auto"] = "light"
    base_color: Colour = "#ffffff"
    accent_color: Colour = "#2d9d9f"
    # Our own, as attributes of the widget have it (wire-spec 3.8), and so is the empty panel of both.
    cta_button_color: Colour = "#000000"
    cta_button_text_color: Colour = "#ffffff"
    agent_bubble_color: Colour = "#f3f4f6"
    text_on_accent_color: Colour = "#FFFFFF"
    secondary_text_color: Colour = "#6b7280"
    primary_text_color: Colour = "#111827"
    title: Text = "Talk with AI"
    start_button_text: Text = "Start"
    end_button_text: Text = "End"
    cta_title: Text | None = None
    cta_subtitle: Text | None = None
    cta_name: Text | None = "Talk to Atoms"
    widget_name: Text | None = "Atoms"
    avatar_url: Address | None = None
    voice_empty_message: Text | None = None
    voice_active_empty_message: Text | None = None
    chat_empty_message: Text | None = None
    hybrid_empty_message: Text | None = None
    chat_first_message: Text | None = None
    chat_placeholder: Text = "Type your message..."
    voice_show_transcript: bool = True
    consent_required: bool = False
    consent_title: Text = "Privacy Agreement"
    consent_content: Annotated[str, Meta(max_length=10_000)] = ""
    consent_storage_key: Text | None = None
    public_key: Text = ""
    # Names of the hosts that may embed the widget; none for any.
    allowlist: Annotated[tuple[Text, ...], Meta(max_length=200)] = ()


class WidgetChange(msgspec.Struct, frozen=True, rename="camel"):
    """The fields that change; null brings a default back."""

    widget_config: dict[str, object]


@get("/agent/{agent_id:str}/widget-config", summary="Show how an agent's widget looks")
async def show_widget(services: NamedDependency[Services], agent_id: FromPath[str]) -> Success[WidgetConfig]:
    """The configuration, with its defaults."""
    agent = await agent_below(services.database, agent_id)
    return Success(widget_of(agent.id, agent.document))


@patch("/agent/{agent_id:str}/widget-config", summary="Change how an agent's widget looks")
async def change_widget(
    services: NamedDependency[Services], agent_id: FromPath[str], data: JSONBody[WidgetChange]
) -> Success[WidgetConfig]:
    """Change the fields that are sent."""
    agent = await agent_below(services.database, agent_id)
    changed = await agents.change(
        services.database, agent.id, lambda document: changed_widget(document, data.widget_config)
    )
    return Success(widget_of(agent.id, agent.document if changed is None else changed.document))


def changed_widget(document: Document, changes: Document) -> dict[str, object]:
    """
    The document with a changed widget; fields that this server does not know are kept.

    Args:
        document: Of an agent.
        changes: Fields of ``WidgetConfig`` by their names on the wire; None brings a default back.

    Raises:
        Refused: 400 with a text such as ``widgetConfig.borderRadius: Expected number <= 50``.
    """
    known = document.get("widgetConfig")
    sent = {name: value for name, value in changes.items() if value is not None}
    try:
        config = msgspec.convert(sent, WidgetConfig)
    except msgspec.ValidationError as error:
        raise Refused(400, complaint(str(error), within="widgetConfig")) from error
    if config.avatar_url and not config.avatar_url.startswith(_ADDRESSES):
        raise Refused(400, "widgetConfig.avatarUrl: Expected an address that begins with https://, http:// or /")
    widget = {**(known if isinstance(known, Mapping) else {}), **changes}
    widget = {name: value for name, value in widget.items() if value is not None and name != "assistantId"}
    return merged(document, {"widgetConfig": widget})


def widget_of(agent_id: str, document: Document) -> WidgetConfig:
    """The configuration with its defaults, which also stand for what an author wrote elsewhere and does not fit."""
    written = document.get("widgetConfig")
    fitting: dict[str, object] = {}
    for name, value in written.items() if isinstance(written, Mapping) else ():
        with suppress(msgspec.ValidationError):
            msgspec.convert({name: value}, WidgetConfig)
            fitting[name] = value
    return msgspec.convert({**fitting, "assistantId": agent_id}, WidgetConfig)


HANDLERS = (show_widget, change_widget)
