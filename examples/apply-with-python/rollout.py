"""What the status of a Deployment means. Nothing here speaks to a cluster."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from manifests import Manifest, group, namespace

HASH_LABEL = "pod-template-hash"
REVISION_ANNOTATION = "deployment.kubernetes.io/revision"
DEFAULT_PROGRESS_DEADLINE_SECONDS = 600

# For how long after its own deadline a Deployment may say nothing, until its controller
# counts as dead.
CONTROLLER_GRACE_SECONDS = 60

# Waiting for these is what every pod does.
HARMLESS = {"ContainerCreating", "PodInitializing"}


class Phase(Enum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Progress:
    phase: Phase
    message: str


@dataclass
class Watched:
    """A Deployment whose rollout is being watched."""

    manifest: Manifest

    # How many pods its autoscaler will ask for at least.
    floor: int = 0

    # When its last failure was written down, if that was before the last change.
    old_failure: str | None = None

    # After how many seconds in all the rollout counts as failed.
    timeout: float | None = None

    started: float | None = None
    changed: float = 0
    counts: tuple[Any, ...] = ()

    # The last line, and the troubles, that have been told.
    told: str = ""
    told_troubles: set[str] = field(default_factory=set)

    def look(self, deployment: Manifest, now: float) -> Progress:
        """How far it is, by what the cluster says at this moment (in seconds)."""
        if self.started is None:
            self.started = now
        counts = status_counts(deployment)
        if counts != self.counts:
            self.counts, self.changed = counts, now
        result = progress(deployment, self.floor, self.old_failure)
        if result.phase is not Phase.RUNNING:
            return result
        if self.timeout is not None and now - self.started >= self.timeout:
            return Progress(Phase.FAILED, f"not done after {self.timeout:g} s: {result.message}")
        silent = progress_deadline(deployment) + CONTROLLER_GRACE_SECONDS
        if now - self.changed >= silent:
            return Progress(Phase.FAILED, f"nothing changed for {silent} s: {result.message}")
        return result

    def new_troubles(self, lines: Iterable[str]) -> list[str]:
        """Those of the troubles that have not been told yet."""
        fresh = [line for line in lines if line not in self.told_troubles]
        self.told_troubles.update(fresh)
        return fresh


def progress(deployment: Manifest, floor: int = 0, old_failure: str | None = None) -> Progress:
    """How far a rollout is, by the rules of `kubectl rollout status`.

    `floor` is what the autoscaler asks for at least: a new Deployment begins with one
    pod, and is not done before the autoscaler has taken notice of it.
    """
    status = deployment.get("status", {})
    if not is_observed(deployment):
        return Progress(Phase.RUNNING, "the controller has not seen the change yet")
    failure = failed_condition(deployment)
    if failure and failure.get("lastUpdateTime") != old_failure:
        return Progress(Phase.FAILED, failure.get("message", "no progress"))

    wanted = deployment["spec"].get("replicas", 1)
    updated = status.get("updatedReplicas", 0)
    leaving = status.get("replicas", 0) - updated
    available = status.get("availableReplicas", 0)
    if wanted < floor:
        message = f"the autoscaler has not asked for {floor} pods yet, only {wanted}"
    elif updated < wanted:
        message = f"{updated} of {wanted} pods are new"
    elif leaving > 0:
        message = f"{available} pods are available, and the last old ones leave"
    elif available < updated:
        message = f"{available} of {updated} new pods are available"
    else:
        return Progress(Phase.DONE, f"{available} pods are available")
    return Progress(Phase.RUNNING, message)


def is_observed(deployment: Manifest) -> bool:
    """Whether the status is about the Deployment as it is now."""
    seen = deployment.get("status", {}).get("observedGeneration", 0)
    return bool(seen >= deployment["metadata"].get("generation", 0))


def failed_condition(deployment: Manifest) -> Manifest | None:
    """The condition by which Kubernetes says that a rollout has come to a halt."""
    condition = find_condition(deployment, "Progressing")
    failed = condition and condition.get("reason") == "ProgressDeadlineExceeded"
    return condition if failed else None


def previous_revision(deployment: Manifest, replica_sets: Iterable[Manifest]) -> Manifest | None:
    """The ReplicaSet to roll back to, if there is one: the newest before this one.

    If several releases in a row have failed, that one has failed, too. So the newest of
    those whose pods still serve comes before it.
    """
    uid = deployment["metadata"]["uid"]
    current = pod_template(deployment)
    earlier = [
        replica_set
        for replica_set in replica_sets
        if owned_by(replica_set, uid) and pod_template(replica_set) != current
    ]
    return max(earlier, key=lambda r: (serves(r), revision(r)), default=None)


def rolled_back(manifest: Manifest, replica_set: Manifest) -> Manifest:
    """The manifest with the pods of an earlier revision."""
    result = deepcopy(manifest)
    result["spec"]["template"] = pod_template(replica_set)
    return result


def pod_template(owner: Manifest) -> Manifest:
    """The pod template, without what the controller has added to it."""
    template: Manifest = without_nothing(owner["spec"]["template"])
    labels = {**template["metadata"].get("labels", {})}
    labels.pop(HASH_LABEL, None)
    return {**template, "metadata": {**template["metadata"], "labels": labels}}


def revision(replica_set: Manifest) -> int:
    annotations = replica_set["metadata"].get("annotations") or {}
    return int(annotations.get(REVISION_ANNOTATION, 0))


def images(owner: Manifest) -> str:
    """The images of the pods, as a short word for what runs in them."""
    return ", ".join(c["image"] for c in owner["spec"]["template"]["spec"]["containers"])


def autoscaler_floors(manifests: Iterable[Manifest]) -> dict[tuple[str, str], int]:
    """How many pods each Deployment's autoscaler asks for at least."""
    floors = {}
    for manifest in manifests:
        if manifest["kind"] == "HorizontalPodAutoscaler":
            target = manifest["spec"]["scaleTargetRef"]
            if target["kind"] == "Deployment":
                floor = manifest["spec"].get("minReplicas", 1)
                floors[namespace(manifest), target["name"]] = floor
    return floors


