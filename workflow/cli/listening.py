"""The socket that an API listens on."""

from __future__ import annotations

import socket

from workflow.errors import SettingsError


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket at this address, on which nobody listens yet. Raises SettingsError when it cannot be had."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise SettingsError(f"MAKEGOOD_API_PORT: cannot listen on {host}:{port}: {error.strerror}") from error
    return bound
