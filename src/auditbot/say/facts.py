"""What may a template say about a finding? Plain facts under plain names, worded where they are numbers.

Every template of findings gets the same facts; messages/README.md lists them for editors.
"""

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict
from datetime import date
from typing import Any

from auditbot import period as periods
from auditbot.catalogue import Action, Catalogue, Metric
from auditbot.model import Finding, Period, Result
from auditbot.say import compared, numbers
from auditbot.say.choose import Pick
from auditbot.say.classify import as_long, direction_of, is_concern, last_break, missed_before
from auditbot.say.compared import BEFORE
from auditbot.say.markup import Marked
from auditbot.say.words import Words

_ASIDE = re.compile(r"^(?P<main>.*?)\s*(?P<aside>\([^()]*\))$")
_SPAN = re.compile(r"^(?P<low>[\d.]+) to [\d.]+$")
LONG = 20  # words a sentence
GAPS_NAMED = 3  # periods without results that are named; of the rest the number is told
HISTORY = 8  # results that a level's history looks back over


def about(
    words: Words,
    catalogue: Catalogue,
    pick: Pick,
    *,
    today: date,
    explain: bool = False,
    fictional: bool = False,
    cut: Set[str] = frozenset(),
) -> dict[str, Any]:
    """All facts on one pick. `cut` names what a template may leave out to stay short."""
    finding = pick.finding
    metric = catalogue.metrics[finding.metric]
    audit = catalogue.audits[metric.audit]
    known: dict[str, Any] = {
        "topic": audit.topic,
        "service": finding.service.name,
        "period": finding.latest.period,
        "metric": metric.plain,
        "why": metric.why,
        "kind": pick.kind,
        "explain": explain,
        "cut": cut,
        "credit": audit.credit,
        "fictional": fictional,
        "helpdesk": helpdesk(audit.contact_role),
        "age": age(words, finding.latest.period, today),
        "state": words.say(f"state.{finding.latest.state}"),
        "newest": _newest(finding),
        "strength": finding.verdict.strength,
        "unsure": pick.kind == "unsure"
        or (bool(finding.cautions) and direction_of(finding) == "improvement"),
        "falls": finding.verdict.strength == "signal" and is_concern(finding),
        "cautions": list(finding.cautions),
        "records": _records(finding),
        "early": finding.early.answer if finding.early else "",
        "gaps": [words.period(p) for p in finding.missing[:GAPS_NAMED]],
        "more_gaps": max(len(finding.missing) - GAPS_NAMED, 0),
        "n": finding.verdict.n or sum(r.state == "ok" for r in as_long(finding)),
    }
    since = last_break(finding, catalogue)
    known |= _figures(words, metric, finding, pick, since)
    known["peers"] = compared.peers(words, catalogue, metric, finding)
    known |= _level(words, catalogue, metric, pick, since)
    known |= _idea(catalogue, metric, finding, known["form"])
    return known | ({"idea": None} if "try" in cut else {})


def _figures(
    words: Words, metric: Metric, finding: Finding, pick: Pick, since: date | None
) -> dict[str, Any]:
    """The figure, what it is compared with, and its standard."""
    latest, standing, change = finding.latest, finding.standing, finding.change
    goal = standing.standard.value if standing else None
    interim = metric.interim_on(latest.period.end)
    rates = compared.rates_of(finding)
    was = None if rates or metric.kind == "level" else _ok(finding.comparable)
    # the latest is one of the results since a change, so it need not be told apart from their rate
    others = [v for v in (*rates[:1], was.value if was else None) if v is not None]
    shown = numbers.figure(latest, metric, standard=goal, beside=others)
    main, aside = _split(metric.achieved)
    figure = numbers.words(shown, words, metric.counted)
    counts = numbers.counts(shown, words)
    before, after = Marked(), Marked()
    if rates:
        own = [latest.value] if latest.value is not None else []
        before = numbers.short(numbers.percent(rates[0], beside=[rates[1], *own]), words)
        after = numbers.short(numbers.percent(rates[1], beside=[rates[0]]), words)
    elif was is not None:
        own = [latest.value] if latest.value is not None else []
        before = numbers.short(numbers.figure(was, metric, beside=own), words)
    against = compared.against(shown, metric, finding, rates, was)
    average = Marked()
    if against == "average":
        average = compared.average(words, metric, finding)
    return {
        "form": shown.form,
        "figure": figure,
        "short": numbers.short(shown, words),
        "counts": counts,
        "doubt": numbers.doubt(shown, words) if shown.form == "few" else Marked(),
        "counted": metric.counted,
        "achieved": main,
        "aside": aside,
        "long": len(f"{figure} {main} {counts}".split()) > LONG,
        "against": against,
        "average": average,
        "direction": compared.way(metric, finding, against),
        "before": before,
        "before_when": before_when(words, finding),
        "after": after,
        "since": words.month(change.after[0]) if rates and change else Marked(),
        "lower": metric.direction == "lower",
        "standard": numbers.goal(goal) if goal is not None else Marked(),
        "standing": _standing(finding),
        "missed": missed_before(finding, metric, since),
        "interim": numbers.goal(interim.value) if interim else Marked(),
    }


