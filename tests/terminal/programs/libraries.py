"""Prompt libraries: Node's inquirer, prompts, enquirer; Python's by a dozen names."""

from collections.abc import Callable

from tests.terminal.cases import Script
from tests.terminal.programs import BASH, case, wait_quiet
from tests.terminal.recorder import Recorder

DOWN, RIGHT = "\x1b[B", "\x1b[C"
LINK = "ln -s /tmp/demo-node/node_modules node_modules\n"
FRUITS = ["Apple", "Banana", "Cherry"]


def _node(name: str, code: str, package: str) -> Callable[[Script], Script]:
    version = f"require('/tmp/demo-node/node_modules/{package}/package.json').version"
    return case(
        name,
        "node",
        "ask.mjs",
        setup=f"{LINK}cat > ask.mjs <<'END'\n{code}\nEND",
        version=["node", "-p", f"'{package} ' + {version}"],
    )


def _python(name: str, code: str, package: str) -> Callable[[Script], Script]:
    python = "/tmp/demo-venv/bin/python"
    look_up = "from importlib.metadata import version as v"
    return case(
        name,
        python,
        "ask.py",
        shown=["python", "ask.py"],
        setup=f"cat > ask.py <<'END'\n{code}\nEND",
        version=[python, "-c", f"{look_up}; print('{package}', v('{package}'))"],
    )


INQUIRER = """import { select, checkbox, confirm, password, input, rawlist, expand }
  from '@inquirer/prompts';
const choices = ['Apple', 'Banana', 'Cherry'].map(name => ({ name, value: name }));
"""


@_node(
    "inquirer/select",
    INQUIRER
    + "await select({ message: 'Which fruit?', choices });"
    + "await confirm({ message: 'Really?' });"
    + "console.log('Working'); setTimeout(() => {}, 1e6);",
    "@inquirer/prompts",
)
def inquirer_select(r: Recorder) -> None:
    wait_quiet(r, "Which fruit?")
    r.moment("dialog", "multi_choice", "Which fruit?", FRUITS, 0)
    r.type(DOWN)
    r.quiet()
    r.moment("dialog", "multi_choice", "Which fruit?", FRUITS, 1)
    r.type("\r", "Banana")
    wait_quiet(r, "Really?")
    r.moment("dialog", "confirmation", "Really?", ["Y", "n"], 0)
    r.type("n\r", "n")
    wait_quiet(r, "Working", 1)
    r.moment("quiet_unknown")


@_node(
    "inquirer/checkbox",
    INQUIRER + "await checkbox({ message: 'Which fruits?', choices });",
    "@inquirer/prompts",
)
def inquirer_checkbox(r: Recorder) -> None:
    wait_quiet(r, "Which fruits?")
    checked = [False, False, False]
    r.moment("dialog", "multi_choice", "Which fruits?", FRUITS, 0, True, checked)
    r.type(" ")
    r.quiet()
    r.type(DOWN)
    r.quiet()
    checked = [True, False, False]
    r.moment("dialog", "multi_choice", "Which fruits?", FRUITS, 1, True, checked)


@_node(
    "inquirer/password_input",
    INQUIRER
    + "await input({ message: 'Your name?', default: 'Ann' });"
    + "await password({ message: 'Your token?', mask: '*' });"
    + "await password({ message: 'Your other token?' });",
    "@inquirer/prompts",
)
def inquirer_password(r: Recorder) -> None:
    wait_quiet(r, "Your name?")
    r.moment("question", "free_text", "Your name?")
    r.type("\r")
    wait_quiet(r, "Your token?")
    r.moment("dialog", "password", "Your token?")
    r.type("123")
    wait_quiet(r, "***")
    r.moment("dialog", "password", "Your token?")
    r.type("\r")
    wait_quiet(r, "Your other token?")
    r.moment("dialog", "password", "Your other token?")


