from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.settings import SettingsFault, find, instant, read, surroundings

WHOLE = """
timezone = "Europe/London"
profile = "mdc"
tick_seconds = 30
lease_seconds = 60
pace_seconds = 1.1

[[channel]]
id = "C0STROKE"
services = ["fernhill-hospital"]
audits = ["ssnap"]
audience = "open"
hour = 9
days = "mon-fri"
every_release = false
discreet = false

[[service]]
id = "fernhill-hospital"
private = false
lead = ["U0LEAD"]
deputy = ["U0DEPUTY"]
audit_team = ["U0AUDIT"]
champion = "U0CHAMP"

[[source]]
id = "ssnap_summary"
path = "incoming/"
publication = "public"

[[prerelease]]
source = "ssnap_summary"
users = ["U0LEAD"]

[disclosure]
own_team = ""
"""
LONDON = ZoneInfo("Europe/London")


def written(tmp_path, text):
    path = tmp_path / "auditbot.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(tmp_path, text):
    with pytest.raises(SettingsFault) as e:
        read(written(tmp_path, text))
    return e.value.faults


def test_the_whole_contract_is_read(tmp_path):
    s = read(written(tmp_path, WHOLE))
    assert s.profile == "mdc"
    assert s.channel[0].services == ("fernhill-hospital",)
    assert s.service[0].lead == ("U0LEAD",)
    assert s.source[0].path == "incoming/"
    assert s.prerelease[0].users == ("U0LEAD",)


def test_without_a_file_there_are_no_channels():
    assert read(None).channel == ()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("hour = 9", "hour = 6"), ("channel 'C0STROKE', hour", "6")),
        (("hour = 9", "hours = 9"), ("hours", "no such setting")),
        (('days = "mon-fri"', 'days = "monday"'), ("days", "names no days")),
        (('days = "mon-fri"', 'days = "fri-mon"'), ("days", "runs backwards")),
        (('timezone = "Europe/London"', 'timezone = "London"'), ("timezone", "not a time zone")),
        (('profile = "mdc"', 'profile = "xyz"'), ("profile", "xyz")),
        (('audience = "open"', 'audience = "everyone"'), ("audience", "everyone")),
        (('lead = ["U0LEAD"]', 'lead = ["sam"]'), ("lead", "sam")),
        (('services = ["fernhill-hospital"]', "services = []"), ("services", "[]")),
        (('path = "incoming/"', ""), ("source 'ssnap_summary'", "needs either a path")),
    ],
)
def test_every_fault_is_a_sentence_with_its_place(tmp_path, change, expected):
    found = faults(tmp_path, WHOLE.replace(*change))
    assert len(found) == 1
    assert "auditbot.toml" in found[0]
    assert found[0].endswith(".")
    for part in expected:
        assert part in found[0]


def test_all_faults_are_told_at_once(tmp_path):
    text = WHOLE.replace("hour = 9", "hour = 23").replace('profile = "mdc"', 'profile = "x"')
    assert len(faults(tmp_path, text)) == 2


def test_a_channel_twice_is_a_fault(tmp_path):
    text = WHOLE + '\n[[channel]]\nid = "C0STROKE"\nservices = ["x"]\n'
    assert "stands twice" in faults(tmp_path, text)[0]


def test_broken_toml_names_the_line(tmp_path):
    assert "line 2" in faults(tmp_path, "profile = 'ptd'\ntimezone = London\n")[0]


def test_the_environment_wins_and_tokens_come_in_pairs(tmp_path):
    around = surroundings({})
    assert around.practice
    assert around.database_url.startswith("sqlite:///var/")
    both = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    assert not surroundings(both).practice
    with pytest.raises(SettingsFault, match="SLACK_APP_TOKEN is not set"):
        surroundings({"SLACK_BOT_TOKEN": "xoxb-1"})
    with pytest.raises(SettingsFault, match="does not start with xapp-"):
        surroundings(both | {"SLACK_APP_TOKEN": "xoxb-2"})


def test_a_token_may_stand_in_a_file_and_is_never_told(tmp_path):
    secret = tmp_path / "token"
    secret.write_text("xoxb-secret\n")
    around = surroundings({"SLACK_BOT_TOKEN_FILE": str(secret), "SLACK_APP_TOKEN": "xapp-1"})
    assert around.bot_token == "xoxb-secret"
    with pytest.raises(SettingsFault) as e:
        surroundings({"SLACK_BOT_TOKEN": "oops-secret", "SLACK_APP_TOKEN": "xapp-1"})
    assert "oops-secret" not in str(e.value)


def test_a_named_file_must_exist(tmp_path):
    with pytest.raises(SettingsFault, match="no such configuration file"):
        find(tmp_path / "no.toml", {})
    with pytest.raises(SettingsFault, match="no such configuration file"):
        find(None, {"AUDITBOT_CONFIG": str(tmp_path / "no.toml")})


def test_an_instant_with_offset_is_taken_as_it_is():
    assert instant("2026-11-02T09:30:00+00:00", LONDON) == datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def test_a_local_time_must_exist_exactly_once():
    assert instant("2026-07-01T09:30", LONDON).utcoffset().total_seconds() == 3600
    with pytest.raises(SettingsFault, match="happens twice"):
        instant("2026-10-25T01:30", LONDON)
    with pytest.raises(SettingsFault, match="does not exist"):
        instant("2026-03-29T01:30", LONDON)
    with pytest.raises(SettingsFault, match="is not an instant"):
        instant("tomorrow", LONDON)
