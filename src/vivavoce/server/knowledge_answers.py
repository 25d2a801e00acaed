"""
A question with its answer, as the text of a piece of knowledge, and back.

The format is that of ``engines.knowledge_text``: other wordings before the answer, an offer behind it.
"""

import re
from dataclasses import dataclass

__all__ = ["Answer", "answer_in", "answer_text"]

_ALSO, _FOLLOW_UP = "Also asked as:", "Follow-up:"
_HASHES = re.compile(r"^\s*#+\s*", re.MULTILINE)
_FENCE = re.compile(r"^\s*(```|~~~).*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What belongs to a question.

    Args:
        text: The answer.
        also: Other wordings of the question, separated by ``;`` or line breaks.
        follow_up: A question that is offered behind the answer.
    """

    text: str
    also: str = ""
    follow_up: str = ""


def answer_text(answer: Answer) -> str:
    """The text that is stored; nothing in the answer begins another section or hides one."""
    also = "; ".join(wording.strip() for wording in re.split(r"[;\n]", answer.also) if wording.strip())
    text = _FENCE.sub("", _HASHES.sub("", answer.text.replace("\r\n", "\n"))).strip()
    follow_up = " ".join(answer.follow_up.split())
    parts = (f"{_ALSO} {also}\n" if also else "", text, f"{_FOLLOW_UP} {follow_up}" if follow_up else "")
    return "\n".join(part for part in parts if part)


def answer_in(content: str) -> Answer:
    """What was stored, taken apart again."""
    lines = content.split("\n")
    also = follow_up = ""
    if lines and lines[0].startswith(_ALSO):
        also = lines.pop(0).removeprefix(_ALSO).strip()
    if lines and lines[-1].startswith(_FOLLOW_UP):
        follow_up = lines.pop().removeprefix(_FOLLOW_UP).strip()
    return Answer("\n".join(lines).strip(), also, follow_up)
