"""Loading while running: what is good takes effect, what is broken keeps its last good version."""

from __future__ import annotations

from pathlib import Path

from bot.config.desk import Desk
from bot.config.load import load_desk, load_lenient
from tests.config.folders import FEEDS, write

ROUTES = "receivers:\n  - {name: desk, kind: console}\nroutes:\n  - {when: {level: high+}, to: [desk]}\n"


def good_desk(folder: Path) -> Desk:
    topic = "rules:\n  - id: invasion\n    keywords: [invasion]\n  - id: truce\n    keywords: [truce]\n"
    return load_desk(
        write(folder, topic=topic, other="id: quake\nkeywords: quake", feeds=FEEDS, routes=ROUTES)
    )


def words(desk: Desk) -> dict[str, list[str]]:
    return {rule.id: [term.text for term in rule.terms] for rule in desk.rules}


def test_a_good_edit_takes_effect(tmp_path: Path) -> None:
    good = good_desk(tmp_path)
    write(tmp_path, other="id: quake\nkeywords: quake, tremor")
    desk, problems = load_lenient(tmp_path, good)
    assert problems == ()
    assert words(desk)["quake"] == ["quake", "tremor"]


def test_an_edit_beside_a_mistake_in_the_same_file_takes_effect_all_the_same(tmp_path: Path) -> None:
    good = good_desk(tmp_path)
    topic = "rules:\n  - id: invasion\n    keywords: [invasion, incursion]\n  - id: truce\n    keywrods: [truce]\n"
    desk, problems = load_lenient(write(tmp_path, topic=topic), good)
    assert words(desk) == {"invasion": ["invasion", "incursion"], "truce": ["truce"], "quake": ["quake"]}
    assert [problem.key for problem in problems] == ["truce.keywrods"]


def test_a_new_rule_with_a_mistake_does_not_go_live(tmp_path: Path) -> None:
    good = good_desk(tmp_path)
    desk, problems = load_lenient(write(tmp_path, new="id: coup\nkeywords: [$nowhere]"), good)
    assert "coup" not in words(desk)
    assert len(problems) == 1


def test_a_rule_that_fails_its_new_example_stays_as_it_was(tmp_path: Path) -> None:
    good = good_desk(tmp_path)
    other = "id: quake\nkeywords: tremor\nexamples:\n  match: [Strong quake hits the coast]\n"
    desk, (problem,) = load_lenient(write(tmp_path, other=other), good)
    assert words(desk)["quake"] == ["quake"]
    assert problem.line == 4


def test_a_new_rule_that_fails_its_example_does_not_go_live_and_the_others_do(tmp_path: Path) -> None:
    good = good_desk(tmp_path)
    new = "rules:\n  - {id: coup, keywords: [coup], examples: {match: [Nothing]}}\n  - {id: flood, keywords: [flood]}\n"
    desk, problems = load_lenient(write(tmp_path, new=new), good)
    assert {"flood", "quake", "invasion", "truce"} == set(words(desk))
    assert len(problems) == 1


def test_a_routing_table_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    good = good_desk(tmp_path)
    routes = ROUTES + "  - {when: {level: loud}, to: [desk]}\n"
    desk, problems = load_lenient(write(tmp_path, routes=routes), good)
    assert (desk.routes, desk.receivers) == (good.routes, good.receivers)
    assert [problem.line for problem in problems] == [5]


def test_a_mistake_in_one_feed_leaves_the_others_polled(tmp_path: Path) -> None:
    good = good_desk(tmp_path)
    feeds = FEEDS + "  - {name: new, url: https://new.example/rss}\n  - {name: bad, url: nowhere}\n"
    desk, problems = load_lenient(write(tmp_path, feeds=feeds), good)
    assert [feed.name for feed in desk.feeds] == ["wire", "new"]
    assert [problem.key for problem in problems] == ["bad.url"]


def test_a_feed_whose_edit_has_a_mistake_keeps_its_last_good_form(tmp_path: Path) -> None:
    good = good_desk(tmp_path)
    desk, problems = load_lenient(
        write(tmp_path, feeds="feeds:\n  - {name: wire, url: https://other.example/rss, trust: 7}\n"), good
    )
    assert desk.feeds == good.feeds
    assert [problem.key for problem in problems] == ["wire.trust"]


def test_a_rule_may_move_to_another_file(tmp_path: Path) -> None:
    good = good_desk(tmp_path)
    (tmp_path / "other.yaml").unlink()
    desk, problems = load_lenient(write(tmp_path, moved="id: quake\nkeywords: quake"), good)
    assert problems == ()
    assert set(words(desk)) == {"invasion", "truce", "quake"}


def test_a_rule_taken_out_of_a_sound_file_is_gone(tmp_path: Path) -> None:
    good = good_desk(tmp_path)
    topic = "rules:\n  - id: invasion\n    keywords: [invasion]\n"
    desk, problems = load_lenient(write(tmp_path, topic=topic), good)
    assert problems == ()
    assert set(words(desk)) == {"invasion", "quake"}


def test_a_list_that_vanishes_under_a_rule_of_another_file_stays_in_force(tmp_path: Path) -> None:
    write(tmp_path, lists="lists: {soldiers: [troops, army]}", feeds=FEEDS)
    good = load_desk(write(tmp_path, topic="id: leave\nkeywords: $soldiers + leave"))
    (tmp_path / "lists.yaml").write_text("lists: {fighters: [troops]}")
    desk, problems = load_lenient(tmp_path, good)
    assert words(desk) == {"leave": ["$soldiers + leave"]}
    assert desk.lists["soldiers"] == ("troops", "army")
    assert problems


def test_when_nothing_can_be_saved_everything_stays(tmp_path: Path) -> None:
    good = good_desk(tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(b"\xff\xff")
    desk, problems = load_lenient(tmp_path, good)
    assert words(desk) == words(good)
    assert (desk.feeds, desk.routes) == (good.feeds, good.routes)
    assert len(problems) == 4
