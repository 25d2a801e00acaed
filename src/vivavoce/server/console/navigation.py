"""What the navigation of the console offers, in its order."""

from dataclasses import dataclass

__all__ = ["NAVIGATION", "Entry", "current"]


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A line of the navigation.

    Args:
        label: In the words of whoever runs a site.
        path: Where it leads; it is the current one on all pages below it, too.
        icon: A name in ``templates/icons.html``.
    """

    label: str
    path: str
    icon: str


NAVIGATION = (
    Entry("Overview", "/console", "overview"),
    Entry("Agents", "/console/agents", "agents"),
    Entry("Calls", "/console/calls", "calls"),
    Entry("Webhooks", "/console/webhooks", "webhooks"),
    Entry("Refusals", "/console/refusals", "refusals"),
    Entry("API keys", "/console/keys", "keys"),
    Entry("Users", "/console/users", "users"),
)


def current(path: str) -> Entry | None:
    """The entry that a page belongs to: the longest that its path begins with."""
    fitting = [
        entry
        for entry in NAVIGATION
        if path == entry.path or (entry.path != "/console" and path.startswith(f"{entry.path}/"))
    ]
    return fitting[0] if fitting else None
