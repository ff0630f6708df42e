"""pi: its dialogs and its cases.

pi asks nothing of itself before it runs a tool: extensions ask, by its own menus. The
one here asks as the examples of its maker do.
"""

import json

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    Agent,
    Dialog,
    asks,
    menu,
    open_case,
    own_provider,
    say,
    talks,
    version,
)
from tests.terminal.agents.composers import composes
from tests.terminal.recorder import Recorder

CLI = "pi"
DEMO_MODEL = {
    "id": "demo",
    "name": "Demo",
    "reasoning": False,
    "input": ["text"],
    "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
    "contextWindow": 128000,
    "maxTokens": 4096,
}

PROVIDER = own_provider(
    "baseUrl", "apiKey", api="openai-completions", models=[DEMO_MODEL]
)

SETTINGS = {
    "defaultProvider": "demo",
    "defaultModel": "demo",
    "enableInstallTelemetry": False,
    "quietStartup": False,
}

EXTENSION = """
const gated = ["bash", "edit", "write"];
export default function (pi) {
  pi.on("tool_call", async (event, ctx) => {
    if (!gated.includes(event.toolName)) return undefined;
    const what = event.input.command ?? event.input.path;
    const title = `Tool ${event.toolName}:\\n\\n  ${what}\\n\\nAllow?`;
    const answers = ["Yes", "Yes, for this session", "No"];
    const answer = await ctx.ui.select(title, answers);
    if (answer === undefined || answer === "No")
      return { block: true, reason: "The person said no." };
    if (answer !== "Yes") gated.splice(gated.indexOf(event.toolName), 1);
    return undefined;
  });
  pi.registerTool({
    name: "ask_user",
    label: "Ask",
    description: "Ask the person.",
    parameters: {
      type: "object",
      properties: {
        question: { type: "string" },
        choices: { type: "array", items: { type: "string" } },
      },
      required: ["question", "choices"],
    },
    async execute(id, params, ...more) {
      const ctx = more.find((each) => each?.ui);  // Its place differs by version.
      const answer = await ctx.ui.select(params.question, params.choices);
      const text = answer ?? "The person said nothing.";
      return { content: [{ type: "text", text }], details: {} };
    },
  });
  pi.registerCommand("sure", {
    description: "Confirm",
    handler: async (args, ctx) => {
      const sure = await ctx.ui.confirm("Delete the notes?", "There is no copy.");
      ctx.ui.notify(sure ? "They are deleted." : "They are kept.", "info");
    },
  });
  pi.registerCommand("called", {
    description: "Ask for a name",
    handler: async (args, ctx) => {
      const name = await ctx.ui.input("Name of the branch?", "feature");
      ctx.ui.notify(`It is ${name}.`, "info");
    },
  });
}
"""

FILES = {
    ".pi/agent/models.json": json.dumps({"providers": {"demo": PROVIDER}}),
    ".pi/agent/settings.json": json.dumps(SETTINGS),
    ".pi/agent/extensions/asks.ts": EXTENSION,
}

GATE = ["Yes", "Yes, for this session", "No"]

AGENTS[CLI] = Agent(
    ["pi"],
    "demo",
    {"PI_OFFLINE": "1", "PI_SKIP_VERSION_CHECK": "1", "PI_TELEMETRY": "0"},
    FILES,
    {},
    {
        "run": Dialog("Allow?", GATE),
        "write": Dialog("Allow?", GATE),
        "edit": Dialog("Allow?", GATE),
        "ask": Dialog(
            "Which database should the notes use?",
            ["SQLite", "PostgreSQL", "Plain files"],
            "multi_choice",
            sign="enter select",
        ),
    },
    "Working...",
)

PICKERS = {
    "/model": (None, ["demo [demo]"], 0),
    "/settings": (
        None,
        [
            "Auto-compact",
            "Auto-resize images",
            "Block images",
            "Skill commands",
            "Show hardware cursor",
            "Editor padding",
            "Autocomplete max items",
            "Clear on shrink",
            "Terminal progress",
            "Steering mode",
        ],
        0,
    ),
    "/resume": ("Resume Session (Current Folder)", ["demo hello"], 0),
    "/tree": ("Session Tree", [], None),
}


def records(cli: str) -> None:
    """The cases of one version."""
    asks(
        cli,
        "run",
        ("run", [ENTER], "Yes"),
        ("run", [DOWN, DOWN, ENTER], "No"),
        ("run", [ESC], "Esc"),
        ("run", [DOWN, ENTER], "Yes, for this session"),
    )

    asks(
        cli,
        "files",
        ("write", [ENTER], "Yes"),
        ("edit", [DOWN, DOWN, ENTER], "No"),
        ("edit", [ESC], "Esc"),
    )

    asks(
        cli,
        "ask",
        ("ask", [DOWN, ENTER], "PostgreSQL"),
        ("ask", [ESC], "Esc"),
    )

    talks(cli, [ESC])

    composes(cli)

    @open_case(cli, "menus")
    def menus(r: Recorder) -> None:
        sure = Dialog("Delete the notes?", ["Yes", "No"], "confirmation")
        say(r, "/sure")
        menu(r, sure)
        r.type(DOWN)
        menu(r, sure, 1)
        r.type(ENTER, "No")
        r.gone(sure.sign)
        r.sleep(1.5)
        r.moment("at_rest")
        say(r, "/called")
        r.wait("Name of the branch?")
        r.sleep(1)
        r.moment("dialog", "free_text", "Name of the branch?")
        r.type("notes")
        r.sleep(1)
        r.moment("dialog", "free_text", "Name of the branch?")
        r.type(ENTER)
        r.sleep(1.5)
        r.moment("at_rest")

    @open_case(cli, "pickers")
    def pickers(r: Recorder) -> None:
        say(r, "demo hello")
        r.wait("Tell me what to do.")
        r.sleep(2)
        say(r, "/new")
        r.sleep(2)
        for command, (question, options, selected) in PICKERS.items():
            say(r, command)
            r.sleep(2)
            r.moment("dialog", "multi_choice", question, options, selected)
            r.type(ESC, "Esc")
            r.sleep(2)
            r.moment("at_rest")


records(CLI)
records(version(CLI, "0.50.7"))
