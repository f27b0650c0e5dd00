"""Text from anywhere, as one line and as a file's name."""

import pytest

from tuning.text import error_line, file_name, one_line


@pytest.mark.parametrize(
    ("text", "settings", "name"),
    [
        ("kt-random", {}, "kt_random"),
        ("../a b/", {}, "a_b"),
        ("é", {}, ""),
        ("a" * 99, {}, "a" * 40),
        ("a b_", {"keep": "._-", "trim": "._-"}, "a_b_"),
        (".._x", {"keep": "._-", "trim": "._-"}, "x"),
        ("../x", {"keep": "._-", "trim": "."}, "_x"),
        ("a..", {"keep": "._-"}, "a"),
        ("Con", {}, "_Con"),
        ("lpt1.x", {"keep": "._-"}, "_lpt1.x"),
        ("console", {}, "console"),
    ],
)
def test_a_files_name_is_safe_on_every_system(text: str, settings: dict[str, str], name: str) -> None:
    assert file_name(text, **settings) == name


def test_an_error_is_one_line_that_shows_its_letters_alone() -> None:
    assert error_line(ValueError("\x1b[1mbold\x1b[0m\n and  \u202emore\x07")) == "ValueError: bold and more"
    assert error_line(ValueError("x" * 400), 20) == "ValueError: " + "x" * 7 + "…"
    assert error_line(KeyboardInterrupt()) == "KeyboardInterrupt"
    assert one_line(" a\u200b\n\tb\ud800 ") == "a b"
