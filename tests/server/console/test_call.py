"""The page of one call."""

import re
from pathlib import Path

import msgspec
import pytest

from tests.server.console.console_scene import Visitor, play_console, visitor
from tests.server.console.told_call import ANALYTICS, FACTS, set_columns, store_call, store_sound
from tests.server.rest_scene import Scene
from tests.store.made_calls import BEGAN
from vivavoce.store import deliveries, webhooks
from vivavoce.store.deliveries import Delivery
from vivavoce.talk.facts import (
    AgentSaid,
    AgentStartedTalking,
    CallEnded,
    CallStarted,
    ClientLost,
    ClientReturned,
    Fact,
    UserSaid,
)

PAGE = "/console/calls/{}"


def _text(page: str) -> str:
    """What a reader reads."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition("<main")[2]).split())


def test_the_transcript_tells_both_sides_and_what_was_cut(tmp_path: Path) -> None:
    """In their order, with the words that were not heard marked as such."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database)
        page = (await admin.get(PAGE.format(stored))).text
        text = _text(page)

        places = [
            text.index(part)
            for part in ("Welcome to Ada’s.", "Is there a table?", "find_table", "Yes, by", "Wonderful")
        ]
        assert sorted(places) == places
        assert "interrupted Not heard: the window." in text
        assert "Wonderful &lt;b&gt;thanks&lt;/b&gt;" in page
        assert "The voice failed" in text

    play_console(tmp_path, scenario)


def test_each_word_has_its_moment_in_the_recording(tmp_path: Path) -> None:
    """In hundredths of a second, in the order of the words."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database)
        page = (await admin.get(PAGE.format(stored))).text

        assert '<p class="said" data-starts="50 100 110">Welcome to Ada’s.</p>' in page

    play_console(tmp_path, scenario)


def test_tools_are_folded_with_what_was_asked_and_answered(tmp_path: Path) -> None:
    """And with the error of one that failed."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        page = (await admin.get(PAGE.format(await store_call(scene.database)))).text
        first, second = page.split('data-tool="')[1:]

        assert "&#34;seats&#34;: 2" in first
        assert "&#34;free&#34;: true" in first
        assert "tool_timeout" in second

    play_console(tmp_path, scenario)


def test_an_answer_has_its_waterfall(tmp_path: Path) -> None:
    """As a drawing and as a table, without inline styles."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        page = (await admin.get(PAGE.format(await store_call(scene.database)))).text
        fall = page.partition('<details class="waterfall">')[2].partition("</details>")[0]

        assert "End of turn 500 ms Speech to text 100 ms Language model 1,900 ms Voice 200 ms" in " ".join(
            re.sub(r"<[^>]*>", " ", fall).split()
        )
        assert '<rect class="stage-llm" x="222.2" y="0" width="703.7" height="10" />' in fall
        assert "style=" not in page

    play_console(tmp_path, scenario)


def test_what_came_of_the_call_stands_beside_it(tmp_path: Path) -> None:
    """The summary, the answers with their reasons, the agent as it was, the variables."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        text = _text((await admin.get(PAGE.format(await store_call(scene.database)))).text)

        for part in ("got a table by the window", "table booked yes The agent said yes.", "You are Ada.", "city Ghent"):
            assert part in text

    play_console(tmp_path, scenario)


def test_the_settings_of_the_agent_are_for_admins(tmp_path: Path) -> None:
    """There may be the keys of a tool in them."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database)
        viewer = await visitor(scene, "viewer")

        assert "singlePromptConfig" in (await admin.get(PAGE.format(stored))).text
        assert "singlePromptConfig" not in (await viewer.get(PAGE.format(stored))).text

    play_console(tmp_path, scenario)


@pytest.mark.parametrize(
    ("recording", "told", "said"),
    [
        ("none", FACTS, "This call has no recording."),
        ("failed", FACTS, "The recording of this call was lost"),
        ("recording", FACTS, "The recording is being put together"),
        ("recording", FACTS[:5], "can be heard when the call is over"),
    ],
)
def test_a_call_without_a_recording_says_why(tmp_path: Path, recording: str, told: tuple[Fact, ...], said: str) -> None:
    """Instead of a player that does not play."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        page = (await admin.get(PAGE.format(await store_call(scene.database, told=told, recording=recording)))).text

        assert said in page
        assert "<audio" not in page

    play_console(tmp_path, scenario)


