"""What one channel hears from one turn to the next. Everything here is made up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auditbot import period
from auditbot.act import concern
from auditbot.model import Binding, Roles
from auditbot.pipeline import File, take, turn
from auditbot.store import dispute, queue, tables
from auditbot.store.engine import reading, writing

NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
HEADER = (
    "service,service_name,metric,period_start,period_end,numerator,denominator,value,completeness"
)
AE = Binding("C0AE", ("fernhill-hospital",), ("ae",))
LEAD = Roles("fernhill-hospital", lead=("U0LEAD",), deputy=("U0DEPUTY",))
STEADY = [70.0, 71, 69, 70, 72, 70, 71, 69, 70, 71, 70, 69] * 3
FALL = [70.0, 71, 69, 70, 72, 70, 71, 69, 70, 71, 70, 69] * 2 + [55.0, 56, 54, 55, 55, 56] * 2
MONTHS = [period.month(2023, 10 + i) for i in range(40)]


@pytest.fixture
def house(house):
    return replace(house, bindings=(AE,), roles={"fernhill-hospital": LEAD})


def row(month, rate, metric="ae_4h", service="fernhill-hospital", name="Fernhill Hospital"):
    n = 4000
    return f"{service},{name},{metric},{month.start},{month.end},{round(rate * n / 100)},{n},,"


def load_file(house, tmp_path, rows, name="a.csv", now=NOW, **terms):
    path = tmp_path / name
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return take(house, File(path, "long", **terms), now)


def rates(values, **more):
    return [row(m, v, **more) for m, v in zip(MONTHS, values, strict=False)]


def run(house, now=NOW, binding=AE, **more):
    def slot(_binding, at):
        return at + timedelta(days=1)

    return turn(house, now, [binding], slot, once_a_day=more.pop("once_a_day", False))


def queued(house, kind=None):
    with reading(house.engine) as conn:
        return [o for o in queue.waiting(conn) if kind in (None, o.kind)]


def send_all(house, now=NOW):
    """As if Slack had taken everything that waits."""
    for i, o in enumerate(queued(house)):
        queue.mark_sent(house.engine, o.id, f"{now.timestamp():.0f}.{o.id:06}{i}", now, {})


def whys(held):
    return [h.why for h in held]


def test_the_first_digest_is_always_sent_and_nothing_twice(house, tmp_path):
    load_file(house, tmp_path, rates(STEADY))
    assert run(house) == ()
    (digest,) = queued(house, "digest")
    assert digest.trail["metric"] == "ae_4h"
    assert whys(run(house)) == ["nothing new to say"]
    assert len(queued(house, "digest")) == 1


def test_a_later_release_with_nothing_to_say_is_silent_unless_asked_for(house, tmp_path):
    load_file(house, tmp_path, rates(STEADY[:30]))
    run(house)
    load_file(house, tmp_path, rates(STEADY[:31])[30:], "b.csv")
    later = NOW + timedelta(days=30)
    assert whys(run(house, later)) == ["nothing new to say"]
    wanting = replace(AE, every_release=True)
    assert run(house, later, wanting) == ()
    assert len(queued(house, "digest")) == 2


def test_at_most_one_digest_a_fortnight(house, tmp_path):
    wanting = replace(AE, every_release=True)
    load_file(house, tmp_path, rates(STEADY[:30]))
    run(house, NOW, wanting)
    load_file(house, tmp_path, rates(STEADY[:31])[30:], "b.csv")
    assert "less than 14 days ago" in whys(run(house, NOW + timedelta(days=13), wanting))[0]
    assert run(house, NOW + timedelta(days=14), wanting) == ()
    assert len(queued(house, "digest")) == 2


def test_less_often_is_kept(house, tmp_path):
    wanting = replace(AE, every_release=True)
    load_file(house, tmp_path, rates(STEADY[:30]))
    run(house, NOW, wanting)
    with writing(house.engine) as conn:
        queue.set_cadence(conn, "C0AE", min_days=28, user="U0NURSE", now=NOW)
    load_file(house, tmp_path, rates(STEADY[:31])[30:], "b.csv")
    assert "less than 28 days" in whys(run(house, NOW + timedelta(days=20), wanting))[0]


def test_a_channel_is_considered_once_a_day(house, tmp_path):
    load_file(house, tmp_path, rates(STEADY))
    run(house, once_a_day=True)
    assert len(queued(house, "digest")) == 1
    load_file(house, tmp_path, rates([*STEADY, 99.0])[-1:], "b.csv")
    assert run(house, NOW + timedelta(hours=1), once_a_day=True) == ()


def test_a_confirmed_concern_goes_to_the_lead_and_a_day_later_to_the_channel(house, tmp_path):
    load_file(house, tmp_path, rates(FALL) + rates(STEADY, metric="ae_4h_type1"))
    run(house)
    (to_lead,) = queued(house, "concern_lead")
    assert to_lead.channel == "U0LEAD"
    assert to_lead.trail["metric"] == "ae_4h"
    assert queued(house, "digest")[0].trail["metric"] != "ae_4h"
    run(house, NOW + timedelta(hours=23))
    assert queued(house, "concern") == []
    run(house, NOW + timedelta(days=1))
    (to_channel,) = queued(house, "concern")
    assert to_channel.channel == "C0AE"
    run(house, NOW + timedelta(days=2))
    assert len(queued(house, "concern")) == 1


def test_a_concern_that_is_but_a_signal_goes_to_the_lead_alone_and_once(house, tmp_path):
    load_file(house, tmp_path, rates([*STEADY[:-1], 60.0]))
    run(house)
    (note,) = queued(house, "signal")
    assert note.channel == "U0LEAD"
    assert "This is for you alone." in " ".join(note.payload["body"])
    assert queued(house, "digest") == []
    run(house, NOW + timedelta(days=1))
    assert len(queued(house, "signal")) == 1


def test_two_concerns_of_one_audit_are_one_message_with_a_line_for_the_other(house, tmp_path):
    load_file(house, tmp_path, rates(FALL) + rates(FALL, metric="ae_4h_type1"))
    run(house)
    assert len(queued(house, "concern_lead")) == 1
    run(house, NOW + timedelta(days=1))
    (to_channel,) = queued(house, "concern")
    lines = [o for o in queued(house, "further") if o.thread_key == to_channel.key]
    assert {to_channel.trail["metric"], *(o.trail["metric"] for o in lines)} == {
        "ae_4h",
        "ae_4h_type1",
    }


def number_of(house):
    with reading(house.engine) as conn:
        (found,) = queue.open_concerns(conn)
    return found.id


def test_a_lead_may_hold_it_and_cannot_drop_it(house, tmp_path):
    load_file(house, tmp_path, rates(FALL))
    run(house)
    number, until = number_of(house), NOW + timedelta(days=4)
    args = (house.engine, house.words, house.roles, number)
    refused = concern.hold(*args, "U0NURSE", "because", until, NOW)
    assert refused.trail["code"] == "not_for_you"
    assert concern.hold(*args, "U0LEAD", " ", until, NOW).trail["code"] == "hold_reason"
    assert concern.hold(*args, "U0LEAD", "We meet on Thursday.", until, NOW).trail["code"] == "held"
    run(house, NOW + timedelta(days=2))
    assert queued(house, "concern") == []
    run(house, until)
    assert len(queued(house, "concern")) == 1


def test_a_line_is_signed_and_shown(house, tmp_path):
    load_file(house, tmp_path, rates(FALL))
    run(house)
    args = (house.engine, house.words, house.roles, number_of(house))
    zone = house.zone
    said = concern.add_line(*args, "U0NURSE", "x", NOW, zone)
    assert said.trail["code"] == "not_for_you"
    concern.add_line(*args, "U0DEPUTY", "The flood closed  two bays.", NOW, zone)
    run(house, NOW + timedelta(days=1))
    (to_channel,) = queued(house, "concern")
    assert "*{{user:U0DEPUTY}} adds:* The flood closed two bays." in to_channel.payload["body"]
    late = concern.add_line(*args, "U0LEAD", "Too late.", NOW, zone)
    assert late.trail["code"] == "line_late"


def test_a_figure_corrected_meanwhile_withdraws_the_concern(house, tmp_path):
    load_file(house, tmp_path, rates(FALL))
    run(house)
    load_file(house, tmp_path, [row(MONTHS[len(FALL) - 1], 70.0)], "corrected.csv")
    held = run(house, NOW + timedelta(days=1))
    assert any("corrected meanwhile; the concern was withdrawn" in w for w in whys(held))
    assert queued(house, "concern") == []


def test_without_anybody_named_the_channel_still_hears_and_an_operator_is_told(house, tmp_path):
    nobody = replace(house, roles={})
    load_file(house, tmp_path, rates(FALL))
    held = run(nobody)
    assert any("nobody is named" in w for w in whys(held))
    run(nobody, NOW + timedelta(days=1))
    assert len(queued(house, "concern")) == 1


def test_a_figure_that_was_told_and_is_corrected_is_put_right_under_its_post(house, tmp_path):
    load_file(house, tmp_path, rates(STEADY))
    run(house)
    send_all(house)
    load_file(house, tmp_path, [row(MONTHS[len(STEADY) - 1], 66.0)], "corrected.csv")
    run(house, NOW + timedelta(days=1))
    (put_right,) = queued(house, "correction")
    assert (
        "corrected to 66 in 100 A&E visits** (2,640 of 4,000). We told you 69 (2,760"
        in put_right.payload["headline"]
    )
    assert put_right.thread_key.startswith("digest|C0AE|")
    send_all(house)
    run(house, NOW + timedelta(days=2))
    assert queued(house, "correction") == []
    load_file(house, tmp_path, [row(MONTHS[len(STEADY) - 1], 67.0)], "again.csv")
    run(house, NOW + timedelta(days=3))
    assert "We told you 66" in queued(house, "correction")[0].payload["headline"]


def test_an_open_dispute_silences_praise_and_is_told(house, tmp_path):
    """A lasting rise is no headline of praise while the service itself says it looks wrong."""
    load_file(house, tmp_path, rates([100 - x for x in FALL]))

    def told(now):
        run(house, now)
        *_, post = queued(house, "digest")
        queue.mark_failed(house.engine, post.id, "read by the test")
        return post.trail["class"], " ".join(post.payload["body"])

    when = MONTHS[len(FALL) - 1]
    with writing(house.engine) as conn:
        raised, _ = dispute.raise_dispute(
            conn,
            service="fernhill-hospital",
            metric="ae_4h",
            period=when,
            reason="coding",
            line="",
            by_role="service",
            user="U0LEAD",
            now=NOW,
            lapses_at=NOW + timedelta(days=14),
        )
    kind, said = told(NOW)
    assert kind == "unsure"
    assert "This figure is being checked, as it may be wrong." in said
    assert "it has lasted" not in said
    with writing(house.engine) as conn:
        dispute.close_dispute(conn, raised.id, answer="right", line="", now=NOW)
        conn.execute(tables.told.delete())
    kind, said = told(NOW + timedelta(days=1))
    assert kind == "improvement"
    assert "it has lasted" in said
    assert "checked" not in said


def test_a_correction_says_whether_what_was_said_still_holds(house, tmp_path):
    """A figure told as out of the usual was a slip of the keyboard."""
    load_file(house, tmp_path, rates([*STEADY[:-1], 88.0]))
    run(house)
    send_all(house)
    load_file(house, tmp_path, [row(MONTHS[len(STEADY) - 1], 70.0)], "corrected.csv")
    run(house, NOW + timedelta(days=1))
    (put_right,) = queued(house, "correction")
    assert "What we said about ups and downs no longer holds." in " ".join(
        put_right.payload["body"]
    )
    send_all(house)
    load_file(house, tmp_path, [row(MONTHS[len(STEADY) - 1], 70.5)], "again.csv")
    run(house, NOW + timedelta(days=2))
    assert "ups and downs" not in " ".join(queued(house, "correction")[0].payload["body"])


def test_refused_rows_keep_their_service_from_a_digest(house, tmp_path):
    bad = row(MONTHS[len(STEADY)], 70.0).replace(",4000,", ",many,")
    report = load_file(house, tmp_path, [*rates(STEADY), bad])
    assert report["state"] == "incomplete"
    assert report["refused_rows"][0]["row"] == len(STEADY) + 2
    held = run(house)
    assert queued(house, "digest") == []
    assert any("rows of its newest file were refused" in w for w in whys(held))


def test_before_its_time_a_release_does_not_exist(house, tmp_path):
    at = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
    load_file(house, tmp_path, rates(STEADY), publish_at=at)
    held = run(house, at - timedelta(seconds=1))
    assert whys(held) == ["no results that this channel may see are loaded for this service"]
    assert queued(house) == []
    assert run(house, at) == ()
    assert len(queued(house, "digest")) == 1


def test_internal_figures_stay_out_of_open_channels(house, tmp_path):
    load_file(house, tmp_path, rates(STEADY), publication="internal")
    run(house)
    assert queued(house) == []
    run(house, NOW, replace(AE, audience="private"))
    (digest,) = queued(house, "digest")
    assert not any(c.isdigit() for c in digest.payload["fallback"])


def test_a_pause_holds_everything_unasked(house, tmp_path):
    load_file(house, tmp_path, rates(FALL))
    run(house)
    with writing(house.engine) as conn:
        queue.set_setting(conn, "pause", {"reason": "training week"}, NOW)
    assert "paused: training week" in whys(run(house, NOW + timedelta(days=2)))
    assert queued(house, "concern") == []


def test_one_bad_channel_never_stops_the_others(house, tmp_path, monkeypatch):
    load_file(house, tmp_path, rates(STEADY))
    other = replace(AE, channel="C0OTHER")
    real = queue.told

    def broken(conn, channel):
        if channel == "C0AE":
            raise RuntimeError("secret text of a message")
        return real(conn, channel)

    monkeypatch.setattr(queue, "told", broken)

    def slot(_binding, at):
        return at + timedelta(days=1)

    held = turn(house, NOW, [AE, other], slot, once_a_day=False)
    assert [(h.channel, h.why) for h in held] == [
        ("C0AE", "could not be worked out (RuntimeError)")
    ]
    assert [o.channel for o in queued(house, "digest")] == ["C0OTHER"]


def test_a_refused_file_is_a_report_and_leaves_nothing(house, tmp_path):
    path = tmp_path / "patients.csv"
    path.write_text("NHS number,Surname,Scan\n9434765919,Jones,yes\n", encoding="utf-8")
    report = take(house, File(path), NOW)
    assert report["state"] == "refused"
    assert "9434765919" not in str(report)
    assert report["reason"].endswith(".")
    assert queued(house) == []
