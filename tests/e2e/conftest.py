"""A browser, a bot in a process of its own, and a site it watches. Without a Chromium these tests are skipped."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.bot import PASSWORD
from tests.e2e.publisher import Site

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 20_000  # milliseconds; a busy machine is slow


@dataclass
class Newsroom:
    """The bot's address, its folder, and the site."""

    url: str
    folder: Path
    site: Site


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """A bot that has read its feed once."""
    if not CHROMIUM:
        pytest.skip("no Chromium here: apt-get install chromium")
    folder = tmp_path_factory.mktemp("newsroom")
    with Site() as site:
        site.publish("Fishing boats return")
        command = [sys.executable, "-m", "tests.e2e.bot", str(folder), site.url]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)  # noqa: S603 — our own
            try:
                address = folder / "address"
                until(60, lambda: process.poll() is not None or (address.exists() and address.read_text()))
                assert process.poll() is None, (folder / "log").read_text()
                yield Newsroom(address.read_text(), folder, site)
            finally:
                process.terminate()
                process.wait()


@pytest.fixture(scope="module")
def browser(newsroom: Newsroom) -> Iterator[Browser]:
    """Headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, newsroom: Newsroom) -> Iterator[Page]:
    """An admin's page, logged in; the test fails on any error of the page's own."""
    yield from opened(browser, newsroom, "anna")


@pytest.fixture
def viewer(browser: Browser, newsroom: Newsroom) -> Iterator[Page]:
    """A viewer's."""
    yield from opened(browser, newsroom, "walter")


def opened(browser: Browser, newsroom: Newsroom, name: str) -> Iterator[Page]:
    """Log in by the form."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{newsroom.url}/login")
    page.fill("#name", name)
    page.fill("#secret", PASSWORD)
    page.click("button")
    page.wait_for_url(f"{newsroom.url}/")
    yield page
    context.close()
    assert not errors


def until(seconds: float, condition: object) -> None:
    """Wait for something outside the browser."""
    end = time.monotonic() + seconds
    assert callable(condition)
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
