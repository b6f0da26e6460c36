"""What `apply.py` decides without a cluster. What it does to one is tried on a real one."""

from pathlib import Path
from typing import Any

import pytest

from apply import Exit, main, old_failure, verb
from manifests import Manifest, ManifestError, in_order, load, title
from rollout import (
    Phase,
    Watched,
    autoscaler_floors,
    new_pods,
    pod_template,
    previous_revision,
    progress,
    rolled_back,
    troubles,
)

UNREACHABLE = """
apiVersion: v1
kind: Config
clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
users: [{name: nobody, user: {token: none}}]
current-context: nowhere
"""


def manifest(api_version: str, kind: str, name: str = "web", **fields: Any) -> Manifest:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


def deployment(image: str = "web:2", **status: Any) -> Manifest:
    """A Deployment of three pods, all of them new and available but for what is said."""
    counts = {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3, "observedGeneration": 2}
    result = manifest("apps/v1", "Deployment", status={**counts, **status})
    result["metadata"].update(generation=2, uid="d")
    result["spec"] = {"replicas": 3, "template": template(image)}
    return result


def template(image: str, **labels: str) -> Manifest:
    container = {"name": "web", "image": image}
    return {"metadata": {"labels": {"app": "web", **labels}}, "spec": {"containers": [container]}}


def replica_set(revision: int, image: str, available: int = 0, owner: str = "d") -> Manifest:
    result = manifest("apps/v1", "ReplicaSet", f"web-{revision}")
    result["metadata"]["uid"] = f"r{revision}"
    result["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": str(revision)}
    result["metadata"]["ownerReferences"] = [{"uid": owner}]
    result["spec"] = {"template": template(image, **{"pod-template-hash": f"h{revision}"})}
    result["status"] = {"availableReplicas": available} if available else {}
    return result


def timed_out(when: str) -> list[Manifest]:
    failure = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    return [{**failure, "message": "timed out", "lastUpdateTime": when}]


class TestManifests:
    def test_namespaces_come_first_and_custom_resources_last(self) -> None:
        unordered = [
            manifest("monitoring.coreos.com/v1", "ServiceMonitor"),
            manifest("gateway.networking.k8s.io/v1", "HTTPRoute"),
            manifest("autoscaling/v2", "HorizontalPodAutoscaler"),
            manifest("apps/v1", "Deployment"),
            manifest("v1", "Service"),
            manifest("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
            manifest("v1", "Namespace"),
        ]

        assert [m["kind"] for m in in_order(unordered)] == [
            "Namespace",
            "CustomResourceDefinition",
            "Service",
            "Deployment",
            "HorizontalPodAutoscaler",
            "ServiceMonitor",
            "HTTPRoute",
        ]

    def test_folders_give_all_their_yaml_files(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub/b.yml").write_text("{apiVersion: v1, kind: Secret, metadata: {name: b}}")
        (tmp_path / "a.yaml").write_text("---\n{apiVersion: v1, kind: Secret, metadata: {name: a}}")
        (tmp_path / "notes.txt").write_text("no YAML: [")

        assert [m["metadata"]["name"] for m in load([tmp_path])] == ["a", "b"]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("kind: [", "expected"),
            ("just: words", "document 1 is no Kubernetes object"),
            ("{apiVersion: v1, kind: Secret, metadata: {}}", "lacks apiVersion, kind or metadata"),
            ("", "there is no object to apply"),
            (
                "{apiVersion: v1, kind: Secret, metadata: {name: a}}\n---\n" * 2,
                "secret/a is there twice",
            ),
        ],
    )
    def test_fails_on_what_is_no_manifest(self, tmp_path: Path, text: str, message: str) -> None:
        (tmp_path / "a.yaml").write_text(text)

        with pytest.raises(ManifestError, match=message):
            load([tmp_path])

    def test_the_title_names_the_namespace(self) -> None:
        secret = manifest("v1", "Secret")
        secret["metadata"]["namespace"] = "shop"

        assert title(secret) == "secret/web (shop)"


