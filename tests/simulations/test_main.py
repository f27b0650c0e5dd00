"""One command prints the tables of all simulations."""

from pathlib import Path

import pytest

from tests.simulations import __main__ as every

OF_RUNS = {"kill_points", "soak"}


def test_it_knows_every_simulation() -> None:
    files = Path(every.__file__).parent.glob("*.py")
    commands = {path.stem for path in files if '__name__ == "__main__"' in path.read_text()}
    assert set(every.TABLES) == commands - OF_RUNS - {"__main__"} - {p for p in commands if p.startswith("test_")}


def test_some_are_run_in_turn(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(every, "TABLES", {"endpoint": [["20"]], "splits": [["20"]]})
    assert every.main([]) == 0
    shown = capfd.readouterr().out
    assert 0 <= shown.index("# endpoint 20") < shown.index("# splits 20")
    assert every.main(["splits", "none"]) == 2
    assert "no simulation none: expected some of endpoint, splits" in capfd.readouterr().err
