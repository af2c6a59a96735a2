"""Of which class is a finding: what is the strongest true thing that can be said of it?"""

from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from auditbot import period as periods
from auditbot.catalogue import Catalogue, Metric
from auditbot.model import Finding, Period, Result

Class = Literal[
    "standard_reached",  # meets its standard, and none of its results of the last year did
    "improvement",  # confirmed
    "concern",  # confirmed
    "grade_up",  # the audit's own overall level rose
    "grade_down",  # the audit's own overall level fell
    "part_up",  # the level of a part is higher than in the whole year before
    "part_down",  # the level of a part is lower than in the whole year before
    "changed",  # confirmed, of a metric that is neither better nor worse
    "nearing",  # within 5 points of its standard, closer than in the last year
    "signal",  # a rule fired on the latest point alone, or an early view is more than the usual
    "room",  # a standard or a higher level is there to reach
    "steady",  # within the usual ups and downs
    "unsure",  # looks better, and there is a reason not to praise it yet
    "too_early",  # fewer than 12 results
    "no_figure",  # the latest result is not a figure
]

Step = Literal["typical", "top_quarter", "achievable", "own", ""]

# What a caution turns into "unsure".
GOOD_NEWS: frozenset[Class] = frozenset(
    ("standard_reached", "improvement", "grade_up", "part_up", "nearing")
)
NEARLY = timedelta(days=3)  # months that do not begin on the first differ by no more
NEAR = 5.0  # points from the standard that count as nearing it


def classify(finding: Finding, metric: Metric, since: date | None = None) -> Class:
    """The class of one finding, by its strongest true statement.

    `since`: the last day of an old scheme; results up to it are not compared with.
    """
    found = _strongest(finding, metric, since)
    better = found == "signal" and direction_of(finding) == "improvement"
    return "unsure" if finding.cautions and (found in GOOD_NEWS or better) else found


def _strongest(finding: Finding, metric: Metric, since: date | None) -> Class:
    if finding.latest.state != "ok":
        return "no_figure"
    verdict, standing = finding.verdict, finding.standing
    if verdict.strength == "confirmed" and verdict.direction == "concern":
        return "concern"
    if _reached(finding, metric, since):
        return "standard_reached"
    if metric.kind == "level":
        return _level_class(finding, metric, since)
    if verdict.strength == "confirmed":
        return "improvement" if verdict.direction == "improvement" else "changed"
    if _nearing(finding, metric, since):
        return "nearing"
    if verdict.strength == "signal" or (finding.early and finding.early.direction):
        return "signal"
    if (standing is not None and not standing.met) or step_up(finding, metric) == "typical":
        return "room"
    return "too_early" if verdict.strength == "too_early" else "steady"


def _level_class(finding: Finding, metric: Metric, since: date | None) -> Class:
    """An overall level (one with a score behind it) is news when it moves. The letters of parts and
    bands go up and down by chance: they are when they leave what they were for a year.
    """
    now = finding.latest.level or ""
    still: Class = "steady" if now == "A" else "room"
    if metric.score:
        before = finding.comparable.level if finding.comparable is not None else None
        if not before or now == before:
            return still
        return "grade_up" if now < before else "grade_down"
    earlier = [r.level for r in _earlier(finding, since) if r.level]
    if finding.comparable is None or len(earlier) < 2:
        return still
    if now < min(earlier):
        return "part_up"
    return "part_down" if now > max(earlier) else still


def _reached(finding: Finding, metric: Metric, since: date | None) -> bool:
    """Meets its standard now, and no result of the year before (at least one) did."""
    if finding.standing is None or not finding.standing.met or finding.standing.kept != 1:
        return False
    gaps = _gaps_before(finding, metric, since)
    return bool(gaps) and min(gaps) > 0


