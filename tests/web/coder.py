"""A real agent CLI in a terminal, whose permissions are answered on the page.

What an answer did is in the files of the agent's project, in what its model was told,
and in the log of every byte that ANT typed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from tests.live.agents import DONE, Desk, Model, claude, model
from tests.web.scene import Scene, card, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Request

NAME = "coder"
PATIENCE_S = 90.0
"""An agent starts in two seconds, on a machine that does nothing else."""

PATIENCE_MS = PATIENCE_S * 1000

_STILL = """
async (name) => {
  const src = document.querySelector("script[type=module]").src;
  const { cards, isStill } = await import(new URL("cards.js", src));
  const found = document.querySelector(`article.card[aria-label="${name} waits"]`);
  const one = cards.value.find((each) => each.id === found?.dataset.item);
  return Boolean(one && one.rows.length && isStill(one));
}
"""
"""Whether the card of a terminal takes a press, and has all that it will show."""


_HUSH = """
(async () => {
  const src = document.querySelector("script[type=module]").src;
  (await import(new URL("live.js", src))).announce("");
})()
"""
"""Forget what was said last."""


def claude_tapped(folder: Path, model_url: str) -> Desk:
    """Claude Code, with a log of all that ANT types."""
    return claude(folder, model_url, tapped=True)


@attrs.define(eq=False)
class Coder:
    """An agent in a terminal of a scene, and the model that directs it."""

    scene: Scene
    id: str
    desk: Desk
    model: Model

    def asks(self, page: "Page", command: str) -> "Locator":
        """Wait until its card has this command by its hook; the card."""
        from playwright.sync_api import expect

        found = card(page, NAME)
        exact = found.get_by_label("command", exact=True)
        expect(exact).to_have_text(command, timeout=PATIENCE_MS)
        return self.still(page)

    def still(self, page: "Page") -> "Locator":
        """Wait until its card takes a press; the card."""
        page.wait_for_function(_STILL, arg=NAME, timeout=PATIENCE_MS)
        return card(page, NAME)

    def shown(self, *texts: str) -> None:
        """Wait until its screen has these."""
        path = f"/api/sessions/{self.id}/terminal/screen"

        def found() -> bool:
            rows = "\n".join(self.scene.call("GET", path)["lines"])
            return all(each in rows for each in texts)

        until(found, PATIENCE_S)

    def done(self) -> None:
        """Wait until the model has said its last word."""
        self.shown(DONE)

    def answers(self, count: int = 0) -> list[Any]:
        """Wait until so many answers are recorded; all of them.

        ANT records an answer once the agent has taken it.
        """
        path = f"/api/sessions/{self.id}/run-events"

        def found() -> list[Any] | None:
            page = self.scene.call("GET", path, kind="approval_decision", limit=1000)
            return page["events"] if len(page["events"]) >= count else None

        events = [*(until(found, PATIENCE_S) if count else found() or ())]
        return [each["payload"] for each in events]


@contextmanager
def coder(
    scene: Scene,
    *commands: str,
    make: Callable[[Path, str], Desk] = claude_tapped,
    **fields: Any,
) -> Iterator[Coder]:
    """An agent that is about to ask for these commands, for the length of a block."""
    with model(*commands) as found:
        desk = make(scene.folder / "desk", found.url)
        row = scene.server.create(NAME, type="agent", **desk.fields, **fields)
        try:
            yield Coder(scene, row["id"], desk, found)
        finally:
            # It ends before its model does, which it would call again and again.
            scene.clear()


def pumped(page: "Page", look: Callable[[], Any]) -> Any:
    """As `until`, for what the events of a page change: it lets them come."""
    return until(lambda: (page.evaluate("0"), look())[1], PATIENCE_S)


@contextmanager
def answers_sent(page: "Page") -> Iterator[list["Request"]]:
    """A list to which each answer is added that the page sends in the block."""
    sent: list[Request] = []

    def look(request: "Request") -> None:
        if request.url.endswith("/prompt-bridge/respond"):
            sent.append(request)

    page.on("request", look)
    try:
        yield sent
    finally:
        page.remove_listener("request", look)


def press(button: "Locator") -> "Request":
    """Press a button until it is pressed; what the page sent.

    A card that has just changed takes no press, and says so: then press again.
    """
    page = button.page
    with answers_sent(page) as sent:
        said = page.get_by_text("The card has just changed.")
        while not sent:
            page.evaluate(_HUSH)
            button.click()
            pumped(page, lambda: sent or said.count())
    return sent[0]