def _records(finding: Finding) -> dict[str, Marked]:
    """Of every 100 expected records, how many came in, now and before; empty where not known.

    Before is the comparable result or all the results before a confirmed change, whichever of the
    two had more, as the caution itself is found.
    """
    before = [finding.comparable.completeness] if finding.comparable else []
    if compared.rates_of(finding) and finding.change:
        stretch = [r for r in finding.series.results if r.period in finding.change.before]
        shares = [r.completeness for r in stretch if r.completeness is not None]
        before += [sum(shares) / len(shares)] if shares else []
    was = max((c for c in before if c is not None), default=None)
    now = finding.latest.completeness
    if now is None or was is None or now >= was:
        return {}
    return {
        "now": Marked(numbers.percent(now, beside=[was]).n),
        "before": Marked(numbers.percent(was, beside=[now]).n),
    }


def _standing(finding: Finding) -> str:
    """For example "met pass", "missed fail", "met" and so on; empty without a standard or a figure."""
    if finding.standing is None or finding.latest.state != "ok":
        return ""
    met = "met" if finding.standing.met else "missed"
    return f"{met} {finding.standing.assurance}".strip()


def before_when(words: Words, finding: Finding) -> Marked:
    """When the comparable result was: "the year before", "the month before", or its period."""
    if finding.comparable is None:
        return Marked()
    then, now = finding.comparable.period, finding.latest.period
    if then == periods.year_before(now):
        return words.say("before.last_year")
    if then == periods.previous(now):
        return words.say(f"before.{periods.shape(now)}")
    return words.say("before.in_period", period=words.period(then))


def _level(
    words: Words, catalogue: Catalogue, metric: Metric, pick: Pick, since: date | None
) -> dict[str, Any]:
    """What is told of a level: the score behind it, its bands, history, next step and parts."""
    finding, beside = pick.finding, pick.finding.companions
    now = finding.latest.level or ""
    before = finding.comparable.level if finding.comparable else None
    bands = list(_bands(catalogue, metric, finding))
    changed = [b for b in bands if b["now"] != b["before"]]
    results = [r for r in as_long(finding) if since is None or r.period.start > since]
    letters = [r.level for r in results if r.level and r.state == "ok"][-HISTORY:]
    parts = sorted(_parts(catalogue, metric, pick.beside))
    return {
        "says_level": _says_level(words, metric.plain),
        "grade_before": before or "",
        "moved": _moved(words, now, before),
        "score": _score(catalogue, metric, beside.get(metric.score)),
        "score_before": _score(catalogue, metric, beside.get(f"{metric.score}{BEFORE}")),
        "bands_changed": changed,
        "bands_same": bool(bands) and not changed,
        "cause": finding.cause.by if finding.cause else "",
        "with_old_bands": finding.cause.with_old_bands if finding.cause else "",
        "letters": sorted(set(letters)) if len(letters) >= 4 else [],
        "n_letters": len(letters),
        "step": _step(words, metric, now),
        "at_top": [name for level, name in parts if level == "A"][:2],
        "most_room": _most_room(parts, now),
    }


def _bands(catalogue: Catalogue, metric: Metric, finding: Finding) -> Iterable[dict[str, str]]:
    """Data bands told with a level that rests on them, where both periods are known."""
    for name, result in finding.companions.items():
        band = catalogue.metrics.get(name)
        was = finding.companions.get(f"{name}{BEFORE}")
        if not metric.score or band is None or band.kind != "level" or was is None:
            continue
        if result.level and was.level:
            yield {"metric": band.plain, "now": result.level, "before": was.level}


def _parts(
    catalogue: Catalogue, metric: Metric, beside: Iterable[Finding]
) -> Iterable[tuple[str, str]]:
    """The parts of an overall level: the audit's other full-weight levels without a score."""
    for f in beside:
        m = catalogue.metrics[f.metric]
        overall = metric.score and not m.score and m.kind == "level"
        if overall and m.importance >= 1 and f.latest.level:
            yield f.latest.level, m.plain


