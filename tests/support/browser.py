"""Headless Chromium for the tests: what a page asks of the network, says on its console or raises fails the test."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WAIT = 180_000  # milliseconds until something must have happened, on a machine that does ten other things
FLAGS = [
    "--no-sandbox",  # in containers there is none to be had; the pages are our own
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    # Whatever is not this machine has no address: nothing leaves it, though the test forgot to look.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
]


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """A browser with a profile of its own, which goes with it however the test ends; skips where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright drives the browser: pip install -e '.[dev]'")
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on the PATH (Debian's package is called chromium)")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS, timeout=WAIT)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opened(browser: Any, url: str, server: str = "", unknown: str = "", **options: Any) -> Iterator[Any]:
    """A page at `url`. At its end: nothing was asked of anything but files and `server`, and nothing went wrong.

    Another tool's page may ask its own server for one path that this does not know: `unknown`.
    A script that ran where none should shows as a dialog, as a window, or as `window.pwned`.
    """
    wrong: list[str] = []
    context = browser.new_context(**options)
    try:
        context.set_default_timeout(WAIT)

        def route(asked: Any) -> None:
            address = asked.request.url
            if address.startswith(("file:", "data:", "blob:")) or (server and address.startswith(server)):
                asked.continue_()
            else:
                wrong.append(f"asked for {address}")
                asked.abort()

        def unexpected(said: Any) -> bool:
            return said.type == "error" and not (unknown and said.location["url"] == f"{server}{unknown}")

        context.route("**/*", route)
        page = context.new_page()
        context.on("page", lambda other: wrong.append(f"opened {other.url}"))
        page.on("console", lambda said: wrong.append(f"said {said.text}") if unexpected(said) else None)
        page.on("pageerror", lambda error: wrong.append(f"raised {error}"))
        page.on("dialog", lambda dialog: (wrong.append(f"showed {dialog.message}"), dialog.dismiss()))
        page.goto(url)
        yield page
        assert page.evaluate("window.pwned") is None
        assert wrong == []
    finally:
        context.close()
