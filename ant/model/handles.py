"""The form of handles, and their comparison."""

import re

FORM = re.compile(r"@[\w.-]{1,64}", re.ASCII)
"""The form of a handle."""


def normal(text: str) -> str:
    """The handle with its leading `@`."""
    text = text.strip()
    return text if text.startswith("@") else f"@{text}"


EVERYONE = "@everyone"


def folded(name: str) -> str:
    """A handle or alias for a comparison: with a leading `@`, in lower case."""
    return f"@{name.strip().removeprefix('@').lower()}"
