"""The second half of the agent's form: tools, what comes after a call, limits, and what is rarely needed."""

from vivavoce.server.console.agent_form_fields import Field, Section
from vivavoce.server.console.agent_form_rows import MEASURES, QUESTIONS, TOOLS, VARIABLES

__all__ = ["LATER_SECTIONS"]

_MODELS = "electron electron-kogta electron-kogta-v2 gpt-4o gpt-4.1 gpt-5.2 gpt-realtime gpt-realtime-mini".split()

_TOOLS = Section(
    "tools",
    "Tools",
    "What the agent can do besides talking.",
    (
        TOOLS,
        Field(
            "clientToolsManagedByConfig",
            "Only these tools",
            "switch",
            help="A page can then declare none of its own.",
        ),
    ),
)

_AFTERWARDS = Section(
    "afterwards",
    "After the call",
    "What a language model finds out about each call when it is over.",
    (
        Field("postCallAnalyticsConfig.isEnabled", "Look at each call when it is over", "switch", default="on"),
        Field(
            "postCallAnalyticsConfig.summaryPrompt",
            "How a call is summed up",
            "text",
            help="Empty for two to four sentences.",
            default="",
            lines=2,
        ),
        QUESTIONS,
        MEASURES,
        Field(
            "postCallAnalyticsConfig.useInternalAnalyticsModel",
            "The model that the service keeps for this",
            "switch",
            help="Here the configured language model is asked in any case.",
            default="on",
            inert=True,
        ),
        Field("postCallAnalyticsConfig.useReasoningModel", "A model that reasons", "switch", default="", inert=True),
        Field("callDispositionConfig", "Dispositions", default="", inert=True),
        Field(
            "redactionConfig.isEnabled",
            "Take personal data out of transcripts",
            "switch",
            help="Nothing is redacted here.",
            inert=True,
        ),
    ),
)

_LIMITS = Section(
    "limits",
    "Public pages",
    "What visitors of pages without a key may use. Calls with a key of yours are not limited.",
    (
        Field("embedLimits.callsAtOnce", "Calls at the same time, all visitors", "whole", help="0 for no limit."),
        Field("embedLimits.minutesPerDay", "Minutes a day, all visitors", "number", help="0 for no limit."),
        Field(
            "embedLimits.callsAtOncePerVisitor", "Calls at the same time, one visitor", "whole", help="0 for no limit."
        ),
        Field("embedLimits.minutesPerDayPerVisitor", "Minutes a day, one visitor", "number", help="0 for no limit."),
    ),
)

_ADVANCED = Section(
    "advanced",
    "Advanced",
    "Other names, variables, the agent’s own time.",
    (
        Field(
            "assistantAlias",
            "Other name for pages",
            help="Another id by which a page may know the agent, such as the UUID of a Synthflow assistant: up to 100 "
            "letters, digits and the signs . _ -",
            default="",
        ),
        VARIABLES,
        Field(
            "timezone.label",
            "Time zone",
            help="For {{current_date}}, {{current_time}} and {{current_day}}. What stands in the brackets counts.",
            suggestions=(
                "(GMT-8:00) Los Angeles",
                "(GMT-5:00) New York",
                "(GMT-3:00) São Paulo",
                "(GMT+0:00) UTC",
                "(GMT+1:00) Berlin",
                "(GMT+2:00) Cairo",
                "(GMT+4:00) Dubai",
                "(GMT+5:30) India",
                "(GMT+8:00) Singapore",
                "(GMT+9:00) Tokyo",
                "(GMT+10:00) Sydney",
            ),
            default="",
            placeholder="(GMT+0:00) UTC",
        ),
        Field(
            "timezone.offset",
            "Hours from UTC",
            "number",
            help="Counts where the time zone above has no hours in brackets: 5.5 for India.",
            rare=True,
        ),
        Field(
            "slmModel",
            "Language model",
            help="The model is the server’s: see its settings.",
            suggestions=tuple(_MODELS),
            inert=True,
        ),
        Field(
            "workflowType",
            "Way of working",
            "choice",
            help="Every agent is answered as one with a single prompt.",
            options=(("single_prompt", "Single prompt"), ("workflow_graph", "Graph")),
            inert=True,
        ),
        Field("preCallAPI.isEnabled", "Ask another server before a call", "switch", inert=True),
        Field("preCallAPI.url", "Its address", inert=True),
        Field(
            "preCallAPI.method",
            "Method",
            "choice",
            options=tuple((name, name) for name in ("GET", "POST", "PUT", "PATCH")),
            inert=True,
        ),
        Field("preCallAPI.timeout", "Its time to answer (seconds)", "number", inert=True),
        Field("voiceMailDetectionConfig.enabled", "Notice answering machines", "switch", inert=True),
        Field("voiceMailDetectionConfig.endText", "Said to an answering machine", "text", lines=2, inert=True),
        Field("allowInboundCall", "Takes calls from the telephone", "switch", inert=True),
        Field("enableStyleGuide", "Style guide", "switch", inert=True),
        Field("visibleToEveryone", "Visible to everyone", "switch", inert=True),
    ),
)

LATER_SECTIONS = (_TOOLS, _AFTERWARDS, _LIMITS, _ADVANCED)