@_node(
    "inquirer/rawlist_expand",
    INQUIRER
    + "await rawlist({ message: 'Which fruit?', choices });"
    + "await expand({ message: 'Conflict on a.txt', choices: ["
    + "{ key: 'y', name: 'Overwrite', value: 1 }, { key: 'a', name: 'All', value: 2 },"
    + "{ key: 'x', name: 'Abort', value: 3 } ]});",
    "@inquirer/prompts",
)
def inquirer_rawlist(r: Recorder) -> None:
    wait_quiet(r, "Which fruit?")
    r.moment("dialog", "multi_choice", "Which fruit?", FRUITS)
    r.type("2")
    r.quiet()
    r.moment("dialog", "multi_choice", "Which fruit?", FRUITS, 1)
    r.type("\r", "Banana")
    wait_quiet(r, "Conflict on a.txt")
    r.moment("dialog", "multi_choice", "Conflict on a.txt", ["y", "a", "x", "H"])
    r.type("h\r")
    r.quiet()
    options = ["Overwrite", "All", "Abort"]
    r.moment("dialog", "multi_choice", "Conflict on a.txt", options)


PROMPTS = "import prompts from 'prompts';\n"


@_node(
    "prompts/select",
    PROMPTS
    + "await prompts([{ type: 'select', name: 'a', message: 'Pick a colour', choices: ["
    + "{ title: 'Red', description: 'Like fire' }, { title: 'Green' },"
    + "{ title: 'Blue', disabled: true }] },"
    + "{ type: 'toggle', name: 'b', message: 'Use TypeScript?', active: 'Yes', "
    + "inactive: 'No' }, { type: 'confirm', name: 'c', message: 'Continue?', "
    + "initial: true }, { type: 'text', name: 'd', message: 'Project name?' }]);",
    "prompts",
)
def prompts_select(r: Recorder) -> None:
    wait_quiet(r, "Pick a colour")
    r.moment("dialog", "multi_choice", "Pick a colour", ["Red", "Green", "Blue"], 0)
    r.type(DOWN)
    r.quiet()
    r.moment("dialog", "multi_choice", "Pick a colour", ["Red", "Green", "Blue"], 1)
    r.type("\r", "Green")
    wait_quiet(r, "Use TypeScript?")
    r.moment("dialog", "confirmation", "Use TypeScript?", ["No", "Yes"], 0)
    r.type(RIGHT)
    r.quiet()
    r.moment("dialog", "confirmation", "Use TypeScript?", ["No", "Yes"], 1)
    r.type("\r", "Yes")
    wait_quiet(r, "Continue?")
    r.moment("dialog", "confirmation", "Continue?", ["Y", "n"], 0)
    r.type("\r", "Y")
    wait_quiet(r, "Project name?")
    r.moment("question", "free_text", "Project name?")


@_node(
    "prompts/multiselect",
    PROMPTS
    + "await prompts({ type: 'multiselect', name: 'a', message: 'Pick colours', "
    + "choices: [{ title: 'Red' }, { title: 'Green', selected: true }, "
    + "{ title: 'Blue' }] });",
    "prompts",
)
def prompts_multiselect(r: Recorder) -> None:
    wait_quiet(r, "Pick colours")
    options, checked = ["Red", "Green", "Blue"], [False, True, False]
    r.moment("dialog", "multi_choice", "Pick colours", options, 0, True, checked)


CLACK = """import * as p from '@clack/prompts';
const options = [{ value: 1, label: 'Apple', hint: 'red' },
  { value: 2, label: 'Banana' }, { value: 3, label: 'Cherry', hint: 'small' }];
"""


@_node(
    "clack/prompts",
    CLACK
    + "await p.select({ message: 'Which fruit?', options });"
    + "await p.multiselect({ message: 'Which fruits?', options });"
    + "await p.confirm({ message: 'Really?' });"
    + "console.log('Working'); setTimeout(() => {}, 1e6);",
    "@clack/prompts",
)
def clack(r: Recorder) -> None:
    wait_quiet(r, "Which fruit?")
    r.moment("dialog", "multi_choice", "Which fruit?", FRUITS, 0)
    r.type(DOWN)
    r.quiet()
    r.moment("dialog", "multi_choice", "Which fruit?", FRUITS, 1)
    r.type("\r", "Banana")
    wait_quiet(r, "Which fruits?")
    checked = [False, False, False]
    r.moment("dialog", "multi_choice", "Which fruits?", FRUITS, 0, True, checked)
    r.type(" ")
    r.quiet()
    r.type(DOWN)
    r.quiet()
    checked = [True, False, False]
    r.moment("dialog", "multi_choice", "Which fruits?", FRUITS, 1, True, checked)
    r.type("\r")
    wait_quiet(r, "Really?")
    r.moment("dialog", "confirmation", "Really?", ["Yes", "No"], 0)
    r.type(RIGHT)
    r.quiet()
    r.moment("dialog", "confirmation", "Really?", ["Yes", "No"], 1)
    r.type("\r", "No")
    wait_quiet(r, "Working", 1)
    r.moment("quiet_unknown")


