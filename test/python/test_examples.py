"""The Python examples, through `cdk8s synth` in their own folders."""

import runpy
from pathlib import Path

from synthesis import EXAMPLES, cdk8s_synth


def test_flask_is_reached_through_a_load_balancer_on_port_80(tmp_path: Path) -> None:
    output = cdk8s_synth("flask", tmp_path)

    spec = output.one("Service")["spec"]
    assert spec["type"] == "LoadBalancer"
    assert [(p["port"], p["targetPort"]) for p in spec["ports"]] == [(80, "http")]
    assert output.findings == []


def test_flask_has_the_time_to_finish_that_kubernetes_grants(tmp_path: Path) -> None:
    pod = cdk8s_synth("flask", tmp_path).one("Deployment")["spec"]["template"]["spec"]
    server = runpy.run_path(str(EXAMPLES / "flask/gunicorn.conf.py"))
    [container] = pod["containers"]

    drain = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert drain + server["graceful_timeout"] < pod["terminationGracePeriodSeconds"]


def test_flask_runs_as_the_user_and_on_the_port_of_its_image(tmp_path: Path) -> None:
    pod = cdk8s_synth("flask", tmp_path).one("Deployment")["spec"]["template"]["spec"]
    image = (EXAMPLES / "flask/Dockerfile").read_text().splitlines()
    user, group = pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]
    port = pod["containers"][0]["ports"][0]["containerPort"]

    assert f"USER {user}:{group}" in image
    assert f"EXPOSE {port}" in image
    server = runpy.run_path(str(EXAMPLES / "flask/gunicorn.conf.py"))
    assert server["bind"] == f"0.0.0.0:{port}"


def test_what_is_applied_lives_in_a_namespace_of_its_own(tmp_path: Path) -> None:
    output = cdk8s_synth("apply-with-python", tmp_path)

    assert output.one("Namespace")["metadata"]["name"] == "hello"
    others = [o for o in output.objects if o["kind"] != "Namespace"]
    assert {o["metadata"]["namespace"] for o in others} == {"hello"}
    assert output.findings == []
