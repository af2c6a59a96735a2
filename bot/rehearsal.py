"""What would be said? `auditbot digest` and `auditbot preview`: messages shown, nothing sent."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from auditbot import catalogue
from auditbot.house import company_of, findings_for, viewer_of
from auditbot.model import Binding, Message
from auditbot.say import digest as says
from auditbot.say import page as pages
from auditbot.say.choose import choose
from auditbot.say.markup import plain
from auditbot.say.preview import preview as examples
from auditbot.say.words import Words
from auditbot.store import load
from auditbot.store.engine import reading
from auditbot.viewer import Viewer
from bot.premises import Premises, bound, catalogue_folder, match, messages_folder
from bot.settings import SettingsFault


@dataclass(frozen=True)
class Would:
    """The digest that would be sent: its contract fields, its words, the message."""

    data: dict[str, Any]
    text: str
    message: Message | None


def digest(place: Premises, service: str, now: datetime) -> Would:
    """The digest a channel of this service would get now, as if it were its first.

    A service that no channel is bound to is shown as an open channel would see it.
    """
    house, _ = bound(place, now)
    with reading(house.engine) as conn:
        services = load.services(conn, Viewer("open", now))
    ids = match(service, services)
    if len(ids) != 1:
        found = ", ".join(f"{i} ({services[i].name})" for i in ids[:4])
        problem = (
            f"fits several: {found}; give one of the ids"
            if ids
            else "is not loaded; load its results first"
        )
        raise SettingsFault([f"--service '{service}' {problem}."])
    bindings = [b for b in house.bindings if ids[0] in b.services]
    role = house.roles.get(ids[0])
    if role is not None and role.private:  # its own channel is the one that would hear it
        bindings = [b for b in bindings if b.audience == "private"] or bindings
    usual = bindings[0] if bindings else Binding("", (ids[0],))
    binding = Binding(
        usual.channel,
        (ids[0],),
        usual.audits,
        usual.audience,
        every_release=True,
        discreet=usual.discreet,
    )
    viewer = viewer_of(house, binding, now)
    with reading(house.engine) as conn:
        findings, held = findings_for(conn, house, binding, viewer, company_of(conn, house, now))
        releases = load.releases(conn, viewer)
    name = services[ids[0]].name
    choice = choose(findings, catalogue=house.catalogue, first=True) if findings else None
    if choice is None or choice.pick is None:
        why = "; ".join(h.why for h in held) or "no result of this service can be told"
        state = "held" if held else "nothing_to_say"
        data = says.as_json(None, None, state=state, reason=why, service=ids[0], service_name=name)
        return Would(data, f"{name}: {why}.", None)
    message = says.digest(
        house.words,
        house.catalogue,
        choice,
        binding=binding,
        roles=house.roles.get(ids[0]),
        today=now.astimezone(house.zone).date(),
        releases=releases,
        now=now,
        fictional=house.fictional,
    )
    data = says.as_json(message, choice.pick.finding, state="would_send", releases=releases)
    return Would(data, _text(message), message)


def page(place: Premises, would: Would) -> str:
    """The digest as one self-contained page, to print, mail or paste: on paper nothing is pressed."""
    messages = [("", _unpressed(would.message))] if would.message else []
    return pages.html(place.house.words, messages, title=would.data["service_name"])


def _unpressed(message: Message) -> Message:
    thread = tuple(_unpressed(m) for m in message.thread)
    return replace(message, buttons=(), more=(), thread=thread)


def preview(folder: Path) -> str:
    """Every message and chart with example facts as one page in `folder`; returns what was made."""
    words = Words(messages_folder())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "preview.html"
    shown = examples(words, catalogue.load(catalogue_folder()))
    path.write_text(pages.html(words, shown, title="auditbot"), encoding="utf-8")
    return f"{len(shown)} messages are in {path}; open it in a browser."


def _text(message: Message) -> str:
    lines = [*message.context[:1], message.headline, *message.body]
    lines += [f"[picture: {message.chart.alt_text}]"] if message.chart else []
    lines += message.context[1:]
    lines += [f"· {m.headline}" for m in message.thread]
    return "\n".join(plain(line) for line in lines if line)
