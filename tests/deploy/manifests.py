"""The manifests of `deploy/kubernetes` as they would be sent, and what their schemas say of them."""

from __future__ import annotations

import subprocess
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
VERSIONS = ("1.30", "1.37")
"""Of Kubernetes: the oldest and the newest for which the manifests are meant."""


def rendered(kubectl: str) -> list[dict[str, Any]]:
    """All documents, by kubectl's own kustomize."""
    done = subprocess.run([kubectl, "kustomize", FOLDER], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def fault(document: Mapping[str, Any], version: str) -> str | None:
    """What Kubernetes' own schema (strict: no unknown field) has against a document; None: nothing."""
    try:
        kubernetes_validate.validate(dict(document), version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{'.'.join(str(part) for part in error.absolute_path)}: {error.message}"
    return None


def fault_of_keda(document: Mapping[str, Any]) -> str | None:
    """The same of a resource of KEDA, by models made of its definitions; unknown fields are faults, too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cloudcoil.models.keda import v1alpha1
    from pydantic import ValidationError

    try:
        model = getattr(v1alpha1, document["kind"]).model_validate(document)
    except ValidationError as error:
        return str(error)
    read = model.model_dump(by_alias=True, exclude_unset=True, mode="json")
    return _left_out(document, read, "")


def _left_out(said: Any, read: Any, place: str) -> str | None:
    """The first field that was said and not read."""
    if isinstance(said, Mapping):
        for name, value in said.items():
            if not isinstance(read, Mapping) or name not in read:
                return f"{place}.{name}: unknown"
            if (found := _left_out(value, read[name], f"{place}.{name}")) is not None:
                return found
    elif isinstance(said, list):
        for number, value in enumerate(said):
            if (found := _left_out(value, read[number], f"{place}[{number}]")) is not None:
                return found
    return None
