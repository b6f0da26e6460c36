"""Reads manifests, and puts them in an order in which they can be applied."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]

# What others live in, refer to, or are guarded by.
FIRST = [
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "StorageClass",
    "ResourceQuota",
    "LimitRange",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Secret",
    "ConfigMap",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "Service",
]

# What refers to workloads, or stands in the way of all that comes after it.
LAST = [
    "HorizontalPodAutoscaler",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
]

# The API groups of Kubernetes itself that have a dot in their name; those of custom
# resources may end in k8s.io as well.
BUILT_IN_GROUPS = {
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
}


class ManifestError(Exception):
    """A file cannot be read, or what it says is no Kubernetes object."""


def load(paths: Sequence[Path]) -> list[Manifest]:
    """Reads all objects of these files, and of all YAML files of these folders."""
    found: dict[tuple[str, ...], Path] = {}
    manifests = []
    for file in [file for path in paths for file in files(path)]:
        for manifest in read(file):
            key = (group(manifest), manifest["kind"], namespace(manifest), name(manifest))
            if key in found:
                other = "" if found[key] == file else f", first in {found[key]}"
                raise ManifestError(f"{file}: {title(manifest)} is there twice{other}")
            found[key] = file
            manifests.append(manifest)
    if not manifests:
        raise ManifestError("there is no object to apply")
    return in_order(manifests)


def in_order(manifests: Iterable[Manifest]) -> list[Manifest]:
    """Namespaces first, custom resources last; what is alike keeps its order."""
    return sorted(manifests, key=rank)


def rank(manifest: Manifest) -> int:
    kind = manifest["kind"]
    if is_custom(manifest):
        return len(FIRST) + 1 + len(LAST)
    if kind in FIRST:
        return FIRST.index(kind)
    if kind in LAST:
        return len(FIRST) + 1 + LAST.index(kind)
    return len(FIRST)


def is_custom(manifest: Manifest) -> bool:
    """Whether a CustomResourceDefinition makes the object's kind known."""
    return "." in group(manifest) and group(manifest) not in BUILT_IN_GROUPS


def group(manifest: Manifest) -> str:
    """The API group; empty for the core."""
    return str(manifest["apiVersion"]).rpartition("/")[0]


def name(manifest: Manifest) -> str:
    return str(manifest["metadata"]["name"])


def namespace(manifest: Manifest) -> str:
    """The namespace that the manifest itself names; empty if it names none."""
    return str(manifest["metadata"].get("namespace", ""))


def title(manifest: Manifest) -> str:
    """How the object is called in messages: `deployment/web (shop)`."""
    where = f" ({namespace(manifest)})" if namespace(manifest) else ""
    return f"{manifest['kind'].lower()}/{name(manifest)}{where}"


def files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml"))
    return [path]


def read(path: Path) -> list[Manifest]:
    try:
        documents = list(yaml.safe_load_all(path.read_text()))
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ManifestError(f"{path}: {error}") from error
    manifests = [document for document in documents if document is not None]
    for number, manifest in enumerate(manifests, 1):
        if not is_object(manifest):
            raise ManifestError(
                f"{path}: document {number} is no Kubernetes object: "
                "it lacks apiVersion, kind or metadata.name"
            )
    return manifests


def is_object(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    metadata = document.get("metadata")
    named = isinstance(metadata, dict) and bool(metadata.get("name"))
    return bool(named and document.get("apiVersion") and document.get("kind"))
