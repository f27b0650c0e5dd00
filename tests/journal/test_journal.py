"""The journal: what is written comes back, and what is broken is said."""

import contextlib
import json
import lzma
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tuning.errors import JournalError
from tuning.journal import journal
from tuning.journal.journal import path_of, read
from tuning.journal.lines import decode, encode, to_json
from tuning.journal.plan import Manifest, Plan, Session, TunerSettings
from tuning.journal.records import Cell, CellEnd, CellState, Trial, TrialState
from tuning.journal.study_record import DataRecord, ProblemRecord, StudyRecord
from tuning.journal.writer import JournalWriter
from tuning.objective import Objective
from tuning.process import system

A = Cell("p", "kt-random", 1)
PROBLEM = ProblemRecord([{"name": "x", "type": "Float"}], Objective("m", "max"), 2, DataRecord("f"))
STUDY = StudyRecord(study="s", problems={"p": PROBLEM})
PLAN = Plan(tuners={"kt-random": TunerSettings({"tuner": "kt-random"})}, budget_epochs=4, replicates=1)


def trial(number: int, state: str = TrialState.COMPLETE, epochs: int = 2, spent: int | None = None) -> Trial:
    curve = [{"m": float(epoch)} for epoch in range(epochs)]
    score = math.nan if state == TrialState.FAILED else 0.5
    return Trial(A, number, {"x": 0.1}, state, score, 0, 2, curve, 2 * number + epochs if spent is None else spent)


def written(directory: Path, *trials: Trial) -> Path:
    with JournalWriter.create(directory, STUDY) as writer:
        writer.session(Session(PLAN, Manifest()))
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
    state=st.sampled_from(TrialState),
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
    line = encode(one)
    assert line.index(b"\n") == len(line) - 1
    back = decode(line)
    assert repr(back) == repr(one)  # NaN is not equal to itself, but written alike
    assert isinstance(back, Trial)
    assert [type(value) for value in back.configuration.values()] == [
        type(value) for value in one.configuration.values()
    ]
    assert encode(back) == line


@given(
    st.builds(
        CellEnd, st.builds(Cell, words, words, whole), st.sampled_from(CellState), words, words, whole, whole,
        st.floats(0, 1e9),
    )
)  # fmt: skip
def test_an_end_comes_back_as_it_went(end: CellEnd) -> None:
    assert decode(encode(end)) == end


def test_a_journal_comes_back_as_it_was_written(tmp_path: Path) -> None:
    end = CellEnd(A, "DONE", "the budget is spent", "", 2, 4, 1.5, 4)
    with JournalWriter.create(tmp_path, STUDY) as writer:
        writer.session(Session(PLAN, Manifest({"command": "x"})))
        writer.trial(trial(0))
        writer.trial(trial(1))
        writer.cell(end)
    found = read(tmp_path)
    assert found.study == STUDY
    assert found.plan == PLAN
    assert (found.manifest, found.manifest.command) == ({"command": "x"}, "x")
    assert found.trials == {A: [trial(0), trial(1)]}
    assert found.ends == {A: end}
    assert found.healed == ""


def test_a_cut_trial_is_replaced_by_a_later_line(tmp_path: Path) -> None:
    written(tmp_path, trial(0), trial(1, TrialState.CUT, epochs=1), trial(1), trial(2))
    assert [(one.trial, one.state) for one in read(tmp_path).trials[A]] == [
        (0, TrialState.COMPLETE),
        (1, TrialState.COMPLETE),
        (2, TrialState.COMPLETE),
    ]


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


def packed(directory: Path) -> Path:
    """The journal as `xz` leaves it."""
    plain = path_of(directory)
    path = plain.with_name("journal.jsonl.xz")
    path.write_bytes(lzma.compress(plain.read_bytes()))
    plain.unlink()
    return path


