"""
What visitors say that is about the conversation and not about its topic: greetings, thanks, "say that again".

Only whole utterances count: "hello, how do I start?" is a question, and its greeting is taken off.
"""

import re
from enum import Enum, auto
from typing import NamedTuple

from vivavoce.engines.heard_words import plain, without_fillers

__all__ = ["Intent", "Understood", "understand"]


class Intent(Enum):
    """What an utterance wants."""

    # Nothing that small talk knows: a question for the knowledge.
    QUESTION = auto()
    # There are no words.
    NOTHING = auto()
    GREETING = auto()
    WELLBEING = auto()
    THANKS = auto()
    PRAISE = auto()
    COMPLAINT = auto()
    WHO = auto()
    MACHINE = auto()
    HELP = auto()
    REPEAT = auto()
    SLOWER = auto()
    MORE = auto()
    STOP = auto()
    DONE = auto()
    GOODBYE = auto()
    YES = auto()
    NO = auto()
    FIRST = auto()
    SECOND = auto()


class Understood(NamedTuple):
    """The intent, and the words of the utterance less its courtesies."""

    intent: Intent
    words: str


_ASKED = r"(?:(?:can|could|would|will) you |you will |i would like you to |i want you to )?"
_BEING = (
    r"(?:(?:an? |the )?(?:real |actual |living |really )*(?:robot|machine|computer|bot|chat ?bot|program|a ?i"
    r"|artificial intelligence|human(?: being)?|person|man|woman|recording|(?:large )?language model|llm)"
    r"|real|alive|human|chat ?gpt|gpt(?: \w+)?|claude|gemini|siri|alexa|copilot)"
)
_THAT = r"(?:that|it|this|yourself)"

