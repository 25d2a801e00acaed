"""
Reads a system message as a knowledge text: which questions it answers, and how.

Knowledge is plain Markdown, one section a question:

    ## When are you open?
    Also asked as: opening hours; are you open on Sunday

    We are open from nine to six, on weekdays.
    Follow-up: Would you like to know where we are?

Any other prompt works too: its paragraphs are what the agent knows, and its instructions to the agent
("You are …", "Never …", a section "Style") are not, because they must not be read to a visitor.
Under a heading "Knowledge" nothing counts as an instruction, and where there is one, nothing outside it is knowledge.

Behind the line "# Further knowledge" stands what an agent was given beside its prompt, to the end of the text:
it counts in any case, and nothing in it is an instruction. There a file's name is a heading that asks for nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["FURTHER", "Entry", "KnowledgeText", "headings", "read", "sentences", "speakable"]

FURTHER = "# Further knowledge"

_HEADING = re.compile(r"^(#{1,6})\s+(.*?)[\s#]*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_ALSO = re.compile(r"^[\s*_>-]*also asked as[\s*_]*:[\s*_]*(.*)$", re.IGNORECASE)
_FOLLOW_UP = re.compile(r"^[\s*_>-]*follow[- ]?up[\s*_]*:[\s*_]*(.*)$", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+")
_FURTHER = re.compile(rf"^{FURTHER}[ \t]*$", re.MULTILINE)
_FILE_NAME = re.compile(r"\S.*\.(?:md|markdown|txt|text|pdf)", re.IGNORECASE)
_KNOWLEDGE_HEADING = re.compile(r"knowledge(?: base| text)?|faq|frequently asked questions|questions and answers", re.I)

# A heading that is made of these words only opens instructions to the agent.
_INSTRUCTION_WORDS = frozenset(
    """
    role persona identity personality character style tone voice rules guidelines guideline instructions instruction
    task tasks goal goals objective objectives guardrails constraints tools output format behaviour behavior examples
    example steps flow context and your of the agent conversation response speaking system general core key important
    """.split()
)
_INSTRUCTION = re.compile(
    r"(?:you (?:are|will|must|should|can|have to|may|speak|answer|help|never|always|do)\b|you're\b"
    r"|your (?:name|role|job|task|goal|tone|style|purpose|answers|replies|responses|task)\b"
    r"|(?:never|always|do not|don't|be|keep|speak|answer|respond|reply|use|avoid|act|pretend|remember|greet|stay"
    r"|make sure|ask|confirm|wait|tell|say|help|introduce|start|begin|end|follow|offer|only|current)\b"
    r"|(?:if|when|once|after|before) (?:the|a|an|they|someone|asked)?\s*"
    r"(?:user|caller|visitor|customer|guest|person|they|someone|asked|unsure)\b)",
    re.IGNORECASE,
)
_PERSONA = re.compile(r"\b(you are|you're|your name is)\s+([^.,;:!?\n]{2,80})", re.IGNORECASE)
# What the agent would say of itself with these words in it would be false or make no sense.
_NO_PERSONA = re.compile(r"\b(?:you|your|human|person|man|woman|not|never|going|to)\b", re.IGNORECASE)

_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*`~]+|(?<!\w)_+|_+(?!\w)|<[^>]*>|^\s*>\s?")
# White space after a stop and perhaps a closing quote, unless the stop belongs to a title or a small letter follows.
_SENTENCE_END = re.compile(
    r"(?:(?<=[.!?…])|(?<=[.!?…][\"'”’)]))(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bMrs\.)\s+(?=[\"'“‘(]?[^\Wa-z])"
)

# A section of more words than this, in several paragraphs, is a page and no answer: each paragraph then stands alone.
_LONGEST_ANSWER_WORDS = 90


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One answer and what it answers.

    Args:
        question: The heading, as it can be read out; empty for a paragraph without one.
        phrasings: All ways of asking, the heading first.
        answer: The answer as it is spoken, without any marks.
        follow_up: A question to add to the answer; "yes" to it asks that question back.
    """

    question: str
    phrasings: tuple[str, ...]
    answer: str
    follow_up: str = ""


@dataclass(frozen=True, slots=True)
class KnowledgeText:
    """What a system message gives: who the agent is ("I am …", or empty), and the entries."""

    persona: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class _Section:
    level: int
    heading: str
    lines: tuple[str, ...]


