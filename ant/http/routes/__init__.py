"""Imports every route module, so that `ROUTES` is complete."""

from ant.http.routes import sessions, system, terminal

__all__ = ["sessions", "system", "terminal"]
