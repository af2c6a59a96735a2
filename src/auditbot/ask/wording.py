"""What was typed, cleaned: one string with its capitals, one without, and the words with their places.

Nothing is understood here; spellings of one thing (4hr, four-hour, A&E, "what's") become one form.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache

LONGEST = 1500  # characters that are looked at; a question is never longer

_NUMBERS = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "eighteen": 18,
    "twenty four": 24,
    "thirty": 30,
    "thirty six": 36,
    "seventy two": 72,
}
# Who is asking says nothing of what is asked: "nurse here, on nights, ...".
_HERE = (
    r"^(?!\W*(?:who|which|what|is|are|am|how|where|when|do|does|did|can|could|any)\b)[^?.,;:!]{0,40}\b(?:nurse|sister|matron|reg|registrar|consultant|doctor|sho|lead|facilitator|"
    r"manager|coordinator|clerk|physio|therapist|student|director|analyst|audit team) here\b"
    r"(?:[\s,]+(?:(?:back )?on|off|doing|from) (?:nights?|days?|shift|call|duty|a night shift|the ward)\b)?[,.:;!-]*"
)
_FROM = r"^[^?.,;:!]{0,15}\b(?:it'?s|this is|i'?m|i am|my name is) [a-z'-]+(?: [a-z'-]+)?,? (?:from|on|of) [^?.,;:!]{1,30}[,.:;!-]+"
_SHIFT = (
    r"\b(?:i|we)(?:'m| am| was|'ve been| have been| are| were|'re) (?:(?:just|still|now|back|all) )?(?:on|off|working|doing) "
    r"(?:nights?|days|lates|earlies|call|leave|duty|shift|a (?:night|late|day|long) ?(?:shift|day)?|the (?:night|late|early) shift)\b"
)
_UNITS = r"(?=[\s-]+(?:hours?|hrs?|months?|quarters?|years?|weeks?|days?|points?)\b)"

# In order: each pattern runs over the text that the one before has left.
_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), with_)
    for pattern, with_ in (
        (r"<!?(?:channel|here|everyone)[^>]*>|<[@#!][^>]*>|:[a-z_]{3,30}:", " "),
        (r"<(?:https?|mailto|tel):[^|>]*\|([^>]*)>", r" \1 "),
        (r"<?\bhttps?://\S+", " "),
        (r"\bu\b(?=\s)", "you"),
        (r"\br\b(?= (?:we|you|u|they|our|the|things|these|those)\b)", "are"),
        (r"\b(?:wot|wat|wht|wut)(?=s?\b)", "what"),
        (r"\b(look|do|go|gett|perform|chang|improv)in'?(?=\W|$)", r"\1ing"),
        (
            r"\b(?:(?:got |have you |do you have |has anyone )?any|got an|have an|no) (?:idea|clue) (?=how|what|when|where|who|whether|if|why|which)",
            " ",
        ),
        (r"(?<!\d)(?<!\d )%", " percent "),
        (r"\b(\d{1,2}) ?m(?= (?:follow|review|fu\b|check|assess|post))", r"\1 month"),
        (r"\bppl\b", "people"),
        (r"\blvl(s?)\b", r"level\1"),
        (r"\bperf\b", "performance"),
        (
            r"\bpts\b(?= (?:we|do|did|seen|in|who|get|got|are|were|have|had|waiting|waited|per|with|through|to|on))",
            "patients",
        ),
        (r"\bhosp(s?)\b", r"hospital\1"),
        (r"\b(?:pls|plz|plse|pleas|plez)\b", "please"),
        (r"\bhalf a day\b", "12 hours"),
        (r"\ban (?-i:A)\b(?! (?:level|grade|and e\b)|&)", "an A level"),
        (r"\bthru\b", "through"),
        (r"\byr(s?)\b", r"year\1"),
        (_HERE, " "),
        (_FROM, " "),
        (_SHIFT, " "),
        (r"[‘’‛`´ʼ]", "'"),
        (r"[‐‑‒–—−]", "-"),
        (r"\ba\s?(?:&(?:amp;)?|\+|/|'n')\s?e\b|\ba and e\b", "ae"),
        (r"&(?:amp;)?|\+", " and "),
        (r"\b(what|how|where|who|when|that|there|here|it|why|which)'?s\b(?!')", r"\1 is"),
        (r"\b(we|you|they)'re\b", r"\1 are"),
        (r"\bi'm\b", "i am"),
        (r"\b(i|we|you|they)'ve\b", r"\1 have"),
        (r"\b(i|we|you|they|it|that|how|what)'(?:d|ll)\b", r"\1 would"),
        (r"\b(?:can't|cant|cannot)\b", "can not"),
        (r"\b(?:won't|wont)\b", "will not"),
        (r"\b(do|did|does|is|are|was|were|have|has|should|could|would)n'?t\b", r"\1 not"),
        (r"(?<=\w)'(?=\w)|(?<=s)'", ""),
        (r"\bone" + _UNITS, "1"),
        (r"\ba (?:couple|pair) of\b", "2"),
        (r"\b(twenty|thirty|seventy)[\s-](four|six|two)\b", r"\1 \2"),
        *((rf"\b{word.replace(' ', '[ ]')}\b", str(n)) for word, n in reversed(_NUMBERS.items())),
        (r"\bhalf[\s-]?(?:a[\s-])?year(?:ly)?\b", "6 month"),
        # "6/12" is how clinicians write six months, where something regular follows.
        (
            r"(?<![\d/])(\d{1,2})/12(?=\s+(?:review|follow|check|fu\b|f/u|assess|appointment|post|after|stroke))",
            r"\1 month",
        ),
        (r"\b(\d{1,3})[\s-]*(?:hourly|hours|hour|hrs|hr|h)\b", r"\1 hour"),
        (r"\b(\d{1,3})[\s-]*(?:months|month|mths|mth)\b", r"\1 month"),
        (r"\b(\d{1,3})[\s-]*(?:days|day|d)\b", r"\1 day"),
        (r"\b(\d{1,3})[\s-]*(?:weeks|week|wks|wk|w)\b", r"\1 week"),
        (r"\b(?:type[\s-]?(?:1|one|i)|t1)\b", "type 1"),
        (r"\btype[\s-]?(?:2|two|ii)\b", "type 2"),
        (r"\btype[\s-]?(?:3|three|iii)\b", "type 3"),
        (r"\b(team|patient)s?[\s-]?cent(?:e?red|ric|er)\b", r"\1 centred"),
        (r"\b(?:ed|er|a and e|ae|casualty|accident and emergency)\b", "ae"),
        (r"\bemergency (?:department|dept|room)\b", "ae"),
        (r"\b(?:saint|st\.)(?= )", "St"),
    )
)
_TOKEN = re.compile(r"[^\W_]+(?:\.\d+)?", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Token:
    """One word: small letters, as typed, where it stands in the clean text, and whether it shouts."""

    text: str
    typed: str
    start: int
    end: int

    @property
    def capital(self) -> bool:
        """Did it begin with a capital?"""
        return self.typed[:1].isupper()


@dataclass(frozen=True)
class Wording:
    """A question as it is looked at. `clean` is in small letters; places are those of `cased`."""

    cased: str

    @cached_property
    def clean(self) -> str:
        """The text in small letters, of the same length."""
        return "".join(c.lower() if len(c.lower()) == 1 else c for c in self.cased)

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """The words in order."""
        return tuple(
            Token(self.clean[m.start() : m.end()], m[0], m.start(), m.end())
            for m in _TOKEN.finditer(self.cased)
        )

    @cached_property
    def shouts(self) -> bool:
        """All in capitals: then a capital tells nothing."""
        letters = [c for c in self.cased if c.isalpha()]
        return bool(letters) and sum(c.isupper() for c in letters) > 0.7 * len(letters)

    @cached_property
    def words(self) -> str:
        """The words alone with one space between, for phrases."""
        return " ".join(t.text for t in self.tokens)


def read(text: str) -> Wording:
    """The text in its one form. Never fails, and takes time in proportion to its length."""
    plain = unicodedata.normalize("NFKD", text[:LONGEST])
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = plain.replace("_", " ").replace("*", " ")
    for pattern, with_ in _REWRITES:
        plain = pattern.sub(with_, plain)
    return Wording(" ".join(plain.split()))


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name or phrase, in the form questions are read in."""
    return tuple(t.text for t in _read_once(text).tokens)


def bag(words: str) -> frozenset[str]:
    """The words of a line as a set."""
    return frozenset(words.split())


@lru_cache(maxsize=20_000)
def _read_once(text: str) -> Wording:
    return read(text)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The word without its ending, roughly: scans, scanned, scanning → scan. Numbers stay."""
    if word.isdigit() or len(word) < 4:
        return word
    if word.endswith("ies") and len(word) > 5:
        return word[:-3] + "y"
    for ending in ("ings", "ing", "ed", "es", "s"):
        rest = word.removesuffix(ending)
        if rest == word or len(rest) < (4 if ending in ("ing", "ings", "ed") else 3):
            continue
        if ending == "s" and rest.endswith(("s", "u", "i")):
            return word
        if ending == "es" and not rest.endswith(("s", "x", "ch", "sh")):
            continue
        if len(rest) > 4 and rest[-1] == rest[-2] and rest[-1] not in "sel":
            return rest[:-1]
        return rest
    return word
