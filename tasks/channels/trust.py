"""Whose certificates are believed: the system's authorities and certifi's."""

from __future__ import annotations

import ssl
from functools import cache

import certifi


@cache
def trusted_authorities() -> ssl.SSLContext:
    """Give the TLS settings of all channels (a company's own authority counts when installed)."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
