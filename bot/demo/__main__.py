"""`make demo`: a fictional trust, its results, its digests, and a practice workspace to try it in.

Everything is made up and says so. With --once the same turn runs and ends; run again, it posts
nothing.
"""

import shutil
import sys
from pathlib import Path

from bot import app, turnover
from bot.cli import log_to_stderr
from bot.clock import now
from bot.demo import data
from bot.premises import Premises, open_premises
from bot.settings import SettingsFault, Surroundings, read

VAR = Path("var")
PORT = 3900


def prepare(var: Path) -> Premises:
    """Make the data and open a house on it: files, databases and workspace all below `var`."""
    here, folder = Path(__file__).parent, var / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    data.write(folder / "incoming")
    for name in ("auditbot.toml", "people.toml"):
        shutil.copyfile(here / name, folder / name)
    around = Surroundings(
        f"sqlite:///{var / 'demo.db'}",
        workspace=var / "demo-workspace.db",
        people=folder / "people.toml",
        fictional=True,
    )
    return open_premises(read(folder / "auditbot.toml"), around, folder)


def main(once: bool) -> int:
    """Run one full turn on the made-up data, then end or open the practice workspace."""
    log_to_stderr()
    try:
        place = prepare(VAR)
        done = turnover.once(place, now())
        if once:
            turnover.show(done)
            return 0
        print(f"{len(done['posted'])} messages posted.", file=sys.stderr)
        return app.run(place, app.stopped_by_signals(), port=PORT, ready=_open)
    except SettingsFault as e:
        print("\n".join(e.faults), file=sys.stderr)
        return 2


def _open(url: str) -> None:
    print(f"The practice workspace is open: {url}  (stop with Ctrl-C)", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main("--once" in sys.argv[1:]))
