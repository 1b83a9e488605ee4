"""Certificates of our own for servers on loopback, made on the spot."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """Signs certificates; skips the test where there is no openssl."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("openssl is not here")
        self._folder = folder
        self._run(
            "req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Tests"
        )

    def _run(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._folder, check=True, capture_output=True)  # noqa: S603, S607

    def server(self, name: str = "IP:127.0.0.1", days: int = 1) -> ssl.SSLContext:
        """A server's context with a certificate for ``name``; ``days`` -1 = it ran out yesterday."""
        (self._folder / "names.txt").write_text(f"subjectAltName={name}\n")
        self._run("req", *KEY, "-keyout", "one.key", "-out", "one.csr", "-subj", "/CN=server")
        signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names.txt")
        self._run("x509", "-req", "-in", "one.csr", *signing, "-out", "one.pem", "-days", str(days))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / "one.pem", self._folder / "one.key")
        return context

    def trusted(self) -> ssl.SSLContext:
        """A client's context that trusts this authority alone."""
        return ssl.create_default_context(cafile=str(self._folder / "ca.pem"))
