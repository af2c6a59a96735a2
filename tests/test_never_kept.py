"""What names a patient or tells of harm is kept nowhere: not in a table, a log, an error or an answer."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, text

from auditbot import catalogue, layout
from auditbot.ask import guard
from auditbot.house import House
from auditbot.model import Binding
from auditbot.say.words import Words
from auditbot.store import queue
from auditbot.store.engine import reading
from bot import worker
from bot.slack import post
from bot.slack.listeners import arrival_of
from bot.slack.modals import FORMS
from bot.worker import Desk
from bot.workspace import Rules, serve

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
ASKED = [
    json.loads(line)
    for line in (ROOT / "tests" / "questions" / "safety.jsonl").read_text("utf-8").splitlines()
]
FLAGGED = [q["text"] for q in ASKED if q.get("flag") in guard.NEVER_KEPT]


@pytest.fixture
def desk(sqlite_engine, tmp_path):
    folder = ROOT / "bot" / "catalogue"
    known = catalogue.load(folder)
    house = House(
        sqlite_engine,
        known,
        layout.load(folder / "layouts", known),
        Words(ROOT / "messages"),
        ZoneInfo("Europe/London"),
        bindings=(Binding("C0AE", ("fernhill",), ("ae",)),),
    )
    users = [{"id": "U0NURSE", "name": "lee"}]
    channels = [{"id": "C0AE", "name": "ae", "members": ["U0NURSE", "U0AUDITBOT"]}]
    with serve(
        tmp_path / "w.db", port=0, users=users, channels=channels, rules=Rules(pace=0)
    ) as running:
        posting, asking = post.clients(running.bot_token, running.api_url, timeout=5)
        yield Desk(house, posting, asking, lambda: NOW, lease_seconds=60, pace_seconds=0)


def mentioned(said, number):
    event = {"type": "app_mention", "user": "U0NURSE", "channel": "C0AE", "ts": f"{number}.1"}
    return arrival_of(
        {
            "type": "event_callback",
            "event_id": f"Ev{number}",
            "authorizations": [{"user_id": "U0AUDITBOT"}],
            "event": {**event, "text": f"<@U0AUDITBOT> {said}"},
        }
    )


def submitted(said, number, form):
    view = {
        "id": f"V{number}",
        "callback_id": form,
        "private_metadata": json.dumps({"concern": number}),
        "state": {"values": {"words": {"words": {"value": said}}}},
    }
    return arrival_of({"type": "view_submission", "view": view, "user": {"id": "U0NURSE"}})


def everything(engine):
    """All that the database holds, as one text."""
    with reading(engine) as conn:
        tables = inspect(conn).get_table_names()
        return "\n".join(
            str(tuple(row)) for t in tables for row in conn.execute(text(f'SELECT * FROM "{t}"'))
        )


def traces(said, held):
    """What is left of a text: itself, any four of its words in a row, any six digits of it."""
    words = said.split()
    pieces = [said, *(" ".join(words[i : i + 4]) for i in range(len(words) - 3))]
    pieces += re.findall(r"\d{6,}", said)
    return [p for p in pieces if len(p) > 5 and p in held]


def test_there_are_many_texts_to_try():
    assert len(FLAGGED) > 120


def test_nothing_of_a_flagged_question_is_written_logged_or_answered(desk, capsys, caplog):
    caplog.set_level(0)
    for number, said in enumerate(FLAGGED, 1):
        worker.keep(desk.house, mentioned(said, number), NOW)
    with reading(desk.house.engine) as conn:
        rows = queue.unanswered(conn)
    assert {r.flag for r in rows} == guard.NEVER_KEPT
    assert [r.text for r in rows if r.text is not None] == []
    worker.work_through(desk)
    held = everything(desk.house.engine) + caplog.text + "".join(capsys.readouterr())
    assert [t for said in FLAGGED for t in traces(said, held)] == []


@pytest.mark.parametrize("form", FORMS)
def test_nothing_of_a_flagged_line_in_a_form_is_written_or_logged(desk, capsys, caplog, form):
    caplog.set_level(0)
    for number, said in enumerate(FLAGGED, 1):
        worker.keep(desk.house, submitted(said, number, form), NOW)
    held = everything(desk.house.engine) + caplog.text + "".join(capsys.readouterr())
    assert [t for said in FLAGGED for t in traces(said, held)] == []


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(FLAGGED),
    st.sampled_from(["", "hi, ", "Hello there. ", "@lee ", "> ", "*urgent* "]),
    st.sampled_from(["", " thanks", " ??", "\n", " 🙏", " cheers, Lee"]),
    st.sampled_from([" ", "  ", "\n", "\u00a0", "\u200b "]),
)
def test_a_flagged_text_stays_flagged_with_a_greeting_and_other_spaces(said, before, after, space):
    flag = guard.check(before + said.replace(" ", space) + after)
    assert flag is not None
    assert flag.kind in guard.NEVER_KEPT
    assert said not in str(flag)
