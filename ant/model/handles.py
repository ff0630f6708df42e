"""How a handle is written, and how two of them are compared."""

import re

FORM = re.compile(r"@[\w.-]{1,64}", re.ASCII)
"""What a handle may look like."""


def normal(text: str) -> str:
    """The handle with its `@`."""
    text = text.strip()
    return text if text.startswith("@") else f"@{text}"


EVERYONE = "@everyone"


def folded(name: str) -> str:
    """A handle or alias as it is compared: with its `@`, in small letters."""
    return f"@{name.strip().removeprefix('@').lower()}"
