"""Keys of subjects in paths: a key may have slashes, and end as a resource under it is called."""

from __future__ import annotations

from fastapi import Request


def is_part_of_key(request: Request, name: str) -> bool:
    """Whether the slash before a path's last part, `name`, came encoded, so that both belong to a key.

    The framework decodes paths before it looks for their routes.
    """
    path: bytes = request.scope.get("raw_path") or b""
    return path.lower().endswith(b"%2f" + name.encode())
