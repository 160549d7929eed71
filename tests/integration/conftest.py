"""What the tests of mail and pages share: one browser."""

from collections.abc import Callable, Iterator

import pytest
from browser import Browser


@pytest.fixture(scope="session")
def browser(require: Callable[[str], str]) -> Iterator[Browser]:
    require("chromium")
    with Browser() as started:
        yield started
