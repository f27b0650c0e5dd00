"""A study in the formats of other tools, written from its journal; nothing is trained.

Imports: words, journal, exploration.

    export        export, FORMATS: which formats there are, and where each is written
    place         new_place: a file or folder that is not there yet
    trial_facts   TrialFacts: what the journal knows of a trial besides its configuration and its curve
    parquet       the tables
    optuna        a database of Optuna studies
    mlflow        a database of MLflow runs
    wandb         folders of W&B runs, to be synced
    configspace   one search space for each problem
"""