def read(system: str) -> KnowledgeText:
    """Read a system message. Never fails: a text without anything to say gives no entries."""
    begin = _FURTHER.search(system)
    prompt, further = (system[: begin.start()], system[begin.end() :]) if begin else (system, "")
    sections = list(_sections(prompt))
    marked = list(_marked(sections))
    chosen = marked or [section for section in sections if not _is_instruction_heading(section.heading)]
    entries = [entry for section in chosen for entry in _entries(section, trusted=bool(marked))]
    entries += [entry for section in _further(further) for entry in _entries(section, trusted=True)]
    return KnowledgeText(_persona(prompt), tuple(entries))


def headings(text: str) -> Iterator[str]:
    """The headings of a text, as they are spoken."""
    return (section.heading for section in _sections(text) if section.heading)


def speakable(line: str) -> str:
    """One line as it is spoken: without Markdown marks and HTML tags, links by their names."""
    text = _LINK.sub(r"\1", line).replace("|", ", ").replace("https://", "").replace("http://", "")
    return " ".join(_MARKS.sub("", text).split())


def sentences(text: str) -> list[str]:
    """The sentences of a spoken text; joined by spaces they are the text again."""
    return [sentence for sentence in _SENTENCE_END.split(text) if sentence]


def _sections(system: str) -> Iterator[_Section]:
    level, heading, lines, fenced = 0, "", list[str](), False
    for line in system.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        elif fenced:
            # Code is not for the ear.
            continue
        elif match := _HEADING.match(line):
            yield _Section(level, heading, tuple(lines))
            level, heading, lines = len(match[1]), speakable(match[2]), []
        else:
            lines.append(line)
    yield _Section(level, heading, tuple(lines))


def _marked(sections: list[_Section]) -> Iterator[_Section]:
    """The sections below a heading "Knowledge", and the text directly under it."""
    inside = 0
    for section in sections:
        if section.level and _KNOWLEDGE_HEADING.fullmatch(section.heading):
            inside = section.level
            yield _Section(section.level, "", section.lines)
        elif inside and section.level > inside:
            yield section
        else:
            inside = 0


def _further(text: str) -> Iterator[_Section]:
    """What an agent was given: headings that nobody would ask for are left out, the text under them is not."""
    for section in _sections(text):
        nameless = _FILE_NAME.fullmatch(section.heading) or _KNOWLEDGE_HEADING.fullmatch(section.heading)
        yield _Section(section.level, "", section.lines) if nameless else section


def _is_instruction_heading(heading: str) -> bool:
    words = re.findall(r"\w+", heading.lower())
    return bool(words) and all(word in _INSTRUCTION_WORDS for word in words)


def _entries(section: _Section, *, trusted: bool) -> Iterator[Entry]:
    also, follow_up, body = list[str](), "", list[str]()
    for line in section.lines:
        if match := _ALSO.match(line):
            also += [speakable(phrasing) for phrasing in match[1].split(";")]
        elif match := _FOLLOW_UP.match(line):
            follow_up = speakable(match[1])
        else:
            body.append(line)
    asked = bool(also) or section.heading.endswith("?")
    paragraphs = list(_paragraphs(body, instructions=trusted or asked))
    whole = " ".join(paragraphs)
    if not whole:
        return
    phrasings = tuple(phrasing for phrasing in (section.heading, *also) if phrasing)
    if section.heading and (asked or len(paragraphs) == 1 or len(whole.split()) <= _LONGEST_ANSWER_WORDS):
        yield Entry(section.heading, phrasings, whole, follow_up)
    else:
        for paragraph in paragraphs:
            yield Entry(section.heading, phrasings, paragraph, follow_up)


def _paragraphs(lines: list[str], *, instructions: bool) -> Iterator[str]:
    """Spoken paragraphs; sentences that tell the agent what to do are left out unless ``instructions`` is set."""
    collected = list[str]()
    for line in (*lines, ""):
        if line.strip():
            text, item = speakable(_BULLET.sub("", line)), bool(_BULLET.match(line))
            if not any(letter.isalnum() for letter in text):
                # A rule or the line below a table's head.
                continue
            collected.append(text if not item or text[-1] in ".!?:;," else text + ".")
        elif collected:
            spoken = sentences(" ".join(collected))
            kept = [sentence for sentence in spoken if instructions or not _INSTRUCTION.match(sentence)]
            collected = []
            if kept:
                yield " ".join(kept)


def _persona(system: str) -> str:
    for verb, who in _PERSONA.findall(system):
        if not _NO_PERSONA.search(who):
            begin = "My name is" if verb.lower().startswith("your") else "I am"
            return f"{begin} {speakable(who)}."
    return ""
