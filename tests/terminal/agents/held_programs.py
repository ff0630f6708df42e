"""Whole programs that are kept aside: no driver, and no rule fitted to them."""

import json

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    MODEL,
    Agent,
    Dialog,
    asks,
    case,
    menu,
    ready,
    say,
    talks,
)
from tests.terminal.agents.versions import drafts
from tests.terminal.recorder import Recorder

ANSWERS = [
    "Yes (y)",
    "Yes, always approve this exact command for this session (a)",
    "Edit or give feedback (e)",
    "No, and keep going (n)",
    "No, and stop for now (esc)",
]
ALLOW = Dialog("Allow command?", ANSWERS, sign="No, and keep going (n)")
APPROVALS = ["suggest", "auto-edit", "full-auto"]


def codex_in_ink(cli: str, argv: list[str]) -> None:
    """The cases of the first Codex CLI, written in TypeScript, or of its fork."""
    AGENTS[cli] = Agent(
        [*argv, "--provider", "ollama", "--model", "demo"],
        "send a message or press tab",
        {
            "OLLAMA_BASE_URL": f"{MODEL}/v1",
            "OLLAMA_API_KEY": "demo",
            "OPENAI_API_KEY": "demo",
        },
        dialogs={"run": ALLOW, "write": ALLOW, "edit": ALLOW},
        busy="hinking",
        has_driver=False,
        is_held=True,
    )
    asks(
        cli,
        "run",
        ("run", [ENTER], "Yes"),
        ("run", ["n"], "No, and keep going"),
        ("run", [DOWN, DOWN, DOWN, ENTER], "No, and keep going"),
        ("run", [ESC], "No, and stop for now"),
    )
    asks(cli, "files", ("write", ["y"], "Yes"), ("edit", ["n"], "No, and keep going"))
    talks(cli, [ESC, ESC], working="hinking")
    drafts(cli)

    @case(cli, "feedback")
    def feedback(r: Recorder) -> None:
        ready(r, cli)
        say(r, "demo run")
        menu(r, ALLOW)
        r.type("e", "Edit or give feedback")
        r.sleep(2)
        r.moment("dialog", "free_text", "Give the model feedback (↵ to submit):")
        r.type("not now")
        r.sleep(1)
        r.moment("dialog", "free_text", "Give the model feedback (↵ to submit):")
        r.type(ENTER)
        r.sleep(3)
        r.quiet(1.5)
        r.moment("at_rest")

    @case(cli, "menus")
    def menus(r: Recorder) -> None:
        ready(r, cli)
        say(r, "/approval")
        r.sleep(2.5)
        r.moment("dialog", "multi_choice", "Switch approval mode", APPROVALS, 0)
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")
        say(r, "/model")
        r.sleep(3)
        r.moment("dialog", "multi_choice", "Switch model", ["demo"], 0)
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")
        say(r, "/help")
        r.sleep(2)
        r.moment("dialog", "pager")
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")


codex_in_ink("open-codex-0.1.31", ["open-codex"])
codex_in_ink("codex-cli-0.1.2505172129", ["codex"])

AGENTS["mini-2.4.6"] = Agent(
    ["mini", "-m", "openai/demo"],
    "What do you want to do?",
    {
        "MSWEA_CONFIGURED": "true",
        "OPENAI_API_BASE": f"{MODEL}/v1",
        "OPENAI_API_KEY": "demo",
        "MSWEA_COST_TRACKING": "ignore_errors",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    },
    has_driver=False,
    is_held=True,
)
AGENTS["code-puppy-0.0.946"] = Agent(
    ["code-puppy", "-i"],
    "Enter your coding task",
    {"OPENAI_API_BASE": f"{MODEL}/v1", "OPENAI_API_KEY": "demo"},
    has_driver=False,
    is_held=True,
)
AGENTS["hermes-0.19.0"] = Agent(
    ["hermes"],
    "❯",
    {"OPENAI_API_KEY": "demo"},
    {
        ".hermes/config.yaml": f"""
model:
  default: demo
  provider: custom
  base_url: {MODEL}/v1
  api_key: demo
  context_length: 128000
display:
  tips: false
"""
    },
    has_driver=False,
    is_held=True,
)
AGENTS["mastracode-0.32.1"] = Agent(
    ["mastracode"],
    ">",
    {"OPENAI_BASE_URL": f"{MODEL}/v1", "OPENAI_API_KEY": "demo"},
    has_driver=False,
    is_held=True,
)
AGENTS["llmist-18.4.0"] = Agent(
    ["llmist", "agent"],
    ">",
    {"OPENAI_BASE_URL": f"{MODEL}/v1", "OPENAI_API_KEY": "demo"},
    has_driver=False,
    is_held=True,
)

AGENTS["openhands-1.16.0"] = Agent(
    ["openhands", "--override-with-envs", "--exit-without-confirmation"],
    "Type your message",
    {
        "LLM_API_KEY": "demo",
        "LLM_MODEL": "openai/demo",
        "LLM_BASE_URL": f"{MODEL}/v1",
        "OPENHANDS_SUPPRESS_BANNER": "1",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "DO_NOT_TRACK": "1",
    },
    has_driver=False,
    is_held=True,
)
AGENTS["deepagents-0.0.34"] = Agent(
    ["deepagents", "--model", "openai:demo"],
    "Enter send",
    {
        "OPENAI_API_KEY": "demo",
        "OPENAI_BASE_URL": f"{MODEL}/v1",
        "OPENAI_API_BASE": f"{MODEL}/v1",
        "LANGSMITH_TRACING": "false",
        "DEEPAGENTS_CLI_NO_UPDATE_CHECK": "1",
    },
    has_driver=False,
    is_held=True,
)
