"""Why a public page was refused, in plain words, and what the operator can do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["REASONS", "RefusalReason", "reason_in_words"]


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """
    One reason.

    Args:
        name: A few words.
        advice: What to do.
        leads_to: The page of the agent on which it is done: ``widget``, ``settings``, or none.
    """

    name: str
    advice: str
    leads_to: Literal["widget", "settings", ""] = ""


# By the code of the refusal; see docs/embedding.md.
REASONS: Mapping[str, RefusalReason] = {
    "host_not_allowed": RefusalReason(
        "Page not allowed",
        "If the page is yours, add its host to the agent's allowed hosts. If not, there is nothing to do: "
        "it was kept out.",
        "widget",
    ),
    "origin_missing": RefusalReason(
        "No page named",
        "A program, a file on a disk or a sandboxed frame asked. Open the page from a web server; "
        "your own programs use an API key.",
    ),
    "agent_not_found": RefusalReason(
        "Agent archived",
        "Bring the agent back, or take it off the pages that still ask for it.",
        "settings",
    ),
    "agent_busy": RefusalReason(
        "All lines taken",
        "Raise the agent's calls at the same time, if the server and your budget allow it.",
        "widget",
    ),
    "visitor_busy": RefusalReason(
        "Too many calls of one visitor",
        "Mostly an office or a mobile network behind one address: raise the calls at once of a visitor.",
        "widget",
    ),
    "agent_minutes_used": RefusalReason(
        "Agent's minutes used up",
        "Raise the agent's minutes a day, or let it rest until midnight UTC.",
        "widget",
    ),
    "visitor_minutes_used": RefusalReason(
        "Visitor's minutes used up",
        "If it was no abuse, raise the minutes a day of a visitor.",
        "widget",
    ),
    "too_many_requests": RefusalReason(
        "Too many requests",
        "A script, or all visitors behind a proxy that the server has not been told of: "
        "set VIVAVOCE_TRUSTED_PROXIES if you run one.",
    ),
    "draining": RefusalReason("Server was stopping", "Nothing: the visitor could try again a moment later."),
}
_UNKNOWN = RefusalReason("Another reason", "See docs/embedding.md for the code of the reason.")


def reason_in_words(code: str) -> RefusalReason:
    """The words for a code."""
    return REASONS.get(code, _UNKNOWN)
