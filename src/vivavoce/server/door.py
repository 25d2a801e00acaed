"""What admission asks, answered from the store."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import cast

from vivavoce.server.admission import Grant, KeyInfo
from vivavoce.server.briefing import FINE_RATES_HZ, voice_rates_hz
from vivavoce.store import agents, keys, tokens
from vivavoce.store.database import Database
from vivavoce.wire import formats, variables
from vivavoce.wire.atoms import Mode

__all__ = ["StoreDoor"]


@dataclass(frozen=True, slots=True)
class StoreDoor:
    """Keys, tokens and agents of this server."""

    database: Database
    is_draining: Callable[[], bool]

    @property
    def draining(self) -> bool:
        """No new calls: the server is about to stop."""
        return self.is_draining()

    async def key(self, secret: str) -> KeyInfo | None:
        """The API key with this secret."""
        key = await keys.recognise(self.database, secret)
        return None if key is None else KeyInfo(key.id, allowed=True)

    async def token(self, secret: str) -> Grant | None:
        """What a token grants."""
        stored = await tokens.find(self.database, secret)
        if stored is None:
            return None
        return Grant(
            agent_id=stored.agent_id,
            # Minted by ``register-call``, which checked both.
            mode=cast(Mode, stored.mode),
            formats=formats.from_url(
                {"input_audio_format": stored.input_format, "output_audio_format": stored.output_format},
                voice_rates_hz=FINE_RATES_HZ,
            ),
            variables=variables.checked(stored.variables),
            origin=stored.origin,
            visitor=stored.visitor,
        )

    async def redeem(self, secret: str) -> bool:
        """Use a token up."""
        return await tokens.redeem(self.database, secret) is not None

    async def agent(self, agent_id: str) -> Mapping[str, object] | None:
        """The agent's document as its author wrote it, with its id."""
        agent = await agents.find(self.database, agent_id)
        if agent is None or agent.archived_at is not None:
            return None
        return {**agent.document, "_id": agent.id, "name": agent.name}

    def voice_rates_hz(self, agent: Mapping[str, object]) -> Collection[int]:
        """The rates that the agent's voice itself renders."""
        return voice_rates_hz(agent)