ENQUIRER = "import enquirer from 'enquirer';\n"


@_node(
    "enquirer/select",
    ENQUIRER
    + "await enquirer.prompt([{ type: 'select', name: 'a', message: 'Which fruit?',"
    + "choices: ['Apple', 'Banana', 'Cherry'] }, { type: 'multiselect', name: 'b',"
    + "message: 'Which fruits?', choices: ['Apple', 'Banana', 'Cherry'] },"
    + "{ type: 'confirm', name: 'c', message: 'Sure?' }, { type: 'password', "
    + "name: 'd', message: 'Your token?' }]);",
    "enquirer",
)
def enquirer_select(r: Recorder) -> None:
    wait_quiet(r, "Which fruit?")
    r.moment("dialog", "multi_choice", "Which fruit?", FRUITS, 0)
    r.type(DOWN)
    r.quiet()
    r.moment("dialog", "multi_choice", "Which fruit?", FRUITS, 1)
    r.type("\r", "Banana")
    wait_quiet(r, "Which fruits?")
    r.type(" ")
    r.quiet()
    checked = [True, False, False]
    r.moment("dialog", "multi_choice", "Which fruits?", FRUITS, 0, True, checked)
    r.type("\r")
    wait_quiet(r, "Sure?")
    r.moment("dialog", "confirmation", "Sure?", ["y", "N"], 1)
    r.type("y", "y")
    wait_quiet(r, "Your token?")
    r.moment("dialog", "password", "Your token?")


@_python(
    "questionary/select",
    "import questionary as q\n"
    "q.select('Which fruit?', ['Apple', 'Banana', 'Cherry']).ask()\n"
    "q.checkbox('Which fruits?', ['Apple', 'Banana', 'Cherry']).ask()\n"
    "q.confirm('Really?', default=False).ask()\n"
    "q.password('Your token?').ask()\n"
    "q.text('Your name?').ask()\n"
    "q.press_any_key_to_continue().ask()\n",
    "questionary",
)
def questionary(r: Recorder) -> None:
    wait_quiet(r, "Which fruit?", 1)
    r.moment("dialog", "multi_choice", "Which fruit?", FRUITS, 0)
    r.type(DOWN)
    r.quiet()
    r.moment("dialog", "multi_choice", "Which fruit?", FRUITS, 1)
    r.type("\r", "Banana")
    wait_quiet(r, "Which fruits?", 1)
    r.type(DOWN)
    r.quiet()
    r.type(" ")
    r.quiet()
    checked = [False, True, False]
    r.moment("dialog", "multi_choice", "Which fruits?", FRUITS, 1, True, checked)
    r.type("\r")
    wait_quiet(r, "Really?", 1)
    r.moment("dialog", "confirmation", "Really?", ["y", "N"], 1)
    r.type("n", "N")
    wait_quiet(r, "Your token?", 1)
    r.moment("dialog", "password", "Your token?")
    r.type("abc\r")
    wait_quiet(r, "Your name?", 1)
    r.moment("question", "free_text", "Your name?")
    r.type("Ann\r")
    wait_quiet(r, "any key", 1)
    r.moment("dialog", "press_key", "Press any key to continue...")


