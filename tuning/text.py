"""Text from anywhere made safe to show: one line, and no character that commands a terminal."""

from __future__ import annotations

import re
import unicodedata

_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # Keras writes its messages in bold


def error_line(error: BaseException, limit: int = 300) -> str:
    """`error` as one line of at most `limit` characters: its class, then its message."""
    words = one_line(_TERMINAL_COLOURS.sub("", str(error)))
    line = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return line if len(line) <= limit else line[: limit - 1] + "…"


def one_line(text: str) -> str:
    """`text` with single spaces for all white space, without control, direction-changing or impossible characters.

    None of them shows, some are not allowed in XML, and vl-convert ends the process when it meets such a one.
    """
    words = " ".join(str(text).split())
    return "".join(
        letter
        for letter in words
        if unicodedata.category(letter) not in ("Cc", "Cf", "Cs") and letter not in "\ufffe\uffff"
    )


def file_name(text: str, *, keep: str = "", trim: str = "_", limit: int = 40) -> str:
    """`text` as a file's name that every system takes, at most `limit` characters of it; two texts may share one.

    Args:
        keep: Characters that stay beside ASCII letters and digits. Each run of others becomes an underscore, which does
            not end the name unless underscores are kept.
        trim: Characters that do not begin it.
    """
    name = re.sub(f"[^A-Za-z0-9{re.escape(keep)}]+", "_", text).lstrip(trim)
    return (name if "_" in keep else name.rstrip("_"))[:limit]


_UNSEEN = {
    code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    for code in (
        *(code for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A)),  # tab and new line are seen
        *(0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),  # they turn the direction of text
        *range(0xD800, 0xE000),  # halves of a character, which no encoding takes
    )
}


def visible(text: str) -> str:
    """`text` with its control characters as Python writes them: an escape sequence is shown, and does nothing."""
    return text if text.isascii() and text.isprintable() else text.translate(_UNSEEN)
