"""What is settled of a call before it begins: its names, its wire, its tools, and what its agent is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from vivavoce import ids
from vivavoce.clock import now
from vivavoce.config import Config
from vivavoce.server.admission import Admission
from vivavoce.server.agent_tools import AgentTools, tools_of, with_tools
from vivavoce.server.briefing import brief_for
from vivavoce.server.knowledge import Known, known_to
from vivavoce.store.knowledge import Piece
from vivavoce.talk.brief import Brief
from vivavoce.wire import atoms, synthflow
from vivavoce.wire.atoms import AtomsCodec
from vivavoce.wire.atoms_extended import ExtendedCodec
from vivavoce.wire.dialect import Codec, ResumableCodec, SessionNames
from vivavoce.wire.synthflow import SynthflowCodec
from vivavoce.wire.variables import Value, resolve

__all__ = ["CallPlan", "plan_call", "with_supplied"]

# The brains that find their way through a knowledge text of any length; others search a long one with a tool.
_READS_ALL = frozenset({"knowledge"})


@dataclass(frozen=True, slots=True)
class CallPlan:
    """
    One call before it begins.

    Args:
        names: Its identifiers and its beginning.
        codec: Its wire.
        admission: The terms on which it was admitted.
        known: All that its agent knows.
        tools: Those of the agent.
        variables: All of the call, as they are at its beginning.
        brief: What the conversation is told.
    """

    names: SessionNames
    codec: Codec
    admission: Admission
    known: Known
    tools: AgentTools
    variables: Mapping[str, Value]
    brief: Brief


def plan_call(admission: Admission, pieces: Sequence[Piece], *, config: Config, brain: str) -> CallPlan:
    """
    Plan a call that begins now.

    Args:
        admission: The terms.
        pieces: What the agent knows beyond its document.
        config: The settings of the server.
        brain: The name of the language model's engine.
    """
    names = SessionNames(session_id=ids.session_id(), call_id=ids.call_id(), opened_at=now())
    known = known_to(admission.agent, pieces, reads_all=brain in _READS_ALL)
    tools = tools_of(admission.agent, searches=known.searched)
    codec = _codec(names, admission, tools, config)
    variables, brief = _briefed(names, codec, admission, known, tools, admission.variables)
    return CallPlan(names, codec, admission, known, tools, variables, brief)


def with_supplied(plan: CallPlan, supplied: Mapping[str, Value]) -> CallPlan:
    """With variables of webhooks, which count more than the agent's defaults and less than what the page gave."""
    given = {**supplied, **plan.admission.variables}
    variables, brief = _briefed(plan.names, plan.codec, plan.admission, plan.known, plan.tools, given)
    return replace(plan, variables=variables, brief=brief)


def _codec(names: SessionNames, admission: Admission, tools: AgentTools, config: Config) -> Codec:
    if admission.dialect == synthflow.DIALECT.name:
        return SynthflowCodec(admission.formats, events=config.synthflow_events, agent_role=config.ws_agent_role)
    plain = AtomsCodec(
        names,
        admission.formats,
        admission.mode,
        agent_role=config.ws_agent_role,
        client_tool_arguments=config.client_tool_arguments,
        configured_tool_names=tools.names,
        tools_managed_by_config=tools.managed_by_config,
    )
    if admission.extension is None:
        return plain
    return ExtendedCodec(
        plain,
        admission.formats,
        admission.extension,
        resume_token=ids.resume_token(),
        resume_window_s=config.resume_window_s,
    )


def _briefed(
    names: SessionNames,
    codec: Codec,
    admission: Admission,
    known: Known,
    tools: AgentTools,
    supplied: Mapping[str, Value],
) -> tuple[Mapping[str, Value], Brief]:
    """All variables of a call, and its brief."""
    variables = resolve(
        supplied, agent=admission.agent, call_id=names.call_id, mode=admission.mode, now=names.opened_at
    )
    brief = brief_for(
        admission.agent,
        mode=admission.mode,
        variables=variables,
        codec=codec,
        knowledge=known.in_prompt(tool.name for tool in tools.searches),
    )
    if isinstance(codec, ResumableCodec):
        policy = replace(brief.policy, away_s=codec.resume_window_s)
        brief = replace(brief, holds=admission.mode == "webcall", policy=policy)
    # Pages of the other wire cannot be asked to run anything.
    page_runs_tools = admission.dialect == atoms.DIALECT.name
    return variables, with_tools(brief, tools, variables, page_runs_tools=page_runs_tools)
