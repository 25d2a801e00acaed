"""
The prompt and the tools of an agent, by the routes of the time before agents had versions.

Source: Atoms agents (wire-spec 2.2). An agent has one workflow, so both go by one id.
"""

from typing import Literal

import msgspec
from litestar import get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from vivavoce.agent_settings import merged, settings_of
from vivavoce.errors import Refused
from vivavoce.server.answers import Ok
from vivavoce.server.identifiers import AGENT_ID
from vivavoce.server.rest.agents import agent_below
from vivavoce.server.services import Services
from vivavoce.store import agents

__all__ = ["HANDLERS", "SinglePromptChange", "SinglePromptShown", "WorkflowChange", "WorkflowShown"]

Tools = list[dict[str, object]]


class SinglePromptShown(msgspec.Struct, frozen=True):
    """The prompt and the tools."""

    prompt: str
    tools: Tools


class WorkflowShown(msgspec.Struct, frozen=True, rename="camel"):
    """An agent's workflow; clients look for prompt and tools in either place."""

    id: str = msgspec.field(name="_id")
    type: str
    prompt: str
    tools: Tools
    single_prompt_config: SinglePromptShown


class SinglePromptChange(msgspec.Struct, frozen=True):
    """What of the prompt and the tools changes; what is left out, or null, stays."""

    prompt: str | None = None
    tools: Tools | None = None


class WorkflowChange(msgspec.Struct, frozen=True, rename="camel"):
    """A change of a workflow."""

    single_prompt_config: SinglePromptChange
    type: Literal["single_prompt", "workflow_graph"] = "single_prompt"


@get("/agent/{agent_id:str}/workflow", summary="Show an agent's prompt and tools")
async def show_workflow(services: NamedDependency[Services], agent_id: FromPath[str]) -> Ok[WorkflowShown]:
    """The prompt that calls use, wherever its author put it, and the tools."""
    agent = await agent_below(services.database, agent_id)
    settings = settings_of(agent.document)
    prompt, tools = settings.prompt, list(settings.single_prompt_config.tools)
    return Ok(WorkflowShown(agent.id, settings.workflow_type, prompt, tools, SinglePromptShown(prompt, tools)))


@patch("/workflow/{workflow_id:str}", summary="Change an agent's prompt and tools")
async def change_workflow(
    services: NamedDependency[Services], workflow_id: FromPath[str], data: JSONBody[WorkflowChange]
) -> Ok[str]:
    """Change the prompt or the tools; calls that begin from now on use them."""
    if not AGENT_ID.fullmatch(workflow_id):
        raise Refused(400, "Invalid workflow id")
    if data.type != "single_prompt":
        raise Refused(400, "Workflow graphs are not supported: send type single_prompt with singlePromptConfig")
    config = data.single_prompt_config
    sent: dict[str, object] = {"prompt": config.prompt, "tools": config.tools}
    change = {"singlePromptConfig": {name: value for name, value in sent.items() if value is not None}}
    agent = await agents.change(services.database, workflow_id, lambda document: merged(document, change))
    if agent is None:
        raise Refused(404, "Workflow not found")
    return Ok(agent.id)


HANDLERS = (show_workflow, change_workflow)
