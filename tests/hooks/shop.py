"""A route of an installation's own, as its pages show it, and as it was before it was mended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import SecretStr

SECRET = "the-shop-and-we-know-it"
SHOP = """
route: shop
title: Orders that went wrong
source: /shop
signed: {by: bearer}
id: =body.delivery
time: =body.at
cases:
  - {case: nothing wrong, when: body.kind == 'fine', ignore: Nothing is to be done.}
  - case: broken
    when: body.kind == 'broken'
    events:
      - type: customer.known
        subject: ='customer:shop-' + body.who
        data: {email: =body.?email}
      - type: case.open
        subject: ='case:shop-' + string(body.order)
        parent: ='customer:shop-' + body.who
        data: {customer: {key: ='customer:shop-' + body.who}, words: =body.words, channel: web}
"""
MENDED = SHOP.replace("body.kind == 'broken'", "body.kind in ['broken', 'late']")


def shop_settings(directory: Path, text: str = SHOP, **more: Any) -> dict[str, Any]:
    """The settings of an installation with this route alone."""
    routes = directory / "routes"
    routes.mkdir(exist_ok=True)
    (routes / "shop.yaml").write_text(text, encoding="utf-8")
    return {"routes": routes, "route_secrets": SecretStr(json.dumps({"shop": SECRET})), **more}


def delivery(number: int, kind: str = "broken", **more: Any) -> dict[str, Any]:
    """What the shop posts."""
    return {
        "delivery": f"d-{number}",
        "kind": kind,
        "at": "2026-07-01T11:59:00Z",
        "who": "ines",
        "order": number,
        "words": "The lid does not close.",
        **more,
    }
