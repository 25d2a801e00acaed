"""The user, the organization, and what may be used at the same time."""

from pathlib import Path

import pytest

from tests.server.rest_scene import Scene, play
from vivavoce.config import Config
from vivavoce.views.agent import HOUSE_ID


def test_whoever_has_a_key_is_the_user_of_the_one_organization(tmp_path: Path) -> None:
    """Source: wire-spec 2.11; the organization is the one that agents belong to."""

    async def scenario(scene: Scene) -> None:
        user = (await scene.ask("GET", "/atoms/v1/user")).json()["data"]
        account = (await scene.ask("GET", "/atoms/v1/account/get-account-details")).json()

        assert {
            "_id",
            "firstName",
            "lastName",
            "userEmail",
            "authProvider",
            "isEmailVerified",
            "organizationId",
        } == set(user)
        assert HOUSE_ID == user["organizationId"] == account["organizations"][0]["orgId"]
        # The one answer without an envelope.
        assert {"userId", "email", "firstName", "lastName", "picture", "hasOnboarded", "organizations"} == set(account)
        assert {"orgId", "name", "ownerEmail", "roleId", "onPremEnabled"} == set(account["organizations"][0])
        assert 401 == (await scene.ask("GET", "/atoms/v1/user", key="")).status_code

    play(tmp_path, scenario)


def test_the_organization_can_be_renamed(tmp_path: Path) -> None:
    """The new name is shown from then on, without the space around it."""

    async def scenario(scene: Scene) -> None:
        renamed = await scene.ask("PUT", "/atoms/v1/account/update-org-name", json={"name": " Corner Bakery "})
        account = (await scene.ask("GET", "/atoms/v1/account/get-account-details")).json()

        assert (200, {"success": True, "name": "Corner Bakery"}) == (renamed.status_code, renamed.json())
        assert "Corner Bakery" == account["organizations"][0]["name"]

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Organization name is required"),
        ({"name": " "}, "Organization name is required"),
        ({"name": 5}, "Organization name is required"),
        ({"name": "a"}, "Organization name must have 2 to 50 characters"),
        ({"name": "a" * 51}, "Organization name must have 2 to 50 characters"),
        ({"name": "a\0b"}, "Organization name must have 2 to 50 characters"),
    ],
)
def test_a_name_that_cannot_be_is_refused_in_its_own_form(
    body: dict[str, object], message: str, tmp_path: Path
) -> None:
    """This route says ``success`` and ``message`` where others have ``errors`` (wire-spec 2.0.2)."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("PUT", "/atoms/v1/account/update-org-name", json=body)

        assert (400, {"success": False, "message": message}) == (answer.status_code, answer.json())

    play(tmp_path, scenario)


@pytest.mark.parametrize(("most_calls", "limit"), [(0, 1_000_000), (7, 7)])
def test_the_limit_of_calls_is_the_servers(most_calls: int, limit: int, tmp_path: Path) -> None:
    """A server without one has a number that nobody reaches: clients compare what they use with it."""

    async def scenario(scene: Scene) -> None:
        subscription = (await scene.ask("GET", "/atoms/v1/user/subscription")).json()["data"]
        concurrency = (await scene.ask("GET", "/atoms/v1/concurrency")).json()

        assert (limit, True) == (subscription["limits"]["concurrentCalls"], subscription["subscriptionActive"])
        assert (True, limit, 0, limit) == (
            concurrency["success"],
            concurrency["data"]["orgLimit"],
            concurrency["data"]["totalReserved"],
            concurrency["data"]["unreservedPool"],
        )

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", most_calls=most_calls))


def test_calls_are_reserved_for_agents(tmp_path: Path) -> None:
    """Agents that are not named keep theirs; zero takes a reservation back."""

    async def scenario(scene: Scene) -> None:
        ids = [(await scene.ask("POST", "/atoms/v1/agent", json={"name": name})).json()["data"] for name in ("a", "b")]

        async def reserve(agent_id: str, **calls: int) -> int:
            order = {"reservations": [{"agentId": agent_id, **calls}]}
            answer = await scene.ask("PUT", "/atoms/v1/concurrency/reservations", json=order)
            assert {"success": True, "data": {"updated": 1}} == answer.json()
            return int((await scene.ask("GET", "/atoms/v1/concurrency")).json()["data"]["totalReserved"])

        assert 3 == await reserve(ids[0], webcall=2, chat=1)
        assert 8 == await reserve(ids[1], webcall=5)
        assert 5 == await reserve(ids[0])
        shown = (await scene.ask("GET", "/atoms/v1/concurrency")).json()["data"]["agents"]
        assert [("a", 0), ("b", 5)] == [(agent["agentName"], agent["webcall"]) for agent in shown]

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("order", "status", "text"),
    [
        ({}, 400, "reservations: Required"),
        ({"reservations": []}, 400, "reservations: "),
        ({"reservations": [{"agentId": "x"}]}, 400, "Invalid agent id"),
        ({"reservations": [{"agentId": "0" * 24}]}, 404, "Agent not found"),
        ({"reservations": [{"agentId": "0" * 24, "webcall": -1}]}, 400, "reservations"),
        ({"reservations": [{"agentId": "0" * 24, "webcall": "many"}]}, 400, "reservations"),
    ],
)
def test_a_reservation_that_cannot_be_is_refused(
    order: dict[str, object], status: int, text: str, tmp_path: Path
) -> None:
    """Fields, numbers and agents, each with its sentence."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("PUT", "/atoms/v1/concurrency/reservations", json=order)

        assert status == answer.status_code
        assert answer.json()["errors"][0].startswith(text), answer.json()

    play(tmp_path, scenario)


def test_what_would_not_be_kept_is_not_promised(tmp_path: Path) -> None:
    """All agents share the server's limit, so that nothing can be reserved below it."""

    async def scenario(scene: Scene) -> None:
        agent_id = (await scene.ask("POST", "/atoms/v1/agent", json={})).json()["data"]
        order = {"reservations": [{"agentId": agent_id, "webcall": 1}]}
        answer = await scene.ask("PUT", "/atoms/v1/concurrency/reservations", json=order)

        assert 400 == answer.status_code
        assert "VIVAVOCE_MOST_CALLS" in answer.json()["errors"][0]

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", most_calls=7))
