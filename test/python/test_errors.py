"""What is wrong is said in Python as readably as in TypeScript."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cdk8s import App, Chart, Duration, JsonPatch
from cdk8s_high_availability import (
    GracefulShutdown,
    HighAvailabilityDefaults,
    HighAvailabilityService,
    KubernetesVersion,
    NetworkAccess,
    ScalingMetric,
)
from cdk8s_plus_28 import Pods

from synthesis import Refusal, one, python

IMAGE = "ghcr.io/acme/web:1.4.2"


def test_all_faults_come_in_one_message_with_path_prop_value_and_remedy(chart: Chart) -> None:
    with pytest.raises(Refusal) as caught:
        HighAvailabilityService(
            chart,
            "web",
            image="",
            port=70000,
            min_replicas=5,
            max_replicas=3,
            shutdown=GracefulShutdown.sleep(grace_period=Duration.seconds(5)),
        )

    first, *faults = str(caught.value).splitlines()
    assert first == "HighAvailabilityService 'shop/web' is refused:"
    for start, end in [
        ("  - image: '' is empty; ", "give one such as 'registry.example.com/team/web:1.4.2'."),
        ("  - port: 70000 is no whole number from 1 to 65535; ", "give one."),
        ("  - minReplicas: 5 is above maxReplicas (3); ", "or lower minReplicas."),
        ("  - shutdown.gracePeriod: ", "or leave it out."),
    ]:
        assert any(f.startswith(start) and f.endswith(end) for f in faults), (start, faults)


def test_the_message_says_how_to_accept_what_costs_availability(chart: Chart) -> None:
    with pytest.raises(Refusal, match=r"\[HA-A1\].*acknowledgements: \{ 'HA-A1': 'the reason' \}"):
        HighAvailabilityService(chart, "web", image=IMAGE, replicas=1)

    HighAvailabilityService(
        chart,
        "tool",
        image=IMAGE,
        replicas=1,
        acknowledgements={"HA-A1": "a tool for us, not for customers"},
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda web, c: web.patch(c, JsonPatch.remove("/spec")), "is not part of this service"),
        (lambda web, _: web.add_metric(ScalingMetric.cpu_utilization(50)), "replicas is fixed"),
        (lambda web, c: web.allow_from(Pods.all(c, "a")), "no network policy of its own"),
        (lambda web, c: web.allow_to(Pods.all(c, "b")), "no network policy of its own"),
    ],
)
def test_verbs_that_cannot_be_done_say_why(
    chart: Chart, call: Callable[[HighAvailabilityService, Chart], None], message: str
) -> None:
    access = NetworkAccess.unmanaged()
    web = HighAvailabilityService(chart, "web", image=IMAGE, replicas=3, network_access=access)

    with pytest.raises(Refusal, match=message):
        call(web, chart)


def test_defaults_that_come_too_late_say_so() -> None:
    app = App()
    HighAvailabilityService(Chart(app, "shop"), "web", image=IMAGE)

    with pytest.raises(Refusal, match="exists already"):
        HighAvailabilityDefaults.of(app).set(min_replicas=4)


def test_what_only_the_synthesis_can_see_is_said_there(chart: Chart) -> None:
    web = HighAvailabilityService(chart, "web", image=IMAGE)
    web.deployment.add_container(name="web", image="ghcr.io/acme/other:1.0.0")

    with pytest.raises(Refusal, match="shop/web.*is the name of two containers of one pod"):
        one(chart, "Deployment")


def test_a_version_is_a_string_since_a_number_would_lose_its_zero() -> None:
    with pytest.raises(TypeError, match="version must be str; got float"):
        KubernetesVersion.of(1.30)  # type: ignore[arg-type]


def test_a_misspelt_prop_is_refused(chart: Chart) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'replcas'"):
        HighAvailabilityService(chart, "web", image=IMAGE, replcas=3)  # type: ignore[call-arg]


def test_warnings_reach_the_stderr_of_python_when_the_program_is_synthesized(
    tmp_path: Path,
) -> None:
    program = tmp_path / "main.py"
    program.write_text(
        "from cdk8s import App, Chart\n"
        "from cdk8s_high_availability import HighAvailabilityService\n"
        "app = App()\n"
        "chart = Chart(app, 'shop')\n"
        "HighAvailabilityService(chart, 'web', image='ghcr.io/acme/web:latest')\n"
        "HighAvailabilityService(chart, 'api', image='ghcr.io/acme/api:latest',\n"
        "    acknowledgements={'HA-D7': 'a demonstration'})\n"
        "app.synth()\n"
    )

    output = python(program, tmp_path / "dist")

    assert len(output.findings) == 1
    assert output.findings[0].startswith("warning HA-D7 shop/web: image: 'ghcr.io/acme/web:latest'")
