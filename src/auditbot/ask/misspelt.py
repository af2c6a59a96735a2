"""How are grave words typed in haste? With a letter lost, doubled or swapped: read as they are meant.

So a report of harm is known whoever types it, and however upset.
"""

import re
from collections.abc import Iterator

from auditbot.ask.wording import bag

_GRAVE = bag(
    "patient patients collapsed unconscious medication overdose breathing bleeding "
    "haemorrhage deteriorated dangerous safeguarding incident anaphylaxis allergic injured "
    "consultant clinician registrar alteplase heparin warfarin morphine insulin thrombolysed "
    "waiting trolley corridor unresponsive unattended hospital theatre surgeon accident "
    "pressure confused penicillin antibiotics potassium oxygen ambulance suicide suicidal "
    "aspirated "
)
_WORDS_OF_THEIR_OWN = bag("patent patents")
_LONG = re.compile(r"[a-z]{5,}")


def mended(small: str) -> str:
    """The text with misspelt grave words as they are meant; takes time as its length."""
    return _LONG.sub(lambda m: _MEANT.get(m[0], m[0]), small)


def _slips(word: str) -> Iterator[str]:
    for i in range(1, len(word)):
        if i < len(word) - 1:  # "collapse" is a word of its own
            yield word[:i] + word[i + 1 :]
        yield word[:i] + word[i] + word[i:]
        yield word[: i - 1] + word[i] + word[i - 1] + word[i + 1 :]


_MEANT = {
    slip: word
    for word in sorted(_GRAVE)
    for slip in _slips(word)
    if slip not in _GRAVE and slip not in _WORDS_OF_THEIR_OWN
}