def test_a_recording_comes_with_its_player_and_its_outline(tmp_path: Path) -> None:
    """The sound itself comes from the API, which knows the session."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        path = store_sound(scene.config.recordings)
        stored = await store_call(scene.database, recording="ready", recording_path=path)
        page = (await admin.get(PAGE.format(stored))).text
        source = page.partition('<audio id="audio" preload="metadata" src="')[2].partition('"')[0]
        sound = await admin.get(source, range="bytes=0-3")
        outline = (await admin.get(PAGE.format(f"{stored}/peaks"))).json()

        assert (206, b"fLaC") == (sound.status_code, sound.content)
        assert 9.0 == outline["duration_s"]
        assert outline["visitor"][0] > 0
        assert 0 == outline["agent"][0]

    play_console(tmp_path, scenario)


def test_the_styles_of_the_drawing_are_let_in_by_a_nonce_of_this_page(tmp_path: Path) -> None:
    """Another one each time; nothing else of the policy is weaker."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database)
        nonces = set()
        for _ in range(2):
            answer = await admin.get(PAGE.format(stored))
            nonce = answer.text.partition('data-nonce="')[2].partition('"')[0]
            nonces.add(nonce)

            assert f"style-src 'self' 'nonce-{nonce}';" in answer.headers["content-security-policy"]
            assert "script-src 'self';" in answer.headers["content-security-policy"]
        assert 2 == len(nonces)

    play_console(tmp_path, scenario)


def test_a_live_call_names_the_last_fact_that_its_page_knows(tmp_path: Path) -> None:
    """The stream goes on behind it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        page = (await admin.get(PAGE.format(await store_call(scene.database, told=FACTS[:8], analysed=False)))).text

        assert 'data-live="8"' in page
        assert re.search(r'<li class="turn user"[^>]* data-open>', page)
        assert "End this call" in page

    play_console(tmp_path, scenario)


def test_a_call_whose_row_is_not_closed_yet_is_over_all_the_same(tmp_path: Path) -> None:
    """Its last fact has been told."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database)
        await set_columns(scene.database, stored, ended_at=None, end_reason="")
        page = (await admin.get(PAGE.format(stored))).text

        assert "data-live" not in page

    play_console(tmp_path, scenario)


def test_an_admin_ends_a_live_call_and_a_viewer_cannot(tmp_path: Path) -> None:
    """By the same way as over the API; asked first."""
    ended: list[str] = []

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database, told=FACTS[:8], analysed=False)
        end = PAGE.format(f"{stored}/end")
        viewer = await visitor(scene, "viewer")

        assert "End this call" not in (await viewer.get(PAGE.format(stored))).text
        assert 403 == (await viewer.post(end)).status_code
        assert "End this call?" in (await admin.get(end)).text
        assert [] == ended
        assert 303 == (await admin.post(end)).status_code
        assert [stored] == ended

    play_console(tmp_path, scenario, end_call=lambda call_id: not ended.append(call_id))  # type: ignore[func-returns-value]


