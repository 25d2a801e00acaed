"""
Who is asked for: one user, one organization, and what may be used at the same time.

A server of one's own is one organization; whoever has a key is its user. Nothing is paid for, so no limit is a bill's.
Source: wire-spec 2.11.
"""

from typing import Annotated

import msgspec
from litestar import Response, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest, Ok, Success
from vivavoce.server.bodies import read_object
from vivavoce.server.identifiers import AGENT_ID
from vivavoce.server.services import Services
from vivavoce.store import agents, settings
from vivavoce.views.agent import HOUSE_ID

__all__ = [
    "HANDLERS",
    "AccountDetails",
    "AgentReservation",
    "Concurrency",
    "Limits",
    "Organization",
    "Renamed",
    "Reservation",
    "ReservationOrder",
    "Subscription",
    "Updated",
    "User",
    "change_reservations",
    "rename_organization",
]

# Clients compare what they use with a number, so what has no limit has one that nobody reaches.
_NO_LIMIT = 1_000_000
_EMAIL = "operator@localhost"
_FIRST_NAME, _LAST_NAME = "Vivavoce", "Operator"
_NAME_SETTING, _RESERVATIONS_SETTING = "organization_name", "reservations"
_DEFAULT_NAME = "Vivavoce"
# Agents that are listed with what is reserved for them.
_MOST_AGENTS = 500

Count = Annotated[int, Meta(ge=0, le=_NO_LIMIT)]