def _nearing(finding: Finding, metric: Metric, since: date | None) -> bool:
    """Misses its standard by no more than 5 points, came nearer, and is the nearest of the year.

    Points are per cent or score points. Coming nearer is judged on the comparable period; being
    the nearest of the year keeps plain ups and downs from being told as a trend.
    """
    standing, value, before = finding.standing, finding.latest.value, finding.comparable
    if standing is None or standing.met or value is None or is_concern(finding):
        return False
    if before is None or before.value is None or metric.kind not in ("proportion", "score"):
        return False
    goal = standing.standard.value
    gap = _gap(value, goal, metric)
    nearest = min(_gaps_before(finding, metric, since), default=0.0)
    return gap <= NEAR and gap < _gap(before.value, goal, metric) and gap < nearest


def _gap(value: float, goal: float, metric: Metric) -> float:
    """Points short of the standard; zero or less meets it."""
    return value - goal if metric.direction == "lower" else goal - value


def _gaps_before(finding: Finding, metric: Metric, since: date | None) -> list[float]:
    """Points short of the standard in the year up to the latest result (or its last 4 results)."""
    assert finding.standing is not None
    goal = finding.standing.standard.value
    return [_gap(r.value, goal, metric) for r in _earlier(finding, since) if r.value is not None]


def _earlier(finding: Finding, since: date | None) -> list[Result]:
    """The figures of the year before the latest result, or the last 4 before it if that is more."""
    latest = finding.latest.period
    earlier = [
        r
        for r in as_long(finding)
        if r.state == "ok" and r.period < latest and (since is None or r.period.start > since)
    ]
    start = periods.year_before(latest).start
    of_year = [r for r in earlier if r.period.start >= start]
    return of_year if len(of_year) >= 4 else earlier[-4:]


def missed_before(finding: Finding, metric: Metric, since: date | None = None) -> int:
    """How many results in a row, just before the latest, did not meet the standard."""
    if finding.standing is None:
        return 0
    goal, run = finding.standing.standard.value, 0
    for r in reversed(as_long(finding)):
        if r.period >= finding.latest.period or r.state != "ok" or r.value is None:
            continue
        if (since is not None and r.period.start <= since) or _gap(r.value, goal, metric) <= 0:
            break
        run += 1
    return run


def as_long(finding: Finding) -> list[Result]:
    """The results of the series whose periods are as long as the latest: no year among months."""
    return [r for r in finding.series.results if _as_long(r.period, finding.latest.period)]


@lru_cache(maxsize=4096)  # services share their periods
def _as_long(period: Period, latest: Period) -> bool:
    months = periods.length_in_months(period), periods.length_in_months(latest)
    if months != (None, None):
        return months[0] == months[1]
    return abs((period.end - period.start) - (latest.end - latest.start)) <= NEARLY


def step_up(finding: Finding, metric: Metric) -> Step:
    """The next step among peers: the first that the figure, unrounded, does not reach.

    Typical, then the top quarter, then what the leading services achieve; who reaches all of them
    is set beside its own level. Empty without peers.
    """
    peers, value = finding.peers, finding.latest.value
    if peers is None or value is None:
        return ""
    if _gap(value, peers.typical, metric) > 0:
        return "typical"
    if _gap(value, peers.top_quarter, metric) > 0:
        return "top_quarter"
    if peers.achievable is not None and _gap(value, peers.achievable, metric) > 0:
        return "achievable"
    return "own"


def last_break(finding: Finding, catalogue: Catalogue) -> date | None:
    """The last day of what the latest result may not be compared with: another scheme, an
    organisation before a merger, or results from before a long hole.
    """
    audit = catalogue.audits[catalogue.metrics[finding.metric].audit]
    start = finding.latest.period.start
    breaks = [b.after for b in audit.breaks if b.after < start]
    breaks += [finding.since - timedelta(days=1)] if finding.since else []
    return max(breaks, default=None)


def direction_of(finding: Finding) -> str:
    """Which way it stands out: by the rule or test of the verdict, else by its early view."""
    if finding.verdict.strength == "none":
        return ""
    return finding.verdict.direction or (finding.early.direction if finding.early else "")


def is_concern(finding: Finding) -> bool:
    """Does a rule, a test or an early view say that it is not as good as usual?"""
    return direction_of(finding) == "concern"