# Whole utterances, in plain words without fillers ("please", "okay", "well" are gone already).
_UTTERANCES: dict[Intent, tuple[str, ...]] = {
    Intent.WELLBEING: (
        r"how (?:are|do) you(?: do(?:ing)?| feel(?:ing)?)?(?: today)?",
        r"how is it going|how are things|what is up",
    ),
    Intent.WHO: (
        r"(?:who|what) (?:exactly )?are you(?: exactly| called)?|introduce yourself|tell me about yourself",
        r"what is your name|do you have a name|who is (?:this|speaking|there)",
        r"(?:who|what) am i (?:talking|speaking) (?:to|with)",
    ),
    Intent.MACHINE: (
        rf"are you (?:really )?{_BEING}(?: or {_BEING})?(?: then)?|is (?:this|that) {_BEING}(?: or {_BEING})?",
        rf"am i (?:talking|speaking) (?:to|with) {_BEING}(?: or {_BEING})?",
        r"(?:what|which) (?:kind of )?(?:ai|(?:language )?model|llm|machine|robot) are you|do you have feelings",
        r"can you think|are you (?:intelligent|conscious)|do you use (?:ai|chat ?gpt|artificial intelligence)",
    ),
    Intent.HELP: (
        r"(?:i need |can you |could you )?help(?: me)?|i do not know(?: what to (?:ask|say))?",
        r"what (?:else )?(?:can|could|should|shall) (?:i|we) (?:ask|say)(?: you)?(?: about)?",
        r"what (?:else )?(?:can|do) you (?:do|know|tell me|talk about|answer)(?: about)?|what else(?: is there)?",
    ),
    Intent.REPEAT: (
        rf"{_ASKED}(?:repeat|say)(?: {_THAT})?(?: (?:again|once more|one more time))?",
        r"pardon(?: me)?|sorry|excuse me|what|huh|again|once (?:more|again)|one more time|come again|say what",
        r"(?:sorry )?what (?:did you|was it you) (?:just )?sa(?:y|id)|what was that(?: again)?",
        r"(?:sorry )?i (?:did not|could not|can not|do not) (?:hear|catch|get|understand)"
        r"(?: (?:that|you|it|what you said))?",
    ),
    Intent.SLOWER: (
        rf"{_ASKED}(?:(?:speak|talk|say|repeat|go)(?: {_THAT})? )?(?:a (?:bit|little) )?(?:slower|more slowly)",
        rf"{_ASKED}slow down",
        r"(?:speak|talk) slowly|(?:that is |you are (?:speaking )?|you speak )?too fast",
    ),
    Intent.MORE: (
        r"(?:tell me (?:some )?more|more|go on|continue|carry on|keep going|go ahead|then|more details)"
        r"(?: about (?:that|it))?",
        r"what (?:were you saying|did you want to say)|finish your sentence",
    ),
    Intent.STOP: (
        r"(?:stop|cancel|wait|hold on|never ?mind|forget (?:about )?(?:it|that)|be quiet|quiet|shut up|silence|enough"
        r"|that is enough|hush|pause)(?: it| that| talking| a (?:moment|minute|second))*",
    ),
    Intent.DONE: (
        r"(?:that is|that was|that would be) (?:all|it|everything)"
        r"(?: (?:i (?:need(?:ed)?|wanted)(?: to know)?|for (?:now|today)|then|thank you|thanks))*",
        r"nothing(?: else)?(?: (?:thank you|thanks))?|i am (?:done|finished)",
        r"(?:i have )?no (?:more |further )?questions",
    ),
    Intent.GOODBYE: (
        r"(?:(?:good ?bye|bye|bye for now|see you(?: (?:later|soon|then|tomorrow))?|so long|farewell|take care"
        r"|good night|have a (?:nice|good|great|lovely) (?:day|evening|weekend|time|one)) ?)+",
        r"(?:you (?:can|may) |i (?:want|would like) to |can you )?"
        r"(?:hang up|end (?:the|this) (?:call|conversation))(?: now)?",
        r"i (?:have|need|got) to go(?: now)?",
    ),
    Intent.PRAISE: (
        r"(?:(?:that|it) (?:is|was|sounds)|this is|you are|very) ?(?:very |so |quite )?(?:good|great|nice|cool|helpful"
        r"|awesome|amazing|clever|smart|wonderful|perfect|impressive|funny|interesting|fast)",
        r"good|great|nice|cool|awesome|amazing|wonderful|perfect|interesting|excellent|fantastic|brilliant|wow|i see"
        r"|got it|understood|good job|well done|i (?:like|love) (?:it|that|you)",
    ),
    Intent.COMPLAINT: (
        r"(?:that is|that was|this is|you are|it is) (?:wrong|stupid|useless|nonsense|terrible|bad|an idiot|annoying"
        r"|not (?:right|correct|true|helpful|helping|it|what i (?:asked|meant|said|wanted)(?: for)?))",
        r"not that|wrong(?: answer)?|you (?:do|did) not understand(?: me)?|i hate (?:you|this|it)"
        r"|i (?:did|do) not (?:ask|mean|say) (?:that|for that)|i meant something else",
    ),
    Intent.FIRST: (r"(?:the )?(?:first|former)(?: one| question)?|number one",),
    Intent.SECOND: (r"(?:the )?(?:second|latter|last|other)(?: one| question)?|number two",),
}
# What may stand in front of anything else, and has a meaning of its own when nothing follows.
_OPENINGS: dict[Intent, str] = {
    Intent.GREETING: r"(?:hello|hi|hey|hallo|hiya|howdy|greetings|good (?:morning|afternoon|evening|day)"
    r"|nice to meet you)(?: there| again| everyone)?",
    Intent.NO: r"no (?:thank you|thanks)|no|nope|nah|not (?:really|now|yet|at all)|neither(?: of them)?"
    r"|none(?: of (?:them|those))?|i do not think so",
    Intent.THANKS: r"(?:many )?(?:thank you|thanks|cheers)"
    r"(?: (?:very much|so much|a lot|again|for (?:that|your help|the (?:help|answer|information))))?",
    Intent.YES: r"yes|yeah|yep|yup|sure|of course|certainly|correct|(?:that is )?right|that one|absolutely|definitely"
    r"|do it|do|i do|i would|why not|go for it|sounds good|indeed",
}
_WHOLE = tuple((intent, re.compile(one)) for intent, patterns in _UTTERANCES.items() for one in patterns)
_OPENING = tuple((intent, re.compile(rf"(?:{pattern})(?: |$)")) for intent, pattern in _OPENINGS.items())
# What joins an utterance to the one before.
_JOINT = re.compile(r"^(?:(?:and|but|or) )+")
# Nothing but agreement; "um" is less than that.
_AGREEMENT = re.compile(r"\b(?:ok|okay|alright|all right|please|exactly)\b")


def understand(text: str) -> Understood:
    """Tell what an utterance wants."""
    wording = plain(text)
    rest = words = _JOINT.sub("", without_fillers(wording))
    if not words:
        return Understood(Intent.YES if _AGREEMENT.search(wording) else Intent.NOTHING, "")
    taken_off: list[Intent] = []
    while rest:
        for intent, pattern in _WHOLE:
            if pattern.fullmatch(rest):
                return Understood(intent, rest)
        for intent, pattern in _OPENING:
            if match := pattern.match(rest):
                taken_off.append(intent)
                rest = rest[match.end() :]
                break
        else:
            return Understood(Intent.QUESTION, rest)
    # "Thanks, yes" agrees and "no, thank you" refuses: these words outweigh courtesies.
    strong = [intent for intent in taken_off if intent in (Intent.YES, Intent.NO)]
    return Understood((strong or taken_off)[0], words)
