"""`ant evidence`."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from ant.cli.main import main
from ant.export import export
from ant.export.export import Folders
from ant.model.run_events import RunEventDraft, Source, Trust
from ant.run_events.log import record
from ant.store import Store
from ant.store.run_events import redact_run_events
from tests.history.test_history import create


def run(*argv: str) -> Result:
    return CliRunner().invoke(main, argv)


def test_evidence_is_checked_without_a_server(store: Store, tmp_path: Path) -> None:
    """Prints what was checked; exits with 1 on a fault, and with 2 for no bundle."""
    row = create(store)
    for text in ("one", "two"):
        fact = RunEventDraft(Source.JSON, Trust.HIGH, "message", text)
        store.transact(record, row.id, fact)
    done = store.read(export.export, row.id, ("json",), Folders(tmp_path))["json"]
    file = Path(str(done.path))
    result = run("evidence", "verify", str(file))
    made = json.loads(file.read_text())
    head = made["chain"]["head"]
    first, second, third, *parts = result.output.splitlines()
    assert 0 == result.exit_code
    assert (
        f"2 events checked, head {head}; 0 outputs compared, 0 not in the bundle."
    ) == first
    assert "Nothing was changed in what the check covers." == second
    assert "Not covered, so a change there is not found:" == third
    assert "- $.transcript: the bundle has no bytes." in parts
    assert all(len(line) <= 78 for line in (second, third, *parts))
    assert 0 == run("evidence", "verify", str(file), "--head", head).exit_code
    result = run("evidence", "verify", str(file), "--head", "0" * 64)
    assert (1, True) == (
        result.exit_code,
        "No event has the given hash" in result.output,
    )
    empty = {"kind": "tombstone", "text": "", "payload": {}}
    redacted = {**made, "run_events": [made["run_events"][0] | empty]}
    redacted["run_events"].append(made["run_events"][1])
    file.write_text(json.dumps(redacted))
    result = run("evidence", "verify", str(file))
    assert (0, True) == (
        result.exit_code,
        "Events without content: 1." in result.output,
    )
    made["run_events"][1]["text"] = "2"
    file.write_text(json.dumps(made))
    result = run("evidence", "verify", str(file))
    assert (1, "Event 2 was changed.") == (
        *(result.exit_code, result.output.splitlines()[1]),
    )
    store.transact(lambda unit: redact_run_events(row.id, 1, 1))
    done = store.read(export.export, row.id, ("json",), Folders(tmp_path))["json"]
    result = run("evidence", "verify", str(done.path))
    assert 0 == result.exit_code
    assert "Events without content: 1." in result.output
    file.write_text("{}")
    result = run("evidence", "verify", str(file))
    assert (
        2,
        "ant: expected format ant-evidence, an evidence bundle, at $.format\n",
    ) == (*(result.exit_code, result.output),)
    assert 2 == run("evidence", "verify", str(tmp_path / "none")).exit_code
