"""What may the card of a figure say? The finding behind it, and plain facts for the template."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

from auditbot import company
from auditbot.analyse import change
from auditbot.analyse.findings import find
from auditbot.analyse.grade import DATA_BANDS as BANDS
from auditbot.ask import figures
from auditbot.ask.desk import Desk
from auditbot.ask.memory import value_of
from auditbot.catalogue import Metric
from auditbot.model import Button, Finding, Period, Question, Result, Series
from auditbot.say import facts, numbers
from auditbot.say.choose import Pick
from auditbot.say.markup import Marked, plain
from auditbot.say.message import is_fictional
from auditbot.say.numbers import Figure

MOST_GAPS = 4  # stretches that are not loaded, by name


def finding(desk: Desk, series: Series, result: Result) -> Finding:
    """What the figures said when this result was the newest."""
    metric, service = desk.metric(series.metric), desk.service(series.service)
    audit = desk.catalogue.audits[metric.audit]
    adjustment = desk.catalogue.adjustment_of(metric)
    wanted = {metric.score} if metric.score else set()
    wanted |= {adjustment.care} if adjustment else set()
    if metric.kind in ("level", "score"):
        wanted |= {m.id for m in desk.catalogue.by_audit[audit.id] if m.id.endswith(BANDS)}
    beside = desk.series_of(sorted(wanted - {metric.id}), [service.id])
    near = {m: by_service[service.id] for m, by_service in beside.items() if by_service}
    found = find(
        service,
        metric,
        figures.until(series, result.period),
        profile=desk.profile,
        companions={m: figures.until(s, result.period) for m, s in near.items()},
        breaks=desk.catalogue.breaks_of(audit.id, service.id),
        adjustment=adjustment,
    )
    assert found is not None
    return company.in_company(desk.company, found)


def finding_facts(desk: Desk, found: Finding) -> dict[str, Any]:
    """The facts of a finding as its templates know them."""
    pick = Pick(found, "steady", 0.0, ())
    known = facts.about(desk.words, desk.catalogue, pick, today=desk.today)
    standing = found.standing
    met = (
        ""
        if standing is None or found.latest.state != "ok"
        else "met"
        if standing.met
        else "missed"
    )
    return (
        known
        | _empty()
        | {
            "standing": met,
            "hidden": found.latest.state == "suppressed",
            "standard_note": desk.metric(found.metric).standard_note,
        }
    )


def _empty() -> dict[str, Any]:
    blank = Marked()
    return {
        "before": blank,
        "before_counts": blank,
        "before_when": blank,
        "rate_before": blank,
        "rate_after": blank,
        "counts_before": blank,
        "counts_after": blank,
        "since": blank,
        "asked_standard": False,
        "bands_now": [],
        "too_early": False,
        "hidden": False,
        "between": "",
    }


def figure_facts(desk: Desk, metric: Metric, series: Series, whole: Result) -> dict[str, Any]:
    """The facts of a figure put together from several results: nothing is judged but its standard."""
    known = finding_facts(desk, finding(desk, series, series.results[-1]))
    standard = None if metric.direction == "neutral" else metric.standard_on(whole.period.end)
    interim = metric.interim_on(whole.period.end)
    goal = standard.value if standard else None
    shown = numbers.figure(whole, metric, standard=goal)
    main, _, aside = metric.achieved.partition(" (")
    missed = (
        goal is not None
        and whole.value is not None
        and (whole.value < goal if metric.direction == "higher" else whole.value > goal)
    )
    return known | {
        "period": whole.period,
        "form": shown.form,
        "figure": numbers.words(shown, desk.words, metric.counted),
        "short": numbers.short(shown, desk.words),
        "counts": numbers.counts(shown, desk.words),
        "doubt": numbers.doubt(shown, desk.words) if shown.form == "few" else Marked(),
        "achieved": main,
        "aside": f"({aside}" if aside else "",
        "long": True,
        "standard": numbers.goal(goal) if goal is not None else Marked(),
        "interim": numbers.goal(interim.value) if interim else Marked(),
        "standing": "" if goal is None else "missed" if missed else "met",
        "strength": "pooled",
    }


def before(desk: Desk, metric: Metric, now: Result, was: Result, when: str) -> dict[str, Any]:
    """What it was before, in words, with counts where there are some."""
    own = [now.value] if now.value is not None else []
    _, shown = alike(numbers.figure(now, metric), numbers.figure(was, metric, beside=own))
    if shown is None:
        return {}
    return {
        "before": numbers.short(shown, desk.words),
        "before_counts": numbers.counts(shown, desk.words),
        "before_when": when,
    }


def between(
    desk: Desk, series: Series, first: figures.Stretch, second: figures.Stretch
) -> Literal["more", "within", ""]:
    """Is the change from one named stretch of time to another more than the usual ups and downs?

    Empty where that cannot be tested; then the two figures stand without a verdict.
    """
    metric = desk.metric(series.metric)
    found = change.between(
        series,
        metric,
        [r.period for r in first.figures],
        [r.period for r in second.figures],
        breaks=desk.catalogue.breaks_of(metric.audit, series.service),
    )
    return "" if found is None else "more" if found.confirmed else "within"


def place(desk: Desk, found: Finding | None) -> dict[str, int]:
    """Somebody's own service among its peers: the range of its place, and that in private alone."""
    own = found is not None and found.service.id in desk.viewer.services
    if found is None or not own or desk.viewer.audience not in ("direct", "private"):
        return {}
    placed = company.place(desk.company, found)
    return {"best": placed.best, "worst": placed.worst, "of": placed.of} if placed else {}