def _most_room(parts: list[tuple[str, str]], now: str) -> dict[str, str] | None:
    if not parts or parts[-1][0] <= now:
        return None
    return {"metric": parts[-1][1], "level": parts[-1][0]}


def _step(words: Words, metric: Metric, now: str) -> dict[str, Any] | None:
    """The next level up and what it asks for, where the catalogue knows."""
    higher = chr(ord(now) - 1) if len(now) == 1 and now > "A" else ""
    if higher not in metric.cutpoints:
        return None
    cut = metric.cutpoints[higher]
    span = _SPAN.match(cut)
    if span:
        return {"level": higher, "cut": words.say("step.from", n=span["low"]), "bare": True}
    return {"level": higher, "cut": cut, "bare": cut[0].isdigit()}


def _moved(words: Words, now: str, before: str | None) -> Marked:
    if not before or not now or now == before:
        return Marked()
    return words.say("moved.up" if now < before else "moved.down")


def _score(catalogue: Catalogue, metric: Metric, result: Result | None) -> Marked:
    if result is None or result.state != "ok" or result.value is None or not metric.score:
        return Marked()
    return Marked(numbers.plain_number(result.value, catalogue.metrics[metric.score].kind))


def _says_level(words: Words, plain: str) -> str:
    """Does the metric's name already hold the word "level"?"""
    word = words.get("chart.level")
    return "ends" if plain.endswith(word) else "has" if word in plain.split() else "no"


def _idea(catalogue: Catalogue, metric: Metric, finding: Finding, form: str) -> dict[str, Any]:
    """One sourced thing to try where there is something to reach; else that none is listed."""
    idea = idea_for(catalogue, finding)
    wanted = wants_idea(metric, finding) and form != "none"
    return {
        "idea": {"words": idea.try_, "where": idea.where.split(";")[0], "source": idea.source[0]}
        if wanted and idea
        else None,
        "no_idea": wanted and idea is None,
    }


def idea_for(catalogue: Catalogue, finding: Finding) -> Action | None:
    """The first idea that may be offered for the metric."""
    return next((a for a in catalogue.actions_for(finding.metric) if a.source), None)


def wants_idea(metric: Metric, finding: Finding) -> bool:
    """Is there something to reach? Not for neutral metrics, a met standard or the top level."""
    if metric.direction == "neutral" or finding.latest.state != "ok":
        return False
    met = finding.standing is not None and finding.standing.met
    value = finding.latest.value
    none = metric.direction == "lower" and value == 0
    every = metric.direction == "higher" and metric.kind == "proportion" and value == 100
    return not (met or none or every or finding.latest.level == "A")


def helpdesk(role: str) -> str:
    """The audit's own contact, when one is known that can be written to or rung."""
    return role if "@" in role else ""


def age(words: Words, period: Period, today: date) -> Marked:
    """For example "8 to 20 months ago", once the oldest of the figures are more than 12 months old."""
    first, last = _months_ago(period.end, today), _months_ago(period.start, today)
    if last < 12:
        return Marked()
    if first == last:
        return words.say("age.one", first=first)
    return words.say("age.span", first=first, last=last)


def evidence(finding: Finding) -> Mapping[str, Any]:
    """Every figure behind a finding, for the trail: latest, comparable, verdict, standing, change."""
    return {
        "latest": _plain(asdict(finding.latest)),
        "comparable": _plain(asdict(finding.comparable)) if finding.comparable else None,
        "verdict": _plain(asdict(finding.verdict)),
        "standing": _plain(asdict(finding.standing)) if finding.standing else None,
        "change": _plain(asdict(finding.change)) if finding.change else None,
        "peers": asdict(finding.peers) if finding.peers else None,
        "early": asdict(finding.early) if finding.early else None,
        "cause": _plain(asdict(finding.cause)) if finding.cause else None,
        "cautions": list(finding.cautions),
        "missing": [_plain(asdict(p)) for p in finding.missing],
        "companions": {k: _plain(asdict(v)) for k, v in sorted(finding.companions.items())},
    }


def _plain(value: Any) -> Any:
    """Dates as ISO text, tuples as lists: ready for JSON."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value


def _split(achieved: str) -> tuple[str, str]:
    """The words after the count, and what stands in brackets behind them."""
    m = _ASIDE.match(achieved)
    return (m["main"], m["aside"]) if m else (achieved, "")


def _newest(finding: Finding) -> Period | None:
    return next((r.period for r in reversed(as_long(finding)) if r.state == "ok"), None)


def _ok(result: Result | None) -> Result | None:
    return result if result is not None and result.state == "ok" else None


def _months_ago(day: date, today: date) -> int:
    return max(12 * (today.year - day.year) + today.month - day.month - (today.day < day.day), 0)