LOST = (*FACTS[:6], ClientLost(1.8))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((*LOST, ClientReturned(5.0, 3.2), CallEnded(9.0, "ended")), "Connection lost for 3.2 s 0:01"),
        ((*LOST, CallEnded(61.8, "websocket_closed")), "Connection lost , and it did not come back 0:01"),
        (LOST, "Connection lost 0:01"),
    ],
    ids=["back", "gone", "waiting"],
)
def test_a_lost_connection_stands_between_the_turns(tmp_path: Path, told: tuple[Fact, ...], said: str) -> None:
    """With how long it was away, as far as that is known."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database, told=told, analysed=False)
        text = _text((await admin.get(PAGE.format(stored))).text)

        assert said in text
        assert text.index("Welcome to Ada’s.") < text.index("Connection lost")

    play_console(tmp_path, scenario)


def test_a_lost_connection_stands_in_the_transcripts_to_keep(tmp_path: Path) -> None:
    """As text and as JSON."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(
            scene.database, told=(*LOST, ClientReturned(5.0, 3.2), ClientLost(6.0), CallEnded(66.0, "websocket_closed"))
        )
        text = (await admin.get(PAGE.format(f"{stored}/transcript.txt"))).text
        entries = (await admin.get(PAGE.format(f"{stored}/transcript.json"))).json()["entries"]

        assert "[0:01] Connection lost for 3.2 s\n[0:06] Connection lost\n" in text
        assert {"kind": "absence", "at": 1.8, "away_s": 3.2} in entries

    play_console(tmp_path, scenario)


def test_a_call_that_is_over_cannot_be_ended(tmp_path: Path) -> None:
    """The page says so instead."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database)
        await admin.post(PAGE.format(f"{stored}/end"))

        assert "The call is over." in (await admin.get(PAGE.format(stored))).text

    play_console(tmp_path, scenario)


def test_a_page_that_waits_for_the_analysis_asks_until_it_is_there(tmp_path: Path) -> None:
    """Then it asks no more."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database, analysed=False)
        waiting = await admin.get(PAGE.format(stored))
        await set_columns(scene.database, stored, figures={"metrics": {"userTurns": 2}}, analytics=ANALYTICS)
        part = await admin.part(PAGE.format(f"{stored}/after"))

        assert "being analysed" in waiting.text
        assert 'id="after" class="stack" data-poll="3000"' in waiting.text
        assert "got a table by the window" in part.text
        assert "data-poll" not in part.text

    play_console(tmp_path, scenario)


@pytest.mark.parametrize("state", ["missing", "failed"])
def test_a_call_that_was_not_analysed_says_why(tmp_path: Path, state: str) -> None:
    """The reason is a sentence for whoever runs the agent."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        analytics = {"state": state, "reason": "Nobody was there to ask.", "summary": ""}
        stored = await store_call(scene.database, analytics=analytics)

        assert "Nobody was there to ask." in (await admin.get(PAGE.format(stored))).text

    play_console(tmp_path, scenario)


def test_a_recording_that_becomes_ready_takes_the_place_of_the_notice(tmp_path: Path) -> None:
    """Without a new page."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database, recording="recording")
        sound = PAGE.format(f"{stored}/sound")

        assert "data-poll" in (await admin.part(sound)).text
        await set_columns(scene.database, stored, recording="ready", recording_path="x/dual.flac")
        assert "<audio" in (await admin.part(sound)).text

    play_console(tmp_path, scenario)


def test_a_call_of_a_server_that_failed_says_so_first(tmp_path: Path) -> None:
    """And shows what had been said until then."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database, told=(*FACTS[:10], CallEnded(4.0, "server_error")))
        text = _text((await admin.get(PAGE.format(stored))).text)

        assert "This call was cut short by the server" in text
        assert "Is there a table?" in text

    play_console(tmp_path, scenario)


def test_a_chat_has_no_sound_and_no_times_of_words(tmp_path: Path) -> None:
    """It is read."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        told: tuple[Fact, ...] = (
            CallStarted(0.0, "chat"),
            UserSaid(1.0, "hello", True),
            AgentStartedTalking(1.2, 1),
            AgentSaid(1.2, 1, "Good day.", True),
            CallEnded(2.0, "ended"),
        )
        page = (await admin.get(PAGE.format(await store_call(scene.database, told=told, mode="chat")))).text

        assert "A chat has no sound." in page
        assert "data-starts" not in page
        assert "The visitor talked" not in page

    play_console(tmp_path, scenario)


