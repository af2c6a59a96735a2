"""Is every sentence of a message true by the files? One module for each kind of thing that is said."""

from tests.oracle import around, beside, figure, level, small, verdict
from tests.oracle.reader import RULES, N, Reader, plain

__all__ = [
    "RULES",
    "N",
    "Reader",
    "around",
    "beside",
    "figure",
    "level",
    "plain",
    "small",
    "verdict",
]
