#!/usr/bin/env python3
"""Applies manifests, waits until their Deployments have rolled out, and rolls back what fails."""

import argparse
import sys
import time
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path

from cluster import Cluster, Conflict, Refused, Unreachable, connect
from manifests import Manifest, ManifestError, group, load, name, namespace, title
from rollout import (
    Phase,
    Watched,
    autoscaler_floors,
    failed_condition,
    find_condition,
    images,
    is_deployment,
    new_pods,
    previous_revision,
    revision,
    rolled_back,
    troubles,
)

POLL_SECONDS = 1.0
CRD_SECONDS = 60.0

# What the server keeps to itself: it changes without anybody changing anything.
SERVER_METADATA = {"managedFields", "resourceVersion", "generation"}


class Exit(IntEnum):
    """The exit codes."""

    OK = 0
    ROLLED_BACK = 1
    USAGE = 2
    REFUSED = 3
    CONFLICT = 4
    FAILED = 5
    UNREACHABLE = 6
    INTERRUPTED = 130


EXIT_CODES = """exit codes:
  0    all is applied and rolled out
  1    a rollout failed, and the previous version is back
  2    the command line is wrong, or a manifest cannot be read
  3    the API server refuses an object
  4    others hold fields that a manifest sets
  5    a rollout failed, and the previous version is not back
  6    the API server cannot be reached
  130  interrupted: rollouts go on, but nobody watches them
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command, and returns its exit code."""
    arguments = parse(argv)
    try:
        manifests = load(arguments.paths)
        cluster = connect(arguments.context, arguments.namespace, arguments.field_manager)
        return run(cluster, manifests, arguments)
    except ManifestError as error:
        return complain(Exit.USAGE, str(error))
    except Unreachable as error:
        return complain(Exit.UNREACHABLE, f"the API server cannot be reached: {error}")
    except KeyboardInterrupt:
        return complain(Exit.INTERRUPTED, "interrupted: rollouts go on, but nobody watches them")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="apply.py",
        description=__doc__,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option(
        "paths",
        nargs="*",
        type=Path,
        default=[Path("dist")],
        help="files, or folders of YAML files (default: dist)",
    )
    option("--context", help="a context of the kubeconfig (default: its current one)")
    option("--namespace", help="for objects that name none (default: the context's)")
    option(
        "--field-manager",
        default="apply-with-python",
        help="the name under which the fields are held (default: %(default)s)",
    )
    option("--force-conflicts", action="store_true", help="take over fields that others hold")
    option("--dry-run", action="store_true", help="let the server check all, change nothing")
    option("--no-rollback", action="store_true", help="leave a failed rollout as it is")
    option(
        "--timeout",
        type=positive,
        metavar="SECONDS",
        help="when a rollout counts as failed (default: when the Deployment has made no "
        "progress for its own progressDeadlineSeconds)",
    )
    return parser.parse_args(argv)


def positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not value > 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no number above 0")
    return value


def run(cluster: Cluster, manifests: list[Manifest], arguments: argparse.Namespace) -> Exit:
    code = check(cluster, manifests, arguments)
    if code is not Exit.OK or arguments.dry_run:
        return code

    floors = autoscaler_floors(manifests)
    watched = []
    for manifest in manifests:
        try:
            before = cluster.read(manifest)
            after = cluster.apply(manifest, force=arguments.force_conflicts)
            say(manifest, verb(before, after))
            if manifest["kind"] == "CustomResourceDefinition":
                wait_for_kind(cluster, manifest)
        except (Conflict, Refused) as error:
            return explain(manifest, error)
        if is_deployment(manifest):
            floor = floors.get((namespace(manifest), name(manifest)), 0)
            old = old_failure(before, after)
            watched.append(Watched(manifest, floor, old, arguments.timeout))

    failures = watch(cluster, watched)
    if not failures:
        return Exit.OK
    if arguments.no_rollback:
        return complain(Exit.FAILED, "the release has failed, and is left as it is")
    return roll_back(cluster, failures, arguments.timeout)


def check(cluster: Cluster, manifests: list[Manifest], arguments: argparse.Namespace) -> Exit:
    """Lets the server check all objects, so that a fault in one stops all in time.

    It cannot check what depends on an object that is not there yet: what lies in a new
    namespace, and custom resources of a new kind.
    """
    made = [m for m in manifests if m["kind"] == "Namespace" and cluster.read(m) is None]
    new_namespaces = {name(m) for m in made}
    worst = Exit.OK
    for manifest in manifests:
        if namespace(manifest) in new_namespaces or is_new_kind(cluster, manifest, manifests):
            if arguments.dry_run:
                say(manifest, "cannot be checked before its namespace and its kind exist")
            continue
        try:
            after = cluster.apply(manifest, force=arguments.force_conflicts, dry_run=True)
            if arguments.dry_run:
                say(manifest, f"would be {verb(cluster.read(manifest), after)}")
        except (Conflict, Refused) as error:
            code = explain(manifest, error)
            worst = code if worst is not Exit.REFUSED else worst
    if worst is not Exit.OK:
        print("nothing has been changed", file=sys.stderr)
    return worst


