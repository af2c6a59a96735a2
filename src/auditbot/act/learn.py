"""How does auditbot learn new words? People teach them; it learns nothing by itself.

A question that was not understood is counted by its shape. Its words are kept where the asker lets the
audit team see them, without a name. What the audit team teaches waits for somebody to put it in the catalogue.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from auditbot.act.concern import LONGEST_LINE
from auditbot.catalogue import Catalogue
from auditbot.house import House
from auditbot.model import Button, Message, Roles, Service
from auditbot.say import digest
from auditbot.store import learn as store
from auditbot.store import load
from auditbot.store.engine import reading, writing
from auditbot.store.learn import Kind, Shape, Taught
from auditbot.viewer import in_person

KEPT_DAYS = 90
SHOWN_FROM = 5  # a shape that is rarer is told together with the others
SHOWN_SHAPES, SHOWN_WORDS = 5, 8  # as many as a form can hold and a person will read
CLASSES = (0, 1, 2, 3, 6, 11, 21)  # numbers of words, by the least of each class
LONGEST_PHRASE = 60


def shape_of(found: Sequence[str], text: str) -> Shape:
    """The shape of a question: which parts were recognised, and about how long it was.

    `found` is what the answer says of how it understood (`Answer.explain`): lines that begin with the
    part and, of a time or an intent, its kind. Nothing else of them is read, so no word of the asker
    can come into a shape.
    """
    parts = [line.split() for line in found]

    def kind(name: str) -> str:
        kinds = (p[1] for p in parts if len(p) > 1 and p[0] == name)
        return next((k for k in kinds if re.fullmatch(r"[a-z_]{1,20}", k)), "")

    named = {p[0] for p in parts if p}
    length = len(text.split())
    return Shape(
        metric=bool(named & {"metric", "audit"}),
        service="service" in named,
        period=kind("period"),
        intent=kind("intent"),
        words=max(c for c in CLASSES if c <= length),
    )


def not_understood(
    house: House, message: Message, found: Sequence[str], *, text: str, event_id: str, now: datetime
) -> Message:
    """Count a question that was not understood; the answer with a button for its words."""
    with writing(house.engine) as conn:
        store.count(conn, shape_of(found, text), _day(house, now))
    show = Button(
        house.words.get("button.show_words"), "show_words", json.dumps({"question": event_id})
    )
    return replace(message, more=(*message.more, show))


def question_of(value: str) -> str:
    """The id of the question whose words a button would show; empty when it names none."""
    try:
        named = json.loads(value)["question"]
    except (ValueError, KeyError, TypeError):
        return ""
    return named if isinstance(named, str) else ""


def show_words(
    house: House, words: str | None, *, own: bool, flagged: bool, now: datetime
) -> Message:
    """Keep the words of a question for the audit team; what to tell who pressed the button.

    `own`: they wrote them, else nothing is kept. `flagged`: the guard found something in them.
    """
    if not own:
        return digest.notice(house.words, "words_of_another")
    said = " ".join((words or "").split())
    if flagged or not said:
        return digest.notice(house.words, "words_not_taken")
    with writing(house.engine) as conn:
        store.keep_words(conn, said[: 2 * LONGEST_LINE], _day(house, now))
    return digest.notice(house.words, "words_shown", {"days": KEPT_DAYS})


def may_teach(roles: Mapping[str, Roles], user: str) -> bool:
    """Is this person in the audit team of any service?"""
    return bool(user) and any(user in r.audit_team for r in roles.values())


def overview(house: House) -> Message:
    """What was not understood, for the audit team: shapes that are frequent, and words by consent."""
    with reading(house.engine) as conn:
        counts, words = store.counts(conn), store.kept_words(conn)
    frequent = [(shape, n) for shape, n in counts if n >= SHOWN_FROM][:SHOWN_SHAPES]
    facts = {
        "shapes": [_facts(shape) | {"n": n} for shape, n in frequent],
        "others": sum(n for _, n in counts) - sum(n for _, n in frequent),
        "said": words[:SHOWN_WORDS],
        "more": max(0, len(words) - SHOWN_WORDS),
        "days": KEPT_DAYS,
    }
    return digest.notice(house.words, "not_understood", facts)


def teach(house: House, *, phrase: str, means: str, user: str, now: datetime) -> Message:
    """Write down what a word means, for somebody to review; what to tell the one who taught it.

    `means` is the id or the name of a measure, an audit or a service.
    """
    if not may_teach(house.roles, user):
        return digest.notice(house.words, "teach_not_yours")
    phrase = " ".join("".join(c if c.isprintable() else " " for c in phrase.casefold()).split())
    if not phrase or len(phrase) > LONGEST_PHRASE:
        return digest.notice(house.words, "teach_phrase", {"limit": LONGEST_PHRASE})
    with reading(house.engine) as conn:
        viewer = in_person(user, house.roles, house.prerelease, now)
        services = load.services(conn, viewer)
    word = meaning(house.catalogue, services, means, phrase)
    if word is None:
        return digest.notice(house.words, "teach_unknown")
    with writing(house.engine) as conn:
        new = store.teach(conn, word, _day(house, now))
    facts = {"phrase": phrase, "means": _name(house.catalogue, word)}
    return digest.notice(house.words, "taught" if new else "taught_before", facts)


def meaning(
    catalogue: Catalogue, services: Mapping[str, Service], typed: str, phrase: str
) -> Taught | None:
    """What a word stands for: the one measure, audit or service with this id or name; None if not one."""
    wanted = _letters(typed)
    by_id = [Taught("metric", m, phrase) for m in catalogue.metrics if m == typed.strip()]
    by_id += [Taught("audit", a, phrase) for a in catalogue.audits if a == typed.strip()]
    found = by_id[:1] or [  # an audit of one measure may have its id: then the measure is meant
        *(
            Taught("metric", m.id, phrase)
            for m in catalogue.metrics.values()
            if wanted in (_letters(m.plain), _letters(m.name))
        ),
        *(
            Taught("audit", a.id, phrase)
            for a in catalogue.audits.values()
            if wanted in (_letters(a.id), _letters(a.name), _letters(a.topic))
        ),
        *(
            Taught("place", s.name, phrase)
            for s in services.values()
            if wanted in (_letters(s.id), _letters(s.name))
        ),
    ]
    return found[0] if wanted and len(set(found)) == 1 else None


def for_review(engine: Engine) -> str:
    """What was taught, in the form of the catalogue's own files: to be read and pasted by a person."""
    with reading(engine) as conn:
        words = store.taught(conn)
    entries: dict[tuple[Kind, str], list[str]] = {}
    for w in words:
        entries.setdefault((w.kind, w.means), []).append(w.phrase)
    return "\n\n".join(entry(kind, means, told) for (kind, means), told in entries.items())


