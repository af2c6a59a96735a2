"""How do people shape what a channel hears? Less often, for now and until they say otherwise."""

from datetime import datetime

from sqlalchemy import Engine

from auditbot.model import Message
from auditbot.say import digest
from auditbot.say.words import Words
from auditbot.store import queue
from auditbot.store.engine import writing

LESS_OFTEN_DAYS = 28


def less_often(engine: Engine, words: Words, channel: str, user: str, now: datetime) -> Message:
    """At most one digest in four weeks for this channel, from now on."""
    with writing(engine) as conn:
        queue.set_cadence(conn, channel, min_days=LESS_OFTEN_DAYS, user=user, now=now)
    return digest.notice(words, "less_often", {"weeks": LESS_OFTEN_DAYS // 7})
