"""Row 125: what feeds may say of themselves is shown and never run, on every page, in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.conftest import PATIENCE, Newsroom

PAYLOADS = (
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit = 1'>",
    "<svg onload='window.hit = 1'>",
    "\"><body onload='window.hit = 1'>",
    "{{ window.hit = 1 }}",
    "{{constructor.constructor('window.hit = 1')()}}",
    "${window.hit = 1}",
    "`;window.hit = 1;`",
    "</script><script>window.hit = 1</script>",
    "&lt;script&gt;window.hit = 1&lt;/script&gt;",
    "<a href='javascript:window.hit = 1'>x</a>",
    "<iframe srcdoc='<script>parent.hit = 1</script>'></iframe>",
    "\\u003cscript\\u003ewindow.hit = 1\\u003c/script\\u003e",
    "<math><mtext><style><img src=x onerror=window.hit=1></style></mtext></math>",
    "<v-html v-html=\"'x'\" @click='window.hit = 1'>",
)
LINKS = (
    "javascript:window.hit = 1",
    "data:text/html,<script>window.hit = 1</script>",
    "vbscript:x",
    "//evil.example/<x",
)

DRAWN = """() => window.did_handshake && document.readyState === "complete" && new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => done(true)));
})"""
"""The page has all it asked for, talks to its server, and was painted: what would run has run."""


def test_fault_125_no_text_of_a_feed_is_run(page: Page, newsroom: Newsroom) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    for number, text in enumerate(PAYLOADS):
        link = LINKS[number % len(LINKS)] if number < len(LINKS) else ""
        newsroom.site.publish(f"Storm number{number} {text}", text, link=link, author=text, tag=text)
    (newsroom.folder / "broken").touch()
    page.goto(newsroom.url)
    expect(page.locator(".na-live li").nth(5)).to_be_visible(timeout=PATIENCE)
    stories = [link.get_attribute("href") or "" for link in page.locator("a.head").all()]
    for path in ["/", *stories[:8], "/feeds", "/near", "/deliveries", "/numbers", "/rules/storm.yaml"]:
        page.goto(newsroom.url + path)
        expect(page.locator(".na-title").first).to_be_visible()
        expect(page.get_by_text("Weighing the last day")).to_have_count(0)
        page.wait_for_function(DRAWN)
        assert page.evaluate("window.hit") is None, path
        assert page.locator("a[href^='javascript:'], a[href^='data:'], a[href^='vbscript:']").count() == 0
        assert page.locator("main script, main iframe, main svg[onload]").count() == 0
    assert not dialogs


def test_fault_125_scripts_are_only_ours_by_policy(page: Page, newsroom: Newsroom) -> None:
    answer = page.goto(newsroom.url)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self' 'nonce-" in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'window.hit = 1'}))"
    )
    assert page.evaluate("window.hit") is None


def test_no_page_uses_markup_of_its_own() -> None:
    pages = Path(__file__).resolve().parent.parent.parent / "bot" / "web" / "pages"
    for path in (*pages.glob("*.py"), *pages.glob("*.js")):
        text = path.read_text("utf-8")
        code = text.partition('"""')[2].partition('"""')[2] if path.suffix == ".py" else text
        for word in ("ui.html", "ui.markdown", "innerHTML", "v-html", "add_body_html", "add_head_html"):
            assert word not in code, (path.name, word)