@_python(
    "inquirerpy/select",
    "from InquirerPy import inquirer as i\n"
    "i.select('Which fruit?', ['Apple', 'Banana', 'Cherry']).execute()\n"
    "i.fuzzy('Find a fruit', ['Apple', 'Banana', 'Cherry']).execute()\n"
    "i.checkbox('Which fruits?', ['Apple', 'Banana', 'Cherry']).execute()\n"
    "i.confirm('Really?', default=True).execute()\n"
    "i.secret('Your token?').execute()\n",
    "inquirerpy",
)
def inquirerpy(r: Recorder) -> None:
    wait_quiet(r, "Which fruit?", 1)
    r.moment("dialog", "multi_choice", "Which fruit?", FRUITS, 0)
    r.type("\r", "Apple")
    wait_quiet(r, "Find a fruit", 1)
    r.moment("dialog", "multi_choice", "Find a fruit", FRUITS, 0)
    r.type("che")
    r.quiet(1)
    r.moment("dialog", "multi_choice", "Find a fruit", ["Cherry"], 0)
    r.type("\r", "Cherry")
    wait_quiet(r, "Which fruits?", 1)
    r.type(" ")
    r.quiet()
    checked = [True, False, False]
    r.moment("dialog", "multi_choice", "Which fruits?", FRUITS, 0, True, checked)
    r.type("\r")
    wait_quiet(r, "Really?", 1)
    r.moment("dialog", "confirmation", "Really?", ["Y", "n"], 0)
    r.type("y", "Y")
    wait_quiet(r, "Your token?", 1)
    r.moment("dialog", "password", "Your token?")


@_python(
    "click/prompts",
    "import click\n"
    "click.confirm('Do you want to continue?')\n"
    "click.prompt('Port', default=8080)\n"
    "click.prompt('Colour', type=click.Choice(['red', 'green']))\n"
    "click.prompt('Password', hide_input=True, confirmation_prompt=True)\n"
    "click.pause()\n",
    "click",
)
def click(r: Recorder) -> None:
    wait_quiet(r, "continue?")
    r.moment("dialog", "confirmation", "Do you want to continue?", ["y", "N"], 1)
    r.type("maybe\r")
    wait_quiet(r, "invalid input Do you want")
    r.moment("dialog", "confirmation", "Do you want to continue?", ["y", "N"], 1)
    r.type("y\r", "y")
    wait_quiet(r, "Port")
    r.moment("question", "free_text", "Port")
    r.type("\r")
    wait_quiet(r, "Colour")
    r.moment("dialog", "multi_choice", "Colour", ["red", "green"])
    r.type("red\r", "red")
    wait_quiet(r, "Password:")
    r.moment("dialog", "password", "Password:")
    r.type("a\r")
    wait_quiet(r, "Repeat for confirmation:")
    r.moment("dialog", "password", "Repeat for confirmation:")
    r.type("a\r")
    wait_quiet(r, "any key")
    r.moment("dialog", "press_key", "Press any key to continue...")


@_python(
    "rich/prompts",
    "from rich.prompt import Confirm, Prompt, IntPrompt\n"
    "from rich.console import Console\n"
    "import time\n"
    "Prompt.ask('Name of the project', default='demo')\n"
    "Prompt.ask('Which database', choices=['sqlite', 'postgres'], default='sqlite')\n"
    "Confirm.ask('Overwrite the file?')\n"
    "with Console().status('Building wheels'): time.sleep(5)\n",
    "rich",
)
def rich(r: Recorder) -> None:
    wait_quiet(r, "project")
    r.moment("question", "free_text", "Name of the project")
    r.type("\r")
    wait_quiet(r, "database")
    options = ["sqlite", "postgres"]
    r.moment("dialog", "multi_choice", "Which database", options, 0)
    r.type("mysql\r")
    wait_quiet(r, "select one of the available")
    r.moment("dialog", "multi_choice", "Which database", options, 0)
    r.type("\r", "sqlite")
    wait_quiet(r, "file?")
    r.moment("dialog", "confirmation", "Overwrite the file?", ["y", "n"])
    r.type("y\r", "y")
    r.wait("Building wheels")
    r.sleep(1)
    r.moment("busy")
    r.sleep(1)
    r.moment("busy")


@case(
    "inquirer/cancelled",
    *BASH,
    version=["node", "--version"],
    setup=f"{LINK}cat > ask.mjs <<'END'\n{INQUIRER}"
    "await select({ message: 'Which fruit?', choices });\nEND",
)
def inquirer_cancelled(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("node ask.mjs 2>/dev/null\r")
    wait_quiet(r, "Cherry")
    r.moment("dialog", "multi_choice", "Which fruit?", FRUITS, 0)
    r.type("\x03")
    r.quiet(1)
    r.moment("at_rest")
