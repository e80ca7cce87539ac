"""The stories makegood exists for, played through the front door."""

import pytest

pytest.register_assert_rewrite("tests.stories.front_door", "tests.stories.mailbox", "tests.stories.rehearsal")
