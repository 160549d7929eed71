"""Events: every kind of message that comes back has a type of event."""

import pytest

from digest.core.dsn import Kind
from digest.core.event import EventType


@pytest.mark.parametrize("kind", Kind)
def test_what_comes_back_can_be_recorded(kind: Kind) -> None:
    assert EventType(kind) == kind
