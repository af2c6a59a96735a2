"""Whose figures are meant: a service that was named, the thread's, or the channel's own?"""

import re
from collections.abc import Collection

from auditbot.ask.places import Mention
from auditbot.ask.seen import Context, Seen
from auditbot.ask.vocabulary import Vocabulary
from auditbot.model import Question

MAIN_GROUP = (
    "type 1"  # of services that fit a name equally, the one with a major department is meant
)


NOT_ACUTE = "Non-acute inpatient team"  # beside an acute team of the same name, nobody means it
OWN = re.compile(r"\b(?:we|us|our|ours|my)\b")


_BESIDE = re.compile(
    r"\b(?:ahead of|behind|above|below|beat|beating|match|matching|up with|up to|level with|close to|as (?:good|bad|fast|quick|busy|high|low) as|different (?:to|from))(?: the)?$"
)
_THAN_US = re.compile(
    r"\b(?:than|above|below|ahead of|behind|beating|vs|v|versus|against|compar\w* (?:to|with|against)) (?:us|ours|we|our (?:own|team|unit|trust|hospital|department)|mine)\b"
)


def plainly(m: Mention, service: str, words: Vocabulary) -> bool:
    """Was the service called by a name of its own, rightly spelt?"""
    through = next((c.through for c in m.candidates if c.service == service), "trust")
    return m.exact and through in ("id", "name")


def loosely(m: Mention, service: str) -> bool:
    """Was it named without the point of the compass that its name has ("Kent" for "East Kent")?"""
    best = next((c for c in m.candidates if c.service == service), None)
    return best is not None and best.sided and m.words < 2 and best.through in ("name", "trust")


def fitting(m: Mention, draft: Question, context: Context) -> tuple[str, ...]:
    """The services a mention may mean, given what is asked of them."""
    words = context.words
    audit = draft.audit
    if audit is None:
        own = [s for s in m.among(None) if s in context.bound]
        if own:
            return tuple(own)
        able = {c.service for c in m.candidates if words.held(c.service)}
        fits = m.among(able) or m.among(None)
        return (
            fits
            if len(fits) == 1 or draft.kind not in ("overview", "card")
            else _main_of(fits, context)
        )
    able = {c.service for c in m.candidates if audit in words.audits(c.service)}
    fits = _with_namesakes(m, m.among(able), able, words)
    if not fits:
        every = m.among(None)
        kin = tuple(
            dict.fromkeys(k for s in every for k in words.names.kin(s) if audit in words.audits(k))
        )
        fits = kin or every
    return _main_of(fits, context)


def _with_namesakes(
    m: Mention, fits: tuple[str, ...], able: Collection[str], words: Vocabulary
) -> tuple[str, ...]:
    """With others of the same kind that have the same word, or hospital, in their name: "Westport"."""
    if len(fits) != 1:
        return fits
    through = next((c.through for c in m.candidates if c.service == fits[0]), "name")
    if m.words > 1 and through != "site":
        return fits
    kind = words.services[fits[0]].peer_group
    others = [
        c.service
        for c in m.candidates
        if c.service in able
        and c.through in ("name", through)
        and c.explained >= 0.97
        and words.services[c.service].peer_group == kind
    ]
    return tuple(dict.fromkeys((*fits, *others)))


def _main_of(fits: tuple[str, ...], context: Context) -> tuple[str, ...]:
    """Of several that fit, those that still report; then one department among walk-in centres."""
    if len(fits) > 1:
        fits = tuple(s for s in fits if context.words.current(s)) or fits
    if len(fits) < 2:
        return fits
    groups = {s: context.words.services[s].peer_group for s in fits}
    fits = tuple(s for s in fits if groups[s] != NOT_ACUTE) or fits
    main = [s for s in fits if groups[s] == MAIN_GROUP]
    return tuple(main) if len(main) == 1 else fits


def usual_services(draft: Question, seen: Seen, context: Context) -> tuple[list[str], bool]:
    """The thread's services, else the channel's; True: several, of which one must be chosen."""
    words, last = context.words, context.last
    said_own = bool(OWN.search(seen.text.words))
    if last is not None and last.services and not (said_own and context.bound):
        return list(last.services), False
    bound = [s for s in context.bound if s in words.services]
    if draft.audit:
        able = [s for s in bound if draft.audit in words.audits(s)]
        if not able:
            able = [k for s in bound for k in words.names.kin(s) if draft.audit in words.audits(k)]
        bound = list(dict.fromkeys(able)) or bound
    return bound, len(bound) > 1 and draft.kind in ("card", "compare")


def also_own(seen: Seen, context: Context, service: str) -> bool:
    """Is the named service what we are to be compared with? ("how do we compare with Leeds")"""
    if service in context.bound or not (context.bound or (context.last and context.last.services)):
        return False
    first = min(i for m in seen.mentions for i in m.tokens)
    before = " ".join(t.text for t in seen.text.tokens[:first])
    compared = re.search(
        r"\b(?:vs|v|versus|against|than|compar\w+(?: \w+)? (?:with|to|against)|next to|alongside|relative to)(?: the)?$",
        before,
    )
    compared = compared or (OWN.search(before) and _BESIDE.search(before))
    last = max(i for m in seen.mentions for i in m.tokens) + 1
    after = " ".join(t.text for t in seen.text.tokens[last:])
    return bool(compared) or bool(_THAN_US.search(after))


def with_own(seen: Seen, context: Context, chosen: Collection[str]) -> bool:
    """Is the channel's own service to stand beside those named ("ours, and Leeds, and York")?"""
    if len(context.bound) != 1 or context.bound[0] in chosen or not seen.mentions:
        return False
    first = min(i for m in seen.mentions for i in m.tokens)
    last = max(i for m in seen.mentions for i in m.tokens) + 1
    before = " ".join(t.text for t in seen.text.tokens[:first])
    after = " ".join(t.text for t in seen.text.tokens[last : last + 3])
    if re.match(r"(?:and|with|or|plus|vs|versus) (?:us|ours|ourselves)\b", after):
        return True
    return bool(
        OWN.search(before) and re.search(r"\b(?:and|with|vs|versus|against|to|us|ours)$", before)
    )
