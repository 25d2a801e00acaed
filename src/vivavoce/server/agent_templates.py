"""
Templates of agents: complete single prompts to begin with, as TOML files beside this one.

Source: the template item of the Atoms API (wire-spec 2.4). ``firstMessage``, ``knowledge`` and ``defaultVariables`` are
our own: with them a new agent can be talked to at once, whichever brain answers.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from vivavoce import ids

__all__ = ["Template", "TemplatePrompt", "TemplateTool", "document_of", "templates"]


class TemplateTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool of a template."""

    type: str
    name: str
    description: str
    input_schema: dict[str, object] = msgspec.field(default_factory=dict)


class TemplatePrompt(msgspec.Struct, frozen=True, kw_only=True):
    """The prompt of a template and its tools."""

    id: str = msgspec.field(name="_id", default="")
    prompt: str
    tools: tuple[TemplateTool, ...] = ()


class Template(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One template: what it is for, and what an agent that is made from it begins with."""

    # 24 hex digits, the same on every server; and a name for people.
    object_id: str = msgspec.field(name="_id", default="")
    id: str
    name: str
    description: str
    avatar_url: str = ""
    reference_url: str = ""
    industry: str
    use_case: str
    call_type: Literal["Inbound", "Outbound", "Both"] = "Inbound"
    workflow_type: Literal["SINGLE_PROMPT", "WORKFLOW_GRAPH"] = "SINGLE_PROMPT"
    region: Literal["India", "US"] = "US"
    trending: bool = False
    default_language: Literal["English", "Hindi", "Marathi", "Gujarati"] = "English"
    single_prompt_config: TemplatePrompt
    first_message: str
    knowledge: str
    default_variables: dict[str, str] = msgspec.field(default_factory=dict)


@cache
def templates() -> tuple[Template, ...]:
    """All templates, in the order of their names; read once."""
    folder = files("vivavoce.server").joinpath("templates")
    found = [_read(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".toml")]
    return tuple(sorted(found, key=lambda template: template.name))


def document_of(template: Template, *, name: str, description: str) -> dict[str, object]:
    """The document of an agent that is made from a template; an empty description is the template's."""
    tools = [{"type": tool.type, "name": tool.name, "description": tool.description} for tool in _tools(template)]
    return {
        "name": name,
        "description": description or template.description,
        "workflowType": "single_prompt",
        "firstMessage": template.first_message,
        "singlePromptConfig": {"prompt": template.single_prompt_config.prompt, "tools": tools},
        "knowledge": template.knowledge,
        "defaultVariables": dict(template.default_variables),
    }


def _tools(template: Template) -> tuple[TemplateTool, ...]:
    return template.single_prompt_config.tools


def _read(text: str) -> Template:
    template = msgspec.convert(tomllib.loads(text), Template)
    prompt = msgspec.structs.replace(template.single_prompt_config, id=_id_of(f"{template.id} prompt"))
    return msgspec.structs.replace(template, object_id=_id_of(template.id), single_prompt_config=prompt)


def _id_of(slug: str) -> str:
    """24 hex digits that are always the same for the same template."""
    return ids.digest(f"template {slug}")[:24]
