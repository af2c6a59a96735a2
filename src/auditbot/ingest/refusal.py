"""How is something refused, without ever repeating a personal detail?"""

import re
import unicodedata

MASKED = "[masked]"
MOST_WORDS_SHOWN = 5
LONGEST_SHOWN = 40  # enough to find a cell again
LONGEST_FIGURE = 12

#: Words that people and publishers write where a figure is missing.
_STATUS_WORDS = frozenset(
    """a an all and any applicable available awaiting awaited being below blank calculated cases
    cell checked closed collected completed confidential confirmed data due empty enough entered
    entries entry err error excluded false few figure figures for hidden in included incomplete
    insufficient is known low lt missing na nan negligible new nil no none not null number numbers
    of on pending private progress provided published rated received record records redacted
    reported reporting required result results returned sample scored scoring service small
    submitted suppressed tba tbc tbd than the to too true unavailable unknown unit value values
    void withheld yet yes zero div ref num name less fewer more report return submission""".split()  # noqa: SIM905 - readable as words
)
#: Common first names in the United Kingdom: two words that begin with one are held to be a person.
FORENAMES = frozenset(
    """aaron abdul abigail adam adrian ahmed aisha alan alex alexander alice alison amanda amelia
    amy andrew angela anita anna anne anthony arthur barbara ben benjamin bernard brian caroline
    catherine charles charlotte chloe chris christine christopher claire colin craig daniel david
    deborah denise dennis derek diane donald donna dorothy edward eileen elaine eleanor elizabeth
    ellen emily emma eric fatima fiona frances frank gareth gary geoffrey george gillian graham
    hannah harry hassan heather helen henry ian irene isabella jack jacqueline james jane janet
    jason jayne jean jennifer jessica joan joanne john jonathan joseph joshua joyce judith julia
    julie karen kathleen keith kelly kenneth kevin laura lauren lesley liam linda lisa louise lucy
    lynn malcolm margaret maria marie mark martin mary matthew maureen megan michael michelle
    mohammad mohammed muhammad natalie neil nicholas nicola nigel oliver olivia omar pamela patricia
    patrick paul pauline peter philip priya rachel raj rebecca richard robert robin roger ronald ruth
    ryan sally samantha samuel sandra sanjay sara sarah sean sharon shirley simon sophie stephen
    steven stuart susan suzanne sylvia teresa thomas timothy tracey valerie victoria vincent wendy
    william yusuf yvonne zoe""".split()  # noqa: SIM905 - readable as words
)
_ID = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")  # a metric id, rightly or wrongly spelt
_DATE = re.compile(r"\d{1,4}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{1,4}")
_LONG_NUMBER = re.compile(r"(?<![\d.])\d(?:[ -]?\d){6,}")  # GMC, NHS and hospital numbers, phones
_RUN_TOGETHER = re.compile(r"[^\W\d_]\d|\d[^\W\d_]")
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}"
_A_PERIOD = re.compile(
    rf"(?:\d{{1,4}}\s?[-/.]\s?\d{{1,2}}\s?[-/.]\s?\d{{1,4}}|(?:19|20)\d{{2}}(?:[-/ ]?\d{{1,2}}){{0,2}}"
    rf"|(?:\d{{1,2}}[ -])?{_MONTH}[ -]?\d{{2,4}})(?:[ T]00:00(?::00)?)?",
    re.IGNORECASE,
)
_BEYOND = re.compile(
    r"[+-]?(?:\d{13,}(?:\.\d*)?|\d+(?:\.\d*)?e[+-]?\d+|inf(?:inity)?)", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]+")


class Refused(Exception):
    """A whole file is refused and nothing of it is kept; the text is one sentence saying why."""


def masked(value: object) -> str:
    """A cell's text as it may be shown: short, on one line, and hidden if it might be personal.

    Hidden are dates, numbers as long as a GMC number, letters and digits run together (postcodes,
    hospital numbers), capitalised words that are not known to mean "no figure" (a surname cannot be
    told from any other), first names, and texts of five words or more.
    """
    text = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFKC", str(value)))
    text = " ".join(text.split())
    if _DATE.search(text) or _LONG_NUMBER.search(text):
        return MASKED
    if not _ID.fullmatch(text):
        words = _WORD.findall(text)
        if len(words) >= MOST_WORDS_SHOWN or any(map(_may_be_a_name, words)):
            return MASKED
        if _RUN_TOGETHER.search(text):
            return MASKED
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def shown_date(cell: object) -> str:
    """A period's cell as it may be shown: a wrong date there is nobody's date of birth."""
    text = " ".join(str(cell).split())
    return text if _A_PERIOD.fullmatch(text) else masked(cell)


def shown_figure(cell: object) -> str:
    """A figure's cell as it may be shown; longer than any person's number, it is cut short."""
    text = f"{cell:.15g}" if isinstance(cell, float) else " ".join(str(cell).split())
    if _BEYOND.fullmatch(text):
        return text if len(text) <= LONGEST_FIGURE else text[: LONGEST_FIGURE - 1] + "…"
    return masked(text)


def _may_be_a_name(word: str) -> bool:
    plain = word.lower()
    if plain in _STATUS_WORDS:
        return False
    short = len(word) == 1 or (word.isupper() and len(word) <= 3)  # "F", "TFP", "N"
    return plain in FORENAMES or (word != plain and not short)
