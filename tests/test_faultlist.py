"""Every fault of the list has a test that bears its number, or is named as one that nothing holds."""

from __future__ import annotations

import pytest

from tests.faultlist import FAULTS, NOT_HELD, PAGE, found, page


@pytest.mark.parametrize("number", FAULTS)
def test_a_fault_has_a_test_or_is_named_as_not_held(number: int) -> None:
    assert bool(found().get(number)) is not bool(NOT_HELD.get(number))


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "python -m tests.faultlist > docs/faults.md writes it anew"
