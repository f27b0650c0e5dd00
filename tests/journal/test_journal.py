"""The journal: what is written comes back, and what is broken is said."""

import contextlib
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.errors import JournalError
from tuning.journal import journal
from tuning.journal.journal import path_of, read
from tuning.journal.records import COMPLETE, CUT, FAILED, STATES, Cell, CellEnd, Trial, trial_of
from tuning.journal.writer import JournalWriter

A = Cell("p", "kt-random", 1)
STUDY = {
    "study": "s",
    "problems": {
        "p": {
            "space": [{"name": "x", "type": "Float"}],
            "objective": {"metric": "m", "direction": "max", "epoch": "best"},
            "max_epochs": 2,
            "data": {"fingerprint": "f"},
        }
    },
}
PLAN = {"tuners": {"kt-random": {"tuner": "kt-random"}}, "budget_epochs": 4, "replicates": 1}


def trial(number: int, state: str = COMPLETE, epochs: int = 2, spent: int | None = None) -> Trial:
    curve = [{"m": float(epoch)} for epoch in range(epochs)]
    score = math.nan if state == FAILED else 0.5
    return Trial(A, number, {"x": 0.1}, state, score, 0, 2, curve, 2 * number + epochs if spent is None else spent)


def written(directory: Path, *trials: Trial) -> Path:
    with JournalWriter.create(directory, STUDY) as writer:
        writer.session(PLAN, {})
        for one in trials:
            writer.trial(one)
    return path_of(directory)


def append(path: Path, text: str) -> None:
    with path.open("ab") as file:
        file.write(text.encode())


words = st.text(max_size=30)
numbers = st.floats()  # NaN and infinities too
values = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words
whole = st.integers(min_value=0, max_value=10**9)
trials = st.builds(
    Trial,
    cell=st.builds(Cell, words, words, whole),
    trial=whole,
    configuration=st.dictionaries(words, values, max_size=4),
    state=st.sampled_from(STATES),
    score=numbers,
    initial_epoch=whole,
    target_epochs=whole,
    curve=st.lists(st.dictionaries(words, numbers, max_size=3), max_size=4),
    spent_epochs=whole,
    train_seconds=st.floats(min_value=0, max_value=1e9),
    suggest_seconds=st.floats(min_value=0, max_value=1e9),
    parent=st.none() | whole,
    error=words,
    seed=st.integers(min_value=0, max_value=2**64),
    fit=words,
    rebuilt_epochs=whole,
)


@given(trials)
def test_a_trial_comes_back_as_it_went(one: Trial) -> None:
    text = json.dumps(one.to_json(), allow_nan=False)
    assert "\n" not in text
    back = Trial.from_json(json.loads(text))
    assert repr(back) == repr(one)  # NaN is not equal to itself, but written alike
    assert [type(value) for value in back.configuration.values()] == [
        type(value) for value in one.configuration.values()
    ]
    short = trial_of(json.dumps({"kind": "trial", **one.to_json()}).encode())
    numbers = [one.score, *(value for epoch in one.curve for value in epoch.values())]
    assert repr(short) == repr(back if all(map(math.isfinite, numbers)) else None)


@given(st.builds(CellEnd, st.builds(Cell, words, words, whole), words, words, words, whole, whole, st.floats(0, 1e9)))
def test_an_end_comes_back_as_it_went(end: CellEnd) -> None:
    assert CellEnd.from_json(json.loads(json.dumps(end.to_json(), allow_nan=False))) == end


def test_a_journal_comes_back_as_it_was_written(tmp_path: Path) -> None:
    end = CellEnd(A, "DONE", "the budget is spent", "", 2, 4, 1.5, 4)
    with JournalWriter.create(tmp_path, STUDY) as writer:
        writer.session(PLAN, {"command": "x"})
        writer.trial(trial(0))
        writer.trial(trial(1))
        writer.cell(end)
    found = read(tmp_path)
    assert found.study == {"kind": "study", "format": 1, **STUDY}
    assert found.plan == {**PLAN, "baselines": {}, "retrain": 0, "rope": None}
    assert found.manifest == {"command": "x"}
    assert found.trials == {A: [trial(0), trial(1)]}
    assert found.ends == {A: end}
    assert found.healed == ""


def test_a_cut_trial_is_replaced_by_a_later_line(tmp_path: Path) -> None:
    written(tmp_path, trial(0), trial(1, CUT, epochs=1), trial(1), trial(2))
    assert [(one.trial, one.state) for one in read(tmp_path).trials[A]] == [(0, COMPLETE), (1, COMPLETE), (2, COMPLETE)]


def test_a_cell_that_goes_on_has_not_ended(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, STUDY) as writer:
        writer.trial(trial(0))
        writer.cell(CellEnd(A, "DONE"))
        writer.trial(trial(1))
    assert not read(tmp_path).ends


