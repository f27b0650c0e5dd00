"""The command line `tuning`. Each command imports what it needs when it runs.

Imports: words, process, statistics, journal, space, training, problems, tuners, analysis, tensorboard,
runner, report, export.

    main            the commands
    options         RunOptions and others: options, each once
    script          run_script: `python study.py`
    exit            guarded, exit codes
    load            load_study, find_study: what a path names
    several         run_studies: `tuning run`, one study or several
    launch          run_study: from a study to its finished run
    check           `tuning check`
    status          `tuning status`
    reports         `tuning report`, `tuning compare`, `tuning import`
    tuner_list      `tuning tuners`
    problem_list    `tuning problems`
    init            `tuning init`
    progress        ProgressView
    notebook_view   NotebookLive: a live view in a notebook
    live_view       best scores as lines of text
    console         consoles safe from escape codes
    signals         Interruption
    completion      names and folders for the shell
"""
