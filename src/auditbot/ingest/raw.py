"""What only the bare text of a file tells: rows too long for the header, cells as they were written.

An unquoted "12,050" makes two cells of one and shifts the rest of its row, so such a row may not be
read. The reader of figures cannot tell an empty cell too many from none, hence this look at bytes.
"""

import csv
import re
from collections.abc import Collection
from itertools import islice

import numpy as np

from auditbot.ingest.read import Opened
from auditbot.model import Refusal

MOST_FOUND = 20_000  # more faults than any file may have, so no more of them are looked for
MOST_SPARE = 40  # cells beyond the header that are still read, so that only their row is refused

_BLOCK = 1 << 22
_LONE_RETURN = re.compile(rb"\r(?!\n)")


def long_rows(opened: Opened, sheet: str) -> dict[int, int]:
    """Rows with more cells than the header in row 1: spreadsheet row -> number of its cells.

    A workbook has none: its cells stand under their headings whatever is in them.
    """
    if opened.kind == "workbook" or not opened.heads[sheet]:
        return {}
    most = len(opened.heads[sheet][0])
    if opened.encoding != "utf-16":
        counted = _counted(opened, most)
        if counted is not None:
            return counted
    with opened.path.open(encoding=opened.encoding, newline="", errors="replace") as f:
        rows = csv.reader(f, delimiter=opened.separator, skipinitialspace=True)
        try:
            found = ((at, len(row)) for at, row in enumerate(rows, 1) if len(row) > most)
            return dict(islice(found, MOST_FOUND))
        except csv.Error:
            return {}  # an open quotation mark: the reader of figures says where


def too_long(cells: int, width: int) -> str:
    """What is wrong with a row that is longer than the header, and what to do."""
    return (
        f"this row has {cells} cells where the header has {width}; put the number with a comma in "
        "quotes, or leave out its comma, and load the file again"
    )


def refusal(row: int, cells: int, width: int) -> Refusal:
    """A row that is longer than the header, refused; `row` as a spreadsheet counts."""
    sentence = too_long(cells, width)
    return Refusal(row, f"column {width + 1}", "", f"{sentence[0].upper()}{sentence[1:]}.")


def own_texts(opened: Opened, rows: Collection[int], at: int) -> dict[int, str]:
    """What stands in one column of a text file in some rows, before it is made a number."""
    if opened.kind == "workbook":
        return {}
    wanted, last = set(rows), max(rows)
    with opened.path.open(encoding=opened.encoding, newline="", errors="replace") as f:
        read = csv.reader(f, delimiter=opened.separator, skipinitialspace=True)
        return {
            row: cells[at].strip()
            for row, cells in enumerate(islice(read, last), 1)
            if row in wanted and at < len(cells)
        }


def _counted(opened: Opened, most: int) -> dict[int, int] | None:
    """The same by counting separators, many times as fast; None where quotes make that wrong."""
    found: dict[int, int] = {}
    separator, row, rest = ord(opened.separator), 1, b""
    with opened.path.open("rb") as f:
        while len(found) < MOST_FOUND and (block := f.read(_BLOCK)):
            if b'"' in block or _LONE_RETURN.search(block[:-1]):
                return None
            text, _, rest = (rest + block).rpartition(b"\n")
            row = _count(text + b"\n" if text else b"", separator, most, row, found)
    _count(rest + b"\n", separator, most, row, found)
    return found


def _count(text: bytes, separator: int, most: int, row: int, found: dict[int, int]) -> int:
    """Look at whole lines, the first of which is `row`; the number of the line after them."""
    told = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero(told == ord("\n"))
    before = np.searchsorted(np.flatnonzero(told == separator), ends)
    cells = np.diff(before, prepend=0) + 1
    for at in np.flatnonzero(cells > most).tolist():
        found[row + at] = int(cells[at])
    return row + len(ends)
