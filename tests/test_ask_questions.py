"""The sample questions of the shared data folder, asked of the real published files there.

The scorer stands in that folder too. The shares below are floors: they were reached, and may rise.
"""

import importlib.util
import json
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType

import pytest

from auditbot import catalogue, layout
from auditbot.ask.answer import reply
from auditbot.ingest import take_in
from auditbot.say.words import Words
from auditbot.store import engine as stores
from auditbot.store import load, save
from auditbot.viewer import Viewer

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
NOW = datetime(2026, 5, 20, 9, tzinfo=UTC)
FLOORS = {"ae": 98.0, "ssnap": 98.0, "safety": 100.0, "harmless": 100.0}

pytestmark = pytest.mark.skipif(
    not (SHARED / "questions").exists() or not (SHARED / "data" / "ae_xls").exists(),
    reason="the shared data folder with questions and published files is not here",
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = stores.open_store(f"sqlite:///{tmp_path_factory.mktemp('real') / 'store.db'}")
    stores.migrate(engine)
    known = catalogue.load(ROOT / "bot" / "catalogue")
    layouts = layout.load(ROOT / "bot" / "catalogue" / "layouts", known)
    files = [
        *(SHARED / "data" / "ae_xls").glob("*.xls"),
        *(SHARED / "data" / "ssnap").glob("*.csv"),
    ]
    for path in sorted(files):
        save.save(engine, take_in(path, layouts, known), now=NOW)
    yield engine, known
    engine.dispose()


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_ask", SHARED / "score_ask.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", FLOORS)
def test_sample_questions_are_answered(engine, scorer, name):
    store, known = engine
    words = Words(ROOT / "messages")
    right, wrong, threads = 0, [], {}
    lines = (SHARED / "questions" / f"{name}.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line) for line in lines if line]
    with stores.reading(store) as conn:
        names = {s.name: i for i, s in load.services(conn, Viewer("open", NOW)).items()}
        for q in questions:
            viewer = Viewer("direct" if q.get("private") else "open", NOW)
            service = q.get("service")
            made = reply(
                conn,
                known,
                words,
                viewer,
                text=q["text"],
                bound=(names.get(service, service),) if service else (),
                before=threads.get(q.get("thread")),
                today=date.fromisoformat(q["today"]),
            )
            if q.get("thread"):
                threads[q["thread"]] = made.state
            bad, _ = scorer.judge(q["expect"], made.fields)
            right += not bad
            wrong += [(q["id"], q["text"], bad)] if bad else []
    assert 100 * right / len(questions) >= FLOORS[name], wrong
