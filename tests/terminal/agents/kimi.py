"""Kimi CLI: its dialogs and its cases."""

from tests.terminal.agents import (
    AGENTS,
    MODEL,
    Agent,
)

CLI = "kimi"
CONFIG = f"""\
default_model = "demo"
telemetry = false

[models.demo]
provider = "demo"
model = "demo"
max_context_size = 100000

[providers.demo]
type = "openai_legacy"
base_url = "{MODEL}/v1"
api_key = "demo"
"""
AGENTS[CLI] = Agent(
    ["kimi"],
    ">",
    {"KIMI_CLI_NO_AUTO_UPDATE": "1"},
    {".kimi/config.toml": CONFIG},
    has_driver=False,
)