def test_create_never_overwrites(tmp_path: Path) -> None:
    path = written(tmp_path, trial(0))
    before = path.read_bytes()
    with pytest.raises(JournalError, match=r"journal\.jsonl is there already; it is never overwritten"):
        JournalWriter.create(tmp_path, STUDY)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b'{"ki', b'{"kind":"study","format":1,"study":"s"'])
def test_a_crash_within_the_first_line_leaves_no_journal(tmp_path: Path, content: bytes) -> None:
    path = path_of(tmp_path)
    path.parent.mkdir()
    path.write_bytes(content)
    assert not journal.begun(tmp_path)
    with pytest.raises(JournalError, match="holds no complete line"):
        read(tmp_path)
    written(tmp_path, trial(0))
    assert read(tmp_path).trials[A] == [trial(0)]


def test_a_file_that_is_no_journal_is_not_overwritten(tmp_path: Path) -> None:
    path = path_of(tmp_path)
    path.parent.mkdir()
    path.write_bytes(b"my notes, without an end of line")
    assert journal.begun(tmp_path)
    with pytest.raises(JournalError, match="it is never overwritten"):
        JournalWriter.create(tmp_path, STUDY)
    assert path.read_bytes() == b"my notes, without an end of line"


@pytest.mark.parametrize("torn", ['{"kind":"tr', '{"kind":"trial"}', "\0\0\0\0", '{"kind":"tr\n', "\0\0\n"])
def test_a_torn_last_line_is_left_out_and_said_and_cut_off_by_the_next_line(tmp_path: Path, torn: str) -> None:
    path = written(tmp_path, trial(0))
    whole = path.read_bytes()
    append(path, torn)
    found = read(tmp_path)
    assert found.trials[A] == [trial(0)]
    assert found.healed == f"journal.jsonl: the torn last line ({len(torn)} bytes) was left out"
    with JournalWriter.resume(tmp_path) as writer:
        assert path.read_bytes() == whole + torn.encode()  # looking at it changes nothing
        writer.trial(trial(1))
        writer.trial(trial(2))
    assert path.read_bytes().startswith(whole + b'{"kind":"trial"')
    assert read(tmp_path).trials[A] == [trial(0), trial(1), trial(2)]
    assert read(tmp_path).healed == ""


def _line(**changes: Any) -> str:
    return json.dumps({"kind": "trial", **trial(1).to_json(), **changes})


BROKEN = {
    "not JSON": ("{nonsense", "not a JSON object"),
    "not an object": ("[1]", "not a JSON object"),
    "too deep": ("[" * 100_000, "not a JSON object"),
    "unknown kind": ('{"kind":"trail"}', "ValueError: unknown kind 'trail'"),
    "no kind": ("{}", "KeyError: 'kind'"),
    "unknown state": (_line(state="LOST"), "state 'LOST' is none of COMPLETE, PRUNED, FAILED, CUT"),
    "unknown entry": (_line(colour=1), "unknown entry 'colour'"),
    "missing entry": ('{"kind":"trial","problem":"p","tuner":"t","replicate":1}', "KeyError: 'score'"),
    "score of words": (_line(score="good"), "could not convert string to float"),
    "score without end": (_line(score=10**400), "OverflowError"),
    "curve of numbers": (_line(curve=[1.0]), "AttributeError"),
    "configuration of words": (_line(configuration="x"), "AttributeError"),
    "spent of words": (_line(spent_epochs="4"), "spent_epochs is '4'; expected a whole number"),
    "a trial missing": (_line(trial=2), "trial 2 of p/kt-random/1 comes after 1 trials; one is missing"),
    "plan of words": ('{"kind":"session","plan":"x","manifest":{}}', "TypeError"),
    "plan without tuners": ('{"kind":"session","plan":{},"manifest":{}}', "KeyError: 'tuners'"),
    "end of nothing": ('{"kind":"cell"}', "KeyError"),
}  # fmt: skip


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=10,
    )
)
def test_a_line_is_read_as_json_reads_it(value: object) -> None:
    line = json.dumps(value).encode() + b"\n"
    assert repr(journal.parse_line(line)) == repr(json.loads(line))


