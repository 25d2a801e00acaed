"""What an agent knows, on its page of the console."""

from pathlib import Path
from typing import Any

import pytest

from tests.server.console.console_scene import Visitor, play_console, visitor
from tests.server.pdfs import pdf
from tests.server.rest_scene import Scene
from vivavoce.store import agents, knowledge

ANSWER = {"title": "When are you open?", "answer": "From seven.", "also": "opening hours", "follow_up": ""}


async def agent_path(scene: Scene, **document: Any) -> tuple[str, str]:
    """A new agent, and the address of what it knows."""
    agent = await agents.create(scene.database, {"name": "Ada", **document})
    return agent.id, f"/console/agents/{agent.id}/knowledge"


async def upload(admin: Visitor, path: str, **files: bytes) -> Any:
    """Send files as the page does; their names have a dash for the dot."""
    sent = [("files", (name.replace("_", "."), content)) for name, content in files.items()]
    return await admin.client.post(
        f"{path}/files", files=sent, data={"csrf": await admin.csrf()}, headers={"origin": "http://localhost:8600"}
    )


def test_a_question_is_added_changed_and_removed(tmp_path: Path) -> None:
    """Rule: what stands on the page is what the agent knows."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent_id, path = await agent_path(scene)
        await admin.post(f"{path}/answers", ANSWER)
        (piece,) = await knowledge.read_all(scene.database, agent_id)
        page = (await admin.get(path)).text

        assert ("answer", "When are you open?", "Also asked as: opening hours\n\nFrom seven.") == (
            piece.kind,
            piece.title,
            piece.content,
        )
        assert f'href="{path}/{piece.id}"' in page
        await admin.post(f"{path}/{piece.id}", {**ANSWER, "answer": "From eight."})
        assert "From eight." in (await knowledge.read_all(scene.database, agent_id))[0].content
        assert "Remove “When are you open?”?" in (await admin.get(f"{path}/{piece.id}/remove")).text
        await admin.post(f"{path}/{piece.id}/remove")
        assert () == await knowledge.read_all(scene.database, agent_id)

    play_console(tmp_path, scenario)


@pytest.mark.parametrize(
    ("form", "fields", "said"),
    [
        ("answers", {**ANSWER, "title": ""}, "Write the question, in at most 300 characters"),
        ("answers", {**ANSWER, "answer": " "}, "Write the answer, in at most 20,000 characters"),
        ("texts", {"title": "x" * 301, "text": "x"}, "Give it a heading of at most 300 characters"),
        ("texts", {"title": "x", "text": ""}, "Write the text"),
        ("texts", {"title": "x", "text": "x" * 500_001}, "there is room for 500,000 more, and this has 500,001"),
    ],
)
def test_what_cannot_be_added_comes_back_with_the_reason(
    tmp_path: Path, form: str, fields: dict[str, str], said: str
) -> None:
    """Rule: beside the field, with what was typed."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent_id, path = await agent_path(scene)
        answer = await admin.post(f"{path}/{form}", fields)

        assert 422 == answer.status_code
        assert said in answer.text
        assert f'value="{fields["title"]}"' in answer.text
        assert () == await knowledge.read_all(scene.database, agent_id)

    play_console(tmp_path, scenario)


def test_files_of_all_kinds_are_added_together(tmp_path: Path) -> None:
    """Rule: each is a piece of its own, as text."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent_id, path = await agent_path(scene)
        answer = await upload(admin, path, a_md=b"# One\n\nTwo.", b_txt=b"Three.", c_pdf=pdf("Four."))

        assert 303 == answer.status_code
        assert [("a.md", "# One\n\nTwo."), ("b.txt", "Three."), ("c.pdf", "Four.")] == [
            (piece.title, piece.content) for piece in await knowledge.read_all(scene.database, agent_id)
        ]

    play_console(tmp_path, scenario)


def test_of_several_files_none_is_kept_where_one_cannot_be_read(tmp_path: Path) -> None:
    """Rule: the page says which, and sending them again leads to no doubles."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent_id, path = await agent_path(scene)
        answer = await upload(admin, path, a_md=b"# One", b_exe=b"MZ")

        assert 422 == answer.status_code
        assert "b.exe: only Markdown (.md)" in answer.text
        assert () == await knowledge.read_all(scene.database, agent_id)

    play_console(tmp_path, scenario)


def test_a_form_without_a_file_says_so(tmp_path: Path) -> None:
    """Rule: the button alone does nothing, and says what is missing."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        _, path = await agent_path(scene)

        assert "Choose a file first" in (await admin.post(f"{path}/files")).text

    play_console(tmp_path, scenario)


def test_a_question_is_looked_up(tmp_path: Path) -> None:
    """Rule: with a script a part of the page, without one the page."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        _, path = await agent_path(scene, knowledge="## Where are you?\n\nIn Bern.")
        await admin.post(f"{path}/answers", ANSWER)
        part, page = await admin.part(f"{path}/find?q=opening+hours"), await admin.get(f"{path}/find?q=where+are+you")
        nothing = await admin.part(f"{path}/find?q=zebra")

        assert "From seven." in part.text.partition("would say")[2]
        assert "<html" not in part.text
        assert "In Bern." in page.text.partition("would say")[2]
        assert "<html" in page.text
        assert "Nothing that the agent knows has a word in common with “zebra”" in nothing.text

    play_console(tmp_path, scenario)


def test_the_list_is_paged(tmp_path: Path) -> None:
    """Rule: no page loads more than it shows."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent_id, path = await agent_path(scene)
        await knowledge.add(scene.database, agent_id, [("answer", f"Question {n:03}?", "Yes.") for n in range(120)])
        pages = [(await admin.get(f"{path}?page={page}")).text for page in (1, 2, 3)]

        assert [50, 50, 20] == [page.count('data-label="Kind"') for page in pages]
        assert "Question 100?" in pages[2]

    play_console(tmp_path, scenario)


def test_a_viewer_reads_and_asks_and_changes_nothing(tmp_path: Path) -> None:
    """Rule: looking something up changes nothing; everything else does."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        agent_id, path = await agent_path(scene)
        (piece,) = await knowledge.add(scene.database, agent_id, [("text", "Hours", "From seven.")])
        viewer = await visitor(scene)
        page = (await viewer.get(path)).text
        refused = [
            (await viewer.post(f"{path}/{place}", ANSWER)).status_code
            for place in ("answers", "texts", "files", piece.id, f"{piece.id}/remove")
        ]

        assert "Add the question" not in page
        assert "Remove" not in page
        assert 200 == (await viewer.part(f"{path}/find?q=hours")).status_code
        assert [403] * 5 == refused

    play_console(tmp_path, scenario)


def test_a_piece_of_another_agent_is_not_there(tmp_path: Path) -> None:
    """Rule: an address belongs to one agent."""

    async def scenario(scene: Scene, admin: Visitor) -> None:
        one, _ = await agent_path(scene)
        _, other = await agent_path(scene)
        (piece,) = await knowledge.add(scene.database, one, [("text", "Hours", "From seven.")])

        assert 404 == (await admin.get(f"{other}/{piece.id}")).status_code
        assert 404 == (await admin.post(f"{other}/{piece.id}/remove")).status_code
        assert 1 == len(await knowledge.read_all(scene.database, one))

    play_console(tmp_path, scenario)