def test_a_call_in_which_nothing_was_said_says_so(tmp_path: Path) -> None:
    """Somebody opened the page and left."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database, told=(CallStarted(0.0, "webcall"), CallEnded(2.0, "connection_lost")))

        assert "Nothing was said in this call." in (await admin.get(PAGE.format(stored))).text

    play_console(tmp_path, scenario)


def test_a_long_call_comes_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part names the next, and together they are the whole."""
    monkeypatch.setattr("vivavoce.server.console.pages.call._AT_ONCE", 3)

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database)
        page = (await admin.get(PAGE.format(stored))).text
        second = (await admin.part(PAGE.format(f"{stored}/turns?start=3"))).text
        third = (await admin.part(PAGE.format(f"{stored}/turns?start=6"))).text

        assert ["e0", "e1", "e2"] == re.findall(r'<li class="[^"]*" id="(e\d+)"', page)
        assert f"{stored}/turns?start=3" in page
        assert ["e3", "e4", "e5"] == re.findall(r'<li class="[^"]*" id="(e\d+)"', second)
        assert ["e6"] == re.findall(r'<li class="[^"]*" id="(e\d+)"', third)
        assert "turns?start" not in third

    play_console(tmp_path, scenario)


def test_the_transcript_can_be_kept_as_text(tmp_path: Path) -> None:
    """A line for each turn, with its time and who said it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database)
        answer = await admin.get(PAGE.format(f"{stored}/transcript.txt"))

        assert f'attachment; filename="{stored}.txt"' == answer.headers["content-disposition"]
        assert "[0:02] Visitor: Is there a table?\n" in answer.text
        assert "[0:06] Ada: Yes, by (interrupted)\n" in answer.text
        assert '[0:04] Tool find_table {"seats": 2} → {"free": true}\n' in answer.text

    play_console(tmp_path, scenario)


def test_the_transcript_can_be_kept_as_json(tmp_path: Path) -> None:
    """With the moments of all words."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database)
        answer = await admin.get(PAGE.format(f"{stored}/transcript.json"))
        document = msgspec.json.decode(answer.content)

        assert (stored, "Ada", {"city": "Ghent"}) == (
            document["callId"],
            document["agent"]["name"],
            document["variables"],
        )
        assert {"kind": "turn", "role": "agent", "at": 0.4} == {
            name: document["entries"][0][name] for name in ("kind", "role", "at")
        }
        assert {"text": "Welcome", "start_s": 0.5, "end_s": 1.0} == document["entries"][0]["words"][0]

    play_console(tmp_path, scenario)


def test_the_deliveries_of_a_call_lead_to_theirs(tmp_path: Path) -> None:
    """With what became of them."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        stored = await store_call(scene.database)
        webhook = await webhooks.create(scene.database, url="https://shop.example/hook", description="")
        assert webhook is not None
        sent = Delivery(
            id="d1",
            webhook_id=webhook.id,
            agent_id="a",
            call_id=stored,
            event_type="post-conversation",
            body="{}",
            state="failed",
            attempts=1,
            due_at=BEGAN,
            created_at=BEGAN,
            fault="no answer",
        )
        await deliveries.record(scene.database, [sent])
        page = (await admin.get(PAGE.format(stored))).text

        assert f'href="/console/webhooks/{webhook.id}/deliveries/d1"' in page
        assert "https://shop.example/hook: no answer" in page

    play_console(tmp_path, scenario)


@pytest.mark.parametrize(
    "path", ["", "/turns", "/after", "/sound", "/peaks", "/transcript.txt", "/transcript.json", "/end"]
)
def test_a_call_that_is_not_known_is_not_found(tmp_path: Path, path: str) -> None:
    """Whatever is asked of it."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        answer = await admin.get(PAGE.format(f"CALL-1776756378884-6a553c{path}"))

        assert 404 == answer.status_code
        assert "There is no call of this id" in answer.text

    play_console(tmp_path, scenario)
