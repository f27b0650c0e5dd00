"""The command that repeats a study, and its manifest, name every limit of a trial."""

from pathlib import Path

from msgspec.structs import replace

from tuning.journal.journal import Journal, read
from tuning.report.command import command
from tuning.report.tables.study import manifest_table

IRIS = Path(__file__).parents[2] / "reports" / "iris"


def limited(seconds: float | None, gigabytes: float | None) -> Journal:
    """The committed study of iris, as if its last run had set these limits."""
    journal = read(IRIS)
    last = journal.sessions[-1]
    journal.sessions[-1] = replace(last, plan=replace(last.plan, trial_seconds=seconds, trial_memory=gigabytes))
    return journal


def entries(journal: Journal) -> dict[str, str]:
    return {name.text: value.text for name, value in manifest_table(journal).rows}


def test_limits_of_a_trial_are_part_of_the_command_and_of_the_manifest() -> None:
    journal = limited(60, 2.5)
    assert " --trial-seconds 60 --trial-memory 2.5 " in command(journal)
    found = entries(journal)
    assert (found["seconds a trial may take"], found["GB a trial may need"]) == ("60", "2.5")
    assert "trial-" not in command(limited(None, None))
    assert not {"seconds a trial may take", "GB a trial may need"} & set(entries(limited(None, None)))