def test_a_packed_journal_is_read_and_unpacked_by_the_run_that_goes_on(tmp_path: Path) -> None:
    plain = written(tmp_path, trial(0), trial(1))
    before, found = plain.read_bytes(), read(tmp_path)
    path = packed(tmp_path)
    assert journal.begun(tmp_path)
    assert read(tmp_path).trials == found.trials
    with journal.locked_if_idle(tmp_path) as idle:
        assert idle
        with pytest.raises(JournalError, match=r"journal\.jsonl\.xz is in use"):
            JournalWriter.resume(tmp_path)
    with pytest.raises(JournalError, match=r"journal\.jsonl\.xz is there already; it is never overwritten"):
        JournalWriter.create(tmp_path, STUDY)
    assert path.is_file()
    with JournalWriter.resume(tmp_path) as writer:
        writer.trial(trial(2))
    assert plain.read_bytes().startswith(before)
    assert len(read(tmp_path).trials[A]) == 3
    assert list(plain.parent.iterdir()) == [plain]


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-20], lambda data: b"no xz", lambda data: data[:40] + b"\0" * 40]
)
def test_a_damaged_packed_journal_says_so_and_stays(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    written(tmp_path, trial(0), trial(1))
    path = packed(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    for use in (read, JournalWriter.resume):
        with pytest.raises(JournalError, match=r"journal\.jsonl\.xz cannot be unpacked .*; fetch it again"):
            use(tmp_path)
    assert list(path.parent.iterdir()) == [path]


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
    return json.dumps(to_json(trial(1)) | changes)


def _session(**changes: Any) -> str:
    line = to_json(Session(PLAN, Manifest()))
    return json.dumps(line | {"plan": line["plan"] | changes})


BROKEN = {
    "not JSON": ("{nonsense", "ValueError: not a JSON object"),
    "not an object": ("[1]", "ValueError: not a JSON object"),
    "too deep": ("[" * 100_000, "ValueError: not a JSON object"),
    "unknown kind": ('{"kind":"trail"}', "Invalid value 'trail' - at `$.kind`"),
    "no kind": ("{}", "missing required field `kind`"),
    "a second study": (encode(STUDY).decode().strip(), "a second line of the study"),
    "unknown state": (_line(state="LOST"), "Invalid enum value 'LOST' - at `$.state`"),
    "unknown entry": (_line(colour=1), "unknown field `colour`"),
    "missing entry": ('{"kind":"trial","problem":"p","tuner":"t","replicate":1}', "missing required field `trial`"),
    "score of words": (_line(score="good"), "Expected `float`, got `str` - at `$.score`"),
    "score without end": (_line(score=10**400), "out of range - at `$.score`"),
    "loss of words": (_line(curve=[{"m": "1.0"}]), "Expected `float`, got `str`"),
    "curve of numbers": (_line(curve=[1.0]), "AttributeError"),
    "configuration of words": (_line(configuration="x"), "Expected `object`, got `str` - at `$.configuration`"),
    "spent of words": (_line(spent_epochs="4"), "Expected `int`, got `str` - at `$.spent_epochs`"),
    "spent of a part": (_line(spent_epochs=4.5), "Expected `int`, got `float` - at `$.spent_epochs`"),
    "a trial missing": (_line(trial=2), "trial 2 of p/kt-random/1 comes after 1 trials; one is missing"),
    "plan of words": ('{"kind":"session","plan":"x","manifest":{}}', "Expected `object`, got `str` - at `$.plan`"),
    "plan without tuners": ('{"kind":"session","plan":{},"manifest":{}}', "missing required field `tuners`"),
    "tuners of words": (_session(tuners={"a": "b"}), "'b' where an object was expected - at `$.plan.tuners[...]`"),
    "no search of numbers": (_session(baselines={"a": {"no_search": 1}}), "Expected `str`, got `int`"),
    "a rule without a cap": (_session(until_decided={"rope": None}), "missing required field `cap`"),
    "end of nothing": ('{"kind":"cell"}', "missing required field `problem`"),
}  # fmt: skip


json_of_any_text = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(st.characters(codec=None)), json_of_any_text, max_size=3))
def test_a_space_is_read_as_json_reads_it(entry: dict[str, object]) -> None:
    line = encode(StudyRecord(study="s", problems={"p": structs.replace(PROBLEM, space=[])}))
    line = line.replace(b'"space":[]', b'"space":[' + json.dumps(entry).encode() + b"]")
    record = decode(line)
    assert isinstance(record, StudyRecord)
    assert repr(record.problems["p"].space) == repr(json.loads(line)["problems"]["p"]["space"])


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
        ('{"kind":"study","format":1}', "line 1 is broken (ValidationError: Object missing required field `study`)"),
        ('{"kind":"study","format":1,"study":"s","problems":{"p":{}}}', "missing required field `space` - at"),
        ("[]", "line 1 is broken (ValueError: not a JSON object)"),
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


@pytest.fixture(params=[True, False], ids=["the open file is locked", "a file beside it is"])
def locks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Either way to lock a journal; the second is for systems that cannot lock an open file."""
    if not request.param:
        pytest.importorskip("filelock", reason="filelock is not installed")
    monkeypatch.setattr(system, "LOCKS_OPEN_FILES", request.param)
    return bool(request.param)


@pytest.mark.usefixtures("locks")
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


def test_the_lock_of_a_killed_process_is_gone(tmp_path: Path, locks: bool) -> None:
    written(tmp_path)
    script = (
        "import os, signal, sys; from pathlib import Path; from tuning.journal.writer import JournalWriter; "
        f"from tuning.process import system; system.LOCKS_OPEN_FILES = {locks}; "
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


@pytest.mark.usefixtures("locks")
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


def test_a_line_is_read_alike_whether_json_must_help_or_not() -> None:
    for line in GOLDEN.read_bytes().splitlines(keepends=True):
        record = decode(line)
        with_surrogate = json.dumps(json.loads(line) | {"error": "\ud800"}).encode() + b"\n"
        if isinstance(record, Trial | CellEnd):
            assert repr(decode(with_surrogate)) == repr(structs.replace(record, error="\ud800"))


def test_what_is_read_is_written_to_the_same_bytes() -> None:
    for line in GOLDEN.read_bytes().splitlines(keepends=True):
        if not line.startswith(b'{"kind":"session"'):  # of an older version, without a rope
            assert encode(decode(line)) == line


def test_numbers_of_numpy_are_written_as_python_has_them() -> None:
    one = structs.replace(trial(0), score=np.float32(0.5), curve=[{"m": np.float64(1.5)}, {"m": 2}])
    assert encode(one) == encode(structs.replace(trial(0), score=0.5, curve=[{"m": 1.5}, {"m": 2.0}]))


def test_cells_and_states_are_one_object_each(tmp_path: Path) -> None:
    written(tmp_path, trial(0), trial(1))
    first, second = read(tmp_path).trials[A]
    assert first.cell is second.cell
    assert first.state is second.state
