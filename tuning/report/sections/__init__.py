"""Parts of a report with their own figures and tables.

Imports: words, journal, analysis, exploration, report.

    exploration   section: "The search"
    winners       winner_sections: "Winners"
"""
