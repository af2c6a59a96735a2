"""Which period, and which date of publication, does a file tell?"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from auditbot import period as periods
from auditbot.ingest.label import key, one_line
from auditbot.ingest.refusal import Refused
from auditbot.layout import Layout
from auditbot.model import Period


def preamble_of(rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Labels above the table, each with the first filled cell to its right."""
    found: dict[str, Any] = {}
    for row in rows:
        filled = [cell for cell in row if one_line(cell)]
        if len(filled) >= 2 and isinstance(filled[0], str):
            found.setdefault(key(filled[0]), filled[1])
    return found


def file_period(
    file: str, layout: Layout, preamble: Mapping[str, Any], stated: Sequence[tuple[int, Any]]
) -> Period:
    """The one period of the file. Raises Refused when it is missing, in doubt or not the kind."""
    where = layout.period
    if where is None:  # `layout.load` refuses such a layout
        raise Refused(f"layout '{layout.id}' does not say where the period stands.")
    if where.stands_in == "file_name":
        stem = file.rsplit(".", 1)[0]
        # Each piece ends with a year, so two periods in one name are seen.
        given: list[tuple[str, Any]] = [("its name", p) for p in re.split(r"(?<=\d{4})", stem)]
    elif where.stands_in == "preamble":
        given = [(f"the row '{where.label}'", preamble.get(key(where.label), ""))]
    else:
        given = [(f"row {number}, column '{where.label}'", cell) for number, cell in stated]
        for place, cell in given:
            if not _months(cell):
                raise Refused(f"{file}: {place} names no period; correct it and load it again.")
    place = given[0][0] if given else "the file"
    found = {p for _, cell in given if (p := _months(cell))}
    if not found:
        raise Refused(
            f"{file}: {place} names no period; write it as in "
            f"'{'JulSep2024' if where.months == 3 else 'July 2024'}' and load the file again."
        )
    if len(found) > 1:
        raise Refused(f"{file}: {place} and others name different periods; load one at a time.")
    period = found.pop()
    if periods.length_in_months(period) != where.months or (
        where.months in (3, 6, 12) and period.start.month % 3 != 1
    ):
        raise Refused(
            f"{file}: {place} names {period.start} to {period.end}, and {layout.name} has "
            f"{where.months} months from the start of a quarter or month; correct it and load "
            "the file again."
        )
    return period


def _months(cell: Any) -> Period | None:
    if isinstance(cell, (datetime, date)):
        return periods.month(cell.year, cell.month)
    return periods.parse_months(one_line(cell))


def published_on(layout: Layout, preamble: Mapping[str, Any]) -> date | None:
    """The latest of the publisher's dates: a revision wins over the first publication."""
    days = [_day(preamble.get(key(label), "")) for label in layout.published]
    return max((d for d in days if d), default=None)


def _day(cell: Any) -> date | None:
    """A date as a workbook writes it ("14th November 2024"); None for anything else."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", one_line(cell), flags=re.IGNORECASE)
    for form in ("%d %B %Y", "%d %b %Y", "%Y-%m-%d", "%d/%m/%Y", "%A %d %B %Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    return None
