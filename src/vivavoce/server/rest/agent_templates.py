"""
The routes of templates, and of what a model would write.

Source: Atoms agents (wire-spec 2.2, 2.4).
"""

from typing import Annotated, Literal

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from vivavoce.agent_settings import cleaned
from vivavoce.errors import Refused
from vivavoce.server.agent_templates import Template, document_of, templates
from vivavoce.server.answers import Ok, Success
from vivavoce.server.services import Services
from vivavoce.store import agents

__all__ = ["HANDLERS", "PromptConfig", "TemplateOrder", "document_from"]

_REGIONS = {"us": "US", "in": "India"}


class TemplateOrder(msgspec.Struct, frozen=True, rename="camel"):
    """An agent to be made from a template; ``templateId`` is its ``id`` or its ``_id``."""

    agent_name: str
    template_id: str
    agent_description: str = ""


class PromptConfig(msgspec.Struct, frozen=True):
    """How a model is told to write agents; there is nothing to tell, as none does."""


def document_from(template_id: str, *, name: str, description: str = "") -> dict[str, object]:
    """
    The document of an agent that is made from a template, which is named by either of its ids.

    Raises:
        Refused: 404, there is no such template.
    """
    template = next((known for known in templates() if template_id in (known.id, known.object_id)), None)
    if template is None:
        raise Refused(404, "Template not found: see GET /agent/template")
    return cleaned(document_of(template, name=name, description=description))


@get("/agent/template", summary="List templates")
async def list_templates(
    region: Annotated[Literal["us", "in"] | None, QueryParameter(description="Only those of a region")] = None,
) -> Ok[list[Template]]:
    """The templates that agents can be made from."""
    wanted = _REGIONS.get(region or "", "")
    return Ok([template for template in templates() if not wanted or template.region == wanted])


@post("/agent/from-template", status_code=200, summary="Make an agent from a template")
async def create_from_template(services: NamedDependency[Services], data: JSONBody[TemplateOrder]) -> Ok[str]:
    """Make an agent with a template's prompt, greeting and knowledge; the answer is its id."""
    if not data.agent_name.strip():
        raise Refused(400, "agentName: Required")
    document = document_from(data.template_id, name=data.agent_name, description=data.agent_description)
    return Ok((await agents.create(services.database, document)).id)


@post("/agent/with-ai", summary="Have a model write an agent (not supported)")
async def create_with_ai() -> Ok[str]:
    """Say that no model writes agents here."""
    raise Refused(400, "No model writes agents here: use POST /agent or POST /agent/from-template")


@get("/agent/prompt-config", summary="How a model writes agents (empty)")
async def show_prompt_config() -> Success[PromptConfig]:
    """Nothing: no model writes agents here."""
    return Success(PromptConfig())


HANDLERS = (list_templates, create_from_template, create_with_ai, show_prompt_config)
