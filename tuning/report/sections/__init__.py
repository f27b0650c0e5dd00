"""Parts of a report with their own figures and tables.

Imports: words, journal, analysis, exploration, report.

    answer        answers: the first screen
    exploration   section: "The search"
    winners       winner_sections: "Winners"
"""