def forget(house: House, now: datetime) -> int:
    """Remove counts and words that are older than KEPT_DAYS; how many rows that were."""
    before = _day(house, now) - timedelta(days=KEPT_DAYS)
    with reading(house.engine) as conn:
        first = store.oldest(conn)
    if first is None or first >= before:
        return 0
    with writing(house.engine) as conn:
        return store.forget(conn, before)


def entry(kind: Kind, means: str, phrases: Sequence[str]) -> str:
    """One entry of the catalogue's files of typed words, as TOML."""
    told = _toml(list(phrases))
    if kind == "place":
        return f"[[place]]\ntyped = {told}\nmeans = {_toml([means])}"
    return f"[[{kind}]]\nid = {_toml(means)}\nphrases = {told}"


def _toml(value: str | list[str]) -> str:
    """A string or a list of strings as TOML: its basic strings are those of JSON."""
    return json.dumps(value, ensure_ascii=False)


def _facts(shape: Shape) -> dict[str, Any]:
    after = next((c for c in CLASSES if c > shape.words), 0)
    return {
        "metric": shape.metric,
        "service": shape.service,
        "time": bool(shape.period),
        "intent": shape.intent,
        "from_words": shape.words,
        "to_words": after - 1 if after else 0,
    }


def _name(catalogue: Catalogue, word: Taught) -> str:
    if word.kind == "metric":
        return catalogue.metrics[word.means].plain
    return catalogue.audits[word.means].topic if word.kind == "audit" else word.means


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _day(house: House, now: datetime) -> date:
    return now.astimezone(house.zone).date()
