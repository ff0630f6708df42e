"""Certificates for tests, made by the openssl command."""

import shutil
import subprocess
from pathlib import Path

import pytest


def make(folder: Path, *names: str, passphrase: str | None = None) -> tuple[Path, Path]:
    """A certificate for these names, such as `IP:127.0.0.1`, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder.mkdir(exist_ok=True)
    cert, key = folder / "cert.pem", folder / "key.pem"
    names = names or ("IP:127.0.0.1", "DNS:localhost")
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-days", "3650"]
    words += ["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=ant.test"]
    words += ["-addext", f"subjectAltName={','.join(names)}"]
    words += ["-keyout", str(key), "-out", str(cert)]
    words += ["-passout", f"pass:{passphrase}"] if passphrase else ["-nodes"]
    subprocess.run(words, check=True, capture_output=True)
    return cert, key
