"""Open Interpreter: its questions and its cases."""

from tests.terminal.agents import (
    AGENTS,
    MODEL,
    Agent,
)

CLI = "open-interpreter"
AGENTS[CLI] = Agent(
    [
        *("interpreter", "--model", "openai/plain", "--api_base", f"{MODEL}/v1"),
        *("--api_key", "demo", "--no-llm_supports_functions", "--disable_telemetry"),
        *("--context_window", "8000", "--max_tokens", "1000"),
    ],
    ">",
    {"DISABLE_TELEMETRY": "true", "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
    {},
)
