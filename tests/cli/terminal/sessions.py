"""The terminals of a server, as `ant ls` lists them."""

import json
from typing import Any

from tests.cli.real import RealServer


def terminals(server: RealServer, key: str = "sessions") -> list[dict[str, Any]]:
    """Their rows; with the key `recoverable` those that were put away."""
    page = json.loads(server.good("ls", "--all", "--json"))
    return [row for row in page[key] if row["type"] != "chat"]


def names(server: RealServer, key: str = "sessions") -> set[str]:
    """Their names."""
    return {row["name"] for row in terminals(server, key)}
