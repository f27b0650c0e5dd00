"""Text from anywhere made safe to show: one line, and no character that controls a terminal."""

from __future__ import annotations

import re
import unicodedata

# Windows has no files of these names, whatever their endings:
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # Keras writes its messages in bold


def error_line(error: BaseException, limit: int = 300) -> str:
    """`error` as one line of at most `limit` characters: its class, then its message."""
    words = one_line(_TERMINAL_COLOURS.sub("", str(error)))
    line = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return line if len(line) <= limit else line[: limit - 1] + "…"


def one_line(text: str) -> str:
    """`text` with single spaces for all white space, without control, direction-changing or impossible characters.

    None of them is visible, and XML forbids some; vl-convert ends the process when it meets one of those.
    """
    words = " ".join(str(text).split())
    return "".join(
        letter
        for letter in words
        if unicodedata.category(letter) not in ("Cc", "Cf", "Cs") and letter not in "\ufffe\uffff"
    )


def file_name(text: str, *, keep: str = "", trim: str = "_", limit: int = 40) -> str:
    """`text` as a file name for every system, of at most `limit` characters; two texts may get the same one.

    Args:
        keep: Characters kept besides ASCII letters and digits. Each run of others becomes an underscore; one at the end
            is dropped unless underscores are kept.
        trim: Characters that may not begin it.
    """
    name = re.sub(f"[^A-Za-z0-9{re.escape(keep)}]+", "_", text).lstrip(trim)
    name = (name if "_" in keep else name.rstrip("_"))[:limit].rstrip(".")
    return name if is_file_name(name) else f"_{name}"


def is_file_name(text: str) -> bool:
    """Whether Windows has files and folders of this name, made of letters, digits, dots, dashes and underscores."""
    return not _DEVICE.fullmatch(text) and not text.endswith(".")


_UNSEEN = {
    code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    for code in (
        *(code for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A)),  # tab and new line stay
        *(0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),  # they change the text direction
        *range(0xD800, 0xE000),  # halves of a character, which cannot be encoded
    )
}


def visible(text: str) -> str:
    """`text` with control characters as Python writes them: an escape sequence is shown, without effect."""
    return text if text.isascii() and text.isprintable() else text.translate(_UNSEEN)
