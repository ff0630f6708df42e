"""Log lines on standard error, without secrets."""

import logging
import re
import sys

from ant.core.visible_text import escaped

_QUERY_KEY = re.compile(r"(apiKey=)[^&\s'\"]+", re.IGNORECASE)
_TOKEN = re.compile(r"\b(ant\.[A-Za-z0-9_-]+\.)[A-Za-z0-9_-]{43}")


class Redact(logging.Formatter):
    """A formatter of lines without keys, tokens and hidden characters."""

    def __init__(self, secret: str | None) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secret = secret

    def format(self, record: logging.LogRecord) -> str:
        text = _QUERY_KEY.sub(r"\1***", super().format(record))
        text = _TOKEN.sub(r"\1***", text)
        if self._secret:
            text = text.replace(self._secret, "***")
        return escaped(text, kept="\n\t")


def set_up(level: str, secret: str | None) -> None:
    """Log lines of at least `level` to standard error; `secret` never appears there."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Redact(secret))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # At debug level peewee logs every statement with its values, transcripts too.
    logging.getLogger("peewee").setLevel(max(logging.INFO, logging.root.level))
