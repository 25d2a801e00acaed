"""The lists of the agent's form: tools, variables, pronunciations, and what is found out after a call."""

from vivavoce.server.agent_tools import TOOL_NAME, TOOL_NAME_RULE
from vivavoce.server.console.agent_form_fields import Field, RowKind, Rows

__all__ = ["MEASURES", "PRONUNCIATIONS", "QUESTIONS", "TOOLS", "VARIABLES"]

_NAME = Field(
    "name",
    "Name",
    help="By this name the model, and your page, call it: letters, digits, _ and -.",
    pattern=TOOL_NAME,
    pattern_says=f"Expected {TOOL_NAME_RULE}",
    required=True,
)
_WHEN = Field("description", "What it does, and when to use it", "text", help="The model reads this.", lines=2)
_ON = Field("enabled", "Switched on", "switch", default="on")
_FILLERS = Field(
    "fillerPhrases",
    "Said while it takes its time",
    "lines",
    help="A phrase a line, said in turn; empty for the usual ones, such as “One moment, please.”",
    default="",
    lines=2,
)

_PARAMETERS = Rows(
    "parameters",
    "What it is told",
    "parameter",
    (
        RowKind(
            "",
            "Parameter",
            (
                Field("name", "Name", default="", required=True),
                Field(
                    "type",
                    "Kind",
                    "choice",
                    options=(
                        ("text", "Text"),
                        ("number", "Number"),
                        ("integer", "Whole number"),
                        ("boolean", "Yes or no"),
                        ("enum", "One of the values"),
                    ),
                    default="text",
                ),
                Field("description", "What it is", default=""),
                Field("values", "Values", "lines", help="Only for one of the values: one a line.", default="", lines=1),
                Field("required", "Needed", "switch", default=""),
            ),
        ),
    ),
    help="What the model fills in when it uses the tool.",
    wide=True,
)

_NOT_YET = "This server keeps such a tool and does not run it."


def _kept(name: str, label: str, help: str = _NOT_YET) -> RowKind:
    return RowKind(name, label, (_NAME, _WHEN, _ON), help=help, inert=True)


TOOLS = Rows(
    "singlePromptConfig.tools",
    "Tools that it has",
    "tool",
    (
        RowKind(
            "client_tool",
            "Tool of your page",
            (
                _NAME,
                _WHEN,
                _PARAMETERS,
                Field(
                    "waitForResponse",
                    "The agent waits for its answer",
                    "switch",
                    default="on",
                    aliases=("expectsResponse",),
                ),
                Field(
                    "timeout",
                    "How long it waits",
                    "number",
                    help="Milliseconds from 1000 to 60000; 1000 unless you change it.",
                    default="1000",
                    aliases=("timeout_ms", "timeoutMs"),
                ),
                _FILLERS,
                _ON,
            ),
            help="Your page runs it, with what the visitor may do there.",
        ),
        RowKind(
            "knowledge_base_search",
            "Search in its knowledge",
            (_NAME, _WHEN, _FILLERS, _ON),
            help="The server searches what the agent knows.",
            begins={"name": "knowledge_base_search"},
        ),
        RowKind(
            "end_call",
            "Hanging up",
            (_NAME, _WHEN, _ON),
            help="The agent can always hang up; switched off here, it cannot.",
            begins={"name": "end_call"},
        ),
        _kept("api_call", "Request to another server"),
        _kept("extract_dynamic_variables", "Taking variables out of what is said"),
        _kept("transfer_call", "Passing a telephone call on"),
        RowKind("", "Other tool", (Field("type", "Kind", default=""), _NAME, _WHEN, _ON), help=_NOT_YET, inert=True),
    ),
    help="With tools an agent does something: looks an order up, opens a page, fills in a form. Only a language model "
    "uses them; the built-in brain only hangs up.",
    wide=True,
)

VARIABLES = Rows(
    "defaultVariables",
    "Variables",
    "variable",
    (RowKind("", "Variable", (Field("name", "Name", default=""), Field("value", "Value", default=""))),),
    help="What {{name}} stands for in the prompt, the knowledge and the greeting, where a call brings no value.",
    is_mapping=True,
)

PRONUNCIATIONS = Rows(
    "pronunciationDicts",
    "Pronunciation",
    "word",
    (
        RowKind(
            "",
            "Word",
            (
                Field("word", "Word as it is written", default=""),
                Field("pronunciation", "Spelt for the voice", default=""),
            ),
        ),
    ),
    help="Words that the voice gets wrong: write “SQL” as “sequel”. Captions and transcripts stay as they are.",
)

_IDENTIFIER = Field(
    "identifier",
    "Short name",
    help="a to z, 0 to 9 and _, such as appointment_made.",
    default="",
    placeholder="appointment_made",
)
QUESTIONS = Rows(
    "postCallAnalyticsConfig.dispositionMetrics",
    "Questions about each call",
    "question",
    (
        RowKind(
            "",
            "Question",
            (
                _IDENTIFIER,
                Field("dispositionMetricPrompt", "Question", "text", default="", lines=2),
                Field(
                    "dispositionMetricType",
                    "Its answer is",
                    "choice",
                    options=(
                        ("STRING", "A text"),
                        ("BOOLEAN", "Yes or no"),
                        ("INTEGER", "A whole number"),
                        ("ENUM", "One of the choices"),
                        ("DATETIME", "A date and time"),
                    ),
                    default="STRING",
                ),
                Field(
                    "choices", "Choices", "lines", help="Only for one of the choices: one a line.", default="", lines=2
                ),
            ),
        ),
    ),
    help="A language model answers them when a call is over: “Was an appointment made?”",
    wide=True,
)

MEASURES = Rows(
    "postCallAnalyticsConfig.successMetrics",
    "Measures of success",
    "measure",
    (
        RowKind(
            "",
            "Measure",
            (
                _IDENTIFIER,
                Field("successMetricPrompt", "Question", "text", default="", lines=2),
                Field(
                    "successMetricType",
                    "Its answer is",
                    "choice",
                    options=(
                        ("NUMERIC_SCALE", "From 1 to 10"),
                        ("PERCENTAGE_SCALE", "Per cent"),
                        ("PASS_FAIL", "Passed or failed"),
                        ("DESCRIPTIVE_SCALE", "Excellent, good, fair or poor"),
                    ),
                    default="PASS_FAIL",
                ),
            ),
        ),
    ),
    help="An older form of such questions, still answered.",
    wide=True,
    rare=True,
)
