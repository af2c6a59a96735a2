"""Made-up charts of every shape, for the tests of `say`."""

import random
from dataclasses import replace

from auditbot.analyse import peers
from auditbot.analyse.findings import find
from auditbot.model import Chart, Result
from auditbot.say.chart import control_chart, funnel_chart, picture, step_chart
from tests.saying import CATALOGUE, FERNHILL, WORDS, finding, levels, months

FLAT = [70.0, 74, 71, 69, 73, 72, 70, 75, 71, 72, 68, 73, 71, 70]
SURGERY = CATALOGUE.metrics["hip_surgery"]
SAID = "70 in 100 patients had surgery by the next day (84 of 120)."


def drawn(made=None, metric=SURGERY, **more):  # type: ignore[no-untyped-def]
    made = made or finding("hip_surgery", FLAT)
    found = control_chart(made, metric, WORDS, headline=SAID, **more)
    assert found is not None
    return found


def judged(metric, rates, **more):  # type: ignore[no-untyped-def]
    """A finding as analysis makes it."""
    made = finding(metric, rates, **more)
    found = find(made.service, CATALOGUE.metrics[metric], made.series)
    assert found is not None
    return found


def field(n=12, *, own=0.6, metric="hip_surgery", most=400, seed=7):  # type: ignore[no-untyped-def]
    """A service's result, those of n others, and the curve of all."""
    chance, [when] = random.Random(seed), months(1)
    results = []
    for i in range(n + 1):
        cases = chance.randint(40, most)
        got = round(cases * (own if i == 0 else min(max(chance.gauss(0.72, 0.05), 0), 1)))
        results.append(
            Result(f"other-{i}", metric, when, "ok", 100 * got / cases, None, got, cases)
        )
    made = peers.funnel([r.numerator for r in results], [r.denominator for r in results])
    cases = [r.denominator for r in results]
    curve = peers.curve(made, [min(cases), cases[0], max(cases)]) if made else None
    return results[0], results[1:], curve


def funnel(n=12, *, metric="hip_surgery", name="Fernhill Hospital", **more):  # type: ignore[no-untyped-def]
    own, others, curve = field(n, metric=metric, **more)
    return funnel_chart(
        name,
        CATALOGUE.metrics[metric],
        WORDS,
        own=own,
        others=others,
        curve=curve,
        headline=SAID,
        credit="Source: a made-up audit.",
        peers="teams",
    )


def stepped(letters="CCBAB"):  # type: ignore[no-untyped-def]
    return step_chart(
        levels("level", letters), CATALOGUE.metrics["level"], WORDS, headline="B.", fictional=True
    )


def gallery() -> dict[str, Chart]:
    """Charts of every shape and of the sizes that are hard to draw."""
    chance = random.Random(3)

    def about(middle: float, spread: float, n: int) -> list[float | None]:
        return [min(100, max(0, chance.gauss(middle, spread))) for _ in range(n)]

    long = "Royal Westport and Leyburn Teaching Hospital for Women and Children, " * 2
    risen = judged("hip_surgery", about(62, 3, 12) + about(84, 3, 12), cases=300)
    made = {
        "typical": judged("hip_surgery", about(72, 4, 24)),
        "few points": judged("hip_surgery", [70, 66, 75]),
        "constant": judged("hip_surgery", [100.0] * 16),
        "few patients": judged("hip_surgery", about(70, 9, 14), cases=23),
        "changed": replace(risen, service=replace(FERNHILL, name=long)),
        "counts": judged(
            "hip_cases", [float(round(3e5 * (v or 0))) for v in about(60, 3, 30)] + [3e7]
        ),
        "less is better": judged("hip_falls", [*about(9, 1.5, 20), 14.0], cases=900),
        "gaps": judged("hip_surgery", [*about(72, 4, 9), None, None, *about(72, 4, 9), 95, 40]),
        "stay": judged("hip_stay", about(12, 2, 15)),
        "waits": judged("ae_4h", about(74, 2, 40), cases=30000),
    }
    shown = {
        k: picture(f, CATALOGUE.metrics[f.metric], WORDS, headline=SAID, credit="Source: x. " * 14)
        for k, f in made.items()
    }
    shown |= {"steps": stepped(), "many steps": stepped("EDCCBABBAACCDBEE")}
    shown |= {
        "funnel": funnel(121),
        "small funnel": funnel(8, own=0.3, name=long),
        "large funnel": funnel(40, most=40000, metric="hip_waited"),
    }
    assert all(shown.values())
    return {k: c for k, c in shown.items() if c}


GALLERY = gallery()
