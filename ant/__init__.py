"""ANT: a single-host operator server for terminals and AI agents.

Reading order: `model` (the domain classes), `api` (requests and their limits),
`model.events` (what the server publishes), `server` (the nesting that is the shutdown
order), `terminal.session` (the nursery of one session), then `sessions`,
`store.sessions` and `http.routes.sessions`: one feature from rule to row to route.
"""

__version__ = "0.1.0"
