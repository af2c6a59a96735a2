"""What of a long file was found good? Kept small until the whole file is known to be sound.

Rows are codes and numbers, about 60 bytes each, so that nothing is handed over before the last row
was checked (and compared with the first), and memory stays flat.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd

from auditbot.ingest.column import STATES
from auditbot.ingest.refusal import Refused
from auditbot.model import Period, Refusal, Sighting

_FIRST_DAY = date(1970, 1, 1)


@dataclass
class Seen:
    """What the pieces read so far have held: each different thing with its number."""

    services: dict[str, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, int] = field(default_factory=dict)
    periods: dict[tuple[int, int], int] = field(default_factory=dict)  # days since 1970
    refusals: list[Refusal] = field(default_factory=list)
    marked: int = 0
    spellings: dict[str, str] = field(default_factory=dict)  # an id without case: as first met
    #: Texts already looked at for names of people, by column.
    looked_at: dict[str, set[str]] = field(
        default_factory=lambda: {"service": set(), "name": set()}
    )


@dataclass(frozen=True)
class Frames:
    """The checked rows in pieces, decoded as they are asked for; may be gone through again."""

    pieces: list[pd.DataFrame]  # codes of `seen`, and numbers
    seen: Seen
    letters: tuple[str, ...]

    def __iter__(self) -> Iterator[pd.DataFrame]:
        ids, metrics = np.array([*self.seen.services]), np.array([*self.seen.metrics])
        starts, ends = (
            np.array([p[i] for p in self.seen.periods], dtype="datetime64[D]").astype(
                "datetime64[us]"
            )
            for i in (0, 1)
        )
        levels = np.array([None, *self.letters], dtype=object)
        for piece in self.pieces:
            yield pd.DataFrame(
                {
                    "service": ids[piece["service"]],
                    "metric": metrics[piece["metric"]],
                    "start": starts[piece["period"]],
                    "end": ends[piece["period"]],
                    "numerator": piece["numerator"].to_numpy(),
                    "denominator": piece["denominator"].to_numpy(),
                    "value": piece["value"].to_numpy(),
                    "level": pd.Series(levels[piece["level"]], dtype="str"),
                    "state": np.array(STATES)[piece["state"]],
                    "completeness": piece["completeness"].to_numpy(),
                }
            )


def distinct(file: str, pieces: list[pd.DataFrame], seen: Seen) -> None:
    """Drop rows that only repeat one; raise Refused where two rows tell different figures."""
    metrics, periods = len(seen.metrics), len(seen.periods)
    keys = np.concatenate(
        [
            (p["service"].to_numpy(np.int64) * metrics + p["metric"].to_numpy(np.int64)) * periods
            + p["period"].to_numpy(np.int64)
            for p in pieces
        ]
    )
    again = pd.Series(keys).duplicated(keep=False).to_numpy()
    if not again.any():
        return
    edges = np.cumsum([0, *map(len, pieces)])
    repeated = pd.concat(
        [p[again[a:b]] for p, a, b in zip(pieces, edges[:-1], edges[1:], strict=True)]
    )
    repeated["key"] = keys[again]
    told = [c for c in repeated if c not in ("row", "name")]
    distinct = repeated.drop_duplicates(told)
    differing = distinct[distinct["key"].duplicated(keep=False)]
    if len(differing):
        one = differing[differing["key"] == differing["key"].iloc[0]]
        raise Refused(
            f"{file}: rows {one['row'].iloc[0]} and {one['row'].iloc[1]} give different figures for "
            f"'{[*seen.services][one['service'].iloc[0]]}', "
            f"'{[*seen.metrics][one['metric'].iloc[0]]}' and the same period; keep the right one "
            "and load the file again."
        )
    surplus = set(repeated["row"]) - set(distinct["row"])
    for i, piece in enumerate(pieces):
        pieces[i] = piece[~piece["row"].isin(surplus)]


def sightings(pieces: list[pd.DataFrame], seen: Seen) -> tuple[Sighting, ...]:
    """Each service once a period, under the name that stands there (its id where none does)."""
    met = pd.concat(
        [p[["service", "period", "name"]].drop_duplicates(["service", "period"]) for p in pieces]
    ).drop_duplicates(["service", "period"])
    ids, names, periods = [*seen.services], [*seen.names], [*map(as_period, seen.periods)]
    return tuple(
        Sighting(ids[s], names[n] if n >= 0 else ids[s], periods[p])
        for s, p, n in met.itertuples(index=False)
    )


def periods_of(pieces: list[pd.DataFrame], seen: Seen) -> tuple[Period, ...]:
    """Every period that has a good row, in order."""
    used = {int(i) for p in pieces for i in p["period"].unique()}
    return tuple(sorted(as_period(days) for i, days in enumerate(seen.periods) if i in used))


def as_period(days: tuple[int, int]) -> Period:
    """A period from its first and last day, each counted from 1970-01-01."""
    return Period(_FIRST_DAY + timedelta(days=days[0]), _FIRST_DAY + timedelta(days=days[1]))
