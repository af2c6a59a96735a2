"""What was planted in the demonstration data on purpose? One line for each story.

A test reads this table to know what the bot ought to notice, and what it ought not to.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

END = (2026, 9)  # the newest month (year, month), as these stories tell dates
StoryKind = Literal["rise", "fall", "noise", "small", "less", "grade", "missing", "corrected"]


@dataclass(frozen=True, slots=True)
class Story:
    """Something planted on purpose. `since` is the first day it shows, for data up to END.

    `before` and `after` are true rates in per cent (days for a length of stay), where they change.
    """

    service: str
    metric: str
    kind: StoryKind
    since: date | None
    words: str  # for people who read tests and this file; never shown in chat
    before: float = 0.0
    after: float = 0.0


STORIES = (
    Story(
        "fernhill-hospital",
        "nhfd_kpi2",
        "rise",
        date(2025, 10, 1),
        "More patients have hip surgery by the next day, and it has lasted a year.",
        70.0,
        84.0,
    ),
    Story(
        "fernhill-hospital",
        "ae_4h_type1",
        "fall",
        date(2025, 10, 1),
        "Fewer visits to the major A&E are finished within four hours, for a year now.",
        62.0,
        49.0,
    ),
    Story(
        "fernhill-hospital",
        "ae_4h",
        "fall",
        date(2025, 10, 1),
        "All types of A&E together fall with the major department.",
    ),
    Story(
        "fernhill-hospital",
        "nela_length_of_stay",
        "less",
        date(2025, 10, 1),
        "Patients go home sooner after emergency bowel surgery: lower is better.",
        18.0,
        13.0,
    ),
    Story(
        "fernhill-hospital",
        "ssnap_level",
        "grade",
        date(2026, 7, 1),
        "The stroke audit's grade goes from C to B in the newest quarter; data bands stay as they were.",
    ),
    Story(
        "westport-general",
        "ae_4h",
        "noise",
        None,
        "Nothing happens: usual ups and downs for three years.",
    ),
    Story(
        "cedar-unit",
        "nhfd_kpi2",
        "small",
        None,
        "Eight to fifteen patients a month: too few to say more.",
    ),
    Story(
        "leyburn-infirmary",
        "ae_4h",
        "missing",
        date(2026, 1, 1),
        "January and February 2026 were never sent in; all A&E figures of that service lack them.",
    ),
    Story(
        "fernhill-hospital",
        "nhfd_kpi4",
        "corrected",
        date(2026, 3, 1),
        "The first file counted 6 patients too few in March 2026; a second file puts it right.",
    ),
)
MISSING_MONTHS = 2
MISCOUNTED = 6

BOUND = ("Fernhill Hospital", "Westport General", "Leyburn Infirmary", "Cedar Unit")
# Invented neighbours.
PEERS = (
    "Aldmoor General",
    "Ashbrook Royal",
    "Beckhollow Hospital",
    "Birchfold Infirmary",
    "Blackfen General",
    "Bramblewick Hospital",
    "Brackenfold General",
    "Calderwick Royal",
    "Cloverdene Hospital",
    "Coppermere General",
    "Corriedown Hospital",
    "Dunmarsh Infirmary",
    "Easterly Bay Hospital",
    "Elmswater General",
    "Foxcombe Hospital",
    "Galewood Royal",
    "Goldenacre General",
    "Harrowmere Hospital",
    "Hazelcombe Infirmary",
    "Ivybank General",
    "Juniper Vale Hospital",
    "Kestrel Point Hospital",
    "Larkenshaw General",
    "Limebrook Royal",
    "Marlhaven Hospital",
    "Mossgate General",
    "Netherfold Infirmary",
    "Oakenshore Hospital",
    "Otterbank General",
    "Pebbleford Hospital",
    "Quarrendale General",
    "Rookhaven Royal",
    "Saltmarsh Bay Hospital",
    "Silverdown General",
    "St Mary's, Leyburn",
    "St Mary's, Westport",
    "Thornwater Infirmary",
    "Underhill General",
    "Willowmead Hospital",
    "Yarrowby Royal",
)


def planted(kind: StoryKind) -> Story:
    """The first story of a kind."""
    return next(s for s in STORIES if s.kind == kind)
