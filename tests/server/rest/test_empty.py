"""What a server of one's own has not, answered as empty."""

from pathlib import Path

import pytest

from tests.server.rest_scene import Scene, play


@pytest.mark.parametrize(
    "path", ["/knowledgebase", "/audience", "/product/phone-numbers", "/product/anything", "/product/phone-numbers?x=1"]
)
def test_lists_are_empty_in_their_documented_form(path: str, tmp_path: Path) -> None:
    """Typed clients fail on any other form (wire-spec 2.14, tier C)."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("GET", f"/atoms/v1{path}")

        assert (200, {"status": True, "data": []}) == (answer.status_code, answer.json())

    play(tmp_path, scenario)


def test_campaigns_have_a_page_of_none(tmp_path: Path) -> None:
    """A list with its pagination; a page that cannot be is refused."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("GET", "/atoms/v1/campaign?page=2&limit=20")
        refused = await scene.ask("GET", "/atoms/v1/campaign?page=0")

        assert {
            "campaigns": [],
            "pagination": {"total": 0, "page": 2, "offset": 20, "hasMore": False, "totalPages": 0},
            "totalCampaignCount": 0,
        } == answer.json()["data"]
        assert 400 == refused.status_code

    play(tmp_path, scenario)


def test_empty_lists_need_a_key_as_well(tmp_path: Path) -> None:
    """Whoever has none learns nothing, not even that there is nothing."""

    async def scenario(scene: Scene) -> None:
        assert 401 == (await scene.ask("GET", "/atoms/v1/campaign", key="")).status_code

    play(tmp_path, scenario)
