"""What a user's code prints while nobody reads it."""

from __future__ import annotations

import sys

import pytest

from tuning.process.silence import aside, silent


def test_standard_output_is_dropped_and_standard_error_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with silent():
        print("dropped")
        print("kept", file=sys.stderr)
        with silent():
            print("dropped too")
        assert not sys.stdout.isatty()
    print("shown")
    assert capsys.readouterr() == ("shown\n", "kept\n")


def test_standard_output_goes_aside_and_comes_back_after_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    @aside()
    def fails() -> None:
        print("once")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    print("shown")
    assert capsys.readouterr() == ("shown\n", "once\n")
