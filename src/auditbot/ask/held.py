"""What is there to ask about? The vocabulary of everything a viewer may see, kept while it holds.

The index of names is kept for a set of visible releases; metrics of a service and newest periods are
looked up once and kept beside it. A viewer who sees more, or less, has another set and another index.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from auditbot.ask import typed, vocabulary
from auditbot.ask.vocabulary import Vocabulary
from auditbot.catalogue import Catalogue
from auditbot.model import Period, Release
from auditbot.store import load
from auditbot.viewer import Viewer

KEPT = 16  # sets of releases, the oldest goes first


@dataclass
class _Shelf:
    vocabulary: Vocabulary
    held: dict[str, frozenset[str]] = field(default_factory=dict)
    newest: dict[str, Period | None] = field(default_factory=dict)
    current: dict[str, bool] = field(default_factory=dict)


_SHELVES: OrderedDict[Any, _Shelf] = OrderedDict()
_LOCK = threading.Lock()


def vocabulary_of(
    conn: Connection, catalogue: Catalogue, viewer: Viewer, releases: dict[int, Release]
) -> Vocabulary:
    """The vocabulary for what this viewer may see; its look-ups read through `conn`."""
    seen_private = viewer.audience in ("private", "direct")
    key = (
        str(conn.engine.url),
        id(conn.engine),
        id(catalogue),
        tuple(sorted(releases)),
        viewer.private_services,
        viewer.services & viewer.private_services if seen_private else frozenset(),
    )
    with _LOCK:
        shelf = _SHELVES.get(key)
        if shelf is not None:
            _SHELVES.move_to_end(key)
    if shelf is None:
        shelf = _made(conn, catalogue, viewer)
        with _LOCK:
            _SHELVES[key] = shelf
            while len(_SHELVES) > KEPT:
                _SHELVES.popitem(last=False)
    return _reading(shelf, conn, catalogue, viewer)


def _made(conn: Connection, catalogue: Catalogue, viewer: Viewer) -> _Shelf:
    words = typed.load(catalogue.folder / "typed")
    services = load.services(conn, viewer)
    return _Shelf(
        vocabulary.build(catalogue, words, services, lambda service: (), lambda metric: None)
    )


def _reading(shelf: _Shelf, conn: Connection, catalogue: Catalogue, viewer: Viewer) -> Vocabulary:
    def held(service: str) -> frozenset[str]:
        if service not in shelf.held:
            shelf.held[service] = frozenset(load.metrics_of(conn, viewer, service))
        return shelf.held[service]

    def newest(metric: str) -> Period | None:
        if metric not in shelf.newest:
            found = load.periods_of(conn, viewer, metric)
            shelf.newest[metric] = found[-1] if found else None
        return shelf.newest[metric]

    def current(service: str) -> bool:
        if service not in shelf.current:
            heads = {a.headline_metric for a in catalogue.audits.values()} & held(service)
            shelf.current[service] = any(
                found.results[-1].period == newest(head)
                for head in heads
                for found in load.series(conn, catalogue, viewer, head, [service]).values()
            )
        return shelf.current[service]

    return replace(shelf.vocabulary, held=held, newest=newest, current=current)
