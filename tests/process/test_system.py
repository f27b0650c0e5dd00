"""What other operating systems do in their own way; where it can be, it is forced elsewhere in the tests."""

import pytest

from tuning.process import system


def test_a_command_line_is_quoted_for_the_systems_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["tuning", "run", "my study.py", "--out", "a$b"]
    assert system.shell_line(words) == "tuning run 'my study.py' --out 'a$b'"
    monkeypatch.setattr(system, "POSIX_SHELL", False)
    assert system.shell_line(words) == 'tuning run "my study.py" --out a$b'
