"""
What the hosted service has and a server of one's own has not: answered as empty, so that clients that look go on.

Source: wire-spec 2.14, tier C; the shapes are those that typed clients expect.
"""

from typing import Annotated

import msgspec
from litestar import get
from litestar.params import FromPath, QueryParameter

from vivavoce.server.answers import Ok

__all__ = ["HANDLERS", "Campaigns", "Nothing", "Pagination"]

_LARGEST_PAGE = 500


class Nothing(msgspec.Struct, frozen=True):
    """An entry of a list that is always empty."""


class Pagination(msgspec.Struct, frozen=True, rename="camel"):
    """Where a page stands in its list; ``offset`` is the size of a page."""

    page: int
    offset: int
    total: int = 0
    has_more: bool = False
    total_pages: int = 0


class Campaigns(msgspec.Struct, frozen=True, rename="camel"):
    """The campaigns of telephone calls: none."""

    pagination: Pagination
    campaigns: list[Nothing] = msgspec.field(default_factory=list)
    total_campaign_count: int = 0


@get("/campaign", summary="List campaigns (always empty)")
async def list_campaigns(
    page: Annotated[int, QueryParameter(ge=1, le=1_000_000)] = 1,
    offset: Annotated[int, QueryParameter(ge=0, description="Campaigns on a page; 0 for 10")] = 0,
    limit: Annotated[int, QueryParameter(ge=0, description="Another name of offset")] = 0,
) -> Ok[Campaigns]:
    """There are no telephone campaigns here."""
    return Ok(Campaigns(Pagination(page, min(offset or limit or 10, _LARGEST_PAGE))))


@get("/knowledgebase", summary="List knowledge bases (always empty)")
async def list_knowledge_bases() -> Ok[list[Nothing]]:
    """There are none here: an agent's knowledge is a field of its own, ``knowledge``."""
    return Ok([])


@get("/audience", summary="List audiences (always empty)")
async def list_audiences() -> Ok[list[Nothing]]:
    """There are no telephone campaigns here, and nobody to be called in them."""
    return Ok([])


@get("/product/{kind:str}", summary="List what was bought, such as phone-numbers (always empty)")
async def list_products(kind: FromPath[str]) -> Ok[list[Nothing]]:
    """Nothing is sold here."""
    return Ok([])


HANDLERS = (list_campaigns, list_knowledge_bases, list_audiences, list_products)