class TestProgress:
    @pytest.mark.parametrize(
        ("status", "message"),
        [
            ({"observedGeneration": 1}, "the controller has not seen the change yet"),
            ({"updatedReplicas": 1}, "1 of 3 pods are new"),
            ({"replicas": 4}, "3 pods are available, and the last old ones leave"),
            ({"availableReplicas": 2}, "2 of 3 new pods are available"),
        ],
    )
    def test_a_rollout_runs_until_all_pods_are_new_and_available(
        self, status: dict[str, Any], message: str
    ) -> None:
        result = progress(deployment(**status))

        assert (result.phase, result.message) == (Phase.RUNNING, message)

    def test_a_rollout_is_done_when_all_pods_are_new_and_available(self) -> None:
        assert progress(deployment()).phase is Phase.DONE

    def test_a_new_deployment_is_not_done_before_its_autoscaler_has_asked_for_all(self) -> None:
        assert progress(deployment(), floor=3).phase is Phase.DONE
        assert progress(deployment(), floor=4).phase is Phase.RUNNING

    def test_a_rollout_fails_when_its_deadline_is_exceeded(self) -> None:
        result = progress(deployment(updatedReplicas=1, conditions=timed_out("12:00")))

        assert (result.phase, result.message) == (Phase.FAILED, "timed out")

    def test_a_failure_from_before_the_change_does_not_count(self) -> None:
        late = deployment(updatedReplicas=1, conditions=timed_out("12:00"))

        assert progress(late, old_failure="12:00").phase is Phase.RUNNING
        assert progress(late, old_failure="11:00").phase is Phase.FAILED

    def test_a_failure_is_from_before_only_if_something_has_changed(self) -> None:
        before = deployment(conditions=timed_out("12:00"))
        after = deployment()

        assert old_failure(before, after) is None
        after["metadata"]["generation"] += 1
        assert old_failure(before, after) == "12:00"
        assert old_failure(None, after) is None

    def test_a_rollout_fails_after_the_timeout(self) -> None:
        watched = Watched(deployment(), timeout=10)

        assert watched.look(deployment(updatedReplicas=1), 100).phase is Phase.RUNNING
        assert watched.look(deployment(updatedReplicas=2), 109).phase is Phase.RUNNING
        assert watched.look(deployment(updatedReplicas=2), 110).phase is Phase.FAILED

    def test_a_rollout_fails_when_no_controller_works_on_it(self) -> None:
        watched = Watched(deployment())
        slow = deployment(updatedReplicas=1)
        slow["spec"]["progressDeadlineSeconds"] = 30

        assert watched.look(slow, 0).phase is Phase.RUNNING
        assert watched.look(slow, 89).phase is Phase.RUNNING
        assert watched.look(slow, 90).phase is Phase.FAILED

    def test_the_autoscaler_is_found_by_what_it_scales(self) -> None:
        target = {"kind": "Deployment", "name": "web"}
        spec = {"scaleTargetRef": target, "minReplicas": 3}
        autoscaler = manifest("autoscaling/v2", "HorizontalPodAutoscaler", "any", spec=spec)

        assert autoscaler_floors([manifest("v1", "Service"), autoscaler]) == {("", "web"): 3}


class TestRollback:
    def test_it_goes_back_to_the_revision_before(self) -> None:
        sets = [replica_set(1, "web:0"), replica_set(2, "web:1"), replica_set(3, "web:2")]

        found = previous_revision(deployment("web:2"), sets)

        assert found is sets[1]

    def test_it_goes_back_to_the_last_one_before_if_the_new_one_was_never_made(self) -> None:
        sets = [replica_set(1, "web:0"), replica_set(2, "web:1")]

        assert previous_revision(deployment("web:2"), sets) is sets[1]

    def test_it_prefers_what_still_serves_to_what_has_failed_before(self) -> None:
        sets = [replica_set(1, "web:0", available=3), replica_set(2, "web:1")]

        assert previous_revision(deployment("web:2"), sets) is sets[0]

    def test_there_may_be_nothing_to_go_back_to(self) -> None:
        sets = [replica_set(1, "web:2"), replica_set(2, "web:1", owner="another")]

        assert previous_revision(deployment("web:2"), sets) is None

    def test_the_manifest_gets_the_old_pods_and_keeps_the_rest(self) -> None:
        old = replica_set(1, "web:1")
        old["spec"]["template"]["metadata"]["creationTimestamp"] = None

        result = rolled_back(deployment("web:2"), old)

        assert result == deployment("web:1")
        assert pod_template(old) == template("web:1")


