"""The journal: a study's append-only record on disk, its reader and writer, and its rows as data frames.

Imports: words, process.

    records         Cell, Trial, Retraining, CellEnd: what cells report
    winner_record   Winner, Anatomy: a saved winner, described
    study_record    StudyRecord, ProblemRecord: the first line
    plan            Session, Plan, Manifest: a run's line
    lines           encode, decode: from a record to its line, and back
    journal         Journal, read
    writer          JournalWriter
    frames          trials_frame, epochs_frame, retrainings_frame
    incumbents      incumbent_trials: the trials that were the best so far
    provenance      what a reader must know about scores that were not trained here
    merge           compared: several journals as one study
    importing/      imports searches of other libraries as a journal
"""
