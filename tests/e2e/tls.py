# SPDX-License-Identifier: GPL-2.0-only
"""Certificates for servers and clients of tests."""
import pathlib
import ssl
import subprocess


def certificate(directory, name="localhost"):
    """Paths of a new certificate, which signs itself, and of its key."""
    cert, key = pathlib.Path(directory) / f"{name}.pem", pathlib.Path(directory) / f"{name}.key"
    if not cert.exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                        "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1", "-keyout", key,
                        "-out", cert], check=True, capture_output=True)
    return cert, key


def client_context(version=None):
    """Trusts everybody. version: an ssl.TLSVersion; None: what both ends can."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
    return context
