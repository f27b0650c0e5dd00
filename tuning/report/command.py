"""The command line that made a study, for its report."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePath

from tuning.analysis.looks import rule_of
from tuning.journal.journal import Journal
from tuning.statistics.sequential import Rule

_SCRIPT = re.compile(r".*\.py(:[^:]*)?|problem:.+")
"""A study's script, ``FILE.py:NAME`` of a model without one, or a registered ``problem:NAME``."""


def command(read: Journal) -> str:
    """One command that runs the plan: the last run's script, with the plan's numbers spelled out.

    What no option can change is left to the script: the baselines and the tuners' settings. A run that no command
    began, as in a notebook, is repeated in Python.
    """
    plan, called = read.plan, _called(read)
    named = [
        word
        for option in ("--data", "--objective", "--max-epochs")  # of a model without a study script
        if option in called[:-1]
        for word in (option, called[called.index(option) + 1])
    ]
    script = next((word for word in called if _SCRIPT.fullmatch(word) and word not in named), "")
    # A path of the machine that ran it would mean nothing elsewhere.
    script = PurePath(script).as_posix() if script and not PurePath(script).is_absolute() else PurePath(script).name
    if called[:2] in (["tuning", "compare"], ["tuning", "import"]):
        return shlex.join(called) if isinstance(read.manifest.command, list) else read.manifest.command
    if called[:2] == ["tuning", "table"]:
        return shlex.join(["tuning", "table", script, "--configurations", str(plan.replicates)])
    if not script:
        return f"study.run() # in Python, as it was run: study is the Study {read.name!r}"
    rule = rule_of(plan)
    rope = plan.rope if rule is None else rule.rope
    words = [
        *("tuning", "run", script, *named),
        *([] if plan.budget_epochs is None else ["--budget", str(plan.budget_epochs)]),
        *([] if plan.budget_seconds is None else ["--budget-seconds", f"{plan.budget_seconds:.15g}"]),
        *(["--replicates", str(plan.replicates)] if rule is None else [*_until(rule), "--cap", str(rule.cap)]),
        *([] if rope is None else ["--rope", f"{rope!r}"]),
        *([] if plan.trial_seconds is None else ["--trial-seconds", f"{plan.trial_seconds:g}"]),
        *([] if plan.trial_memory is None else ["--trial-memory", f"{plan.trial_memory:g}"]),
        *("--tuners", ",".join(plan.tuners)),
        *([] if plan.baselines else ["--no-baselines"]),
        *("--retrain", str(plan.retrain)),
        *(["--endpoint", plan.endpoint] if plan.endpoint else []),
        *(["--start", plan.start] if plan.start else []),
    ]
    return shlex.join(words)


def _until(rule: Rule) -> list[str]:
    """The option that adds replicates by this rule."""
    return ["--until-decided"] if rule.loss is None else ["--until-chosen", f"{rule.loss!r}"]


def _called(read: Journal) -> list[str]:
    """The words of the last run's command line; earlier releases kept them as one string, separated by spaces."""
    command = read.manifest.command
    words = command.split() if isinstance(command, str) else command
    return ["tuning", *words[1:]] if words[:1] == ["__main__.py"] else words  # of `python -m tuning`
