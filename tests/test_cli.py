"""The command line as people, scripts and checks rely on it."""

import csv
import json
import os
import sqlite3
import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from auditbot import period
from auditbot.store import dispute, learn, tables
from auditbot.store.engine import open_store, writing
from bot import cli

SHARED = Path(__file__).resolve().parents[2] / "shared"
HEADER = (
    "service,service_name,metric,period_start,period_end,numerator,denominator,value,completeness"
)
OURS = "fernhill-hospital"
LONG_TO_OPEN = ("pandas", "matplotlib", "slack_sdk", "slack_bolt")
CONFIG = """
[[channel]]
id = "C0AE"
services = ["Fernhill Hospital"]
[[source]]
id = "long"
path = "incoming/"
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to work in, with its own database and no Slack."""
    monkeypatch.chdir(tmp_path)
    for name in ("AUDITBOT_CONFIG", "AUDITBOT_INCOMING", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AUDITBOT_DATABASE_URL", raising=False)
    (tmp_path / "incoming").mkdir()
    (tmp_path / "auditbot.toml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def auditbot(here, monkeypatch, capsys):
    """Run a command; gives (exit code, stdout, stderr)."""

    def run(*args):
        monkeypatch.setattr(sys, "argv", ["auditbot", *map(str, args)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return int(stop.value.code or 0), out, err

    return run


def results(folder, *, months=20, rate=71, name="results.csv"):
    rows = [HEADER]
    for i in range(months):
        year, month = divmod(2025 * 12 + i, 12)
        last = 28
        rows.append(
            f"fernhill-hospital,Fernhill Hospital,ae_4h,{year}-{month + 1:02}-01,"
            f"{year}-{month + 1:02}-{last},{rate * 40 + i % 3},4000,,"
        )
    path = folder / name
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_a_text_answer_opens_neither_tables_nor_pictures_nor_slack(auditbot, here):
    auditbot("ingest", results(here))
    asked = ["auditbot", "ask", "what is our four hour performance?", "--service", OURS]
    code = (
        f"import sys; sys.argv = {asked!r}\n"
        "from bot import cli\n"
        "try:\n    cli.main()\n"
        f"finally:\n    print(sorted(m for m in {LONG_TO_OPEN!r} if m in sys.modules))"
    )
    root = str(Path(__file__).resolve().parents[1])
    around = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(root, "src")), root])}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=around)
    assert "four hours" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_ingest_reports_as_the_contract_says(auditbot, here):
    path = results(here)
    code, out, _ = auditbot("ingest", path, "--json")
    (file,) = json.loads(out)["files"]
    assert code == 0
    assert set(file) >= {
        "path", "source", "state", "periods", "services", "results", "not_numeric",
        "refused_rows", "reason",
    }  # fmt: skip
    assert (file["state"], file["source"], file["services"], file["results"]) == (
        "loaded", "long", 1, 20,
    )  # fmt: skip
    code, out, _ = auditbot("ingest", path, "--json")
    assert json.loads(out)["files"][0]["state"] == "unchanged"


def test_ingest_exits_1_with_refused_rows_and_2_when_nothing_was_kept(auditbot, here):
    path = results(here)
    path.write_text(path.read_text().replace("2840,4000", "2840,many"), encoding="utf-8")
    code, _, err = auditbot("ingest", path)
    assert code == 1
    assert "Row 2" in err
    assert "event=" not in err
    assert '"many"' in err
    (here / "people.csv").write_text("NHS number,Name\n9434765919,A Person\n")
    code, _, err = auditbot("ingest", here / "people.csv")
    assert code == 2
    assert "9434765919" not in err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["ingest", "nowhere"], "no such file or folder"),
        (["ingest", "incoming"], "no result files in there"),
        (["ingest", "x.csv", "--source", "tarot"], "no layout"),
        (["ingest", "x.csv", "--publish-at", "2026-10-25T01:30"], "happens twice"),
        (["once", "--now", "teatime"], "not an instant"),
        (["digest", "--service", "Atlantis"], "not loaded"),
        (["ask"], "either a question or --batch"),
        (["trail", "1.2"], "no post of this bot"),
        (["queue", "--retry", "7"], "no failed or unknown message"),
        (["spc", "no.csv", "--points", "p", "--series", "s"], "no.csv"),
        (["once", "--config", "no.toml"], "no such configuration file"),
        (["dance"], "No such command"),
    ],
)
def test_what_is_refused_is_one_clear_sentence(auditbot, here, args, said):
    (here / "x.csv").write_text("a,b\n1,2\n")
    code, out, err = auditbot(*args)
    assert code == 2
    assert said in err
    assert out == ""


