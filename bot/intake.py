"""How are files loaded by hand? `auditbot ingest`, with progress for large ones."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from auditbot.house import House
from auditbot.model import Publication
from auditbot.pipeline import File, take

SHOWN_ROWS = 5


def load(
    house: House,
    files: Sequence[Path],
    source: str | None,
    publication: Publication,
    publish_at: datetime | None,
    now: datetime,
    *,
    quiet: bool,
) -> list[dict[str, Any]]:
    """Load files one after the other; one report a file, as in `ingest --json`."""
    reports = []
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[rows]:,} results"),
        console=Console(stderr=True),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    ) as progress:
        task = progress.add_task("Loading", total=len(files), rows=0)
        for path in files:
            progress.update(task, description=path.name[:40])
            reports.append(
                take(
                    house,
                    File(path, source, publication, publish_at),
                    now,
                    progress=lambda rows: progress.update(task, rows=rows),
                )
            )
            progress.advance(task)
    return reports


def show(reports: Sequence[dict[str, Any]]) -> None:
    """Print what became of each file; refused files and rows go to stderr."""
    for r in reports:
        if r["state"] == "refused":
            print(f"{r['path']}: refused. {r['reason']}", file=sys.stderr)
            continue
        print(
            f"{r['path']}: {r['state']} as {r['source']}, {r['services']} services, "
            f"{r['results']:,} results, {r['not_numeric']:,} marks without a figure."
        )
        for row in r["refused_rows"][:SHOWN_ROWS]:
            print(f'  Row {row["row"]}, column "{row["column"]}": {row["reason"]}', file=sys.stderr)
        rest = len(r["refused_rows"]) - SHOWN_ROWS
        if rest > 0:
            print(f"  and {rest} more rows; --json lists them all.", file=sys.stderr)
