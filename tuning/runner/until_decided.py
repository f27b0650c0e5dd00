"""`tuning run --until-decided` and `--until-chosen`: adds replicates until the rule is content, or its cap is reached.

    run all replicates before the first look that can end it
    while a pair is open (or choosing is expected to cost more than the rule's loss), and the cap is not reached:
        run one more replicate; look

Decisions are read from the journal, as in the report, so an interrupted run continues to the same decision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from tuning.analysis import looks
from tuning.analysis.summary import content, looked_at, summarise
from tuning.errors import JournalError, StudyError
from tuning.journal import journal as journals
from tuning.journal.records import Cell
from tuning.runner import runner
from tuning.runner.cell import CellTask
from tuning.runner.devices import CPUS, Devices
from tuning.runner.executor import Executor, Listener, run_here
from tuning.runner.plan import Overrides, StudyPlan
from tuning.runner.runner import Run, Unwatched, Watcher
from tuning.statistics.sequential import LEAST_TO_CHOOSE, Rule
from tuning.statistics.signed_rank import LEVEL, replicates_needed


def until_decided(
    study: StudyPlan,
    out: Path,
    watch: Callable[[], AbstractContextManager[Watcher]] = lambda: nullcontext(Unwatched()),
    command: Sequence[str] = (),
    execute: Executor = run_here,
    *,
    devices: Devices = CPUS,
    at_once: int = 1,
    on_look: Callable[[str], None] = lambda line: None,
) -> Run:
    """Runs a study, or continues it, until every pair of tuners is settled, or one chosen, or the cap is reached.

    Args:
        study: Its `until_decided` is the rule; its number of replicates is ignored.
        out: The folder that holds the study's folder.
        watch: Gives a watcher for each round of replicates.
        command: For the manifest.
        execute: Runs the cells; called once per round.
        devices: What they train on, for the manifest.
        at_once: Replicates added per round: more than one keep workers busy that one would leave idle. What is
            decided, and after which replicate, does not depend on it.
        on_look: Called after each round with what is settled, or chosen, one line per problem.

    Raises:
        StudyError: The cap is too low to decide anything, or there is nothing to compare.
        JournalError: The folder was begun with another rule, or with as many replicates as a test at the end needs.
        Also what `tuning.runner.runner.run` raises.
    """
    rule = _rule_of(study)
    planned = _check_begun(out / study.name, rule, replicates_needed(study.num_pairs, 2 * LEVEL / study.sides))
    replicates = max(before_first_look(study).replicates, planned)
    tried: set[Cell] = set()

    def once(tasks: Sequence[CellTask], listener: Listener) -> None:
        # A cell that failed in an earlier round is not tried again in later rounds.
        fresh = [task for task in tasks if task.cell not in tried]
        tried.update(task.cell for task in fresh)
        execute(fresh, listener)

    done = Run(out / study.name)
    while True:
        grown = study.changed(Overrides(replicates=replicates))
        with watch() as watcher:
            done.ends += runner.run(grown, out, watcher, command, once, devices).ends
        problems = summarise(journals.read(done.directory)).problems
        for line in looked_at(problems, rule):
            on_look(line)
        if replicates >= rule.cap or all(content(problem, rule) for problem in problems.values()):
            return done
        replicates = min(rule.cap, replicates + at_once)


def before_first_look(study: StudyPlan) -> StudyPlan:
    """The study with as many replicates as the first look that can end it needs.

    Raises:
        StudyError: It has no rule, there is nothing to decide, or the cap is too low.
    """
    pairs = study.num_pairs
    if not pairs:
        raise StudyError(f"study {study.name!r} has one tuner, nothing to decide; give it two or more")
    rule = _rule_of(study)
    first = rule.first_look(pairs, study.sides) if rule.loss is None else LEAST_TO_CHOOSE
    return study.changed(Overrides(replicates=first))


def _rule_of(study: StudyPlan) -> Rule:
    if study.until_decided is None:
        raise StudyError(f"study {study.name!r} has a fixed number of replicates; give it a rule to run until decided")
    return study.until_decided


def _check_begun(directory: Path, rule: Rule, needed: int) -> int:
    """Replicates that a folder's journal already plans; 0 without a journal. A test at the end needs `needed`.

    Raises:
        JournalError: The rule would not keep its error level there.
    """
    if not journals.begun(directory):
        return 0
    plan = journals.read(directory).plan
    before, planned = looks.rule_of(plan), plan.replicates
    mend = "choose another folder with --out"
    if before is not None and before != rule:
        raise JournalError(
            f"{directory} was begun with {_words(before)}, now it is {_words(rule)}; a rule that changes between looks "
            f"would raise the error rate above 5%: keep it, or {mend}"
        )
    if before is None and planned >= needed:
        raise JournalError(
            f"{directory} was begun with {planned} replicates for one test at the end, whose result may have been "
            f"seen; adding replicates until it decides would raise the error rate above 5%: {mend}"
        )
    return planned


def _words(rule: Rule) -> str:
    until = "" if rule.loss is None else f"--until-chosen {rule.loss:g} "
    return f"{until}--cap {rule.cap}" + (f" --rope {rule.rope:g}" if rule.rope is not None else " and no --rope")
