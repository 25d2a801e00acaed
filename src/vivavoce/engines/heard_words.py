"""
What a speech recogniser wrote, made comparable: one spelling, no punctuation, no fillers.

The same function prepares what the author wrote and what the visitor said, so a simplification that is crude
(every "-ise" becomes "-ize", even in "noise") does no harm: both sides are simplified alike.
"""

import re
import unicodedata

__all__ = ["WEAK_WORDS", "content_words", "plain", "without_fillers"]

# Words that open a contraction whose "'s" is "is"; after all others it is a possessive and says nothing.
_IS = re.compile(r"\b(what|who|where|when|why|how|that|there|here|it|he|she)'s\b")
_CONTRACTIONS = (
    (re.compile(r"\bcan'?t\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (_IS, r"\1 is"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'m\b"), " am"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'d\b"), " would"),
    (re.compile(r"'s\b|'"), ""),
)
_NOT_A_WORD = re.compile(r"[^\w]+|_")
# "A.I.": a stop behind each of several letters.
_DOTTED = re.compile(r"\b(?:\w\.){2,}")
# "a p i", "g p t": letters that are spelled out, three or more, or two of which one is no word by itself.
_SPELLED = re.compile(r"\b(?:\w (?:\w )+\w|[b-hj-z] [a-z]|[a-z] [b-hj-z])\b")
_BRITISH = (
    (re.compile(r"is(es?|ed|ers?|ing|ation)\b"), r"iz\1"),
    (re.compile(r"our(s|ed|ing|ite|ites)?\b"), r"or\1"),
)

_FILLERS = re.compile(
    r"\b(?:u+[hm]+|e+r+m*|a+h+|h+m+|oh|well|so|just|please|actually|basically|okay|ok|alright|all right|right"
    r"|(?<!do )you know|i mean|kind of|sort of|like|hey listen|listen|look|anyway|now)\b"
)

# Words that carry no topic: grammar, politeness, and how people wrap a question.
_STOP_WORDS = frozenset(
    """
    a able about actually afterwards again all allowed already also always am an and any anybody anyone anything
    apparently are as ask at automatically basically be because been being bit but by can could currently describe
    did do does doing each else even ever every exactly explain finally first for from generally get gets getting
    give given go going gone gonna good got great had has have having he hear heard hello her here hi him his how i
    if immediately in instead into is it its just know later let little may maybe me might mind more must my never
    no normally not obviously of off often oh ok okay on one ones or other our out over own perhaps please possible
    possibly quite really recently say see several shall she should so some somebody someone something sometimes
    soon still such sure tell than thank thanks that the their them then there these they thing things think this
    those to today too try up us usually very wanna want wanted was way we were what whats which while will wish
    with wonder wondering would yes yet you your yours
    """.split()
)
# Everyday words: they say what kind of answer is wanted, but little about the topic. In common they prove little.
WEAK_WORDS = frozenset(
    """
    add available bad begin best better big bring build buy call change close come cost cut day difference different
    end expect far fast feel fill find finish follow full happen help high hold home hour include keep learn leave
    life like listen live long look lose lot make mean meaning meet minute month move name need new news next night
    number old open order part pay people place plan play point price put question reach read ready repair run sell
    send set show sing sit small sound speak special stand start stay stop strange support take teach time train
    travel true turn type understand use visit wait walk watch wear week when where who why win work world write
    year
    """.split()
)

# Other forms and near synonyms, each line under its first word: what Porter's stems cannot see.
_SAME = {
    form: family.split()[0]
    for family in """
    speak speaks speaking spoke spoken talk talks talking talked
    understand understands understanding understood misunderstand misunderstood
    need needs needed require requires required
    work works working worked
    use uses using used usage
    make makes making made
    happen happens happened
    show shows showing shown
    put puts putting
    expect expects expected
    question questions
    support supports supported
    write writes writing wrote written
    build builds building built
    send sends sending sent
    keep keeps keeping kept
    find finds finding found
    buy buys buying bought purchase purchased
    pay pays paying paid payment
    sell sells selling sold
    run runs running ran
    begin begins beginning began begun start starts starting started launch
    cost costs price prices pricing fee fees
    change changes changing changed modify edit alter adjust
    delete remove erase
    phone phones telephone telephones
    website websites site sites homepage webpage
    microphone microphones mic mics
    large larger big bigger
    fast faster quick quickly quickest
    swap swaps swapping exchange switch replace
    laptop laptops computer computers machine machines
    license licenses licence licences licensed
    recognize recognizes recognizing recognized recognition recognizer
    """.strip().splitlines()
    for form in family.split()
}


def plain(text: str) -> str:
    """Lower-case words with single spaces: contractions opened, letters that were spelled out joined."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("‘", "'")
    if "'" in text or "cant" in text:
        for pattern, opened in _CONTRACTIONS:
            text = pattern.sub(opened, text)
    text = _DOTTED.sub(lambda letters: f"{letters[0].replace('.', '')} ", text)
    text = " ".join(_NOT_A_WORD.sub(" ", text).split())
    return _SPELLED.sub(lambda letters: letters[0].replace(" ", ""), text)


def without_fillers(text: str) -> str:
    """Plain text less the sounds and words that people make while they think; may be empty."""
    return " ".join(_FILLERS.sub(" ", text).split())


def content_words(text: str) -> list[str]:
    """The words of a plain text that say what it is about, each once, in order and in one spelling."""
    text = without_fillers(text)
    for pattern, spelling in _BRITISH:
        text = pattern.sub(spelling, text)
    return list(dict.fromkeys(_SAME.get(word, word) for word in text.split() if word not in _STOP_WORDS))
