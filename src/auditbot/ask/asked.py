"""In what form is an answer wanted? Wishes that lie in the words alone, whatever metric or place they name.

Each becomes a finer wish of the Question: `each` (one figure a step, as a table), `order` (who is first or
last: never told of others) and `standard` (what a bare figure of the catalogue stands for).
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from auditbot.ask import wording
from auditbot.ask.desk import Desk
from auditbot.catalogue import Metric
from auditbot.model import Question

_FIGURED = ("card", "compare", "overview")
_STEP = r"(?:month|quarter|period)"
_EACH = re.compile(
    rf"\b(?:each|every|per)(?: one)?(?: of)?(?: the| our| these| those)?(?: last| past| previous| latest)?"
    rf"(?: \w+)? {_STEP}s?\b"
    rf"|\b({_STEP}) (?:by|on|after) \1\b|\bby (?:the )?{_STEP}\b|\ball (?:the |our )?{_STEP}s\b"
    r"|\b(?:monthly|quarterly) (?:figures?|numbers?|results?|breakdown|table|values?|scores?|levels?)\b"
    r"|\b(?:as|in) a table\b|\btable of\b|\ba table\b|\btabulate\b|\bbroken down\b|\bbreak (?:it|that|this) down\b"
)
_ENDS = r"(?:worst|best|bottom|top|poorest|weakest|strongest|lowest|highest|slowest|fastest)"
_ORDER = re.compile(
    rf"\b(?:is|are|am|was|were|we re|isn t|aren t)\b(?: \w+){{0,8}}? (?:(?:the|at the|in the|near the) )?{_ENDS}\b"
)
_OF_TIME = re.compile(r"\b(?:months?|quarters?|years?|periods?|ever|yet|weeks?|been|so far)\b")
_PLACED = re.compile(
    r"\b(?:where|how) (?:do|are|did) we (?:rank|ranked|placed|stand|come|sit)\b|\bwhat (?:rank|place|position) are we\b"
    r"|\bour (?:rank|ranking|place|position)\b"
)
_FINER_THAN_MONTHS = re.compile(
    r"\b(week|day)s? (?:by|on|after) \1s?\b|\b(?:weekly|daily)\b|\b(?:by|per|each|every) (?:the )?(?:week|day)\b"
)
_ALL_PARTS = re.compile(
    r"\ball (?:of )?(?:our |the |your )?(?:\w+ )?(?:domains|measures|metrics|indicators|areas|parts|figures|levels|scores)\b"
)
_WHO_USES = re.compile(r"\bwho (?:uses|reads|sees|looks at|gets|is it for)\b")
_FIGURE = re.compile(
    r"\b(?:what(?: is|s)?|why(?: is| are)?|explain|where does|how come|which|tell me about"
    r"|who (?:set|sets|decides|decided|says|chose|made))\b"
    r"(?: (?:is|are|the|that|this|a|our|target|standard|goal|of|figure|number|does)){0,6} (\d{1,3}(?:\.\d+)?) ?"
    r"(?:%|percent|per cent)?"
    r"(?: (?:about|for|mean|standard|target|goal|line|threshold|figure|thing|all about|come from|from|to do with))*\W*$"
)
_WHY_GOAL = re.compile(
    r"^(?:so |and |but )*(?:why|what|where)\b(?: \w+){0,3} (?:target|standard|goal|threshold)\b(?: \w+){0,2} "
    r"(\d{1,3}(?:\.\d+)?)\W*(?:%|percent|per cent)?\W*$"
)


def finer(
    desk: Desk, questions: Iterable[Question], text: str, last: Question | None
) -> tuple[Question, ...]:
    """The questions with the wishes that lie in the words; "as a table" alone is said of the last one."""
    words = _words(text)
    stated = _stated(words)
    return tuple(_finer(desk, _again(q, words, last), words, stated) for q in questions)


def _again(q: Question, words: str, last: Question | None) -> Question:
    told = last is not None and last.kind in _FIGURED and last.metric is not None
    if q.kind == "unknown" and "unheld" not in q.wants and told and _EACH.search(words):
        assert last is not None
        return last
    return q


def _finer(desk: Desk, q: Question, words: str, stated: float | None) -> Question:
    if stated is not None and q.kind in ("explain", "card", "unknown"):
        metric = _with_goal(desk, stated, q)
        if metric is not None:
            return replace(
                q,
                kind="explain",
                metric=metric.id,
                audit=metric.audit,
                wants=("standard", f"{stated:g}"),
            )
    if q.kind == "explain" and _WHO_USES.search(words) and (q.metric or q.audit):
        audit = desk.metric(q.metric).audit if q.metric else q.audit
        return replace(q, audit=audit, wants=("audit",))
    if q.kind not in _FIGURED:
        return q
    wants = q.wants
    if q.metric and _FINER_THAN_MONTHS.search(words):
        wants += ("short",)
    if q.metric is None and q.kind == "overview" and _ALL_PARTS.search(words):
        wants += ("parts",)
    if q.metric is None and q.kind == "overview" and _PLACED.search(words):
        wants += ("order", "position")
    if _EACH.search(words) and not {"extreme_low", "extreme_high"} & set(wants):
        wants += ("each",)
    if "parts" not in wants and _ORDER.search(words) and not _OF_TIME.search(words):
        wants += ("order",)
    return replace(q, wants=tuple(dict.fromkeys(wants)))


def _words(text: str) -> str:
    clean = wording.read(text).clean.casefold()
    return " ".join(re.sub(r"[^\w.%]+", " ", clean).split())


def _stated(words: str) -> float | None:
    m = _FIGURE.search(words) or _WHY_GOAL.search(words)
    return float(m[1]) if m else None


def _with_goal(desk: Desk, figure: float, q: Question) -> Metric | None:
    """The metric with this figure for a standard or goal: the one spoken of, else a headline first."""
    able = [m for a in _audits(desk, q) for m in desk.catalogue.by_audit[a]]
    heads = {a.headline_metric for a in desk.catalogue.audits.values()}
    able.sort(key=lambda m: (m.id != q.metric, m.id not in heads))
    return next((m for m in able if figure in {s.value for s in m.standards}), None)


def _audits(desk: Desk, q: Question) -> list[str]:
    if q.metric:
        return [desk.metric(q.metric).audit]
    return [q.audit] if q.audit in desk.catalogue.audits and q.audit else desk.audits_here()
