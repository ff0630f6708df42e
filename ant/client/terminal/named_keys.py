r"""The bytes that a terminal sends for a named key, such as `C-c` or `F1`.

The names are those of tmux. The sequences are those of xterm (`ctlseqs`, "PC-Style
Function Keys"), and those of the kitty keyboard protocol while a program asked for it.
"""

from typing import Any, Final

_CURSOR: Final = {
    "up": "A",
    "down": "B",
    "right": "C",
    "left": "D",
    "end": "F",
    "home": "H",
}
_TILDE: Final = {"insert": 2, "delete": 3, "pageup": 5, "pagedown": 6} | dict(
    zip((f"f{n}" for n in range(5, 13)), (15, 17, 18, 19, 20, 21, 23, 24), strict=True)
)
_FUNCTION: Final = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_PLAIN: Final = {"enter": 13, "tab": 9, "backspace": 127, "escape": 27, "space": 32}
_SAME: Final = {
    "return": "enter",
    "cr": "enter",
    "esc": "escape",
    "bspace": "backspace",
    "bs": "backspace",
    "ic": "insert",
    "ins": "insert",
    "dc": "delete",
    "del": "delete",
    "ppage": "pageup",
    "pgup": "pageup",
    "npage": "pagedown",
    "pgdn": "pagedown",
}
_MODIFIERS: Final = {"s": 1, "m": 2, "c": 4}
"""Shift, Meta (Alt) and Ctrl: the bits of xterm and kitty, less one."""

DISAMBIGUATE, ALL_KEYS = 1, 8
"""Flags of the kitty protocol: keys that a byte cannot tell apart get a sequence of
their own; all keys do."""

KNOWN: Final = (
    "Enter, Tab, Space, Backspace, Escape, Up, Down, Left, Right, Home, End, PageUp, "
    "PageDown, Insert, Delete, F1 to F12, any character, and C-, M- or S- before one"
)


def encoded(name: str, modes: dict[str, Any]) -> bytes:
    """The bytes of a key in a terminal with these modes. Raises `ValueError`.

    `modes` are those of a `screen`; what is not there counts as off.
    """
    modifiers, key = _parse(name)
    flags = int(modes.get("keyboard") or 0)
    if key in _CURSOR:
        application = modes.get("application_cursor") and not modifiers
        return _letter(_CURSOR[key], modifiers, bool(application))
    if key in _FUNCTION:
        return _letter(_FUNCTION[key], modifiers, not modifiers)
    if key in _TILDE:
        more = f";{modifiers + 1}" if modifiers else ""
        return f"\x1b[{_TILDE[key]}{more}~".encode()
    code = _PLAIN.get(key) or ord(key)
    if flags & ALL_KEYS or (flags & DISAMBIGUATE and _is_ambiguous(key, modifiers)):
        return _kitty(code, modifiers)
    return _byte(name, key, code, modifiers)


def _parse(name: str) -> tuple[int, str]:
    """The modifiers, and the key by its one name or as one character."""
    modifiers, rest = 0, name
    if len(rest) == 2 and rest[0] == "^":
        modifiers, rest = _MODIFIERS["c"], rest[1]
    while len(rest) > 2 and rest[1] == "-" and rest[0].lower() in _MODIFIERS:
        modifiers |= _MODIFIERS[rest[0].lower()]
        rest = rest[2:]
    if len(rest) == 1 and rest.isprintable():
        if modifiers & _MODIFIERS["c"]:
            rest = rest.lower()
        if modifiers & _MODIFIERS["s"]:
            modifiers, rest = modifiers & ~_MODIFIERS["s"], rest.upper()
        return modifiers, rest
    key = _SAME.get(rest.lower(), rest.lower())
    if key == "btab":
        return modifiers | _MODIFIERS["s"], "tab"
    if key in _CURSOR or key in _TILDE or key in _FUNCTION or key in _PLAIN:
        return modifiers, key
    raise ValueError(f"There is no key {name!r}. The keys are {KNOWN}.")


def _letter(letter: str, modifiers: int, is_ss3: bool) -> bytes:
    if modifiers:
        return f"\x1b[1;{modifiers + 1}{letter}".encode()
    return f"\x1b{'O' if is_ss3 else '['}{letter}".encode()


def _is_ambiguous(key: str, modifiers: int) -> bool:
    """Whether a byte of this key could mean another; Enter, Tab, Backspace alone not.

    Ctrl and Alt with a key are; Shift with a character is the character.
    """
    return key == "escape" or bool(modifiers)


def _kitty(code: int, modifiers: int) -> bytes:
    more = f";{modifiers + 1}" if modifiers else ""
    char = chr(code)
    if char.isupper():
        code, more = ord(char.lower()), f";{(modifiers | 1) + 1}"
    return f"\x1b[{code}{more}u".encode()


def _byte(name: str, key: str, code: int, modifiers: int) -> bytes:
    """What xterm sends: a control character, and Escape first for Meta."""
    data = chr(code).encode()
    if key == "tab" and modifiers & _MODIFIERS["s"]:
        data = b"\x1b[Z"
    elif modifiers & _MODIFIERS["c"]:
        if key == "space":
            data = b"\0"
        elif key == "?":
            data = b"\x7f"
        elif len(key) == 1 and "@" <= key.upper() <= "_":
            data = bytes([ord(key.upper()) & 0x1F])
        elif key not in ("enter", "escape", "backspace", "tab"):
            raise ValueError(f"No terminal can send {name!r}: {key!r} has no C-.")
    return b"\x1b" + data if modifiers & _MODIFIERS["m"] else data
