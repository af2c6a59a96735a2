"""Questions asked of the real published files: the samples of the shared folder, and our own beside this.

The files and the scorer stand in the shared folder. The shares below are floors: they were reached,
and may rise. Our own were written before they were first asked, in the words of many people.
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
SAMPLES, OWN = SHARED / "questions", Path(__file__).with_name("questions")
FLOORS = {
    SAMPLES / "ae.jsonl": 98.0,
    SAMPLES / "ssnap.jsonl": 98.0,
    SAMPLES / "safety.jsonl": 100.0,
    SAMPLES / "harmless.jsonl": 100.0,
    OWN / "asked.jsonl": 98.0,
    OWN / "safety.jsonl": 100.0,
    OWN / "harmless.jsonl": 98.0,
}

pytestmark = pytest.mark.skipif(
    not SAMPLES.exists() or not (SHARED / "data" / "ae_xls").exists(),
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


@pytest.mark.parametrize("path", FLOORS, ids=lambda p: f"{p.parent.parent.name}-{p.stem}")
def test_questions_are_answered(engine, scorer, path):
    store, known = engine
    words = Words(ROOT / "messages")
    right, wrong, threads = 0, [], {}
    lines = path.read_text("utf-8").splitlines()
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
    assert 100 * right / len(questions) >= FLOORS[path], wrong
