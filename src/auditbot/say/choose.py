"""Which finding is worth saying to a channel, and which must go to the lead first?

Score = weight of its class × importance of its metric − repetition − age. The reasons are kept with
the pick, and the same input always gives the same choice. A confirmed concern is never a digest's
headline and never left out: it goes to `concerns`. A concern that is but a signal is not real enough
for a channel: it goes to `signals`, for the lead in private.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from auditbot.catalogue import Catalogue, Metric
from auditbot.model import Finding, Period
from auditbot.say.classify import Class, classify, is_concern, last_break

WEIGHT: dict[Class, float] = {
    "standard_reached": 100,
    "grade_up": 90,
    "improvement": 80,
    "concern": 80,
    "changed": 70,
    "grade_down": 70,
    "nearing": 60,
    "signal": 40,
    "part_up": 35,
    "part_down": 32,
    "room": 30,
    "unsure": 25,
    "steady": 20,
    "too_early": 15,
    "no_figure": 1,
}
NEWS: frozenset[Class] = frozenset(
    (
        "standard_reached",
        "improvement",
        "changed",
        "grade_up",
        "grade_down",
        "part_up",
        "part_down",
        "nearing",
    )
)
REPEAT = (60.0, 45.0, 30.0)  # off for the same class of the same metric, 1, 2, 3 digests ago
SAME_METRIC = (15.0, 10.0, 5.0)  # off for the same metric in another class
OLD = 200.0  # off for a metric whose period is older than its audit's newest
TWIN = 500.0  # off for a measure that is told with, or stands behind, another one


@dataclass(frozen=True, slots=True)
class Past:
    """The headline, or concern, of an earlier digest of this channel."""

    service: str
    metric: str
    kind: str


@dataclass(frozen=True)
class Pick:
    """A finding with its class, its score and why; `beside` are the other findings of its audit,
    service and period, to be told with it (the score of a level, its data bands, its parts).
    """

    finding: Finding
    kind: Class
    score: float
    reasons: tuple[str, ...]
    beside: tuple[Finding, ...] = ()
    own: bool = True  # False: another finding tells this one


@dataclass(frozen=True)
class Choice:
    """What one channel is to be told now.

    `pick` is the headline (None: nothing but concerns), `others` at most two one-line findings of
    the same service, `concerns` go to the lead first, `signals` to the lead alone, `covered` is everything else that is new and needs no telling of its own. `explain`: this
    channel has not yet been told why the headline metric matters.
    """

    pick: Pick | None
    others: tuple[Pick, ...] = ()
    covered: tuple[Pick, ...] = ()
    concerns: tuple[Pick, ...] = ()
    signals: tuple[Pick, ...] = ()
    explain: bool = False


def choose(
    findings: Sequence[Finding],
    *,
    catalogue: Catalogue,
    told: Collection[tuple[str, str, Period]] = (),
    explained: Collection[str] = (),
    every_release: bool = False,
    first: bool = False,
    recent: Sequence[Past] = (),
) -> Choice | None:
    """What is worth saying; None when silence is right.

    `told`: (service, metric, period) already told to this channel in its present revision.
    `explained`: metrics whose purpose it was told. `recent`: past headlines and concerns, newest
    first. A first digest always says something, if but one honest figure exists that is not for the
    lead alone; a later one needs news (a class of NEWS not just told), or `every_release`.
    """
    shown = sorted((f for f in findings if _tellable(f, catalogue)), key=_key)
    families: dict[tuple[str, str], list[Finding]] = {}
    for f in shown:
        families.setdefault(_family_of(f, catalogue), []).append(f)
    picks = sorted(
        (_pick(f, families[_family_of(f, catalogue)], catalogue, recent) for f in shown), key=_rank
    )
    new = [p for p in picks if _key(p.finding) not in told]
    concerns = tuple(p for p in new if p.kind == "concern" and not _told_before(p, recent))
    signals = tuple(p for p in new if _for_the_lead(p))
    able = [p for p in (picks if first else new) if p.kind != "concern" and not _for_the_lead(p)]
    news = [p for p in able if p.kind in NEWS and p.own and not _told_before(p, recent)]
    head = next(iter(news if news and not first else able), None)
    if not (first or news or (every_release and new)):
        head = None
    if head is None:
        return Choice(None, concerns=concerns, signals=signals) if concerns or signals else None
    others = tuple(_further(head, able, catalogue))
    said = {_key(p.finding) for p in (head, *others, *concerns)}
    return Choice(
        pick=head,
        others=others,
        covered=tuple(p for p in new if _key(p.finding) not in said),
        concerns=concerns,
        signals=signals,
        explain=head.finding.metric not in explained,
    )


def _for_the_lead(pick: Pick) -> bool:
    """A concern that is but a signal: one flag is a fine private prompt, and a poor public one."""
    return pick.kind == "signal" and is_concern(pick.finding)


def _tellable(finding: Finding, catalogue: Catalogue) -> bool:
    """Is the metric in the catalogue, checked, and one that applies to this team?"""
    metric = catalogue.metrics.get(finding.metric)
    return metric is not None and metric.verified and finding.latest.state != "not_applicable"


def _pick(
    finding: Finding, members: Sequence[Finding], catalogue: Catalogue, recent: Sequence[Past]
) -> Pick:
    """`members`: the findings of its service and audit, itself among them."""
    metric = catalogue.metrics[finding.metric]
    kind = classify(finding, metric, last_break(finding, catalogue))
    family = [f for f in members if f is not finding]
    off = list(_taken_off(finding, kind, family, catalogue, recent))
    reasons = [f"class {kind} {WEIGHT[kind]:g} × importance {metric.importance:g}"]
    reasons += [f"−{points:g} {why}" for points, why in off]
    return Pick(
        finding,
        kind,
        WEIGHT[kind] * metric.importance - sum(points for points, _ in off),
        tuple(reasons),
        beside=tuple([f for f in family if f.latest.period == finding.latest.period]),
        own=all(points != TWIN for points, _ in off),
    )


def _taken_off(
    finding: Finding,
    kind: Class,
    family: Sequence[Finding],
    catalogue: Catalogue,
    recent: Sequence[Past],
) -> Iterable[tuple[float, str]]:
    metric = catalogue.metrics[finding.metric]
    end = finding.latest.period.end
    if any(f.latest.period.end > end for f in family):
        yield OLD, "older than the newest period of its audit"
    for why in islice(_told_with(metric, kind, family, catalogue), 1):
        yield TWIN, why
    own = [p for p in recent if p.service == finding.service.id][: len(REPEAT)]
    for ago, past in enumerate(own):
        if past.metric == finding.metric and past.kind == kind:
            yield REPEAT[ago], f"told as {kind}, {ago + 1} ago"
            return
        if past.metric == finding.metric:
            yield SAME_METRIC[ago], f"told as {past.kind}, {ago + 1} ago"
            return


def _told_with(
    metric: Metric, kind: Class, family: Sequence[Finding], catalogue: Catalogue
) -> Iterable[str]:
    """Another finding that tells this one: the level of a score, or one it is a twin or band of.

    A team-centred twin and a data band speak for themselves when they changed and the other did not.
    """
    twin = metric.id.replace("_tc_", "_")
    for f in family:
        other = catalogue.metrics[f.metric]
        if other.score == metric.id:
            yield f"told with its level {other.id}"
        elif (other.id == twin != metric.id) or (other.score and metric.id in f.companions):
            changed = classify(f, other, last_break(f, catalogue)) in NEWS
            if kind not in NEWS or changed:
                yield f"told with {other.id}"


def _family_of(finding: Finding, catalogue: Catalogue) -> tuple[str, str]:
    """Service and audit: findings that share both are told together."""
    return finding.service.id, catalogue.metrics[finding.metric].audit


def _told_before(pick: Pick, recent: Sequence[Past]) -> bool:
    """Was the same class of the same metric told within the last three?"""
    past = Past(pick.finding.service.id, pick.finding.metric, pick.kind)
    return past in [p for p in recent if p.service == past.service][: len(REPEAT)]


def _further(head: Pick, able: Sequence[Pick], catalogue: Catalogue) -> Iterable[Pick]:
    """Up to two others of the same service, each worth a line: figures, newest, no twins."""
    return islice(
        (
            p
            for p in able
            if p is not head
            and p.finding.service.id == head.finding.service.id
            and p.kind != "no_figure"
            and p.own
            and not _same_thing(p.finding, head.finding, catalogue)
        ),
        2,
    )


def _same_thing(a: Finding, b: Finding, catalogue: Catalogue) -> bool:
    """Two measures that say the same: of one count, as where a trust has one kind of A&E alone, or
    two overall levels that stand and moved alike.
    """
    if a.latest.period != b.latest.period:
        return False
    if a.latest.denominator is not None:
        mine, other = ((f.latest.numerator, f.latest.denominator) for f in (a, b))
        return mine == other
    overall = all(catalogue.metrics[f.metric].score for f in (a, b))
    levels = [(f.latest.level, f.comparable.level if f.comparable else None) for f in (a, b)]
    return overall and levels[0] == levels[1]


def _rank(pick: Pick) -> tuple[float, str, str]:
    return (-pick.score, pick.finding.service.id, pick.finding.metric)


def _key(finding: Finding) -> tuple[str, str, Period]:
    return finding.service.id, finding.metric, finding.latest.period