def test_once_posts_one_digest_and_again_none(auditbot, here):
    results(here / "incoming")
    code, out, err = auditbot("once", "--json", "--now", "2026-09-14T09:00:00+01:00")
    done = json.loads(out)
    assert code == 0, err
    (post,) = [p for p in done["posted"] if p["kind"] == "digest"]
    assert post["channel"] == "C0AE"
    assert post["metric"] == "ae_4h"
    assert post["period"]["end"].startswith("2026-08")
    assert done["files"][0]["state"] == "loaded"
    code, out, _ = auditbot("once", "--json", "--now", "2026-09-14T09:00:00+01:00")
    again = json.loads(out)
    assert (again["posted"], again["files"]) == ([], [])
    assert again["held"] == [{"channel": "C0AE", "service": "", "why": "nothing new to say"}]
    code, out, _ = auditbot("trail", post["ts"], "--json")
    trail = json.loads(out)
    assert trail["made_of"]["evidence"]["latest"]["denominator"] == 4000
    assert trail["payload"]["channel"] == "C0AE"
    assert auditbot("queue")[0] == 0


def test_a_digest_can_be_seen_before_it_is_sent(auditbot, here):
    auditbot("ingest", results(here))
    code, out, _ = auditbot("digest", "--service", "fernhill hospital", "--json")
    told = json.loads(out)
    assert code == 0
    assert set(told) >= {
        "service", "service_name", "state", "reason", "headline", "body", "fallback", "alt_text",
        "words", "metric", "period", "value", "numerator", "denominator", "comparator", "verdict",
        "score", "sources",
    }  # fmt: skip
    assert told["state"] == "would_send"
    assert told["words"] <= 90
    assert set(told["verdict"]) >= {
        "strength",
        "direction",
        "rule",
        "profile",
        "n",
        "mean",
        "lower",
        "upper",
    }
    code, out, _ = auditbot("digest", "--service", "fernhill-hospital", "--html", here / "d.html")
    page = (here / "d.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in page
    assert 'src="http' not in page
    assert auditbot("queue")[1].startswith("Nothing waits")


def test_the_same_answer_in_a_terminal(auditbot, here):
    auditbot("ingest", results(here))
    code, out, _ = auditbot(
        "ask", "what is our four hour performance?", "--service", "fernhill-hospital"
    )
    assert code == 0
    assert "71 in 100" in out
    batch = here / "q.jsonl"
    batch.write_text('{"id": "a", "text": "how are we doing?", "service": "fernhill-hospital"}\n')
    code, out, _ = auditbot("ask", "--batch", batch, "--json")
    answer = json.loads(out)
    assert (answer["id"], answer["state"]) == ("a", "answered")
    assert answer["ms"] > 0
    batch.write_text('{"id": "a"}\nnot json\n')
    code, _, err = auditbot("ask", "--batch", batch)
    assert code == 2
    assert "line 1" in err
    assert "line 2" in err


def test_pause_and_resume(auditbot, here):
    results(here / "incoming")
    assert "auditbot resume" in auditbot("pause", "--reason", "training")[1]
    held = json.loads(auditbot("once", "--json")[1])["held"]
    assert held[0]["why"] == "paused: training"
    assert "Going on" in auditbot("resume")[1]
    assert json.loads(auditbot("once", "--json")[1])["posted"]


def test_check_and_doctor_tell_what_works(auditbot, here):
    code, out, _ = auditbot("check")
    assert (code, "sound" in out) == (0, True)
    (here / "auditbot.toml").write_text(CONFIG + "\nhours = 3\n[[channel]]\nid='x'\nservices=[]\n")
    code, _, err = auditbot("check")
    assert code == 2
    assert len(err.splitlines()) >= 2
    (here / "auditbot.toml").write_text(CONFIG)
    code, out, _ = auditbot("doctor")
    assert code == 1  # nothing is loaded for the channel yet
    assert "no results are loaded" in out


def test_doctor_lists_what_looks_wrong_until_it_is_answered(auditbot, here):
    def said():
        checks = json.loads(auditbot("doctor", "--json")[1])["checks"]
        (line,) = [c for c in checks if c["what"] == "disputes"]
        return line["ok"], line["says"]

    team = '[[service]]\nid = "Fernhill Hospital"\naudit_team = ["U0AUDIT"]\n'
    (here / "auditbot.toml").write_text(CONFIG + team)
    auditbot("ingest", results(here))
    assert said() == (True, "0 figures are being checked, none overdue.")
    now = datetime.now(UTC)
    store = open_store(f"sqlite:///{here / 'var' / 'auditbot.db'}")
    with writing(store) as conn:
        told = {"reason": "coding", "line": "", "by_role": "service", "user": "U0NURSE"}
        figure = {"service": "fernhill-hospital", "metric": "ae_4h"}
        for month, days in ((1, 5), (2, 5)):
            dispute.raise_dispute(
                conn,
                **figure,
                **told,
                period=period.month(2025, month),
                now=now,
                lapses_at=now + timedelta(days=days),
            )
    assert said() == (True, "2 figures are being checked, none overdue.")
    with writing(store) as conn:
        conn.execute(update(tables.dispute).where(tables.dispute.c.id == 1).values(lapses_at=now))
    store.dispose()
    ok, says = said()
    assert not ok
    assert "overdue on ae_4h of fernhill-hospital (2025-01-01 to 2025-01-31)" in says
    (here / "auditbot.toml").write_text(CONFIG)
    ok, says = said()
    assert not ok
    assert "no audit team, deputy or lead is named for fernhill-hospital" in says


def test_check_tells_every_fault_at_once_and_plainly(auditbot, here):
    (here / "auditbot.toml").write_text(
        "[[channel]]\nid='stroke'\nservices=[]\naudits=['nope']\n[[source]]\nid='x'\n"
    )
    _, _, err = auditbot("check")
    assert "is no Slack id" in err
    assert "is empty; name at least one" in err
    assert "needs either a path" in err
    (here / "auditbot.toml").write_text("[[channel]]\nid='C0'\nservices=['x']\naudits=['nope']\n")
    assert "'nope' is no audit of the catalogue" in auditbot("check")[2]


def test_check_prints_what_was_taught_for_the_catalogue_and_writes_no_file(auditbot, here):
    assert auditbot("check", "--taught")[:2] == (0, "# No word was taught.\n")
    store = open_store(f"sqlite:///{here / 'var' / 'auditbot.db'}")
    with writing(store) as conn:
        learn.teach(conn, learn.Taught("metric", "ae_4h", 'the "four"'), date(2026, 11, 2))
    store.dispose()
    code, out, err = auditbot("check", "--taught")
    assert (code, err) == (0, "")
    assert tomllib.loads(out) == {"metric": [{"id": "ae_4h", "phrases": ['the "four"']}]}
    assert "check --taught" in auditbot("doctor")[1]


def test_doctor_tells_of_a_database_that_does_not_answer(auditbot, here, monkeypatch):
    monkeypatch.setenv("AUDITBOT_DATABASE_URL", "postgresql://127.0.0.1:9/none")
    code, out, _ = auditbot("doctor")
    assert code == 1
    assert "database: does not answer" in out
    assert "Slack: no tokens" in out


def test_a_new_database_is_made_and_an_old_one_waits_for_migrate(auditbot, here):
    assert auditbot("queue")[0] == 0
    with sqlite3.connect(here / "var" / "auditbot.db") as db:
        db.execute("update alembic_version set version_num = '0000_before'")
    db.close()
    code, _, err = auditbot("queue")
    assert code == 2
    assert len(err.splitlines()) == 1


def test_a_name_that_fits_several_services_is_told_in_what_is_held(auditbot, here):
    path = results(here)
    twin = path.read_text().replace("fernhill-hospital", "fernhill-two")
    (here / "two.csv").write_text(twin)
    auditbot("ingest", path, here / "two.csv")
    (held,) = json.loads(auditbot("once", "--json")[1])["held"]
    assert "fits several services: fernhill-hospital" in held["why"]


def test_every_message_can_be_previewed(auditbot, here):
    code, out, _ = auditbot("preview", here / "shown")
    assert code == 0
    assert "open it in a browser" in out
    assert (here / "shown" / "preview.html").stat().st_size > 100_000


def test_spc_writes_points_and_series(auditbot, here):
    rows = ["series,period,value"] + [f"a,2025-{i:02},{70 + i % 3}" for i in range(1, 13)]
    (here / "in.csv").write_text("\n".join(rows))
    code, _, err = auditbot("spc", "in.csv", "--points", "p.csv", "--series", "s.csv")
    assert code == 0, err
    points = list(csv.DictReader((here / "p.csv").read_text().splitlines()))
    assert list(points[0]) == [
        "series", "period", "value", "phase", "mean", "lower", "upper", "special_cause", "point_type",
    ]  # fmt: skip
    (series,) = csv.DictReader((here / "s.csv").read_text().splitlines())
    assert series["variation"] == "common_cause"


def test_no_token_is_ever_told(auditbot, here, monkeypatch):
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-very-secret")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-very-secret")
    monkeypatch.setenv("AUDITBOT_SLACK_API_URL", "http://127.0.0.1:9/api/")
    for args in (["doctor"], ["once"], ["once", "--json"]):
        _, out, err = auditbot(*args)
        assert "very-secret" not in out + err


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not here")
def test_three_real_services_get_one_digest_each_and_then_none(auditbot, here):
    (here / "auditbot.toml").write_text(
        "".join(
            f'[[channel]]\nid = "{channel}"\nservices = ["{service}"]\n'
            for channel, service in (("C0A", "RCD"), ("C0B", "Croydon Health Services NHS Trust"),
                                     ("C0C", "Hull Royal Infirmary"))
        )
    )  # fmt: skip
    folders = [SHARED / "data" / "ae_xls", SHARED / "data" / "ssnap"]
    code, out, err = auditbot("ingest", *folders, "--json")
    assert code == 0, err
    assert {f["state"] for f in json.loads(out)["files"]} == {"loaded"}
    now = ["--now", "2026-04-20T09:00:00+01:00"]
    done = json.loads(auditbot("once", "--json", *now)[1])
    assert sorted(p["channel"] for p in done["posted"] if p["kind"] == "digest") == [
        "C0A",
        "C0B",
        "C0C",
    ]
    assert json.loads(auditbot("once", "--json", *now)[1])["posted"] == []
