"""What schemathesis is told beside the document; the tool loads this file by itself.

Ids that exist, and a check of ours: data that fits the document may be refused with 400
only in one of these sentences, each about the state of the world, not of the text.
"""

import itertools
import json
import os
import re
from typing import Any

import schemathesis

IDS: dict[str, dict[str, list[str]]] = json.loads(os.environ.get("IDS", "{}"))
"""Ids by operation and parameter (`path.session_id`); those of "" are for the rest."""

SENTENCES = [
    r"there is no (folder|program|active chat) .*",
    r"the folder .* may not be entered",
    r"expected an absolute path, got .*",
    r"expected a program, got ''",
    # After `re:`, what stands there is another language.
    r"expected a regular expression of RE2, got .*",
    # A month of 13, or a time before the first year.
    r"expected an RFC 3339 time, .* such as 5m(, or a \w+'s id)?, got .*",
    # A text that no page has named.
    r"expected the `next` of a page, got .*",
    r"reply_to must reference a message in this session",
    # Several names may stand in one text, with commas.
    r"Unknown export target\(s\): .*",
    r"expected the name of a target",
    # In the content of a driver file, which is TOML.
    r".*: (.* \(at .*\)|the key `name` is missing|.*: expected .*|.*: unknown key; .*)",
    # An event that has not happened.
    r"expected at most \d+, got \d+",
    r"expected a `next` of this session, got offset \d+ beyond \d+",
    r"(room must be a chat session|only chat sessions can be linked)",
    r"a room cannot be (linked to|a member of) itself",
    r"only a terminal or agent has a linked chat",
    r"a (chat|webhook|linked_chat) target (needs|takes no) (session_id|url)",
    r"expected either the settings or config, got both",
    # An address, which a pattern cannot tell from a name.
    r"\S+ is in a private network: .*",
    r"expected an IPv6 address in brackets",
    # In the content of an `agent_response`.
    r"expected the JSON of a response, such as .*",
    r"text must be a non-empty string",
    r"an answer of type (text|confirm|select) needs .*",
    # Of a choice that says nothing.
    r"expected type, or a choice that implies it",
    # An empty body is an input of no bytes if it comes as octets.
    r"expected exactly one of data and data_b64",
    # A list of scopes may be empty, as far as the document says.
    r"expected one of view, type, answer, post, admin at least",
    r"expected no `admin` in a token that is limited to a session, .*",
    # It may be in the query or in the body.
    r"session_id or handle required",
]
KNOWN = re.compile(f"({'|'.join(SENTENCES)}),? at \\$[^ ]*", re.DOTALL)


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Give parameters and bodies examples that exist."""
    for methods in raw_schema["paths"].values():
        for operation in methods.values():
            known = IDS.get("", {}) | IDS.get(operation["operationId"], {})
            for parameter in operation["parameters"]:
                ids = known.get(f"{parameter['in']}.{parameter['name']}", [])[:3]
                if ids:
                    parameter["examples"] = {id_: {"value": id_} for id_ in ids}
                    parameter.pop("example", None)
            named = {
                place.removeprefix("body."): ids[0]
                for place, ids in known.items()
                if place.startswith("body.")
            }
            if named:
                content = operation["requestBody"]["content"]["application/json"]
                content["example"] = content.get("example", {}) | named


numbers = itertools.count()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Give sessions names of their own: hundreds called `0` would all be a 409.

    And where it is looked for afterwards, delete for good: else it can be brought back.
    """
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    call = f"{case.method} {case.path} {case.meta.phase.name}"
    if call.startswith("POST /api/sessions "):
        case.body["name"] = f"{case.body['name'][:150]} {next(numbers)}"
    if call.startswith("POST /api/channel/register "):
        case.body["port"] = 65535  # Nobody is to be called who is not of this test.
    if call.startswith("POST /api/sessions/{session_id}/participants "):
        # Whether one of the few examples has an id that exists is a matter of luck.
        known = IDS["add_participant"]["body.session_id"]
        case.body = case.body | {"session_id": known[next(numbers) % len(known)]}
    if call == "DELETE /api/sessions/{session_id} stateful":
        case.query["hard"] = "true"


COLLECTIONS = ("/messages", "/links", "/file-refs", "/participants")


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Drop one misreading: `DELETE …/links?linkId=` is not the end of all links."""
    free = getattr(failure, "free", "")
    return not free.endswith(COLLECTIONS)


@schemathesis.check
def refusals_are_documented(ctx: Any, response: Any, case: Any) -> None:
    """What fits the document is refused for one of the reasons above, if at all."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code == 400:
        for issue in response.json()["issues"]:
            assert KNOWN.fullmatch(issue), issue
