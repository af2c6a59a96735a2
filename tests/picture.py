"""Makes the picture in the README: a digest in the practice workspace. Run: python -m tests.picture"""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import sync_playwright

from bot import practice, turnover
from bot.cli import log_to_stderr
from bot.demo.__main__ import prepare
from bot.workspace import serve

PICTURE = Path(__file__).resolve().parents[1] / "bot" / "demo" / "picture.png"
MONDAY = datetime(2026, 10, 12, 9, 0, tzinfo=UTC)


def main() -> None:
    """Post the demonstration's digests and photograph one of them."""
    log_to_stderr()
    with tempfile.TemporaryDirectory() as folder:
        place = prepare(Path(folder))
        turnover.once(place, MONDAY)
        users, channels = practice.people(place.settings, place.around.people)
        with (
            serve(place.around.workspace, port=0, users=users, channels=channels) as workspace,
            sync_playwright() as p,
        ):
            browser = p.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1060, "height": 960})
            page.goto(workspace.url)
            page.get_by_text("hip-fracture-fernhill").first.click()
            page.get_by_role("img").first.wait_for()
            page.wait_for_timeout(600)
            page.screenshot(path=PICTURE, clip={"x": 250, "y": 36, "width": 760, "height": 770})
            browser.close()
        place.house.engine.dispose()


if __name__ == "__main__":
    main()
