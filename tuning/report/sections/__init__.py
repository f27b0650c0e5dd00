"""Parts of a report that have figures and tables of their own.

Imports: words, journal, analysis, exploration, report.

    exploration   section: "The search"
    winners       winner_sections: "Winners"
"""