class User(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whoever has a key."""

    id: str = msgspec.field(name="_id", default=HOUSE_ID)
    first_name: str = _FIRST_NAME
    last_name: str = _LAST_NAME
    user_email: str = _EMAIL
    auth_provider: str = "api-key"
    is_email_verified: bool = True
    organization_id: str = HOUSE_ID


class Limits(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How much of everything there may be."""

    concurrent_calls: int
    agents: int = _NO_LIMIT
    campaigns: int = 0
    numbers: int = 0
    daily_calls: int = _NO_LIMIT
    knowledge_base_item_limit: int = 0
    knowledge_base_limits: int = 0


class Subscription(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the organization may use; nothing is paid for, and nothing runs out."""

    id: str = msgspec.field(name="_id", default=HOUSE_ID)
    organization: str = HOUSE_ID
    plan_id: str = "self-hosted"
    total_credits: int = _NO_LIMIT
    current_credits: int = _NO_LIMIT
    renewal_date: str = "9999-12-31T00:00:00.000Z"
    subscription_active: bool = True
    on_prem_enabled: bool = True
    limits: Limits
    features: dict[str, bool] = msgspec.field(default_factory=dict)


class Organization(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The one organization of this server."""

    org_id: str = HOUSE_ID
    name: str
    owner_email: str = _EMAIL
    # 0 is the owner.
    role_id: int = 0
    on_prem_enabled: bool = True


class AccountDetails(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The user and the organization; the one answer without an envelope."""

    user_id: str = HOUSE_ID
    email: str = _EMAIL
    first_name: str = _FIRST_NAME
    last_name: str = _LAST_NAME
    picture: str = ""
    has_onboarded: bool = True
    organizations: list[Organization]


class Renamed(msgspec.Struct, frozen=True, omit_defaults=True):
    """The organization has another name now, or a sentence says why not."""

    success: bool
    name: str = ""
    message: str = ""


class Reservation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many calls of each kind are kept free for an agent."""

    agent_id: str
    webcall: Count = 0
    outbound: Count = 0
    inbound: Count = 0
    chat: Count = 0

    @property
    def total(self) -> int:
        """All kinds together."""
        return self.webcall + self.outbound + self.inbound + self.chat


class ReservationOrder(msgspec.Struct, frozen=True):
    """What is to be kept free; agents that are not named keep what they have."""

    reservations: Annotated[list[Reservation], Meta(min_length=1, max_length=_MOST_AGENTS)]


class AgentReservation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An agent and what is kept free for it."""

    agent_id: str
    agent_name: str
    avatar_url: str = ""
    webcall: int = 0
    outbound: int = 0
    inbound: int = 0
    chat: int = 0


class Concurrency(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many calls there may be at a time, and what of that is kept free for whom."""

    org_limit: int
    total_reserved: int
    unreserved_pool: int
    agents: list[AgentReservation]


class Updated(msgspec.Struct, frozen=True):
    """How many reservations were written."""

    updated: int


@get("/user", summary="Show the user")
async def show_user() -> Ok[User]:
    """Whoever has a key is the one user of this server."""
    return Ok(User())


@get("/user/subscription", summary="Show what may be used")
async def show_subscription(services: NamedDependency[Services]) -> Ok[Subscription]:
    """Nothing is paid for; the one limit is that of calls at a time."""
    return Ok(Subscription(limits=Limits(concurrent_calls=_most_calls(services))))


@get("/account/get-account-details", summary="Show the user and the organization")
async def show_account(services: NamedDependency[Services]) -> AccountDetails:
    """The user and the one organization, without an envelope: so the original answers."""
    name = await settings.read(services.database, _NAME_SETTING)
    return AccountDetails(organizations=[Organization(name=name if isinstance(name, str) else _DEFAULT_NAME)])


@put("/account/update-org-name", summary="Rename the organization")
async def rename_organization(request: AnyRequest, services: NamedDependency[Services]) -> Response[Renamed]:
    """Rename the organization; 2 to 50 characters."""
    name = (await read_object(request)).get("name")
    if not isinstance(name, str) or not name.strip():
        return _not_renamed("Organization name is required")
    name = name.strip()
    if not 2 <= len(name) <= 50 or "\0" in name:
        return _not_renamed("Organization name must have 2 to 50 characters")
    await settings.change(services.database, _NAME_SETTING, lambda _: name)
    return Response(Renamed(success=True, name=name))


@get("/concurrency", summary="Show how many calls there may be at a time")
async def show_concurrency(services: NamedDependency[Services]) -> Success[Concurrency]:
    """The limit of the server, and what is kept free for its agents."""
    reserved = _reservations(await settings.read(services.database, _RESERVATIONS_SETTING))
    named = await agents.list_names(services.database, most=_MOST_AGENTS)
    total, limit = sum(reservation.total for reservation in reserved.values()), _most_calls(services)
    return Success(
        Concurrency(
            org_limit=limit,
            total_reserved=total,
            unreserved_pool=max(limit - total, 0),
            agents=[_shown(agent_id, name, reserved.get(agent_id)) for agent_id, name in named],
        )
    )


@put("/concurrency/reservations", summary="Keep calls free for agents")
async def change_reservations(
    services: NamedDependency[Services], data: JSONBody[ReservationOrder]
) -> Success[Updated]:
    """
    Keep calls free for agents.

    Where the server has no limit of calls at a time, every call is free at any time, and any reservation holds.
    Where it has one, all agents share it: a reservation that would not be kept is refused.
    """
    if services.config.most_calls:
        raise Refused(
            400, "Calls cannot be reserved while VIVAVOCE_MOST_CALLS limits them: all agents share that limit"
        )
    for order in data.reservations:
        if not AGENT_ID.fullmatch(order.agent_id):
            raise Refused(400, "Invalid agent id")
        if await agents.find(services.database, order.agent_id) is None:
            raise Refused(404, "Agent not found")

    def edit(known: object) -> object:
        reserved = {**_reservations(known), **{order.agent_id: order for order in data.reservations}}
        if sum(reservation.total for reservation in reserved.values()) > _NO_LIMIT:
            raise Refused(400, f"The reservations exceed the limit of {_NO_LIMIT} calls at a time")
        return [msgspec.to_builtins(reservation) for reservation in reserved.values() if reservation.total]

    await settings.change(services.database, _RESERVATIONS_SETTING, edit)
    return Success(Updated(len(data.reservations)))


def _most_calls(services: Services) -> int:
    return services.config.most_calls or _NO_LIMIT


def _not_renamed(message: str) -> Response[Renamed]:
    return Response(Renamed(success=False, message=message), status_code=400)


def _reservations(stored: object) -> dict[str, Reservation]:
    """The stored reservations by agent."""
    found = msgspec.convert(stored or [], list[Reservation])
    return {reservation.agent_id: reservation for reservation in found}


def _shown(agent_id: str, name: str, reserved: Reservation | None) -> AgentReservation:
    if reserved is None:
        return AgentReservation(agent_id=agent_id, agent_name=name)
    return AgentReservation(
        agent_id=agent_id,
        agent_name=name,
        webcall=reserved.webcall,
        outbound=reserved.outbound,
        inbound=reserved.inbound,
        chat=reserved.chat,
    )


HANDLERS = (
    show_user,
    show_subscription,
    show_account,
    rename_organization,
    show_concurrency,
    change_reservations,
)
