"""Taking files in: bytes to checked results. `take_in` is the room's one door.

read (bytes to tables, within limits) → personal (refuse what is about people) → shape (tables to a
grid of figures) → check (good results on, bad cells back). Long files go through `long` in pieces.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from auditbot.catalogue import Catalogue
from auditbot.ingest import cell, check, long, personal, read, shape
from auditbot.ingest.label import one_line
from auditbot.ingest.refusal import Refused
from auditbot.layout import LONG, Layout
from auditbot.model import Batch, Refusal, Sighting

__all__ = ["Refused", "take_in"]

MOST_LACKING = 2  # labels a file may lack and still be held to be meant for a layout


def take_in(
    path: Path, layouts: Mapping[str, Layout], catalogue: Catalogue, source: str | None = None
) -> Batch:
    """Read and check one file whole: its results, what was refused of it, and where it is from.

    `source` names the layout; without it the file's content tells. The whole file has been checked
    when this returns: `frames` only hands over what is known to be sound, in pieces, and may be
    gone through again. In `frames` a result without a figure has a state other than "ok" and NaN
    for every number; `level` is NaN where there is no letter. Raises Refused with one sentence.
    """
    opened = read.open_file(path)
    known = {LONG.id: LONG, **layouts}
    for head in opened.heads.values():
        headings = shape.headings(head, known.values())
        personal.refuse_people(opened.name, enumerate(head, 1), headings)
    layout, sheet = recognise(opened, known, source)
    if layout.shape == "long":
        batch = long.take_in(opened, sheet, layout, catalogue)
    else:
        batch = _figures(opened, sheet, layout, catalogue)
    if read.stamp(path) != opened.stamp:
        raise Refused(f"{opened.name}: changed while it was being read; load it again.")
    return batch


def recognise(
    opened: read.Opened, layouts: Mapping[str, Layout], source: str | None
) -> tuple[Layout, str]:
    """The layout that fits the file's content, and the sheet it fits. Raises Refused."""
    if source is not None and source not in layouts:
        raise Refused(
            f"{opened.name}: the source '{source}' is not known; name one of "
            f"{', '.join(sorted(layouts))}."
        )
    tried = [layouts[source]] if source is not None else list(layouts.values())
    fitting = [
        (layout, sheet)
        for layout in tried
        for sheet, head in opened.heads.items()
        if (not layout.sheet or one_line(layout.sheet).casefold() == one_line(sheet).casefold())
        and shape.fits(head, layout)
    ]
    # A sheet known by its name is the real one; workbooks carry left-over copies of other tables.
    fitting = [f for f in fitting if f[0].sheet] or fitting
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        several = ", ".join(
            sorted({f"{layout.id}" + (f" (sheet '{s}')" if s else "") for layout, s in fitting})
        )
        raise Refused(
            f"{opened.name}: several layouts or sheets fit ({several}); name the source, or keep "
            "one sheet, and load the file again."
        )
    raise Refused(f"{opened.name}: {_unknown(opened, tried)}")


def _unknown(opened: read.Opened, tried: Sequence[Layout]) -> str:
    """Why no layout fits: what the one that nearly does lacks, or that none comes near."""
    near: list[tuple[Layout, tuple[str, ...]]] = []
    for layout in tried:
        sheets = [
            head
            for sheet, head in opened.heads.items()
            if not layout.sheet or one_line(layout.sheet).casefold() == one_line(sheet).casefold()
        ]
        missing = min((shape.lacking(head, layout) for head in sheets), key=len, default=None)
        if missing is None:
            if len(tried) == 1:
                return (
                    f"fits no known layout; {layout.id} needs the sheet '{layout.sheet}'; fetch "
                    "the file again, or name another source."
                )
        elif len(missing) <= MOST_LACKING and len(missing) <= len(layout.recognised_by) / 2:
            near.append((layout, missing))
    if len(near) == 1:
        layout, missing = near[0]
        named = " and ".join(f"'{' '.join(label.split())}'" for label in missing)
        what = "row" if layout.shape == "transposed" else "column"
        return (
            f"fits no known layout; it comes nearest to {layout.id}, and lacks the {what}"
            f"{'s' if len(missing) > 1 else ''} {named}; add "
            f"{'them' if len(missing) > 1 else 'it'} and load the file again."
        )
    return (
        f"fits no known layout (looked for {', '.join(sorted(layout.id for layout in tried))}); "
        "fetch the file again, or add a layout for it to the catalogue."
    )


def _figures(opened: read.Opened, sheet: str, layout: Layout, catalogue: Catalogue) -> Batch:
    """A wide or transposed file."""
    table = read.table(opened, sheet)
    rows = table.to_numpy(dtype=object).tolist()
    headings = shape.headings(opened.heads[sheet], [layout])
    personal.refuse_people(opened.name, enumerate(rows, 1), headings)
    shaped = shape.wide if layout.shape == "wide" else shape.transposed
    grid = shaped(opened.name, table, layout)
    label = layout.service.name if layout.service else ""
    personal.refuse_services(opened.name, label, {s.name for s in grid.services})
    figures, refusals, marked = check.readings(grid, layout)
    check.balance(opened.name, grid, figures, layout)
    frame, more = check.results(grid, figures, layout, catalogue)
    if frame.empty:
        raise Refused(f"{opened.name}: {_first(refusals + more)}")
    return Batch(
        source=layout.id,
        audit=layout.audit,
        name=opened.name,
        sha256=opened.sha256,
        published=grid.published,
        services=_grouped(grid, figures, layout),
        periods=(grid.period,),
        frames=(frame,),
        refusals=tuple(sorted([*grid.refusals, *refusals, *more], key=lambda r: r.row)),
        not_numeric=marked,
    )


def _first(refusals: list[Refusal]) -> str:
    if not refusals:
        return "no result was found in it; fetch the file again."
    first = refusals[0]
    return (
        f"not one usable result; the first of {len(refusals)} faults is at row {first.row}, "
        f"column '{first.column}': {first.reason}"
    )


def _grouped(
    grid: shape.Grid, figures: Mapping[str, list[cell.Reading]], layout: Layout
) -> tuple[Sighting, ...]:
    """Services with the peer group that their own figures tell, where the layout says so."""
    group = layout.service.group if layout.service else None
    if group is None:
        return grid.services
    return tuple(
        replace(
            sighting,
            peer_group=group.some
            if sum(figures[name][i].number or 0 for name in group.by) > 0
            else group.none,
        )
        for i, sighting in enumerate(grid.services)
    )
