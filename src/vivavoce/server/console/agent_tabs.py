"""The pages of one agent, as the row of tabs that stands on each of them."""

from urllib.parse import urlencode

__all__ = ["AGENTS", "agent_path", "agent_tabs"]

AGENTS = "/console/agents"


def agent_path(agent_id: str, page: str = "") -> str:
    """The address of a page of an agent, such as ``try``; its settings without a name."""
    return f"{AGENTS}/{agent_id}/{page}" if page else f"{AGENTS}/{agent_id}"


def agent_tabs(agent_id: str) -> list[tuple[str, str]]:
    """Labels and addresses, for ``ui.tabs(agent_tabs, path)``."""
    return [
        ("Settings", agent_path(agent_id)),
        ("Try it", agent_path(agent_id, "try")),
        ("Knowledge", agent_path(agent_id, "knowledge")),
        ("Widget", agent_path(agent_id, "widget")),
        ("Calls", f"/console/calls?{urlencode({'agent': agent_id})}"),
    ]
