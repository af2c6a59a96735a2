"""Which label of a file is meant? Forgiving about spelling, strict about numbers."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz

from auditbot.ingest.refusal import Refused

ALIKE = 80  # per cent by which two words of four letters or more pass as one ("speciality")

LONGEST_NAME = 200

_SAME = dict.fromkeys(("h", "hs", "hr", "hrs", "hour"), "hours") | {"percentage": "percent"}
_JOINTS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=\d)(?=[A-Za-z])|(?<=[A-Za-z])(?=\d)")
_DASHES = re.compile("[‐-―−]")
_OTHER = re.compile(r"[^a-z0-9<>]+")


def key(text: object) -> str:
    """A label without case, accents, spaces, line breaks and punctuation; numbers, < and > stay."""
    plain = _ascii(str(text)).replace("'", "").replace("&", " and ").replace("%", " percent ")
    plain = re.sub(r"([<>])", r" \1 ", _JOINTS.sub(" ", plain)).lower()
    return " ".join(_SAME.get(w, w) for w in _OTHER.sub(" ", plain).split())


def _ascii(text: str) -> str:
    plain = _DASHES.sub("-", unicodedata.normalize("NFKD", text)).replace("’", "'")
    return plain.encode("ascii", "ignore").decode()


def one_line(cell: object) -> str:
    """A cell as a name: one line, single spaces, nothing invisible, not endless."""
    if cell is None or cell == "":
        return ""
    plain = str(cell)
    if not plain.isprintable():
        plain = "".join(c if c.isprintable() else " " for c in plain)
    return " ".join(plain.split())[:LONGEST_NAME]


def slug(name: str) -> str:
    """The id of a service that has no code: lower-case ASCII, words joined by one hyphen.

    Accents and apostrophes are dropped ("St Mary's" and "St Marys" are one), "&" is "and", and
    everything else that is neither letter nor digit becomes one hyphen.
    """
    plain = _ascii(name).replace("'", "").replace("&", " and ").lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def alike(one: str, other: str) -> bool:
    """Do two keys differ by slips of spelling only? Numbers, signs and short words must agree."""
    a, b = one.split(), other.split()
    return len(a) == len(b) and all(
        x == y
        or (
            min(len(x), len(y)) >= 4
            and x.isalpha()
            and y.isalpha()
            and x[0] == y[0]
            and fuzz.ratio(x, y) >= ALIKE
        )
        for x, y in zip(a, b, strict=True)
    )


def find(labels: Iterable[str], among: Sequence[Iterable[str]], file: str) -> int | None:
    """The place among a file's labels (each a set of keys) that one of `labels` means.

    An exact key wins over a slip of spelling. Raises Refused when two places fit equally well.
    """
    wanted = [key(label) for label in labels]
    exact = [i for i, keys in enumerate(among) if any(w in keys for w in wanted)]
    near = exact or [
        i for i, keys in enumerate(among) if any(alike(w, k) for w in wanted for k in keys)
    ]
    if len(near) > 1:
        raise Refused(
            f"{file}: the label '{next(iter(labels))}' stands {len(near)} times; "
            "keep the one that counts and load the file again."
        )
    return near[0] if near else None
