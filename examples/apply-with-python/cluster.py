"""The few things that are asked of a cluster, through the official client."""

import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import urllib3
from kubernetes import client, config
from kubernetes.config import ConfigException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import DynamicApiError, ResourceNotFoundError
from kubernetes.dynamic.resource import Resource

from manifests import Manifest, name, namespace

T = TypeVar("T")

# Connecting, and waiting for an answer, in seconds.
REQUEST_TIMEOUT = (5, 30)

# For how long an API server may be away or overloaded before that is an error. Restarts
# of one among several, and of webhooks, take less.
PATIENCE_SECONDS = 30

TRANSIENT = {429, 502, 503, 504}

SERVICE_ACCOUNT_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class Unreachable(Exception):
    """There is no API server, or it does not let us in."""


class Refused(Exception):
    """The API server does not accept an object."""


@dataclass(frozen=True)
class HeldField:
    """A field that the manifest sets and that somebody else holds."""

    path: str
    message: str


class Conflict(Exception):
    """Others hold fields that the manifest sets."""

    def __init__(self, fields: list[HeldField]) -> None:
        super().__init__("conflict")
        self.fields = fields


class Cluster:
    """One cluster, as one field manager sees it."""

    def __init__(self, api: client.ApiClient, default_namespace: str, manager: str) -> None:
        self._default_namespace = default_namespace
        self._manager = manager
        # The client's own cache lies in a folder that all users share, and outlives the
        # cluster.
        self._cache = tempfile.TemporaryDirectory()
        cache_file = os.path.join(self._cache.name, "discovery.json")
        self._dynamic = attempt(lambda: DynamicClient(api, cache_file=cache_file))

    def read(self, manifest: Manifest) -> Manifest | None:
        """The object as it is in the cluster; None if there is none."""
        resource = self._resource(manifest)
        arguments = {"name": name(manifest), **self._place(resource, manifest)}
        try:
            return as_dict(patiently(lambda: resource.get(**arguments)))
        except DynamicApiError as error:
            if error.status == 404:
                return None
            raise Refused(summary(error)) from error

    def apply(self, manifest: Manifest, *, force: bool = False, dry_run: bool = False) -> Manifest:
        """Applies the object on the server's side, and returns what it has become."""
        resource = self._resource(manifest)
        body = manifest
        if not resource.namespaced and namespace(manifest):
            metadata = {k: v for k, v in manifest["metadata"].items() if k != "namespace"}
            body = {**manifest, "metadata": metadata}
        arguments = {
            "body": body,
            "name": name(manifest),
            "field_manager": self._manager,
            "force_conflicts": force,
            "dry_run": "All" if dry_run else None,
            **self._place(resource, manifest),
        }
        try:
            return as_dict(patiently(lambda: resource.server_side_apply(**arguments)))
        except DynamicApiError as error:
            fields = held_fields(error)
            if fields:
                raise Conflict(fields) from error
            raise Refused(summary(error)) from error

    def replica_sets(self, deployment: Manifest) -> list[Manifest]:
        return self._of(deployment, "apps/v1", "ReplicaSet")

    def pods(self, deployment: Manifest) -> list[Manifest]:
        return self._of(deployment, "v1", "Pod")

    def knows(self, manifest: Manifest) -> bool:
        """Whether the object's kind exists."""
        try:
            self._resource(manifest)
        except Refused:
            return False
        return True

    def _of(self, deployment: Manifest, api_version: str, kind: str) -> list[Manifest]:
        """What the Deployment's selector finds."""
        resource = self._resource({"apiVersion": api_version, "kind": kind})
        labels = deployment["spec"]["selector"]["matchLabels"]
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        where = deployment["metadata"]["namespace"]
        try:
            found = patiently(lambda: resource.get(namespace=where, label_selector=selector))
        except DynamicApiError as error:
            raise Refused(summary(error)) from error
        return list(as_dict(found)["items"])

    def _resource(self, manifest: Manifest) -> Resource:
        version, kind = manifest["apiVersion"], manifest["kind"]
        try:
            found: Resource = patiently(
                lambda: self._dynamic.resources.get(api_version=version, kind=kind)
            )
        except ResourceNotFoundError as error:
            raise Refused(f"the cluster knows no {kind} of {version}") from error
        return found

    def _place(self, resource: Resource, manifest: Manifest) -> dict[str, str]:
        if not resource.namespaced:
            return {}
        return {"namespace": namespace(manifest) or self._default_namespace}


def connect(context: str | None, default_namespace: str | None, manager: str) -> Cluster:
    """The cluster of $KUBECONFIG, of ~/.kube/config, or the one that this runs in."""
    configuration = client.Configuration()
    file = os.environ.get("KUBECONFIG")
    try:
        config.load_kube_config(file, context=context, client_configuration=configuration)
        current = default_namespace or context_namespace(file, context)
    except ConfigException as error:
        if file or context or not SERVICE_ACCOUNT_NAMESPACE.exists():
            raise Unreachable(str(error)) from error
        config.load_incluster_config(client_configuration=configuration)
        current = default_namespace or SERVICE_ACCOUNT_NAMESPACE.read_text().strip()
    # Trying again is done here, where it can be bounded.
    configuration.retries = False
    return Cluster(PatientClient(configuration), current, manager)


def context_namespace(file: str | None, context: str | None) -> str:
    contexts, current = config.list_kube_config_contexts(file)
    chosen = next((c for c in contexts if c["name"] == context), current)
    return str(chosen["context"].get("namespace", "default"))


class PatientClient(client.ApiClient):
    """The client, but none of its requests lasts for ever."""

    def call_api(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["_request_timeout"] = kwargs.get("_request_timeout") or REQUEST_TIMEOUT
        return super().call_api(*args, **kwargs)


def attempt(request: Callable[[], T]) -> T:
    """Asks once."""
    try:
        return request()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Unreachable(str(error)) from error
    except DynamicApiError as error:
        if error.status in TRANSIENT or error.status == 401:
            raise Unreachable(summary(error)) from error
        raise


def patiently(request: Callable[[], T]) -> T:
    """Asks again for a while if the server is away. Asking twice for the same is harmless."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return attempt(request)
        except Unreachable:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def held_fields(error: DynamicApiError) -> list[HeldField]:
    causes = (status_of(error).get("details") or {}).get("causes") or []
    return [
        HeldField(cause.get("field", ""), cause.get("message", ""))
        for cause in causes
        if cause.get("reason") == "FieldManagerConflict"
    ]


def summary(error: DynamicApiError) -> str:
    return str(status_of(error).get("message") or f"{error.status} {error.reason}")


def status_of(error: DynamicApiError) -> dict[str, Any]:
    """The Status object in the answer."""
    try:
        status = json.loads(error.body or "")
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def as_dict(instance: Any) -> Manifest:
    result: Manifest = instance.to_dict()
    return result
