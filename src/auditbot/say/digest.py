"""What does a digest look like? A choice becomes a Message; a concern becomes two, the lead's first.

Every other thing that auditbot says by itself is here too: joining, corrections, notices.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from auditbot.catalogue import Catalogue
from auditbot.model import Binding, Button, Finding, Message, Release, Result, Roles, Service
from auditbot.say import numbers
from auditbot.say.choose import Choice, Pick
from auditbot.say.facts import about
from auditbot.say.markup import Marked, plain
from auditbot.say.message import (
    buttons_of,
    count_words,
    fitted,
    is_discreet,
    is_fictional,
    message_of,
    trail_of,
    value_of,
)
from auditbot.say.words import Words


def digest(
    words: Words,
    catalogue: Catalogue,
    choice: Choice,
    *,
    binding: Binding,
    roles: Roles | None,
    today: date,
    explain: bool | None = None,
    releases: Mapping[int, Release] | None = None,
    now: datetime | None = None,
    fictional: bool = False,
) -> Message:
    """The message of a choice that has a pick, with its further lines as a thread.

    `explain` overrides what the choice says about telling why the measure matters. `now` (aware)
    tells exactly whether a release is out; without it the day of publication counts as not yet.
    `fictional` marks made-up data, as does the name of its release.
    """
    pick = choice.pick
    if pick is None:
        raise ValueError("This choice has no headline, so there is no digest; send its concerns.")
    release = (releases or {}).get(pick.finding.latest.release)
    fictional = fictional or is_fictional(release)
    discreet = is_discreet(binding, roles, release, today, now)
    known, body = fitted(
        words,
        catalogue,
        pick,
        today=today,
        explain=choice.explain if explain is None else explain,
        fictional=fictional,
    )
    further = _lines(words, catalogue, choice.others, today, fictional=fictional, discreet=discreet)
    return message_of(
        words, catalogue, pick, known, kind="digest", body=body, discreet=discreet, thread=further
    )


def concern_for_lead(
    words: Words,
    catalogue: Catalogue,
    pick: Pick,
    *,
    channel: str,
    goes: datetime,
    value: str = "",
    also: Sequence[Pick] = (),
    binding: Binding,
    roles: Roles | None,
    today: date,
    releases: Mapping[int, Release] | None = None,
    now: datetime | None = None,
    fictional: bool = False,
) -> Message:
    """A confirmed concern for the service's lead, in private, before it goes to `channel`.

    `channel` is the channel's name in words ("#stroke-fernhill"), `goes` the local time at which
    it will go there, `value` what its two buttons hand on (default: which finding it is), `also`
    further concerns of the same audit, told in a line each under it.
    """
    release = (releases or {}).get(pick.finding.latest.release)
    fictional = fictional or is_fictional(release)
    discreet = is_discreet(binding, roles, release, today, now)
    facts = {"channel": channel, "when": when(words, goes, today)}
    known, body = fitted(
        words,
        catalogue,
        pick,
        today=today,
        fictional=fictional,
        before=words.lines("concern", "first", facts),
        after=words.lines("concern", "choices", facts),
    )
    said = Marked(words.render("digest", "headline", known))
    fallback = words.render(
        "concern",
        "lead_fallback_discreet" if discreet else "lead_fallback",
        facts | {"said": said},
    )
    own = tuple(
        Button(words.get(f"button.{action}"), action, value or value_of(pick.finding))
        for action in ("add_line", "hold")
    )
    return message_of(
        words,
        catalogue,
        pick,
        known,
        kind="concern_lead",
        body=body,
        discreet=discreet,
        buttons=own,
        fallback=fallback,
        thread=_lines(words, catalogue, also, today, fictional=fictional, discreet=discreet),
    )


def concern_for_channel(
    words: Words,
    catalogue: Catalogue,
    pick: Pick,
    *,
    binding: Binding,
    roles: Roles | None,
    today: date,
    line: str | None = None,
    line_by: str | None = None,
    also: Sequence[Pick] = (),
    releases: Mapping[int, Release] | None = None,
    now: datetime | None = None,
    fictional: bool = False,
) -> Message:
    """A confirmed concern in the channel, with the lead's line (signed `line_by`) if there is one.

    The line does not count towards the ninety words: it is a person's own.
    """
    release = (releases or {}).get(pick.finding.latest.release)
    fictional = fictional or is_fictional(release)
    discreet = is_discreet(binding, roles, release, today, now)
    known, body = fitted(words, catalogue, pick, today=today, fictional=fictional)
    if line and line_by:
        added = words.lines("concern", "line", {"line": line, "by": line_by})
        body = (*body[:1], *added, *body[1:])
    return message_of(
        words,
        catalogue,
        pick,
        known,
        kind="concern",
        body=body,
        discreet=discreet,
        thread=_lines(words, catalogue, also, today, fictional=fictional, discreet=discreet),
    )


def signal_for_lead(
    words: Words,
    catalogue: Catalogue,
    pick: Pick,
    *,
    roles: Roles | None,
    today: date,
    also: Sequence[Pick] = (),
    fictional: bool = False,
) -> Message:
    """A concern that is but a signal: for the lead in private, never for the channel.

    `also` are further ones of the same audit, told in a line each under it.
    """
    note = words.lines("concern", "signal", {})
    known, body = fitted(words, catalogue, pick, today=today, fictional=fictional, after=note)
    discreet = roles is not None and roles.private
    further = _lines(words, catalogue, also, today, fictional=fictional, discreet=discreet)
    return message_of(
        words, catalogue, pick, known, kind="signal", body=body, discreet=discreet, thread=further
    )


def intro(
    words: Words,
    catalogue: Catalogue,
    binding: Binding | None,
    roles: Mapping[str, Roles] | None = None,
    *,
    bot: str = "auditbot",
) -> Message:
    """What is said once, on joining a channel; `bot` is the name people mention."""
    audits = binding.audits if binding else ()
    topics = [catalogue.audits[a].topic for a in audits if a in catalogue.audits]
    bound = binding is not None and bool(binding.services)
    facts = {"topics": topics, "bot": bot}
    headline = words.render("intro", "headline" if bound else "unbound", facts)
    private = any(r.private for s, r in (roles or {}).items() if binding and s in binding.services)
    actions = ("less_often", "ask_list") if bound else ("ask_list",)
    return Message(
        kind="intro",
        headline=headline,
        body=words.lines("intro", "body", facts),
        fallback=plain(
            words.render("intro", "fallback_discreet" if private else "fallback", facts)
        ),
        buttons=tuple(Button(words.get(f"button.{a}"), a) for a in actions),
        trail={"kind": "intro", "template": words.hash("intro")},
    )


def correction(
    words: Words,
    catalogue: Catalogue,
    service: Service,
    old: Result,
    new: Result,
    *,
    binding: Binding,
    roles: Roles | None,
    today: date,
    stands: bool | None = None,
    release: Release | None = None,
    now: datetime | None = None,
) -> Message:
    """A figure that was told and has since been corrected by its publisher.

    Where it is the same, the figures before it were corrected, and undid the change that was told.
    `stands`: does what was said about a change still hold? None when nothing was said.
    """
    metric = catalogue.metrics[new.metric]
    values = [r.value for r in (old, new) if r.value is not None]
    was, now_is = (numbers.figure(r, metric, beside=values) for r in (old, new))
    facts = {
        "topic": catalogue.audits[metric.audit].topic,
        "service": service.name,
        "period": new.period,
        "metric": metric.plain,
        "old": numbers.short(was, words),
        "old_counts": numbers.counts(was, words),
        "new": numbers.words(now_is, words, metric.counted),
        "new_counts": numbers.counts(now_is, words),
        "same": was == now_is,
        "stands": {True: "yes", False: "no", None: ""}[stands],
    }
    discreet = is_discreet(binding, roles, release, today, now)
    fallback = words.render("correction", "fallback_discreet" if discreet else "fallback", facts)
    return Message(
        kind="correction",
        headline=words.render("correction", "before" if facts["same"] else "headline", facts),
        body=words.lines("correction", "body", facts),
        fallback=plain(fallback),
        context=(words.render("correction", "title", facts),),
        trail={
            "kind": "correction",
            "service": service.id,
            "metric": new.metric,
            "start": new.period.start.isoformat(),
            "end": new.period.end.isoformat(),
            "old": [old.value, old.numerator, old.denominator, old.level, old.release],
            "new": [new.value, new.numerator, new.denominator, new.level, new.release],
            "template": words.hash("correction"),
        },
    )


def notice(words: Words, code: str, facts: Mapping[str, Any] | None = None) -> Message:
    """A short notice or an error in chat, by its code: a block of messages/notice.j2."""
    first, *rest = words.lines("notice", code, facts or {})
    return Message(
        kind="notice",
        headline=first,
        body=tuple(rest),
        fallback=plain(first),
        trail={"kind": "notice", "code": code, "template": words.hash("notice")},
    )


def when(words: Words, at: datetime, today: date) -> Marked:
    """For example "tomorrow at 9", "on Monday 5 October 2026 at 9:30"; both are local."""
    time = Marked(f"{at.hour}" if at.minute == 0 else f"{at.hour}:{at.minute:02}")
    days = (at.date() - today).days
    if days in (0, 1):
        return words.say("when.tomorrow" if days else "when.today", time=time)
    day = words.day(at.date())
    return words.say("when.later", weekday=words.weekday(at.date()), day=day, time=time)


def as_json(
    message: Message | None,
    finding: Finding | None,
    *,
    state: str,
    reason: str = "",
    releases: Mapping[int, Release] | None = None,
    service: str = "",
    service_name: str = "",
) -> dict[str, Any]:
    """The fields of `digest --json`; `words` is the number of words of the body."""
    known: dict[str, Any] = {
        "service": finding.service.id if finding else service,
        "service_name": finding.service.name if finding else service_name,
        "state": state,
        "reason": reason,
    }
    texts = ("headline", "body", "fallback", "alt_text", "words", "metric", "period", "value")
    rest = ("numerator", "denominator", "comparator", "verdict", "score")
    known |= dict.fromkeys((*texts, *rest)) | {"sources": []}
    if message is None or finding is None:
        return known
    latest, verdict = finding.latest, finding.verdict
    release = (releases or {}).get(latest.release)
    published = release.published.isoformat() if release and release.published else None
    return known | {
        "headline": plain(message.headline),
        "body": "\n\n".join(plain(p) for p in message.body),
        "fallback": plain(message.fallback),
        "alt_text": message.chart.alt_text if message.chart else None,
        "words": count_words(message.body),
        "metric": finding.metric,
        "period": {
            "start": latest.period.start.isoformat(),
            "end": latest.period.end.isoformat(),
        },
        "value": latest.level if latest.level is not None else latest.value,
        "numerator": latest.numerator,
        "denominator": latest.denominator,
        "comparator": message.trail.get("comparator"),
        "verdict": {
            "strength": verdict.strength,
            "direction": verdict.direction,
            "rule": verdict.rule,
            "profile": verdict.profile,
            "n": verdict.n,
            "mean": verdict.mean,
            "lower": verdict.lower,
            "upper": verdict.upper,
        },
        "score": message.trail.get("score"),
        "sources": [{"release": release.name, "published": published}] if release else [],
    }


def _lines(
    words: Words,
    catalogue: Catalogue,
    picks: Sequence[Pick],
    today: date,
    *,
    fictional: bool,
    discreet: bool,
) -> tuple[Message, ...]:
    return tuple(
        _further(words, catalogue, p, today, fictional=fictional, discreet=discreet) for p in picks
    )


def _further(
    words: Words, catalogue: Catalogue, pick: Pick, today: date, *, fictional: bool, discreet: bool
) -> Message:
    known = about(words, catalogue, pick, today=today, fictional=fictional)
    line = words.render("digest", "further", known)
    quiet = words.render("digest", "fallback_discreet", known)
    return Message(
        kind="further",
        headline=line,
        body=(),
        fallback=quiet if discreet else plain(line),
        # whom to ask stands on the message above it
        more=tuple(buttons_of(words, catalogue, pick.finding, without=("ask_contact",))),
        trail=trail_of(words, catalogue, pick, known, "further"),
    )
