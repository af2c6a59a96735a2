"""What an operator is handed fits together: manifests, containers, unit, runbook, configuration."""

import configparser
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot import settings
from bot.slack import listeners
from bot.workspace import Rules

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
SHARED = ROOT.parent / "shared"
SCOPES = {
    "app_mentions:read",
    "chat:write",
    "im:history",
    "im:read",
    "im:write",
    "commands",
    "users:read",
    "channels:read",
    "files:write",
    "reactions:write",
}
HISTORY = {"channels:history", "groups:history"}
# The command line as agreed, with the flags that a runbook may name.
COMMANDS = {
    "run": set(),
    "once": {"--now", "--json"},
    "ingest": {"--source", "--publish-at", "--json"},
    "ask": {"--batch", "--json"},
    "spc": {"--points", "--series", "--profile"},
    "digest": {"--service", "--now", "--json", "--html"},
    "praise": {"--now", "--json"},
    "queue": {"--json", "--retry"},
    "trail": {"--json"},
    "pause": {"--reason", "--all"},
    "resume": set(),
    "preview": set(),
    "check": {"--taught"},
    "doctor": {"--json"},
}


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def yaml(source: str) -> Any:
    """The small part of YAML that compose.yaml keeps to; anything else is an error here.

    Maps and lists by two spaces of indentation, quoted or plain words, JSON in flow style, anchors
    of maps and their merging.
    """
    lines = [
        (len(raw) - len(raw.lstrip()), raw.strip())
        for raw in source.splitlines()
        if raw.strip() and not raw.lstrip().startswith("#")
    ]
    anchors: dict[str, Any] = {}

    def scalar(word: str) -> Any:
        if word[0] in '"[{':
            return json.loads(word)
        assert word[0] not in "'&*!|>%@`", word
        return {"true": True, "false": False}.get(word, word)

    def block(at: int, indent: int) -> tuple[Any, int]:
        here: Any = [] if lines[at][1].startswith("- ") else {}
        while at < len(lines) and lines[at][0] == indent:
            line = lines[at][1]
            at += 1
            if isinstance(here, list):
                assert line.startswith("- "), line
                here.append(scalar(line[2:]))
                continue
            found = re.fullmatch(r"([\w<.-]+):(?: &(\w+))?(?: (.+))?", line)
            assert found, line
            key, anchor, word = found.groups()
            assert key not in here, f"{key} stands twice"
            if key == "<<":
                here |= anchors[word.removeprefix("*")]
                continue
            if word is None:
                assert lines[at][0] == indent + 2, line
                here[key], at = block(at, indent + 2)
            else:
                here[key] = scalar(word)
            if anchor:
                anchors[anchor] = here[key]
        return here, at

    whole, end = block(0, 0)
    assert end == len(lines), lines[end]
    return whole


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml(text("compose.yaml")))


@pytest.mark.parametrize(
    ("name", "scopes"),
    [("manifest.json", SCOPES), ("manifest-with-history.json", SCOPES | HISTORY)],
)
def test_manifest_asks_for_exactly_these_scopes(name: str, scopes: set[str]) -> None:
    manifest = json.loads(text(name))
    asked = manifest["oauth_config"]["scopes"]["bot"]
    assert set(asked) == scopes
    assert len(asked) == len(scopes)
    assert set(manifest["oauth_config"]["scopes"]) == {"bot"}


