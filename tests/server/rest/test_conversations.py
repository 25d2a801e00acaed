"""A call is shown from its first moment on."""

from pathlib import Path

from tests.server.rest_scene import CALL_ID, Scene, play, start_call
from tests.store.made_calls import FIGURES, call_id, make_agent, make_call
from vivavoce.config import Config
from vivavoce.store import calls, facts
from vivavoce.talk.facts import AgentSaid, CallEnded, CallStarted

PATH = f"/atoms/v1/conversation/{CALL_ID}"


def test_a_call_is_shown_live_and_afterwards(tmp_path: Path) -> None:
    """Facts in memory and facts in the store make one list."""

    async def scenario(scene: Scene) -> None:
        await start_call(scene)
        scene.feed.publish(CALL_ID, CallStarted(0.0, "webcall"))
        scene.feed.publish(CALL_ID, AgentSaid(0.5, 1, "Hello", False))
        live = (await scene.ask("GET", PATH)).json()["data"]

        assert ("active", CALL_ID, ["Hello"]) == (
            live["status"],
            live["callId"],
            [turn["content"] for turn in live["transcript"]],
        )
        scene.feed.publish(CALL_ID, AgentSaid(0.9, 1, "Hello there", True))
        scene.feed.publish(CALL_ID, CallEnded(2.0, "client_requested"))
        await calls.finish(scene.database, CALL_ID, reason="client_requested")
        await scene.feed.close()
        over = (await scene.ask("GET", PATH)).json()["data"]
        assert ("completed", "user_hangup", ["Hello there"]) == (
            over["status"],
            over["disconnectionReason"],
            [turn["content"] for turn in over["transcript"]],
        )
        assert ["call_start", "tts_completed", "call_end"] == [event["event_type"] for event in over["events"]]

    play(tmp_path, scenario)


def test_a_call_that_is_not_there_is_not_shown(tmp_path: Path) -> None:
    """Malformed is a bad request, unknown is not found, without a key nothing is said."""

    async def scenario(scene: Scene) -> None:
        assert 400 == (await scene.ask("GET", "/atoms/v1/conversation/nonsense")).status_code
        assert 404 == (await scene.ask("GET", PATH)).status_code
        assert 401 == (await scene.ask("GET", PATH, key="")).status_code

    play(tmp_path, scenario)


def test_links_name_the_server_as_the_world_knows_it(tmp_path: Path) -> None:
    """Behind a proxy the request's own address would be of no use."""

    async def scenario(scene: Scene) -> None:
        await start_call(scene)
        await calls.set_recording(scene.database, CALL_ID, "ready", path="x/dual.flac")
        shown = (await scene.ask("GET", PATH)).json()["data"]

        assert shown["recordingUrl"].startswith(f"https://voice.example/atoms/v1/conversation/{CALL_ID}/recording?")
        assert "channels=dual" in shown["recordingDualUrl"]

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", public_url="https://voice.example/"))


def test_there_is_no_link_before_there_is_a_recording(tmp_path: Path) -> None:
    """An empty link is honest; a dead one is not."""

    async def scenario(scene: Scene) -> None:
        await start_call(scene, recording="recording")
        shown = (await scene.ask("GET", PATH)).json()["data"]

        assert ("", "") == (shown["recordingUrl"], shown["recordingDualUrl"])

    play(tmp_path, scenario)


def test_a_call_that_is_over_shows_the_figures_that_were_stored(tmp_path: Path) -> None:
    """They were computed once, with all its facts, and stay what they were; so does its analysis."""

    async def scenario(scene: Scene) -> None:
        agent_id = await make_agent(scene.database)
        analytics = {"state": "done", "summary": "Short.", "dispositionMetrics": []}
        await make_call(scene.database, 0, agent_id, figures=FIGURES, analytics=analytics)
        shown = (await scene.ask("GET", f"/atoms/v1/conversation/{call_id(0)}")).json()["data"]

        assert FIGURES["turnLatencyMetrics"] == shown["turnLatencyMetrics"]
        assert ("done", "Short.", {"userTurns": 1}) == tuple(
            shown["postCallAnalytics"][name] for name in ("status", "summary", "metrics")
        )
        assert ("As it was", "user_hangup", 30.0) == (
            shown["agent"]["name"],
            shown["disconnectionReason"],
            shown["duration"],
        )

    play(tmp_path, scenario)


def test_all_facts_of_a_long_call_are_shown(tmp_path: Path) -> None:
    """They are read a few at a time, so that live calls are not held up; none is lost between two readings."""

    async def scenario(scene: Scene) -> None:
        agent_id = await make_agent(scene.database)
        await make_call(scene.database, 0, agent_id)
        said = [(call_id(0), n, AgentSaid(float(n), n, f"Part {n}", True)) for n in range(1, 252)]
        await facts.write(scene.database, said)
        shown = (await scene.ask("GET", f"/atoms/v1/conversation/{call_id(0)}")).json()["data"]

        assert [f"Part {n}" for n in range(1, 252)] == [turn["content"] for turn in shown["transcript"]]

    play(tmp_path, scenario)