def is_new_kind(cluster: Cluster, manifest: Manifest, manifests: list[Manifest]) -> bool:
    defined = {
        (m["spec"]["group"], m["spec"]["names"]["kind"])
        for m in manifests
        if m["kind"] == "CustomResourceDefinition"
    }
    return (group(manifest), manifest["kind"]) in defined and not cluster.knows(manifest)


def wait_for_kind(cluster: Cluster, definition: Manifest) -> None:
    deadline = time.monotonic() + CRD_SECONDS
    while time.monotonic() < deadline:
        condition = find_condition(cluster.read(definition) or {}, "Established")
        if condition and condition["status"] == "True":
            return
        time.sleep(POLL_SECONDS)
    raise Refused(f"not established after {CRD_SECONDS:g} s")


def watch(cluster: Cluster, watched: list[Watched]) -> list[Watched]:
    """Waits for all rollouts, and says what changes. Returns those that failed."""
    failures = []
    running = list(watched)
    while running:
        for rollout in list(running):
            phase = look(cluster, rollout)
            if phase is not Phase.RUNNING:
                running.remove(rollout)
            if phase is Phase.FAILED:
                failures.append(rollout)
        if running:
            time.sleep(POLL_SECONDS)
    return failures


def look(cluster: Cluster, rollout: Watched) -> Phase:
    deployment = cluster.read(rollout.manifest)
    if deployment is None:
        say(rollout.manifest, "failed: somebody has deleted it")
        return Phase.FAILED
    progress = rollout.look(deployment, time.monotonic())
    if progress.phase is not Phase.DONE:
        pods = new_pods(deployment, cluster.replica_sets(deployment), cluster.pods(deployment))
        failed = progress.phase is Phase.FAILED
        for trouble in rollout.new_troubles(troubles(deployment, pods, failed)):
            say(rollout.manifest, trouble)
    if progress.message != rollout.told:
        rollout.told = progress.message
        prefix = {Phase.DONE: "rolled out: ", Phase.FAILED: "failed: "}.get(progress.phase, "")
        say(rollout.manifest, prefix + progress.message)
    return progress.phase


def roll_back(cluster: Cluster, failures: list[Watched], timeout: float | None) -> Exit:
    """Puts the pods of the previous revision back, and waits until they serve."""
    watched = []
    for failure in failures:
        manifest = failure.manifest
        deployment = cluster.read(manifest)
        if deployment is None:
            continue
        previous = previous_revision(deployment, cluster.replica_sets(deployment))
        if previous is None:
            say(manifest, "there is no earlier version to roll back to")
            continue
        say(manifest, f"rolls back to revision {revision(previous)} ({images(previous)})")
        try:
            # Applied under the same name, so that the next release meets no conflict.
            after = cluster.apply(rolled_back(manifest, previous), force=True)
        except (Conflict, Refused) as error:
            explain(manifest, error)
            continue
        watched.append(Watched(manifest, 0, old_failure(deployment, after), timeout))
    if watch(cluster, watched) or len(watched) < len(failures):
        return complain(Exit.FAILED, "the release has failed, and the previous version is not back")
    return complain(Exit.ROLLED_BACK, "the release has failed; the previous version is back")


def old_failure(before: Manifest | None, after: Manifest) -> str | None:
    """When the failure was written that a change has made obsolete."""
    condition = failed_condition(before) if before else None
    if not before or not condition:
        return None
    same = before["metadata"]["generation"] == after["metadata"]["generation"]
    return None if same else condition.get("lastUpdateTime")


def verb(before: Manifest | None, after: Manifest) -> str:
    if before is None:
        return "created"
    return "unchanged" if intent(before) == intent(after) else "configured"


def intent(manifest: Manifest) -> Manifest:
    """The object without what the cluster writes into it by itself."""
    metadata = {k: v for k, v in manifest["metadata"].items() if k not in SERVER_METADATA}
    return {**{k: v for k, v in manifest.items() if k != "status"}, "metadata": metadata}


def explain(manifest: Manifest, error: Conflict | Refused) -> Exit:
    if isinstance(error, Refused):
        return complain(Exit.REFUSED, f"{title(manifest)} is refused: {error}")
    held = "".join(f"\n  {field.path}: {field.message}" for field in error.fields)
    return complain(
        Exit.CONFLICT,
        f"{title(manifest)}: others hold fields that the manifest sets:{held}\n"
        "  leave these fields out of the manifest, or take them over with --force-conflicts",
    )


def say(manifest: Manifest, text: str) -> None:
    print(f"{title(manifest)}: {text}", flush=True)


def complain(code: Exit, text: str) -> Exit:
    print(f"error: {text}", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
