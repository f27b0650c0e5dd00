"""The report of a study, made only from its journal: HTML, Markdown, figures and tables.

Imports: words, process, statistics, journal, analysis, exploration, tensorboard.

    report      write_report
    result      Result: a study's results in Python
    plots       Plots: its figures
    first_screen   first_screen: for a notebook
    context     context: what the templates show
    prose       the sentences
    render      context to HTML, Markdown and LaTeX
    command     the command line that made a study
    csv         write_csv
    markdown    Markdown tables and escaping
    latex       LaTeX tables
    figures/    one module per kind of figure
    tables/     one module per kind of table
    sections/   parts of a report with their own figures and tables
"""
