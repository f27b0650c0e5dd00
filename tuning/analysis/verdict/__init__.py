"""Who is shown to be better.

Imports: words, statistics, journal, analysis.

    verdict     Verdict: the line, and its reasons
    sentences   its sentences on pairs and winners
    gaps        what was missing, by name
"""