def is_deployment(manifest: Manifest) -> bool:
    return (group(manifest), manifest["kind"]) == ("apps", "Deployment")


def new_pods(
    deployment: Manifest, replica_sets: Iterable[Manifest], pods: Iterable[Manifest]
) -> list[Manifest]:
    """The pods of the version that is being rolled out."""
    current = pod_template(deployment)
    new = {r["metadata"]["uid"] for r in replica_sets if pod_template(r) == current}
    return [
        pod
        for pod in pods
        if any(owner["uid"] in new for owner in pod["metadata"].get("ownerReferences", []))
        and "deletionTimestamp" not in pod["metadata"]
    ]


def troubles(deployment: Manifest, pods: Iterable[Manifest], failed: bool) -> list[str]:
    """What keeps pods from being made or from running, each reason once."""
    if not is_observed(deployment):
        return []
    found: dict[Any, str] = {}
    refusal = find_condition(deployment, "ReplicaFailure")
    if refusal and refusal["status"] == "True":
        found["ReplicaFailure"] = f"pods are refused: {refusal.get('message', '')}"
    for pod in pods:
        for key, trouble in pod_troubles(pod, failed):
            found.setdefault(key, trouble)
    return list(found.values())


def pod_troubles(pod: Manifest, failed: bool) -> Iterable[tuple[Any, str]]:
    scheduled = find_condition(pod, "PodScheduled")
    if scheduled and scheduled["status"] == "False":
        yield "PodScheduled", f"a pod has no place to run: {scheduled.get('message', '')}"
    status = pod.get("status", {})
    for container in [
        *status.get("initContainerStatuses", []),
        *status.get("containerStatuses", []),
    ]:
        word = f"container {container['name']}"
        state = container.get("state", {})
        waiting = state.get("waiting") or {}
        reason = waiting.get("reason")
        if reason and reason not in HARMLESS:
            yield (word, reason), f"{word}: {reason}{detail(container, waiting)}"
        elif failed and "running" in state and not container.get("ready"):
            yield (word, "not ready"), f"{word} runs, but is not ready"


def detail(container: Manifest, waiting: Manifest) -> str:
    terminated = container.get("lastState", {}).get("terminated")
    if terminated:
        return f" (it ended with {terminated['exitCode']})"
    return f": {waiting['message']}" if waiting.get("message") else ""


def find_condition(owner: Manifest, kind: str) -> Manifest | None:
    conditions = owner.get("status", {}).get("conditions") or []
    return next((c for c in conditions if c["type"] == kind), None)


def status_counts(deployment: Manifest) -> tuple[Any, ...]:
    """What changes as long as somebody works on the Deployment."""
    status = deployment.get("status", {})
    keys = [
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
    ]
    return (deployment["metadata"].get("generation"), *(status.get(key, 0) for key in keys))


def progress_deadline(deployment: Manifest) -> int:
    seconds = deployment["spec"].get("progressDeadlineSeconds")
    return DEFAULT_PROGRESS_DEADLINE_SECONDS if seconds is None else int(seconds)


def owned_by(replica_set: Manifest, uid: str) -> bool:
    owners = replica_set["metadata"].get("ownerReferences", [])
    return any(owner["uid"] == uid for owner in owners)


def serves(replica_set: Manifest) -> bool:
    return bool(replica_set.get("status", {}).get("availableReplicas"))


def without_nothing(value: Any) -> Any:
    """Without fields that have no value: in an applied object they would mean "remove"."""
    if isinstance(value, dict):
        return {k: without_nothing(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [without_nothing(item) for item in value]
    return value