class TestTroubles:
    def pod(self, replica_set_number: int = 2, **container: Any) -> Manifest:
        statuses = [{"name": "web", **container}]
        pod = manifest("v1", "Pod", status={"containerStatuses": statuses})
        pod["metadata"]["ownerReferences"] = [{"uid": f"r{replica_set_number}"}]
        return pod

    def test_each_reason_is_told_once(self) -> None:
        waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
        pods = [self.pod(state=waiting), self.pod(state=waiting)]
        watched = Watched(deployment())

        lines = troubles(deployment(), pods, failed=False)

        assert lines == ["container web: ImagePullBackOff: no such image"]
        assert watched.new_troubles(lines) == lines
        assert watched.new_troubles(lines) == []

    def test_a_crash_is_told_with_its_exit_code(self) -> None:
        crashed = self.pod(
            state={"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
            lastState={"terminated": {"exitCode": 137}},
        )

        lines = troubles(deployment(), [crashed], failed=False)

        assert lines == ["container web: CrashLoopBackOff (it ended with 137)"]

    def test_pods_that_start_are_no_trouble_until_the_rollout_has_failed(self) -> None:
        starts = self.pod(state={"running": {}}, ready=False)
        made = self.pod(state={"waiting": {"reason": "ContainerCreating"}})

        assert troubles(deployment(), [starts, made], failed=False) == []
        assert troubles(deployment(), [starts, made], failed=True) == [
            "container web runs, but is not ready"
        ]

    def test_pods_that_are_refused_or_have_no_place_are_told(self) -> None:
        refusal = {"type": "ReplicaFailure", "status": "True", "message": "quota"}
        waits = self.pod()
        waits["status"] = {
            "conditions": [{"type": "PodScheduled", "status": "False", "message": "no CPU"}]
        }

        assert troubles(deployment(conditions=[refusal]), [waits], failed=False) == [
            "pods are refused: quota",
            "a pod has no place to run: no CPU",
        ]

    def test_only_pods_of_the_new_version_count(self) -> None:
        sets = [replica_set(1, "web:1"), replica_set(2, "web:2")]
        old, new, leaving = self.pod(1), self.pod(2), self.pod(2)
        leaving["metadata"]["deletionTimestamp"] = "now"

        assert new_pods(deployment("web:2"), sets, [old, new, leaving]) == [new]


class TestCommand:
    def test_what_the_server_changes_by_itself_is_no_change(self) -> None:
        before, after = deployment(), deployment(availableReplicas=1)
        after["metadata"]["resourceVersion"] = "7"

        assert verb(before, after) == "unchanged"
        assert verb(before, deployment("web:3")) == "configured"
        assert verb(None, after) == "created"

    def test_fails_when_there_is_nothing_to_apply(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        missing = tmp_path / "dist"

        assert main([str(missing)]) == Exit.USAGE
        assert capsys.readouterr().err == f"error: {missing}: No such file or directory\n"

    @pytest.mark.parametrize("timeout", ["0", "-1", "soon"])
    def test_fails_when_the_command_line_is_wrong(self, timeout: str) -> None:
        with pytest.raises(SystemExit) as caught:
            main(["--timeout", timeout])

        assert caught.value.code == Exit.USAGE

    @pytest.mark.parametrize("kubeconfig", [None, UNREACHABLE])
    def test_fails_when_there_is_no_cluster(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        kubeconfig: str | None,
    ) -> None:
        file = tmp_path / "kubeconfig"
        if kubeconfig:
            file.write_text(kubeconfig)
        monkeypatch.setenv("KUBECONFIG", str(file))
        (tmp_path / "a.yaml").write_text("{apiVersion: v1, kind: Secret, metadata: {name: a}}")

        assert main([str(tmp_path / "a.yaml")]) == Exit.UNREACHABLE
        assert "the API server cannot be reached" in capsys.readouterr().err
