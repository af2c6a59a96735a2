"""How is a Message about a finding put together? Facts, words, picture, buttons and trail.

All words are in messages/digest.j2. A body that grows over 90 words loses, one by one, what a
button behind the dots can tell as well.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from auditbot.catalogue import Catalogue
from auditbot.model import Binding, Button, Finding, Message, Release, Roles
from auditbot.say import chart
from auditbot.say.choose import Pick
from auditbot.say.facts import about, evidence, idea_for, wants_idea
from auditbot.say.markup import Marked, plain
from auditbot.say.words import Words

MOST_WORDS = 90
# To the lead alone: how often is for the channel to say, and a lead knows why a measure matters.
PRIVATE = ("concern_lead", "signal")
NOT_FOR_LEADS = ("less_often", "ask_explain")
BODY = (
    ("real", "caution", "standard", "step"),
    ("parts",),
    ("why",),
    ("try", "ask"),
)  # paragraphs of blocks
# What is left out, in this order, while the body is too long.
CUTS = (
    "parts",
    "interim",
    "where",
    "step",
    "history",
    "ask",
    "cross",
    "why",
    "idea",
    "after",
    "try",
)


def fitted(
    words: Words,
    catalogue: Catalogue,
    pick: Pick,
    *,
    today: date,
    explain: bool = False,
    fictional: bool = False,
    before: Sequence[str] = (),
    after: Sequence[str] = (),
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The facts and the body, cut until the body has at most ninety words."""
    for cuts in range(len(CUTS) + 1):
        known = about(
            words,
            catalogue,
            pick,
            today=today,
            explain=explain,
            fictional=fictional,
            cut=frozenset(CUTS[:cuts]),
        )
        body = (*before, *_body(words, known), *after)
        if count_words(body) <= MOST_WORDS:
            break
    return known, body


def _body(words: Words, known: Mapping[str, Any]) -> Iterable[str]:
    for blocks in BODY:
        said = (words.render("digest", block, known) for block in blocks)
        paragraph = " ".join(filter(None, said))
        if paragraph:
            yield Marked(paragraph)


def message_of(
    words: Words,
    catalogue: Catalogue,
    pick: Pick,
    known: dict[str, Any],
    *,
    kind: str,
    body: Sequence[str],
    discreet: bool,
    buttons: tuple[Button, ...] | None = None,
    fallback: str | None = None,
    thread: Iterable[Message] = (),
) -> Message:
    """The whole Message; `buttons` and `fallback` take the place of the usual ones."""
    metric = catalogue.metrics[pick.finding.metric]
    headline = words.render("digest", "headline", known)
    picture = chart.picture(
        pick.finding,
        metric,
        words,
        headline=plain(headline),
        credit=known["credit"],
        fictional=known["fictional"],
    )
    asked = tuple(
        buttons_of(
            words,
            catalogue,
            pick.finding,
            charted=picture is not None,
            without=NOT_FOR_LEADS if kind in PRIVATE else (),
        )
    )
    first = buttons if buttons is not None else asked[:2]
    if fallback is None:
        fallback = words.render("digest", "fallback_discreet" if discreet else "fallback", known)
    return Message(
        kind=kind,
        headline=headline,
        body=tuple(body),
        fallback=plain(fallback),
        context=(words.render("digest", "title", known), *words.lines("digest", "small", known)),
        chart=picture,
        buttons=first,
        more=tuple(b for b in asked if b not in first),
        thread=tuple(thread),
        trail=trail_of(words, catalogue, pick, known, kind),
    )


def buttons_of(
    words: Words,
    catalogue: Catalogue,
    finding: Finding,
    *,
    charted: bool = False,
    without: Collection[str] = (),
) -> Iterable[Button]:
    """What may be pressed, the most useful first; two are shown, the rest wait behind the dots.

    Behind the dots is room for five, so a message that shows none of these, or has shown one above
    it, goes `without` some. That it looks wrong is never shown first and never left out.
    """
    metric = catalogue.metrics[finding.metric]
    ideas = wants_idea(metric, finding) and idea_for(catalogue, finding) is not None
    actions = ["ask_improve"] if ideas else []
    actions += ["ask_chart_help"] if charted else []
    actions += ["ask_source", "ask_explain", "ask_contact", "less_often"]
    actions = [a for a in actions if a not in without]
    actions.insert(2, "dispute")
    value = value_of(finding)
    return (Button(words.get(f"button.{a}"), a, value) for a in actions)


def value_of(finding: Finding) -> str:
    """What a button hands to its handler."""
    period = finding.latest.period
    return json.dumps(
        {
            "service": finding.service.id,
            "metric": finding.metric,
            "start": period.start.isoformat(),
            "end": period.end.isoformat(),
        }
    )


def trail_of(
    words: Words, catalogue: Catalogue, pick: Pick, known: Mapping[str, Any], kind: str
) -> dict[str, Any]:
    """What the message was made of, ready for JSON."""
    finding = pick.finding
    comparators = {
        "change": "previous",
        "standard": "target",
        "same": "previous",
        "average": None,
        "typical": "peers",
        "top_quarter": "peers",
        "achievable": "peers",
        "": None,
    }
    against = str(known["against"])
    idea = known["idea"]
    return {
        "kind": kind,
        "class": pick.kind,
        "service": finding.service.id,
        "metric": finding.metric,
        "start": finding.latest.period.start.isoformat(),
        "end": finding.latest.period.end.isoformat(),
        "comparator": comparators.get(against, against),
        "rule": finding.verdict.rule,
        "profile": finding.verdict.profile,
        "score": pick.score,
        "reasons": list(pick.reasons),
        "template": words.hash("digest"),
        "idea": idea["source"] if idea else None,
        "evidence": evidence(finding),
        "parts": {f.metric: evidence(f) for f in pick.beside if f.metric in _told(catalogue, pick)},
    }


def _told(catalogue: Catalogue, pick: Pick) -> set[str]:
    """The parts whose levels a message may tell beside an overall level."""
    overall = catalogue.metrics[pick.finding.metric].score
    return {f.metric for f in pick.beside if overall and f.latest.level}


def is_discreet(
    binding: Binding,
    roles: Roles | None,
    release: Release | None,
    today: date,
    now: datetime | None = None,
) -> bool:
    """Must the notification text keep quiet? Yes for channels that ask for it, private services,
    internal data and anything before its publication.
    """
    if binding.discreet or (roles is not None and roles.private):
        return True
    if release is None:
        return False
    if release.publication == "internal":
        return True
    if release.publish_at is None:
        return False
    return now < release.publish_at if now is not None else today <= release.publish_at.date()


def is_fictional(release: Release | None) -> bool:
    """Is the release made-up data? Files of such data have names that begin with "fictional"."""
    return release is not None and release.name.lower().startswith("fictional")


def count_words(body: Iterable[str]) -> int:
    """Words of a text as a reader counts them."""
    return sum(len(plain(p).split()) for p in body)
