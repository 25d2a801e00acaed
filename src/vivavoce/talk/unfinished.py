"""
Does a transcript look as if its speaker has more to say?

A judgement by rules, for English words and the punctuation of any language: a recogniser that punctuates puts a full
stop where the voice falls, and none where it hangs. One that writes no punctuation at all is judged by its last word.
"""

import re

__all__ = ["looks_unfinished"]

# What nobody ends a turn with, even where the recogniser has put a full stop: conjunctions, articles, fillers.
_NEVER_LAST = frozenset(
    "a an and because but er erm hm hmm if or than the uh um unless whereas whether which while your".split()
)
# What seldom ends a turn, and sometimes does: it counts only where no mark stands behind it.
_SELDOM_LAST = frozenset(
    "about are as at by for from in is like my of on our so that their then to was were when where who with".split()
)
# Those of other scripts included.
_FINAL = tuple(".!?。！？।؟")
_HANGING = (",", ";", ":", "-", "–", "—", "…", "...")
_PUNCTUATED = re.compile(r"[.,;:!?。！？।؟]|[A-Z]")
_LAST_WORD = re.compile(r"([^\W\d_]+)['’]?\W*$")
_CLOSING = "\"'”’»)] "


def looks_unfinished(text: str) -> bool:
    """
    Whether the text of a turn so far breaks off in the middle.

    Nothing written is not unfinished: it may have been a cough.
    """
    text = text.rstrip(_CLOSING)
    if not text:
        return False
    if text.endswith(_HANGING):
        return True
    last = _LAST_WORD.search(text)
    word = last[1].casefold() if last else ""
    if text.endswith(_FINAL):
        return word in _NEVER_LAST and not text.endswith(("!", "?"))
    return word in _NEVER_LAST or word in _SELDOM_LAST or _PUNCTUATED.search(text) is not None
