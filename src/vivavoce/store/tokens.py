"""The access tokens: short-lived, good for one connection on one wire, and all that a page ever holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from vivavoce import ids
from vivavoce.clock import now
from vivavoce.store.database import Database
from vivavoce.store.tables import tokens

__all__ = [
    "ATOMS_PREFIX",
    "LIFETIME_S",
    "SYNTHFLOW_LIFETIME_S",
    "SYNTHFLOW_PREFIX",
    "Grant",
    "find",
    "mint",
    "redeem",
]

# What a token begins with says on which wire it is good.
ATOMS_PREFIX = "wct_"
SYNTHFLOW_PREFIX = "sft_"
# Source: Atoms register-call, ``expires_in`` (wire-spec 2.1).
LIFETIME_S = 30
# Source: wire-spec 4.1.
SYNTHFLOW_LIFETIME_S = 60
# Spent and expired tokens are kept for a while, then swept when a new one is made.
_SWEPT_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Grant:
    """
    What a token allows: one call to one agent, with everything about it settled when it was made.

    Args:
        agent_id: The agent.
        mode: ``webcall`` or ``chat``.
        variables: The caller's variables, without reserved names.
        input_format: Audio token such as ``pcm_24000``.
        output_format: Likewise.
        origin: The page's origin, where the token was made for one; empty otherwise.
        visitor: Who talks from a public page, as ``server.embed_visitors`` tells people apart; empty otherwise.
    """

    agent_id: str
    mode: str = "webcall"
    variables: Mapping[str, object] = field(default_factory=dict)
    input_format: str = "pcm_24000"
    output_format: str = "pcm_24000"
    origin: str = ""
    visitor: str = ""


async def mint(database: Database, grant: Grant, *, lifetime_s: float = LIFETIME_S, prefix: str = ATOMS_PREFIX) -> str:
    """Make a token; only its digest is stored."""
    token = ids.access_token(prefix)
    moment = now()
    async with database.write() as connection:
        await connection.execute(delete(tokens).where(tokens.c.expires_at < moment - _SWEPT_AFTER))
        await connection.execute(
            insert(tokens).values(
                digest=ids.digest(token),
                agent_id=grant.agent_id,
                mode=grant.mode,
                variables=dict(grant.variables),
                formats={"input": grant.input_format, "output": grant.output_format},
                origin=grant.origin,
                visitor=grant.visitor,
                expires_at=moment + timedelta(seconds=lifetime_s),
            )
        )
    return token


async def find(database: Database, token: str) -> Grant | None:
    """What a token would allow now, without spending it; None when it is unknown, expired or spent."""
    async with database.read() as connection:
        row = (await connection.execute(select(tokens).where(*_good(token)))).first()
    return None if row is None else _grant(row)


async def redeem(database: Database, token: str) -> Grant | None:
    """Spend a token. Of several that try at the same time, one gets the grant and the others None."""
    async with database.write() as connection:
        row = (
            await connection.execute(update(tokens).where(*_good(token)).values(used_at=now()).returning(*tokens.c))
        ).first()
    return None if row is None else _grant(row)


def _good(token: str) -> tuple[ColumnElement[bool], ...]:
    return tokens.c.digest == ids.digest(token), tokens.c.used_at.is_(None), tokens.c.expires_at > now()


def _grant(row: Row[*tuple[object, ...]]) -> Grant:
    return Grant(
        agent_id=row.agent_id,
        mode=row.mode,
        variables=row.variables,
        input_format=row.formats["input"],
        output_format=row.formats["output"],
        origin=row.origin,
        visitor=row.visitor,
    )
