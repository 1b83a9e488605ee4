"""A day in the console, in a real browser, with the real bot and a site that publishes while we look."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.bot import RULES
from tests.e2e.conftest import PATIENCE, Newsroom, until

expect.set_options(timeout=PATIENCE)


def saved(newsroom: Newsroom) -> str:
    return (newsroom.folder / "rules" / "storm.yaml").read_text("utf-8")


def typed(page: Page, text: str) -> None:
    """Replace all that stands in the editor."""
    editor = page.locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def do(page: Page, name: str) -> None:
    page.locator(f"[data-do={name}]").first.click()


def test_an_alert_appears_without_reload_and_its_story_opens(page: Page, newsroom: Newsroom) -> None:
    expect(page.locator(".na-filters")).to_be_visible()
    newsroom.site.publish("Storm reaches the coast of Meridia", "Ferries stay in the harbour.")
    row = page.locator(".na-live li", has_text="Storm reaches the coast of Meridia")
    expect(row).to_be_visible()
    expect(row.locator("a.head mark").first).to_contain_text("Storm")
    row.locator("a.head").click()
    page.wait_for_url("**/story/**")
    expect(page.get_by_text("The sum")).to_be_visible()
    expect(page.get_by_text("Timeline")).to_be_visible()
    expect(page.get_by_text("screen · sent")).to_be_visible()


def test_a_rule_is_broken_mended_compared_saved_rings_and_is_restored(page: Page, newsroom: Newsroom) -> None:
    newsroom.site.publish("Avalanche closes the mountain road")
    page.goto(f"{newsroom.url}/rules/storm.yaml")
    state = page.locator("[data-do=state]")
    expect(state).to_have_text("2 of 2 examples pass")
    typed(page, RULES.replace("    keywords: [storm]", "    keywrods: [storm]"))
    expect(page.locator("[data-do=problems]")).to_contain_text("Line 8")
    expect(page.locator(".cm-line.na-error")).to_contain_text("keywrods")
    do(page, "save")
    expect(page.get_by_text("This does not load, so it was not saved.")).to_be_visible()
    assert saved(newsroom) == RULES

    edited = RULES.replace("keywords: [storm]", "keywords: [storm, avalanche]")
    typed(page, edited)
    expect(state).to_have_text("2 of 2 examples pass")
    comparison = page.locator("[data-do=comparison]")

    def compared() -> bool:
        do(page, "compare")
        expect(comparison).to_contain_text("Gained: ", timeout=3 * PATIENCE)  # the first one starts a process
        return "Gained: 1" in comparison.inner_text()

    until(3 * PATIENCE / 1000, compared)
    expect(page.locator("[data-do=comparison]")).to_contain_text("Avalanche closes the mountain road")
    page.locator("[data-do=try]").fill("Avalanche in the hills")
    page.keyboard.press("Enter")
    expect(page.locator("[data-do=sheets]")).to_contain_text("+40")

    do(page, "save")
    expect(page.get_by_text("Saved; it is in force.")).to_be_visible()
    assert saved(newsroom) == edited
    newsroom.site.publish("Avalanche buries a railway tunnel")
    page.goto(newsroom.url)
    expect(page.locator(".na-live")).to_contain_text("Avalanche buries a railway tunnel")

    page.goto(f"{newsroom.url}/rules/storm.yaml")
    oldest = page.locator("[data-do=restore]").last
    oldest.click()
    expect(page.get_by_text("Restored; it is in force.")).to_be_visible()
    assert saved(newsroom) == RULES


def test_a_dead_letter_is_tried_again(page: Page, newsroom: Newsroom) -> None:
    broken = newsroom.folder / "broken"
    broken.touch()
    newsroom.site.publish("Storm sinks three trawlers off Lantern island")
    page.goto(newsroom.url)
    expect(page.locator(".na-live")).to_contain_text("sinks three trawlers")
    table = page.locator("[data-do=dead]")

    def dead() -> bool:
        page.goto(f"{newsroom.url}/deliveries")
        expect(page.get_by_text("Lanes")).to_be_visible()
        return table.get_by_text("sinks three trawlers").count() > 0

    until(20, dead)
    expect(table).to_contain_text("the screen is dark <b>today</b>")
    broken.unlink()
    table.get_by_text("Try again").first.click()
    expect(page.get_by_text("No message is stuck.")).to_be_visible()


def test_a_viewer_looks_and_is_refused_the_rest(viewer: Page, newsroom: Newsroom) -> None:
    expect(viewer.locator(".na-nav")).to_contain_text("Numbers")
    expect(viewer.locator(".na-nav")).not_to_contain_text("Rules")
    for path in ("/rules/storm.yaml", "/feeds", "/deliveries", "/people"):
        viewer.goto(newsroom.url + path)
        expect(viewer.locator("[role=alert]").first).to_have_text("You may not do that here.")
    answer = viewer.request.post(
        f"{newsroom.url}/api/rules/storm.yaml", data={"text": "x", "base": "y"}, headers={"X-Newsalert": "1"}
    )
    assert answer.status == 403


def test_a_feed_is_found_by_its_site_and_added(page: Page, newsroom: Newsroom) -> None:
    newsroom.site.publish("Market opens", feed="/second")
    page.goto(f"{newsroom.url}/feeds")
    page.locator("[data-do=site]").fill(newsroom.site.url)
    page.keyboard.press("Enter")
    found = page.locator("[data-do=found]")
    expect(found).to_contain_text("Second desk")
    found.locator("[data-do=name]").fill("second")
    do(page, "add")
    expect(page.get_by_text("Added; it is watched.")).to_be_visible()
    assert "name: second" in (newsroom.folder / "rules" / "feeds.yaml").read_text("utf-8")
    expect(page.locator(".q-table")).to_contain_text("second")


def test_a_draft_runs_beside_the_rules_reports_and_is_dropped(page: Page, newsroom: Newsroom) -> None:
    page.goto(f"{newsroom.url}/rules/storm.yaml")
    state, report = page.locator("[data-do=state]"), page.locator("[data-do=shadow-report]")
    expect(state).to_have_text("2 of 2 examples pass")
    before = saved(newsroom)
    typed(page, before.replace("keywords: [storm]", "keywords: [storm, tsunami]"))
    expect(page.locator(".cm-content")).to_contain_text("tsunami")
    do(page, "shadow")
    expect(report).to_contain_text("A draft runs beside it")
    newsroom.site.publish("Tsunami warning on the island")

    def looked() -> bool:
        do(page, "shadow-look")
        return "Tsunami warning on the island" in report.inner_text()

    until(PATIENCE / 1000, looked)
    expect(report).to_contain_text("Gained: 1")
    assert saved(newsroom) == before
    do(page, "shadow-drop")
    expect(report).not_to_contain_text("A draft runs beside it")


def test_a_file_on_a_new_topic_is_begun_and_saved(page: Page, newsroom: Newsroom) -> None:
    page.goto(f"{newsroom.url}/rules/storm.yaml")
    expect(page.locator("[data-do=state]")).to_have_text("2 of 2 examples pass")
    page.locator("[data-do=topic]").fill("Ash clouds")
    do(page, "add-file")
    page.wait_for_url("**/rules/new/**")
    expect(page.locator("[data-do=state]")).to_have_text("2 of 2 examples pass")
    do(page, "save")
    expect(page.get_by_text("Saved; it is in force.")).to_be_visible()
    assert "id: ash-clouds" in (newsroom.folder / "rules" / "ash-clouds.yaml").read_text("utf-8")


def test_keys_values_and_lists_are_completed_while_typing(page: Page, newsroom: Newsroom) -> None:
    page.goto(f"{newsroom.url}/rules/storm.yaml")
    expect(page.locator("[data-do=state]")).to_have_text("2 of 2 examples pass")
    typed(page, "rules:\n  - id: gale\n")
    offer = page.locator(".cm-tooltip-autocomplete li[aria-selected=true]")

    def offered(text: str) -> bool:
        page.keyboard.press("Control+Space")  # asks for what is offered, should typing alone not have done it
        return offer.all_inner_texts() == [text]

    def taken(text: str) -> None:
        until(PATIENCE / 1000, lambda: offered(text))
        offer.click()

    page.keyboard.type("dire")
    taken("direction")
    page.keyboard.type("esc")
    taken("escalation")
    page.keyboard.press("Enter")
    page.keyboard.type("stro")
    taken("strong")
    page.keyboard.type("storm + $coun")
    taken("country")
    expect(page.locator(".cm-content")).to_contain_text("direction: escalation")
    expect(page.locator(".cm-content")).to_contain_text("strong: storm + $country")
    assert saved(newsroom) == RULES


def test_every_page_opens_in_every_language_without_an_error(page: Page, newsroom: Newsroom) -> None:
    for language, title in (("de", "Zahlen"), ("ru", "Цифры"), ("uk", "Цифри"), ("en", "Numbers")):
        page.context.add_cookies([{"name": "newsalert_language", "value": language, "url": newsroom.url}])
        for path in ("/", "/near", "/people", "/numbers"):
            page.goto(newsroom.url + path)
            expect(page.locator(".na-title")).to_be_visible()
        expect(page.locator(".na-title")).to_have_text(title)


def test_a_phone_shows_the_list_without_sideways_scrolling(page: Page, newsroom: Newsroom) -> None:
    page.set_viewport_size({"width": 380, "height": 700})
    page.goto(newsroom.url)
    expect(page.locator(".na-live li").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_keys_move_through_the_list(page: Page, newsroom: Newsroom) -> None:
    page.goto(newsroom.url)
    expect(page.locator(".na-live li").first).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator(".na-live a.head").first).to_be_focused()
    page.keyboard.press("w")
    assert page.evaluate("document.body.classList.contains('na-wall')")


def test_a_choice_stands_in_the_address_and_a_reload_keeps_it(page: Page, newsroom: Newsroom) -> None:
    newsroom.site.publish("Storm over the lagoon of Tarsis")
    page.goto(newsroom.url)
    rows = page.locator(".na-live li")
    expect(rows.first).to_be_visible()
    page.get_by_label("Level").select_option("critical")
    page.wait_for_url("**/?level=critical")
    page.reload()
    expect(page.get_by_label("Level")).to_have_value("critical")
    expect(rows).to_have_count(0)
    expect(page.get_by_text("No story fits these filters.")).to_be_visible()
    page.get_by_text("Show all").click()
    page.wait_for_url(f"{newsroom.url}/")
    expect(rows.first).to_be_visible()
    sound = page.get_by_role("button", name="Sound")
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "true")
    page.wait_for_url("**/?sound=1")
    page.goto(f"{newsroom.url}/?wall=1")
    expect(page.locator("body.na-wall .na-live li").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("body.na-wall")).to_have_count(0)


def test_the_numbers_are_drawn_and_said(page: Page, newsroom: Newsroom) -> None:
    newsroom.site.publish("Storm over the salt pans of Ombria")
    expect(page.locator(".na-live li").first).to_be_visible()
    page.goto(f"{newsroom.url}/numbers")
    expect(page.locator("canvas").first).to_be_visible()
    expect(page.get_by_role("img", name="Alerts a day by rule. storm: ")).to_be_visible()
    expect(page.locator("[data-do=precision]")).to_contain_text("storm")


def test_without_a_session_there_is_only_the_login(page: Page, newsroom: Newsroom) -> None:
    page.context.clear_cookies()
    page.goto(f"{newsroom.url}/rules")
    page.wait_for_url("**/login?next=/rules")
    assert Path(newsroom.folder / "rules" / "storm.yaml").exists()
