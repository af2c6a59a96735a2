"""Does a row's period lie years after all the others? There is no clock here: the file is its own."""

import pandas as pd

from auditbot.ingest.kept import Seen, as_period
from auditbot.model import Refusal

YEARS_APART = 5

_FAR = "this period lies years after the others; check the year"


def refuse_far(pieces: list[pd.DataFrame], column: str, seen: Seen) -> None:
    """Refuse rows whose period lies years after all others; `column` is where a period ends."""
    ids, periods = [*seen.services], [*seen.periods]
    for row, service, at in _far_rows(pieces, seen)[["row", "service", "period"]].itertuples(
        index=False
    ):
        shown = f"{as_period(periods[at]).end:%Y-%m-%d}"
        seen.refusals.append(
            Refusal(
                int(row),
                column,
                shown,
                f'"{shown}": {_FAR} and load the file again.',
                ids[service],
            )
        )


def _far_rows(pieces: list[pd.DataFrame], seen: Seen) -> pd.DataFrame:
    """Take out, and return, rows whose period ends years after all others: a slip in the year.

    The periods are put in order of their ends; where one ends more than YEARS_APART after the one
    before it, and no more rows stand after this gap than before it, those after it are far.
    """
    used = pd.concat([p["period"] for p in pieces]).value_counts().to_dict()
    periods = [*seen.periods]
    order = sorted(used, key=lambda i: periods[i][1])
    before = 0
    for at in range(1, len(order)):
        before += used[order[at - 1]]
        gap = periods[order[at]][1] - periods[order[at - 1]][1]
        if gap > YEARS_APART * 366 and before >= sum(used[i] for i in order[at:]):
            late = order[at:]
            far = pd.concat([p[p["period"].isin(late)] for p in pieces])
            pieces[:] = [p[~p["period"].isin(late)] for p in pieces]
            return far
    return pieces[0].iloc[:0]
