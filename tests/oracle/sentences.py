"""Is every sentence of a message true by the files? One module for each kind of thing that is said."""

from tests.oracle import beside, figure, level, small, verdict
from tests.oracle.reader import RULES, N, Reader, plain

__all__ = ["RULES", "N", "Reader", "beside", "figure", "level", "plain", "small", "verdict"]
