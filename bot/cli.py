"""What can be typed? The command line, as people, scripts and checks rely on it.

Exit 0: done. 1: done, but something needs a person. 2: refused and nothing changed.
Errors are one sentence each on stderr; with --json stdout holds one JSON document alone.
"""

import enum
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from sqlalchemy.exc import SQLAlchemyError

from auditbot.catalogue import CatalogueFault
from auditbot.store.engine import StoreFault
from bot import clock
from bot.settings import Settings, SettingsFault, find, instant, read, surroundings

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="auditbot brings clinical audit results to the people who can act on them.",
)

Config = Annotated[
    Path | None,
    typer.Option("--config", help="The configuration; else AUDITBOT_CONFIG, else ./auditbot.toml."),
]
Now = Annotated[str, typer.Option("--now", help="An instant with offset, instead of this one.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


class Terms(enum.Enum):
    """Whether results are published."""

    public = "public"
    internal = "internal"


def main() -> None:
    """The `auditbot` command."""
    log_to_stderr()
    try:
        code = cli(standalone_mode=False)
    except typer.Exit as e:
        code = e.exit_code
    except typer.Abort:
        code = 2
    except (SettingsFault, CatalogueFault) as e:
        _say(e.faults)
        code = 2
    except Exception as e:
        code = _refused(e)
    sys.exit(code if isinstance(code, int) else 0)


@cli.command()
def run(
    config: Config = None,
    port: Annotated[int, typer.Option(help="Where the practice workspace listens.")] = 3900,
) -> int:
    """The bot: answers, schedules, delivery. Stops cleanly on SIGTERM."""
    from bot import app

    with _place(config) as place:
        return app.run(
            place,
            app.stopped_by_signals(),
            port=port,
            ready=lambda url: _tell_where(place.around.practice, url),
        )


@cli.command()
def once(config: Config = None, now: Now = "", as_json: Json = False) -> int:
    """One full turn, then end: new files, findings, digests, delivery. Again it posts nothing."""
    from bot import intake, turnover

    with _place(config) as place:
        done = turnover.once(place, _instant(place.settings, now))
    intake.complain(done["files"])
    if as_json:
        _print_json(done)
    else:
        turnover.show(done)
    return 1 if turnover.needs_a_person(done) else 0


@cli.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders.")],
    source: Annotated[
        str, typer.Option(help="The layout; else it is recognised from the file.")
    ] = "",
    publish_at: Annotated[
        str, typer.Option(help="The instant before which nobody may see it.")
    ] = "",
    publication: Annotated[Terms, typer.Option(help="Who may see it.")] = Terms.public,
    config: Config = None,
    as_json: Json = False,
) -> int:
    """Load files or folders of results."""
    from bot import intake, watch

    files = watch.files_in(paths)
    if not files:
        shown = ", ".join(map(str, paths))
        raise SettingsFault(
            [f"{shown}: no result files in there (.csv, .xls, .xlsx); check the path."]
        )
    with _place(config) as place:
        if source and source not in place.house.layouts:
            known = ", ".join(sorted(place.house.layouts))
            raise SettingsFault([f"--source '{source}' is no layout; known are {known}."])
        embargo = instant(publish_at, place.settings.zone) if publish_at else None
        reports = intake.load(
            place.house,
            files,
            source or None,
            publication.value,
            embargo,
            clock.now(),
            quiet=as_json,
        )
    intake.complain(reports)
    if as_json:
        _print_json({"files": reports})
    else:
        intake.show(reports)
    states = {r["state"] for r in reports}
    if states == {"refused"}:
        return 2
    return 1 if states & {"refused", "incomplete"} else 0


@cli.command()
def ask(
    text: Annotated[str, typer.Argument(help="The question.")] = "",
    batch: Annotated[
        Path | None, typer.Option(help="A file of questions, one JSON object a line.")
    ] = None,
    service: Annotated[str, typer.Option(help="The service that 'we' means.")] = "",
    today: Annotated[
        str, typer.Option(help="The date that words such as 'last winter' mean.")
    ] = "",
    now: Now = "",
    explain: Annotated[bool, typer.Option("--explain", help="Show how it was understood.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> int:
    """Answer a question, or a file of them."""
    from bot import questions

    if bool(text) == bool(batch):
        raise SettingsFault(["ask: give either a question or --batch FILE."])
    with _place(config) as place:
        at = _instant(place.settings, now)
        if batch:
            rows = questions.read_batch(batch)
        else:
            rows = [{"id": "1", "text": text, "service": service or None, "today": today or None}]
            rows = [{k: v for k, v in row.items() if v is not None} for row in rows]
        for answer in questions.answers(place, rows, at, explain=explain):
            if as_json:
                print(json.dumps(answer, ensure_ascii=False, default=str), flush=True)
            else:
                print(answer["text"], end="\n\n", flush=True)
                if explain:
                    print(json.dumps(answer.get("explain"), indent=2, default=str))
    return 0


@cli.command()
def spc(
    file: Annotated[Path, typer.Argument(help="A long CSV: series,period,value.")],
    points: Annotated[Path, typer.Option(help="Where the points go.")],
    series: Annotated[Path, typer.Option(help="Where the series go.")],
    profile: Annotated[str, typer.Option(help="ptd or mdc.")] = "ptd",
) -> int:
    """Control-chart analysis of any long CSV."""
    import pandas as pd

    from auditbot.analyse.spc import SpcInputFault, run_table

    if profile not in ("ptd", "mdc"):
        raise SettingsFault([f"--profile '{profile}' is not one of: ptd, mdc."])
    try:
        frame = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        found_points, found_series = run_table(frame, profile)
    except (
        SpcInputFault,
        OSError,
        UnicodeDecodeError,
        pd.errors.ParserError,
        pd.errors.EmptyDataError,
    ) as e:
        raise SettingsFault([f"{file.name}: {str(e).strip() or type(e).__name__}"]) from None
    found_points.to_csv(points, index=False, float_format="%.15g")
    found_series.to_csv(series, index=False)
    return 0


@cli.command()
def digest(
    service: Annotated[str, typer.Option(help="Id, or any name that fits one service.")],
    html: Annotated[Path | None, typer.Option(help="Write one self-contained page.")] = None,
    now: Now = "",
    config: Config = None,
    as_json: Json = False,
) -> int:
    """The digest that would be sent, without sending it."""
    from bot import rehearsal

    with _place(config) as place:
        would = rehearsal.digest(place, service, _instant(place.settings, now))
        if html:
            html.write_text(rehearsal.page(place, would), encoding="utf-8")
    if as_json:
        _print_json(would.data)
    elif not html:
        print(would.text)
    return 0


@cli.command()
def queue(
    retry: Annotated[int | None, typer.Option(help="Try this one again.")] = None,
    config: Config = None,
    as_json: Json = False,
) -> int:
    """What waits, failed or is unknown."""
    from bot import upkeep

    with _place(config) as place:
        if retry is not None:
            upkeep.retry(place, retry, clock.now())
        waiting = upkeep.waiting(place)
    if as_json:
        _print_json({"queue": waiting})
    else:
        upkeep.show_queue(waiting)
    return 1 if any(w["status"] in ("failed", "unknown") for w in waiting) else 0


@cli.command()
def trail(
    ts: Annotated[str, typer.Argument(help="The time stamp of a post.")],
    config: Config = None,
    as_json: Json = False,
) -> int:
    """What a post was made of, and the payload as sent."""
    from bot import upkeep

    with _place(config) as place:
        found = upkeep.trail(place, ts)
    print(json.dumps(found, ensure_ascii=False, indent=None if as_json else 2, default=str))
    return 0


@cli.command()
def pause(
    reason: Annotated[str, typer.Option(help="Why, for those who ask.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Answers too.")] = False,
    config: Config = None,
) -> int:
    """Stop all digests at once; answers go on unless --all."""
    from bot import upkeep

    with _place(config) as place:
        print(upkeep.pause(place, reason, everything, clock.now()))
    return 0


@cli.command()
def resume(config: Config = None) -> int:
    """Go on after a pause."""
    from bot import upkeep

    with _place(config) as place:
        print(upkeep.resume(place, clock.now()))
    return 0


@cli.command()
def preview(folder: Annotated[Path, typer.Argument(help="Where the page goes.")]) -> int:
    """Every message and chart with example facts, as one page, for people who edit the words."""
    from bot import rehearsal

    print(rehearsal.preview(folder))
    return 0


@cli.command()
def check(
    config: Config = None,
    taught: Annotated[
        bool, typer.Option("--taught", help="Print the words that were taught, for the catalogue.")
    ] = False,
) -> int:
    """Check catalogue, configuration and words: every fault at once."""
    from bot import upkeep

    if taught:
        with _place(config) as place:
            print(upkeep.taught(place))
        return 0
    faults = upkeep.faults(config)
    _say(faults)
    if not faults:
        print("Catalogue, configuration and words are sound.")
    return 2 if faults else 0


@cli.command()
def migrate() -> int:
    """Bring an older database up to date; stop the bot first and keep a copy."""
    from auditbot.store import engine

    opened = engine.open_store(surroundings().database_url)
    try:
        engine.migrate(opened)
    finally:
        opened.dispose()
    print("The database is up to date.")
    return 0


@cli.command()
def doctor(config: Config = None, as_json: Json = False) -> int:
    """Database, Slack, clock, folders, queue: what works, what does not and what to do."""
    from bot import upkeep

    try:
        with _place(config) as place:
            checks = upkeep.doctor(place, clock.now())
    except (SQLAlchemyError, StoreFault) as e:
        checks = upkeep.doctor_at_the_door(surroundings(), e)
    if as_json:
        _print_json({"checks": checks})
    else:
        upkeep.show_doctor(checks)
    return 0 if all(c["ok"] for c in checks) else 1


@contextmanager
def _place(config: Path | None) -> Iterator[Any]:
    """The premises, opened for one command."""
    from bot.premises import open_premises

    path = find(config)
    place = open_premises(read(path), surroundings(), (path or Path("x")).resolve().parent)
    try:
        yield place
    finally:
        place.house.engine.dispose()


def _instant(settings: Settings, text: str) -> datetime:
    return instant(text, settings.zone) if text else clock.now()


def _print_json(document: object) -> None:
    def plain(value: object) -> str:
        return value.isoformat() if isinstance(value, (date, datetime)) else str(value)

    print(json.dumps(document, ensure_ascii=False, default=plain))


def _say(sentences: tuple[str, ...] | list[str]) -> None:
    for sentence in sentences:
        print(sentence, file=sys.stderr)


def _refused(error: Exception) -> int:
    """One sentence for whatever else went wrong, never a traceback."""
    import click

    if isinstance(error, click.ClickException):
        _say([error.format_message()])
        return 2
    if isinstance(error, StoreFault):
        _say([str(error)])
        return 2
    name = type(error).__name__
    first = (str(error).splitlines() or [""])[0]
    structlog.get_logger().debug("stopped", exc_info=error)
    if name in ("OperationalError", "DatabaseError"):
        first = "the database did not answer or could not be opened; see AUDITBOT_DATABASE_URL"
    _say(
        [f"Stopped: {first or name} ({name}). Nothing was half done; run it again or ask for help."]
    )
    return 2


def _tell_where(practice: bool, url: str) -> None:
    if practice:
        print(f"Practice workspace: {url}  (stop with Ctrl-C)", file=sys.stderr)


def log_to_stderr() -> None:
    """Logs are lines of facts on stderr; message bodies are never among them."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _exception_name_only,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # whatever it is by then
    )


def _exception_name_only(_: object, __: str, event: Any) -> Any:
    """An exception's text may quote what somebody wrote: its kind and place are enough."""
    import traceback

    if event.pop("exc_info", None):
        kind, error, trace = sys.exc_info()
        if kind is not None:
            last = traceback.extract_tb(trace)[-1]
            event["error"] = f"{kind.__name__} in {Path(last.filename).name}:{last.lineno}"
        del error
    return event


if __name__ == "__main__":
    main()
