"""What does the picture of a finding show? Figures over time, letters over time, or a place among peers.

`picture` and `funnel_chart` hold the picture as data with its words; `png` has it drawn.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from auditbot import period as periods
from auditbot.catalogue import Metric
from auditbot.model import Chart, Curve, Finding, Period, Result
from auditbot.say import reading
from auditbot.say.markup import plain
from auditbot.say.words import Words

LEGEND = {  # kinds of points, and the word that the legend has for each
    "common_cause": "usual",
    "improvement": "improvement",
    "concern": "concern",
    "neutral_high": "high",
    "neutral_low": "low",
}


def png(chart: Chart) -> bytes:
    """The picture itself. What draws it is opened by the first one: most answers have none."""
    from auditbot.say import drawing

    return drawing.png(chart)


def picture(
    finding: Finding,
    metric: Metric,
    words: Words,
    *,
    headline: str,
    credit: str = "",
    fictional: bool = False,
) -> Chart | None:
    """The chart that fits the metric; None when fewer than two results are figures.

    `headline` is the plain sentence that the message states: the alt text begins with it.
    """
    make = step_chart if metric.kind == "level" else control_chart
    return make(finding, metric, words, headline=headline, credit=credit, fictional=fictional)


def control_chart(
    finding: Finding,
    metric: Metric,
    words: Words,
    *,
    headline: str,
    credit: str = "",
    fictional: bool = False,
) -> Chart | None:
    """Dots, average, usual range and standard. Periods without a figure are gaps in the line.

    The limits stay those that judged the points; `since` marks where a confirmed change begins.
    """
    shown = reading.slots(finding)
    if not reading.enough(shown):
        return None
    values = [p.value if p else None for _, p in shown]
    kinds = tuple(p.point_type if p else "common_cause" for _, p in shown)
    known = reading.of_points(finding, metric, words, shown)
    drawn = {LEGEND.get(k, "usual") for k, v in zip(kinds, values, strict=True) if v is not None}
    own = {name: words.get(f"chart.{name}") for name in sorted(drawn)}
    own["limits"] = words.get("chart.limits")
    own["mean"] = plain(words.say("chart.mean", n=known["mean"]))
    if not any(p and p.mean is not None for _, p in shown):
        own["usual"] = words.get("chart.early")  # nothing is usual yet
    own["axis"] = _axis(metric, words)
    own["last"] = plain(known["last"])
    own |= _standard_words(known, words)
    since = reading.since(finding, shown)
    if since is not None:
        own["since"] = plain(
            words.say("chart.since", period=words.short_period(_begins(shown[since][0])))
        )
    return Chart(
        title=_title(metric, finding.service.name, words),
        alt_text=_alt(words, headline, known),
        unit="percent" if metric.kind == "proportion" else "number",
        labels=tuple(words.short_period(p) for p, _ in shown),
        values=tuple(values),
        kinds=kinds,
        means=tuple(p.mean if p else None for _, p in shown),
        lowers=tuple(p.lower if p else None for _, p in shown),
        uppers=tuple(p.upper if p else None for _, p in shown),
        standard=finding.standing.standard.value if finding.standing else None,
        caption=_caption(words, credit, fictional=fictional),
        words=own,
        since=since,
    )


def step_chart(
    finding: Finding,
    metric: Metric,
    words: Words,
    *,
    headline: str,
    credit: str = "",
    fictional: bool = False,
) -> Chart | None:
    """Letters as steps, A on top. Values are 1 (E) to 5 (A)."""
    heights = reading.heights(finding)
    if sum(h is not None for _, h in heights) < 2:
        return None
    empty = (None,) * len(heights)
    return Chart(
        title=_title(metric, finding.service.name, words),
        alt_text=_alt(words, headline, reading.of_letters(heights, words)),
        unit="number",
        labels=tuple(words.short_period(p) for p, _ in heights),
        values=tuple(h for _, h in heights),
        kinds=("common_cause",) * len(heights),
        means=empty,
        lowers=empty,
        uppers=empty,
        caption=_caption(words, credit, fictional=fictional),
        words={"axis": words.get("chart.axis_level")},
        shape="steps",
        levels=tuple(reading.LEVELS),
    )


def funnel_chart(
    service_name: str,
    metric: Metric,
    words: Words,
    *,
    own: Result,
    others: Sequence[Result],
    curve: Curve,
    headline: str,
    credit: str = "",
    fictional: bool = False,
    peers: str,
    beside: Sequence[float] = (),
) -> Chart | None:
    """A service among its peers in one period: per cent by cases, with the range usual for each size.

    It places the service and declares nothing: the others are dots without a name, and no order is
    given. The arguments are those of `reading.of_funnel`, which says where there is none.
    """
    known = reading.of_funnel(
        service_name, metric, words, own=own, others=others, curve=curve, peers=peers, beside=beside
    )
    if known is None:
        return None
    rates, cases = zip(*reading.counted([own, *others]), strict=True)
    named = {
        "service": service_name,
        "others": plain(words.say("chart.others", n=known["n"], peers=peers)),
        "mean": plain(words.say("chart.overall", n=known["mean"])),
        "limits": words.get("chart.limits"),
        "inner": words.get("chart.inner"),
        "last": plain(known["last"]),
        "axis": _axis(metric, words),
        "axis_cases": plain(words.say("chart.axis_cases", counted=metric.counted)),
    }
    return Chart(
        title=_title(metric, service_name, words),
        alt_text=_alt(words, headline, known),
        unit="percent",
        labels=(),
        values=rates,
        kinds=(),
        means=(),
        lowers=(),
        uppers=(),
        standard=reading.goal(metric, own),
        caption=_caption(words, credit, fictional=fictional),
        words=named | _standard_words(known, words),
        shape="funnel",
        cases=cases,
        curve=curve,
    )


def _begins(period: Period) -> Period:
    """The first month of a period, as the words of a change name it."""
    return periods.month(period.start.year, period.start.month)


def _standard_words(known: Mapping[str, Any], words: Words) -> dict[str, str]:
    """The name of the line of the standard, if there is one."""
    if not known["standard"]:
        return {}
    key = "chart.standard_lower" if known["at_most"] else "chart.standard"
    return {"standard": plain(words.say(key, n=known["standard"]))}


def _axis(metric: Metric, words: Words) -> str:
    key = "percent" if metric.kind == "proportion" else metric.kind
    return plain(words.say(f"chart.axis_{key}", counted=metric.counted))


def _alt(words: Words, headline: str, known: Mapping[str, Any]) -> str:
    return plain(words.render("chart", "alt", {"said": headline, **known}))


def _title(metric: Metric, service: str, words: Words) -> str:
    return plain(words.render("chart", "title", {"metric": metric.plain, "service": service}))


def _caption(words: Words, credit: str, *, fictional: bool) -> str:
    return plain(words.render("chart", "caption", {"credit": credit, "fictional": fictional}))
