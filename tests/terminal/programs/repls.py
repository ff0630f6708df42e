"""What waits for the next line: interpreters, debuggers, and `input` in its forms."""

from tests.terminal.programs import BASH, case, enter, wait_quiet
from tests.terminal.recorder import Recorder

PYTHON = ["python3", "--version"]
PROGRAM = """cat > program.py <<'END'
def double(number):
    return number * 2

print(double(21))
END"""


@case("python/repl", "python3", "-q", version=PYTHON)
def python_repl(r: Recorder) -> None:
    wait_quiet(r, ">>>", 1)
    r.moment("at_rest")
    r.type("6 * 7\r")
    wait_quiet(r, "42 >>>", 1)
    r.moment("at_rest")
    r.type("if True:\r")
    wait_quiet(r, "...", 1)
    r.moment("question", "free_text", "...")
    r.type("\x03")
    r.quiet(1)
    r.type("import time; time.sleep(1000)\r")
    r.quiet(1.5)
    r.moment("quiet_unknown")


@case(
    "python/repl_basic",
    *BASH,
    version=PYTHON,
    env={"PYTHON_BASIC_REPL": "1"},
)
def python_repl_basic(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("python3 -q\r")
    wait_quiet(r, ">>>", 1)
    r.moment("at_rest")
    enter(r, "name = input('Your name: ')", "Your name: ')")
    r.moment("question", "free_text", "Your name:")
    r.type("Ann\r")
    r.quiet()
    r.moment("at_rest")
    enter(r, "if name:", "...")
    r.moment("question", "free_text", "...")
    r.type("\x03")
    r.quiet()
    r.type("exit()\r")
    r.quiet()
    r.moment("at_rest")


@case("python/pdb", *BASH, version=PYTHON, setup=PROGRAM)
def pdb(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("python3 -m pdb program.py\r")
    wait_quiet(r, "(Pdb)")
    r.moment("at_rest")
    enter(r, "n", "(Pdb)")
    r.moment("at_rest")
    r.type("c\r")
    wait_quiet(r, "finished")
    r.moment("at_rest")
    r.type("q\r")
    r.quiet()
    r.moment("at_rest")


@case("python/input", *BASH, version=PYTHON)
def python_input(r: Recorder) -> None:
    wait_quiet(r, "$")
    enter(r, "python3 -c \"input('Your name: ')\"", '" Your name:')
    r.moment("question", "free_text", "Your name:")
    r.type("Ann\r")
    r.quiet()
    r.moment("at_rest")
    r.type("python3 -c 'input()'\r")
    r.quiet(1)
    r.moment("quiet_unknown")
    r.type("\r")
    r.quiet()
    r.type("python3 -c 'print(\"What is your favourite colour?\"); input()'\r")
    wait_quiet(r, "input()' What is your favourite colour?")
    r.moment("question", "free_text", "What is your favourite colour?")
    r.type("\r")
    r.quiet()
    r.moment("at_rest")


@case(
    "python/getpass",
    *BASH,
    version=PYTHON,
    setup="echo 'from getpass import getpass; print(len(getpass()))' > ask.py",
)
def python_getpass(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("python3 ask.py\r")
    wait_quiet(r, "Password:")
    r.moment("dialog", "password", "Password:")
    r.type("12345\r")
    wait_quiet(r, "5")
    r.moment("at_rest")


@case("node/repl", *BASH, version=["node", "--version"])
def node_repl(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("node\r")
    wait_quiet(r, '".help"', 1)
    r.moment("at_rest")
    r.type("6 * 7\r")
    wait_quiet(r, "42", 1)
    r.moment("at_rest")
    r.type("{\r")
    r.quiet(1)
    r.moment("question", "free_text", "...")
    r.type("}\r")
    r.quiet()
    r.type("while (true) {}\r")
    r.quiet(1)
    r.moment("quiet_unknown")


@case("sqlite/repl", *BASH, version=["sqlite3", "--version"])
def sqlite(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("sqlite3\r")
    wait_quiet(r, "sqlite>")
    r.moment("at_rest")
    enter(r, "select 1", "...>")
    r.moment("question", "free_text", "...>")
    enter(r, ";", "1 sqlite>")
    r.moment("at_rest")


@case("bc/repl", *BASH, version=["bc", "--version"])
def bc(r: Recorder) -> None:
    wait_quiet(r, "$")
    r.type("bc -q\r")
    r.quiet(1)
    r.moment("quiet_unknown")
    enter(r, "6 * 7", "42")
    r.moment("quiet_unknown")


@case(
    "python/progress",
    "python3",
    "progress.py",
    version=PYTHON,
    setup="""cat > progress.py <<'END'
import time
print("Collecting demo")
for step in range(41):
    done = "\\u2501" * step + " " * (40 - step)
    print(f"\\r   {done} {step / 4:.1f}/10.0 MB 2.5 MB/s eta 0:00:{10 - step // 4:02}",
          end="", flush=True)
    time.sleep(0.1)
print("\\nInstalling collected packages: demo", end="", flush=True)
time.sleep(1000)
END""",
)
def progress(r: Recorder) -> None:
    r.wait("4.0/10.0 MB")
    r.moment("busy")
    r.wait("8.0/10.0 MB")
    r.moment("busy")
    wait_quiet(r, "Installing", 3)
    r.moment("quiet_unknown")