@pytest.mark.parametrize("name", ["manifest.json", "manifest-with-history.json"])
def test_manifest_uses_socket_mode_and_few_events(name: str) -> None:
    manifest = json.loads(text(name))
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"]["is_enabled"] is True
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == {
        "app_mention",
        "message.im",
        "member_joined_channel",
    }
    assert manifest["features"]["app_home"]["messages_tab_enabled"] is True
    assert manifest["features"]["app_home"]["messages_tab_read_only_enabled"] is False
    shown = manifest["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 174 <= len(shown["long_description"]) <= 4000
    assert "request_url" not in json.dumps(manifest)


@pytest.mark.parametrize("name", ["manifest.json", "manifest-with-history.json"])
def test_manifest_declares_the_command_that_the_bot_hears(name: str) -> None:
    (command,) = json.loads(text(name))["features"]["slash_commands"]
    assert command["command"] == listeners.COMMAND
    assert (command["command"],) == Rules().commands
    assert command["should_escape"] is True  # else the guard does not see whom a question names
    assert len(command["description"]) <= 100
    assert {listeners.ASK, listeners.HELP} <= set(command["usage_hint"].split())


def test_the_default_manifest_reads_nothing_of_a_channel_but_what_is_said_to_the_bot() -> None:
    """A follow-up in a channel is a mention or a button; free text is for direct messages."""
    manifest = json.loads(text("manifest.json"))
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert [e for e in events if e.startswith("message.")] == ["message.im"]
    scopes = manifest["oauth_config"]["scopes"]["bot"]
    assert [s for s in scopes if s.endswith(":history")] == ["im:history"]
    assert set(scopes) == set(Rules().scopes)  # what is practised is what is deployed


def test_the_two_manifests_differ_in_history_alone() -> None:
    plain, history = (json.loads(text(n)) for n in ("manifest.json", "manifest-with-history.json"))
    for m in (plain, history):
        m["oauth_config"]["scopes"].pop("bot")
        m["display_information"].pop("long_description")
    assert plain == history


def test_every_scope_has_its_reason_in_governance() -> None:
    said = text("GOVERNANCE.md")
    assert {s for s in SCOPES | HISTORY if f"`{s}`" not in said} == set()


def test_every_table_of_the_store_is_in_governance() -> None:
    tables = pytest.importorskip("auditbot.store.tables").metadata.tables
    said = text("GOVERNANCE.md")
    assert {name for name in tables if f"`{name}`" not in said} == set()


@pytest.mark.parametrize("name", ["dispute", "not_understood", "shown_words", "taught"])
def test_every_column_of_what_people_wrote_is_in_governance(name: str) -> None:
    table = pytest.importorskip("auditbot.store.tables").metadata.tables[name]
    told = [line for line in text("GOVERNANCE.md").splitlines() if f"(`{name}`: `" in line]
    said = "".join(told)
    assert {c.name for c in table.columns if f"`{c.name}`" not in said} <= {"id"}


def test_compose_has_two_bots_and_postgresql(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"database", "bot-1", "bot-2"}
    assert services["database"]["image"] == "postgres:18"
    assert services["bot-1"] == services["bot-2"]
    bot = services["bot-1"]
    assert bot["command"] == ["run"]
    assert bot["restart"] == "always"
    assert bot["environment"]["AUDITBOT_DATABASE_URL"].startswith("postgresql+psycopg://")
    assert {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"} <= set(bot["environment"])
    assert any(v.startswith("./incoming:") and v.endswith(":ro") for v in bot["volumes"])
    assert "database" in compose["volumes"]


def test_compose_opens_no_port_and_gives_no_privilege(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert "ports" not in service
        assert "privileged" not in service
    bot = compose["services"]["bot-1"]
    assert bot["read_only"] is True
    written = re.findall(r"(?:TMPDIR|MPLCONFIGDIR)=(\S+)", text("Dockerfile"))
    assert len(written) == 2
    assert all(bot["tmpfs"][0].startswith(f"{folder}:") for folder in written)
    assert bot["cap_drop"] == ["ALL"]
    assert bot["security_opt"] == ["no-new-privileges:true"]
    assert compose["services"]["database"]["networks"] == ["inside"]
    assert compose["networks"]["inside"]["internal"] is True


def test_containers_are_given_time_to_stop(compose: dict[str, Any]) -> None:
    assert compose["services"]["bot-1"]["stop_grace_period"] == "15s"
    assert "STOPSIGNAL SIGTERM" in text("Dockerfile")


def test_image_is_slim_checked_and_not_root() -> None:
    lines = text("Dockerfile").splitlines()
    assert {line.split()[1] for line in lines if line.startswith("FROM ")} == {"python:3.11-slim"}
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users
    assert users[-1] not in ("root", "0")
    whole = text("Dockerfile")
    assert "--require-hashes" in whole
    assert "--only-binary :all:" in whole
    assert "apt-get" not in whole
    for fetched in re.findall(r"pip (?:install|wheel)[^&]*", whole):
        assert "--no-index" in fetched, fetched


def test_image_version_is_the_projects(compose: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert compose["services"]["bot-1"]["image"] == f"auditbot:{project['version']}"
    assert project["version"].rsplit(".", 1)[0] in text("GOVERNANCE.md")


def test_copied_sources_are_there() -> None:
    for line in text("Dockerfile").splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for name in line.split()[1:-1]:
                assert (ROOT / name).exists(), name


def unit() -> configparser.RawConfigParser:
    parsed = configparser.RawConfigParser(strict=False, comment_prefixes=("#",), delimiters=("=",))
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string(text("auditbot.service"))
    return parsed


def test_unit_restarts_and_stops_in_time() -> None:
    service = unit()["Service"]
    assert service["ExecStart"].endswith("/auditbot run")
    assert service["Restart"] == "always"
    assert service["TimeoutStopSec"] == "15"
    assert service["EnvironmentFile"] == "/etc/auditbot/auditbot.env"


def test_unit_is_hardened() -> None:
    service = unit()["Service"]
    wanted = {
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
        "UMask": "0077",
    }
    assert {k: service[k] for k in wanted} == wanted
    assert service["User"] not in ("root", "")


def test_example_configuration_is_sound() -> None:
    read = settings.read(DEPLOY / "auditbot.example.toml")
    assert len(read.channel) == 1
    assert {s.id for s in read.source} == {"ae_workbook", "ae_csv", "ssnap_summary", "long"}
    assert read.disclosure.own_team == ""
    assert read.prerelease == ()


def test_example_configuration_stays_sound_with_its_switched_off_parts(tmp_path: Path) -> None:
    """Whoever takes away the # of a table gets settings that the bot understands."""
    said = text("auditbot.example.toml")
    switched_on = re.sub(r"^# (\[\[|\w+ = )", r"\1", said, flags=re.MULTILINE)
    path = tmp_path / "auditbot.toml"
    path.write_text(switched_on, encoding="utf-8")
    read = settings.read(path)
    assert len(read.prerelease) == 1
    assert {s.publication for s in read.source} == {"public", "internal"}
    assert any(s.url for s in read.source)


def typed(name: str) -> list[tuple[str, set[str]]]:
    """Every command of ours that a page tells people to type, with its flags."""
    said = text(name)
    code = re.findall(r"```\w*\n(.*?)```", said, re.DOTALL)
    code += re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", said, flags=re.DOTALL))
    found = []
    for piece in code:
        as_typed = re.sub(r"-[ugUo] auditbot\b", "", piece)  # there it is an account
        for m in re.finditer(r"(?:^|\s)auditbot ([a-z]\w*)([^\n#&|]*)", as_typed):
            found.append((m.group(1), set(re.findall(r"--[a-z-]+", m.group(2)))))
    return found


@pytest.mark.parametrize("name", ["RUNBOOK.md", "GOVERNANCE.md", "auditbot.example.toml"])
def test_commands_told_are_agreed_ones(name: str) -> None:
    told = typed(name)
    assert told
    for command, flags in told:
        assert command in COMMANDS, command
        assert flags <= COMMANDS[command], (command, flags)


def test_commands_told_are_the_programs() -> None:
    cli = pytest.importorskip("bot.cli")
    known = {c.name or c.callback.__name__ for c in cli.cli.registered_commands if c.callback}
    told = {command for command, _ in typed("RUNBOOK.md")}
    assert {"check", "doctor", "ingest", "digest", "queue", "trail", "pause", "resume"} <= told
    assert told <= known


def test_commands_are_those_of_the_contract() -> None:
    if not (SHARED / "contract.md").is_file():
        pytest.skip("the shared data folder is not here")
    table = (SHARED / "contract.md").read_text(encoding="utf-8").split("## Commands")[1]
    agreed = set(re.findall(r"`auditbot ([a-z]+)", table.split("\n## ")[0]))
    assert agreed == set(COMMANDS)


def test_make_targets_named_in_the_runbook_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"`?make ([a-z]+)`", text("RUNBOOK.md"))) <= targets
    assert "make install" in text("RUNBOOK.md")


def test_files_named_in_the_pages_exist() -> None:
    for page in ("RUNBOOK.md", "GOVERNANCE.md", "auditbot.service", "compose.yaml"):
        for name in re.findall(r"deploy/([\w.-]+\w)", text(page)):
            if name != "compose.yaml":
                assert (DEPLOY / name).is_file(), f"{page}: {name}"
        for name in re.findall(r"`(manifest[\w.-]*)`", text(page)):
            assert (DEPLOY / name).is_file(), f"{page}: {name}"


def test_links_inside_the_runbook_lead_somewhere() -> None:
    page = text("RUNBOOK.md")
    places = {
        re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-")
        for h in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= places


def test_no_secret_lies_here() -> None:
    for path in DEPLOY.rglob("*"):
        if not path.is_file():
            continue
        said = path.read_text(encoding="utf-8")
        assert not re.search(r"xox[abeprs]-[\w-]{5,}|xapp-[\w-]{5,}", said), path.name
        assert not re.search(r"://[\w.-]+:(?!\$\{)[^@\s/]+@", said), path.name
        assert not re.search(r"(?i)(password|secret|token)\s*[=:]\s*[\"']?[a-z0-9+/]{8,}", said), (
            path.name
        )
        assert "BEGIN PRIVATE KEY" not in said