def alike(now: Figure, was: Figure | None) -> tuple[Figure, Figure | None]:
    """Two figures read beside each other, in one form: counts for both where one has few cases.

    Without counts of its own the second is left out: a bare percentage would not be comparable.
    """
    if was is None or "few" not in (now.form, was.form):
        return now, was
    if now.denominator and was.denominator:
        return replace(now, form="few"), replace(was, form="few")
    return now, was if was.form == "none" else None


def ends(desk: Desk, metric: Metric, first: Result, last: Result) -> dict[str, Any]:
    """The first and the last of a stretch of figures that cannot be added up."""
    own = [last.value] if last.value is not None else []
    _, shown = alike(numbers.figure(last, metric), numbers.figure(first, metric, beside=own))
    return {
        "first": numbers.short(shown, desk.words) if shown and first is not last else Marked(),
        "first_period": first.period,
        "period": last.period,
    }


def runs(missing: Sequence[Period]) -> list[Period]:
    """Neighbouring periods as one: October, November and December are October to December."""
    joined: list[Period] = []
    for p in sorted(missing):
        if joined and joined[-1].end + timedelta(days=1) == p.start:
            joined[-1] = Period(joined[-1].start, p.end)
        else:
            joined.append(p)
    return joined


def gap(desk: Desk, found: figures.Stretch, months: int) -> dict[str, Any]:
    """What of a stretch is not loaded, and what has no figure: up to four stretches of each by name."""
    return {
        "gaps": _named(desk, found.missing),
        "silent": _named(desk, found.silent),
        "held": found.steps - len(found.missing) - len(found.silent),
        "steps": found.steps,
        "months": months,
    }


def _named(desk: Desk, periods: Sequence[Period]) -> list[str]:
    apart = [desk.words.period(p) for p in runs(periods)]
    more = len(apart) - MOST_GAPS
    return [*apart[:MOST_GAPS], desk.words.say("chart.more", n=more)] if more > 0 else [*apart]


def bands(desk: Desk, found: Finding) -> list[dict[str, str | None]]:
    """The data bands beside a score, now and before."""
    return [
        {
            "metric": desk.metric(name).plain,
            "now": r.level,
            "before": was.level if (was := found.companions.get(f"{name}@previous")) else None,
        }
        for name, r in found.companions.items()
        if "@" not in name and r.level and name.endswith(BANDS)
    ]


def small_facts(desk: Desk, metric: Metric, results: list[Result]) -> dict[str, Any]:
    """Where figures are from: credit, file, when it was published, how old they are."""
    newest = max(results, key=lambda r: r.period.end, default=None)
    release = desk.releases.get(newest.release) if newest else None
    files = {r.release for r in results if r.release in desk.releases}
    return {
        "credit": desk.catalogue.audits[metric.audit].credit,
        "fictional": desk.fictional or is_fictional(release),
        "release": release.name if release else "",
        "published": release.published if release else None,
        "more_files": max(len(files) - 1, 0),
        "age": facts.age(desk.words, _whole(results), desk.today) if results else Marked(),
        "counted": metric.counted,
    }


def _whole(results: Sequence[Result]) -> Period:
    return Period(min(r.period.start for r in results), max(r.period.end for r in results))


def buttons(
    desk: Desk, q: Question, metric: Metric, found: Finding | None, *, charted: bool
) -> tuple[tuple[Button, ...], tuple[Button, ...]]:
    """Two that fit best, and the rest for behind the dots."""
    names = ["ask_chart_help" if charted else "ask_chart"]
    if found is not None and facts.wants_idea(metric, found):
        names.insert(0, "ask_improve")
    names += ["ask_source", "ask_explain", "ask_contact", "dispute", "ask_list"]
    made = offered(desk, q, names)
    return made[:2], made[2:]


def offered(desk: Desk, q: Question, names: Iterable[str]) -> tuple[Button, ...]:
    """Buttons that ask these things of the same figure."""
    value = value_of(q)
    return tuple(Button(button_text(desk, n), n, value) for n in names)


def button_text(desk: Desk, name: str) -> str:
    """The words on a button."""
    return plain(desk.say("answer_ask", f"button_{name}", {}))