@pytest.mark.parametrize(("line", "why"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_line_in_the_middle_stops_with_file_and_line(tmp_path: Path, line: str, why: str) -> None:
    path = written(tmp_path, trial(0))
    append(path, line + "\n" + '{"kind":"cell"}\n')
    before = path.read_bytes()
    with pytest.raises(JournalError) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(f"{path}, line 4 is broken (")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


def test_a_whole_last_line_that_cannot_be_read_is_no_torn_one(tmp_path: Path) -> None:
    path = written(tmp_path, trial(0))
    append(path, '{"kind":"trail"}\n')
    with pytest.raises(JournalError, match="line 4 is broken"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ('{"kind":"session"}', "is not a study's journal: its first line is of kind 'session'"),
        ('{"kind":"study","format":2}', "has format 2, this version of tuning reads format 1"),
        ('{"kind":"study","format":1}', "line 1 is broken (KeyError: 'problems')"),
        ('{"kind":"study","format":1,"problems":{"p":{}}}', "line 1 is broken (KeyError: 'space')"),
    ],
)
def test_another_first_line_is_refused(tmp_path: Path, first: str, why: str) -> None:
    path = path_of(tmp_path)
    path.parent.mkdir()
    path.write_text(first + "\n")
    with pytest.raises(JournalError) as caught:
        read(tmp_path)
    assert why in str(caught.value)


@settings(deadline=None)  # each waits for the disk
@given(st.binary(max_size=200), st.integers(min_value=0, max_value=2**30))
def test_whatever_bytes_are_there_reading_raises_nothing_but_its_own_error(junk: bytes, place: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), trial(0), trial(1))
        content = path.read_bytes()
        place %= len(content)
        path.write_bytes(content[:place] + junk + content[place:])
        with contextlib.suppress(JournalError):
            read(Path(folder))


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    path = written(tmp_path)
    with JournalWriter.resume(tmp_path) as writer:
        writer.trial(trial(0))
        with pytest.raises(JournalError, match="is in use by another run; wait for its end, or use --out"):
            JournalWriter.resume(tmp_path)
        with pytest.raises(JournalError, match="in use by another run"):
            JournalWriter.create(tmp_path, STUDY)
        assert read(tmp_path).trials[A] == [trial(0)]  # anybody may read
    with JournalWriter.resume(tmp_path) as writer:
        writer.trial(trial(1))
    assert path.read_bytes().count(b"\n") == 4


def test_the_lock_of_a_killed_process_is_gone(tmp_path: Path) -> None:
    written(tmp_path)
    script = (
        "import os, signal, sys; from pathlib import Path; from tuning.journal.writer import JournalWriter; "
        "writer = JournalWriter.resume(Path(sys.argv[1])); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == -9
    with JournalWriter.resume(tmp_path) as writer:
        writer.trial(trial(0))
    assert read(tmp_path).trials[A] == [trial(0)]


def test_a_closed_writer_says_so(tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, STUDY) as writer:
        pass
    with pytest.raises(JournalError, match="is closed"):
        writer.trial(trial(0))


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match=r"cannot be written \(Not a directory\); choose another folder with --out"):
        JournalWriter.create(tmp_path / "file" / "study", STUDY)


def test_whether_a_run_holds_the_journal_is_known_and_none_begins_meanwhile(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="holds no study"), journal.locked_if_idle(tmp_path):
        pass
    written(tmp_path, trial(0))
    with JournalWriter.resume(tmp_path), journal.locked_if_idle(tmp_path) as nobody_writes:
        assert not nobody_writes
    with journal.locked_if_idle(tmp_path) as nobody_writes:
        assert nobody_writes
        with pytest.raises(JournalError, match="in use by another run"):
            JournalWriter.resume(tmp_path)
    JournalWriter.resume(tmp_path).close()


@st.composite
def mutated(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Lines of a journal in which one value, anywhere, is another."""
    lines: list[Any] = [json.loads(text) for text in GOLDEN.read_text().splitlines()]
    place: Any = draw(st.sampled_from(lines[:12]))
    while True:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or draw(st.booleans()):
            place[key] = draw(json_values)
            return lines
        place = place[key]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=4,
)
GOLDEN = path_of(Path(__file__).parents[1] / "golden")


@given(mutated())
def test_a_value_that_is_another_is_read_or_refused_and_changes_nothing(lines: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = path_of(Path(folder))
        path.parent.mkdir()
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        before = path.read_bytes()
        with contextlib.suppress(JournalError):
            read(Path(folder))
        assert path.read_bytes() == before
        assert [one.name for one in Path(folder).rglob("*")] == ["journal", "journal.jsonl"]


@given(mutated())
def test_a_trial_read_the_short_way_is_the_one_of_the_long_way(lines: list[dict[str, Any]]) -> None:
    for line in lines[:12]:
        short = trial_of(json.dumps(line).encode() + b"\n")
        if short is not None:
            assert line["kind"] == "trial"
            assert short == Trial.from_json(line)


def test_nearly_all_trials_are_read_the_short_way() -> None:
    lines = [line for line in GOLDEN.read_bytes().splitlines(keepends=True) if json.loads(line)["kind"] == "trial"]
    long = [Trial.from_json(json.loads(line)) for line in lines]
    assert [one.state for one, line in zip(long, lines, strict=True) if trial_of(line) is None] == [
        one.state for one in long if one.state == FAILED
    ]


def test_cells_and_states_are_one_object_each(tmp_path: Path) -> None:
    written(tmp_path, trial(0), trial(1))
    first, second = read(tmp_path).trials[A]
    assert first.cell is second.cell
    assert first.state is second.state
