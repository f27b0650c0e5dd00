"""Who is shown better than whom.

Imports: words, statistics, journal, analysis.

    verdict     Verdict: the line, and what stands behind it
    sentences   its sentences on pairs and winners
    gaps        what it could not use, by name
"""
