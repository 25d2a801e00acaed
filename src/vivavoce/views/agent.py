"""
An agent as the API shows it.

Source: Atoms agent document (wire-spec 2.3); decision: settings appear at the top and in ``_resolvedConfig``.
"""

from vivavoce.agent_settings import settings_of, with_defaults
from vivavoce.store.agents import Agent
from vivavoce.views.times import iso

__all__ = ["HOUSE_ID", "agent_document", "agent_summary"]

# One server is one organisation with one user; clients want ids of 24 hex digits.
HOUSE_ID = "0" * 23 + "1"
_TRANSCRIBER = "vivavoce"
# Sections that _resolvedConfig repeats by the same name.
_RESOLVED = (
    "callDispositionConfig",
    "firstMessage",
    "globalPrompt",
    "preCallAPI",
    "muteUserUntilFirstBotResponse",
    "allowInterruptions",
    "voiceDetectionConfig",
    "smartTurnConfig",
    "backgroundSound",
    "denoisingConfig",
    "redactionConfig",
    "llmIdleTimeoutConfig",
    "sessionTimeoutConfig",
)


def agent_summary(agent: Agent, *, total_calls: int) -> dict[str, object]:
    """The agent as a list shows it: its settings with defaults, and what the server knows about it."""
    return {
        **with_defaults(agent.document),
        "_id": agent.id,
        "organization": HOUSE_ID,
        # An agent has one workflow, so both go by one id.
        "workflowId": agent.id,
        "createdBy": HOUSE_ID,
        "createdAt": iso(agent.created_at),
        "updatedAt": iso(agent.updated_at),
        "totalCalls": total_calls,
        "transcriberType": _TRANSCRIBER,
        "archived": agent.archived_at is not None,
        **({} if agent.archived_at is None else {"archivedAt": iso(agent.archived_at)}),
        "phoneNumber": [],
    }


def agent_document(agent: Agent, *, total_calls: int) -> dict[str, object]:
    """The agent as it is shown alone: the summary, and ``_resolvedConfig``."""
    summary = agent_summary(agent, total_calls=total_calls)
    settings = settings_of(agent.document)
    resolved: dict[str, object] = {
        "prompt": settings.prompt,
        "tools": list(settings.single_prompt_config.tools),
        "postCallAnalyticsConfig": summary.get("postCallAnalyticsConfig", {"dispositionMetrics": []}),
        "modelName": settings.slm_model,
        "transcriberType": _TRANSCRIBER,
        "defaultLanguage": settings.language.default,
        "supportedLanguages": list(settings.language.supported),
        "languageSwitching": settings.language.switching.is_enabled,
        "workflowGraph": None,
        **{name: summary[name] for name in _RESOLVED},
    }
    return {**summary, "_resolvedConfig": resolved}
