"""``python -m tests.e2e.screenshots [FOLDER]``: the console on the sample day, light and dark, as pictures."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests.e2e.conftest import CHROMIUM, FLAGS, ROOT

SIZE = ViewportSize(width=1200, height=760)
LONGEST = 120.0  # seconds the sample day may take


def main(folder: Path) -> None:
    """Play the day, then take the pictures."""
    if not CHROMIUM:
        sys.exit("no Chromium here: apt-get install chromium")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile("w+") as said:
        command = [sys.executable, "-m", "bot", "demo", "--stay"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)  # noqa: S603
        try:
            taken(folder, _address(said.fileno(), process))
        finally:
            process.terminate()
            process.wait()


def _address(said: int, process: subprocess.Popen[bytes]) -> str:
    """Where the console is, once the day is over."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end and process.poll() is None:
        text = Path(f"/proc/self/fd/{said}").read_text("utf-8", "replace")
        found = re.search(r"The console: (http://\S+)", text)
        if found and "Still here" in text:
            return found[1]
        time.sleep(0.5)
    raise SystemExit("the sample day did not come to its end")


def taken(folder: Path, url: str) -> None:
    """Every picture in both modes."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for mode, dark in (("light", "no"), ("dark", "yes")):
            context = browser.new_context(viewport=SIZE, locale="en-GB")
            context.add_cookies([{"name": "newsalert_dark", "value": dark, "url": url}])
            page = context.new_page()
            page.set_default_timeout(60_000)
            _pictures(page, folder, url, mode)
            context.close()
        browser.close()


def _pictures(page: Page, folder: Path, url: str, mode: str) -> None:
    page.goto(url)
    page.wait_for_selector(".na-live li")
    page.screenshot(path=folder / f"live-{mode}.png")
    page.locator(".na-live li", has_text="independent sources").locator("a.head").first.click()
    page.wait_for_selector("text=The sum")
    page.screenshot(path=folder / f"story-{mode}.png")
    page.goto(f"{url}/rules/election.yaml")
    page.wait_for_selector("[data-do=state]:has-text('examples pass')")
    page.locator("[data-do=try] input, input[data-do=try]").first.fill("Candidates rally on election eve")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-do=sheets] .na-card")
    page.wait_for_selector("[data-do=comparison]:empty", state="attached")
    page.screenshot(path=folder / f"rules-{mode}.png")
    page.goto(f"{url}/feeds")
    page.wait_for_selector(".q-table tbody tr")
    page.screenshot(path=folder / f"feeds-{mode}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshots")
