"""A study: problems, tuners, replicates and a budget, declared in a script that people run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tuning.configuration import Configuration
from tuning.journal.journal import read
from tuning.runner.plan import StudyPlan

if TYPE_CHECKING:
    from tuning.report.result import Result
    from tuning.runner.winner_models import KerasModel


class Study(StudyPlan):
    """One question: which of these tuners, on these problems, at this budget?

    Args:
        name: Of the study and of its folder; letters, digits, dot, dash and underscore.
        problem: One problem, or several with different names.
        tuners: Registered names or `Tuner` objects, with different labels; default: the five.
        budget: What each cell may spend; at least one full training of each problem.
        replicates: Independent repetitions of everything. With five tuners, fewer than 6 can show no difference, and
            fewer than 9 where each has a split of its own.
        baselines: What a tuner should beat, run too and compared separately; default: `tuning.tuners.BASELINES`.
        retrain: Fresh seeds on which the winner of each search is trained again in full, and scored on test; what the
            search would have returned at a quarter and at half of its budget is trained again once. 0 for neither. Not
            charged to the search. A `TableProblem` gives the curve without noise, once.
        endpoint: What the verdict and the recommended tuner are about, declared before the run: ``"test"``, the mean
            test score of the retrained winners; ``"retrained"``, their validation score; ``"search"``, the best score
            that a search saw. None: the first that the study can give.
        reference: Label of the tuner that each other is compared with. That makes fewer comparisons than every two,
            so each needs fewer replicates. None: every two tuners are compared.
        alternative: What is asked of each tuner and the reference, declared before the run. ``"two-sided"``: whether
            they differ; ``"better"``: only whether the tuner is better, by one-sided tests, which show more and never
            that a tuner is worse. Needs a reference.
        start: ``"default"``: the first trial of each search is the default configuration, for every tuner that can,
            because what a search starts from changes what it finds, and people expect it to begin with what they set
            (keras-team/keras-tuner issues 604 and 699, which KerasTuner leaves open). It costs one trial of the budget,
            and Hyperband's and halving's first is as short as its first rung. `sklearn-grid`, `nevergrad`, `dehb` and
            `ax` cannot. None: each tuner begins as it does by itself, most of them at random.
        expected: What you expect to find, in your own words. Recorded before the first trial, and shown in the report;
            what a later run gives is not, because it may know the results.
        reuse: Whether what two tuners of a replicate try alike is trained once; both are charged for it. The results
            are the same either way.
        continue_winners: Further epochs of each saved winner, on training and validation data together, saved to a
            separate file.
        tensorboard: ``"curves"``: learning curves of all trials, for HPARAMS; ``"full"``: also what Keras' own
            callback logs of each winner, which is trained once more anyway: see
            `tuning.training.winner.tensorboard_logs`.
        rope: Region of practical equivalence: the largest difference in the objective's metric that does not matter.
            None: no two tuners are called practically equal.
        trial_seconds: A trial, or a retraining, that takes longer is FAILED: at the end of its epoch, or with its
            process if it hangs and cells run in their own processes. Results then depend on the machine. None: no
            limit.
        trial_memory: A trial whose model needs more GB than this to be trained is FAILED before it takes them, by an
            estimate from its weights, its optimizer and its layers' outputs for a batch. None: no limit.

    Raises:
        StudyError: An argument is invalid.
    """

    def run(
        self, out: str | Path = "reports", *, jobs: int | None = 1, scheduler: str = "", progress: bool = True
    ) -> Result:
        """Runs the study, or goes on with it; saves winners and makes the report.

        Interrupt it whenever you like: every trial that ended is recorded, and the next call goes on from there.

        Args:
            out: The study's folder is made in it.
            jobs: Processes; 1: this one, None: one for each core. A script that gives more than 1 must do so under
                ``if __name__ == "__main__":``, as the processes import it.
            scheduler: Address of a Dask cluster to run on instead.
            progress: Whether to show it: lines, and in a terminal or a notebook a live view.

        Raises:
            DataError, SpaceError, ObjectiveError: A problem cannot be searched.
            JournalError: The folder holds another study, or this one with other settings, or is in use.
            ReplayError: A resumed search asks for other trials than the journal holds.
        """
        from tuning.cli.console import output, silent
        from tuning.cli.launch import carry_out
        from tuning.runner.devices import CPUS

        *_, report = carry_out(self, Path(out), jobs, scheduler, CPUS, output() if progress else silent())
        return report.result

    def best_configuration(
        self, tuner: str | None = None, *, problem: str | None = None, out: str | Path = "reports"
    ) -> Configuration:
        """The hyperparameters of a tuner's winner: its final incumbent that is best on fresh seeds.

        Args:
            tuner: Its label; without it, the best of all tuners' winners.
            problem: Its name; needed if the study has several.
            out: Where the study's folder is, as in `run`.

        Raises:
            JournalError: The study has not run there.
            StudyError: It has no such tuner or problem, or retrained no incumbent.
        """
        from tuning.runner import winner_models

        return winner_models.best_configuration(read(Path(out) / self.name), tuner, problem)

    def best_model(
        self, tuner: str | None = None, *, problem: str | None = None, out: str | Path = "reports"
    ) -> KerasModel:
        """A tuner's winner as it was saved, a compiled `keras.Model` with the weights that count.

        Loaded in Keras' safe mode; a model of the user's own classes is built by `build_model` and gets its weights.

        Args and raised errors are those of `best_configuration`; a StudyError also if the file is missing.
        """
        from tuning.runner import winner_models

        return winner_models.best_model(read(Path(out) / self.name), self.problems, tuner, problem)

    def continue_training(
        self, tuner: str | None = None, *, epochs: int, problem: str | None = None, out: str | Path = "reports"
    ) -> tuple[KerasModel, dict[str, float]]:
        """Trains a tuner's winner further, on training and validation data together, for use.

        Args:
            epochs: Further ones; weights and optimizer start from the winner's.

        Other arguments and raised errors are those of `best_model`.

        Returns:
            The model, saved beside the winner as ``<tuner>-continued.keras``, and its test metrics by name (none
            without a test split).
        """
        from tuning.runner import winner_models

        return winner_models.continue_training(read(Path(out) / self.name), self.problems, epochs, tuner, problem)

    def main(self) -> None:
        """The command line of `tuning run`, for this study."""
        from tuning.cli.script import run_script

        run_script(self)
