"""MkDocs: figures of the committed reports, which lie beside `docs/`, become part of the site.

A page names them as they lie in the repository, `../reports/STUDY/figures/NAME.svg`, so that they are seen there too.
"""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
SHOWN = ("best_so_far*", "critical_difference", "differences_all", "final_scores", "improvement", "what_one_gets")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for figure in sorted(path for name in SHOWN for path in ROOT.glob(f"reports/**/figures/{name}.svg")):
        files.append(File.generated(config, figure.relative_to(ROOT).as_posix(), abs_src_path=str(figure)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    return markdown.replace("](../reports/", "](reports/")
