"""What is typed and sent on the pages of an agent's knowledge."""

import re
from pathlib import PurePosixPath

from vivavoce.errors import Refused
from vivavoce.server.console.forms import Form
from vivavoce.server.console.knowledge_files import closed, read_file
from vivavoce.server.knowledge_answers import Answer, answer_text
from vivavoce.store import knowledge
from vivavoce.store.database import Database

__all__ = ["store_files", "typed_answer", "typed_text"]

_LONGEST_TITLE, _LONGEST_ANSWER = 300, 20_000
_MOST_FILES = 20
_UNFIT = re.compile(r"[\x00-\x1f\x7f]")


async def store_files(database: Database, agent_id: str, form: Form) -> str:
    """
    Read the files of a form and store them.

    Raises:
        Refused: 400, there is none, or one of them cannot be read or does not fit.
    """
    files = [file for file in form.files.get("files", ()) if file.filename]
    if not files:
        raise Refused(400, "Choose a file first")
    if len(files) > _MOST_FILES:
        raise Refused(400, f"At most {_MOST_FILES} files at once")
    read = dict[str, str]()
    for file in files:
        # Some browsers send a path.
        name = _UNFIT.sub("", PurePosixPath(file.filename.replace("\\", "/")).name)[-_LONGEST_TITLE:].strip()
        read[name] = await read_file(name, await file.read())
    known = await knowledge.put_files(database, agent_id, read)
    names = [f"“{name}” is {'replaced' if name in known else 'added'}" for name in read]
    letters = sum(map(len, read.values()))
    return f"{names[0]}: {letters:,} characters." if len(names) == 1 else f"{len(names)} files: {letters:,} characters."


def typed_answer(form: Form) -> tuple[str, str, dict[str, str]]:
    """Title, text and complaints of a question with its answer."""
    title = " ".join(form.text("title").split())
    answer = Answer(form.text("answer"), also=form.text("also"), follow_up=form.text("follow_up"))
    complaints = dict[str, str]()
    if not title or len(title) > _LONGEST_TITLE:
        complaints["title"] = f"Write the question, in at most {_LONGEST_TITLE} characters"
    if not answer.text or len(answer.text) > _LONGEST_ANSWER:
        complaints["answer"] = f"Write the answer, in at most {_LONGEST_ANSWER:,} characters"
    return title, answer_text(answer), complaints


def typed_text(form: Form) -> tuple[str, str, dict[str, str]]:
    """Title, text and complaints of a text or a file."""
    title, content = " ".join(form.text("title").split()), closed(form.text("text"))
    complaints = dict[str, str]()
    if not title or len(title) > _LONGEST_TITLE:
        complaints["title"] = f"Give it a heading of at most {_LONGEST_TITLE} characters"
    if not content:
        complaints["text"] = "Write the text"
    return title, content, complaints
