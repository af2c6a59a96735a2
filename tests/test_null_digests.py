"""What do digests say of services in which nothing has changed? A small run of the bench's figures."""

import numpy as np
import pytest

from tests.bench.bench_null import (
    CASES,
    METRICS,
    MOST_CONCERNS,
    MOST_HEADLINES,
    STANDARD,
    judged,
    made_up,
    risen,
    simple_rules,
    unchanged,
)

SERVICES = 40  # in a row


@pytest.mark.parametrize("standard", [None, STANDARD], ids=["no standard", "standard"])
def test_unchanged_services_hear_of_hardly_any_real_change(standard):
    """Real-world spread, three sizes of service, 3,360 series: the bars hold over them together."""
    random = np.random.default_rng(7)
    catalogue = made_up(standard=standard)
    rows = [judged(unchanged(random, SERVICES, cases), cases, catalogue) for cases in CASES]
    metrics = sum(r.metrics for r in rows)
    assert metrics == len(CASES) * SERVICES * METRICS
    assert 1000 * sum(r.concerns for r in rows) / metrics <= MOST_CONCERNS
    assert 1000 * sum(r.improvements for r in rows) / metrics <= MOST_CONCERNS
    heads = sum(max(r.real, r.first) for r in rows)
    assert 100 * heads / sum(r.services for r in rows) <= MOST_HEADLINES


def test_a_rise_that_lasts_is_told_at_the_head_of_the_digest():
    """Else silence would pass for care."""
    row = judged(risen(np.random.default_rng(7), 10, 480), 480, made_up())
    assert row.improvements >= 0.95 * row.metrics
    assert row.heads == {"improvement": row.services}
    assert row.concerns == 0


def test_simple_rules_cry_wolf_on_the_same_figures():
    counts = unchanged(np.random.default_rng(7), SERVICES, 480)
    rules = simple_rules(counts, 480)
    assert rules["went up"] > 400
    assert rules["|z| > 3, last month"] > 10 * MOST_CONCERNS


def test_rates_with_a_memory_have_the_same_spread_as_those_without():
    random = np.random.default_rng(7)
    plain, moved = (unchanged(random, 60, 1000, memory=m) / 1000 for m in (0.0, 0.3))
    assert moved.std() == pytest.approx(plain.std(), rel=0.05)
    assert moved.mean() == pytest.approx(plain.mean(), abs=0.005)
    off = moved - moved.mean()
    assert (off[..., 1:] * off[..., :-1]).mean() / (off**2).mean() == pytest.approx(0.2, abs=0.06)
