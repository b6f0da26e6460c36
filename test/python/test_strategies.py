"""The factories and their options, from Python to the YAML."""

from collections.abc import Callable
from typing import Any

import pytest
from cdk8s import Chart, Duration, Size
from cdk8s_high_availability import (
    DisruptionBudget,
    DisruptionBudgetOptions,
    ExternalLoadBalancingOptions,
    GracefulShutdown,
    GracefulShutdownOptions,
    GrpcHealthCheckOptions,
    HealthCheck,
    HealthCheckOptions,
    HighAvailabilityService,
    HttpHealthCheckOptions,
    IpFamily,
    IpFamilyPolicy,
    KubernetesVersion,
    LoadBalancing,
    LoadBalancingOptions,
    NetworkAccess,
    OwnServiceAccountOptions,
    RequiredSpreadOptions,
    RestrictedAccessOptions,
    RollingUpdateOptions,
    Rollout,
    ScalingMetric,
    ServiceIdentity,
    SessionAffinity,
    Spread,
    SpreadOptions,
    TrafficDistribution,
    TrafficPolicy,
)
from cdk8s_plus_28 import Cpu, Metric, MetricTarget, PercentOrAbsolute, Pods, Topology

from synthesis import container, one, pod

IMAGE = "ghcr.io/acme/web:1.4.2"


@pytest.mark.parametrize(
    ("check", "probe"),
    [
        (lambda: HealthCheck.http("/h", headers={"A": "b"}), "httpGet"),
        (lambda: HealthCheck.https("/h"), "httpGet"),
        (lambda: HealthCheck.tcp(port=9000), "tcpSocket"),
        (lambda: HealthCheck.grpc(service="acme.Web"), "grpc"),
        (lambda: HealthCheck.command(["/check"]), "exec"),
    ],
)
def test_health_checks(chart: Chart, check: Callable[[], HealthCheck], probe: str) -> None:
    HighAvailabilityService(chart, "web", image=IMAGE, health_check=check())

    assert probe in container(chart)["readinessProbe"]
    assert probe in container(chart)["startupProbe"]
    assert "tcpSocket" in container(chart)["livenessProbe"]


def test_health_checks_can_differ_by_purpose(chart: Chart) -> None:
    check = (
        HealthCheck.http("/ready", interval=Duration.seconds(7), success_threshold=2)
        .with_liveness(HealthCheck.http("/live", timeout=Duration.seconds(9)))
        .with_startup(HealthCheck.http("/started", failure_threshold=100))
    )
    HighAvailabilityService(chart, "web", image=IMAGE, health_check=check)

    probes = container(chart)
    assert probes["readinessProbe"]["periodSeconds"] == 7
    assert probes["readinessProbe"]["successThreshold"] == 2
    assert probes["livenessProbe"]["timeoutSeconds"] == 9
    assert probes["startupProbe"]["failureThreshold"] == 100


def test_liveness_can_be_left_out(chart: Chart) -> None:
    check = HealthCheck.http("/ready").without_liveness()
    HighAvailabilityService(chart, "web", image=IMAGE, health_check=check)

    assert "livenessProbe" not in container(chart)


@pytest.mark.parametrize(
    ("shutdown", "hook"),
    [
        (lambda: GracefulShutdown.sleep(), {"sleep": {"seconds": 15}}),
        (lambda: GracefulShutdown.exec_sleep(), {"exec": {"command": ["sleep", "15"]}}),
        (lambda: GracefulShutdown.command(["/drain"]), {"exec": {"command": ["/drain"]}}),
        (lambda: GracefulShutdown.http("/drain"), {"httpGet": {"path": "/drain", "port": 8080}}),
        (lambda: GracefulShutdown.application(), None),
    ],
)
def test_shutdowns(
    chart: Chart, shutdown: Callable[[], GracefulShutdown], hook: dict[str, Any] | None
) -> None:
    HighAvailabilityService(chart, "web", image=IMAGE, shutdown=shutdown())

    assert container(chart).get("lifecycle", {}).get("preStop") == hook


def test_the_times_of_a_shutdown(chart: Chart) -> None:
    shutdown = GracefulShutdown.sleep(
        drain_delay=Duration.seconds(20),
        time_to_finish=Duration.seconds(10),
        grace_period=Duration.seconds(40),
    )
    HighAvailabilityService(chart, "web", image=IMAGE, shutdown=shutdown)

    assert container(chart)["lifecycle"]["preStop"] == {"sleep": {"seconds": 20}}
    assert pod(chart)["terminationGracePeriodSeconds"] == 40


@pytest.mark.parametrize(
    ("spread", "actions"),
    [
        (lambda: Spread.preferred(max_skew=2), ["ScheduleAnyway"]),
        (lambda: Spread.required(min_domains=2), ["DoNotSchedule"]),
        (lambda: Spread.preferred(topologies=[Topology.ZONE], zones=1), ["ScheduleAnyway"]),
        (lambda: Spread.none(), []),
    ],
)
def test_spreads(chart: Chart, spread: Callable[[], Spread], actions: list[str]) -> None:
    HighAvailabilityService(chart, "web", image=IMAGE, spread=spread())

    constraints = pod(chart).get("topologySpreadConstraints", [])
    assert [c["whenUnsatisfiable"] for c in constraints] == actions


@pytest.mark.parametrize(
    ("budget", "spec"),
    [
        (
            lambda: DisruptionBudget.max_unavailable(PercentOrAbsolute.absolute(2)),
            {"maxUnavailable": 2, "unhealthyPodEvictionPolicy": "AlwaysAllow"},
        ),
        (
            lambda: DisruptionBudget.min_available(
                PercentOrAbsolute.percent(50), evict_unhealthy_pods=False
            ),
            {"minAvailable": "50%", "unhealthyPodEvictionPolicy": "IfHealthyBudget"},
        ),
    ],
)
def test_disruption_budgets(
    chart: Chart, budget: Callable[[], DisruptionBudget], spec: dict[str, Any]
) -> None:
    HighAvailabilityService(chart, "web", image=IMAGE, disruption_budget=budget())

    assert spec.items() <= one(chart, "PodDisruptionBudget")["spec"].items()


def test_rollouts(chart: Chart) -> None:
    rollout = Rollout.rolling(
        max_surge=PercentOrAbsolute.absolute(2),
        max_unavailable=PercentOrAbsolute.absolute(0),
        min_ready=Duration.seconds(30),
        progress_deadline=Duration.minutes(20),
        revision_history_limit=3,
    )
    HighAvailabilityService(chart, "web", image=IMAGE, rollout=rollout)

    spec = one(chart, "Deployment")["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 2, "maxUnavailable": 0}
    assert (spec["minReadySeconds"], spec["progressDeadlineSeconds"]) == (30, 1200)
    assert spec["revisionHistoryLimit"] == 3


def test_scaling_metrics(chart: Chart) -> None:
    metrics = [
        ScalingMetric.cpu_utilization(50),
        ScalingMetric.memory_utilization(70),
        ScalingMetric.cpu_average(Cpu.millis(200)),
        ScalingMetric.memory_average(Size.mebibytes(300)),
        ScalingMetric.of(Metric.external(name="queue", target=MetricTarget.average_value(7))),
    ]
    HighAvailabilityService(chart, "web", image=IMAGE, scaling_metrics=metrics)

    found = one(chart, "HorizontalPodAutoscaler")["spec"]["metrics"]
    assert [m["type"] for m in found] == ["Resource"] * 4 + ["External"]


@pytest.mark.parametrize(
    ("balancing", "kind"),
    [
        (lambda: LoadBalancing.cluster(), "ClusterIP"),
        (lambda: LoadBalancing.external(source_ranges=["203.0.113.0/24"]), "LoadBalancer"),
        (lambda: LoadBalancing.internal(annotations={"a/internal": "true"}), "LoadBalancer"),
        (lambda: LoadBalancing.internal(load_balancer_class="a/nlb"), "LoadBalancer"),
    ],
)
def test_load_balancing(chart: Chart, balancing: Callable[[], LoadBalancing], kind: str) -> None:
    HighAvailabilityService(chart, "web", image=IMAGE, load_balancing=balancing())

    assert one(chart, "Service")["spec"]["type"] == kind


def test_sessions_can_stick(chart: Chart) -> None:
    balancing = LoadBalancing.cluster(
        session_affinity=SessionAffinity.client_ip(Duration.minutes(5))
    )
    HighAvailabilityService(chart, "web", image=IMAGE, load_balancing=balancing)

    spec = one(chart, "Service")["spec"]
    assert spec["sessionAffinity"] == "ClientIP"
    assert spec["sessionAffinityConfig"] == {"clientIP": {"timeoutSeconds": 300}}


@pytest.mark.parametrize("distribution", TrafficDistribution)
def test_traffic_distributions(chart: Chart, distribution: TrafficDistribution) -> None:
    HighAvailabilityService(
        chart,
        "web",
        image=IMAGE,
        kubernetes_version=KubernetesVersion.of("1.34"),
        load_balancing=LoadBalancing.cluster(traffic_distribution=distribution),
    )

    found = one(chart, "Service")["spec"]["trafficDistribution"]
    assert found.upper() == distribution.name.replace("_", "")


@pytest.mark.parametrize("policy", TrafficPolicy)
def test_traffic_policies(chart: Chart, policy: TrafficPolicy) -> None:
    balancing = LoadBalancing.external(
        internal_traffic_policy=policy, external_traffic_policy=policy
    )
    HighAvailabilityService(chart, "web", image=IMAGE, load_balancing=balancing)

    spec = one(chart, "Service")["spec"]
    expected = policy.name.capitalize()
    assert (spec["internalTrafficPolicy"], spec["externalTrafficPolicy"]) == (expected, expected)


@pytest.mark.parametrize("policy", IpFamilyPolicy)
@pytest.mark.parametrize("family", IpFamily)
def test_address_families(chart: Chart, family: IpFamily, policy: IpFamilyPolicy) -> None:
    balancing = LoadBalancing.cluster(
        ip_families=[family], ip_family_policy=policy, port=8000, app_protocol="http"
    )
    HighAvailabilityService(chart, "web", image=IMAGE, load_balancing=balancing)

    spec = one(chart, "Service")["spec"]
    assert [f.upper() for f in spec["ipFamilies"]] == [family.name]
    assert spec["ipFamilyPolicy"].upper() == policy.name.replace("_", "")


@pytest.mark.parametrize(
    ("identity", "name", "mounted"),
    [
        (lambda: ServiceIdentity.own(mount_token=True), "web", True),
        (lambda: ServiceIdentity.own(annotations={"a/role": "r"}), "web", False),
        (lambda: ServiceIdentity.existing("shared", True), "shared", True),
        (lambda: ServiceIdentity.none(), None, False),
    ],
)
def test_identities(
    chart: Chart, identity: Callable[[], ServiceIdentity], name: str | None, mounted: bool
) -> None:
    HighAvailabilityService(chart, "web", image=IMAGE, service_account=identity())

    assert pod(chart).get("serviceAccountName") == name
    assert pod(chart)["automountServiceAccountToken"] is mounted


def test_network_access(chart: Chart) -> None:
    callers = Pods.select(chart, "callers", labels={"tier": "edge"})
    access = NetworkAccess.restricted(from_=[callers], to=[callers])
    HighAvailabilityService(chart, "web", image=IMAGE, network_access=access)

    assert one(chart, "NetworkPolicy")["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_network_access_may_be_open(chart: Chart) -> None:
    HighAvailabilityService(chart, "web", image=IMAGE, network_access=NetworkAccess.open())

    assert one(chart, "NetworkPolicy")["spec"]["policyTypes"] == ["Ingress"]


@pytest.mark.parametrize(
    ("make", "prop", "value"),
    [
        (lambda: DisruptionBudgetOptions(evict_unhealthy_pods=True), "evict_unhealthy_pods", True),
        (
            lambda: ExternalLoadBalancingOptions(load_balancer_class="a/b"),
            "load_balancer_class",
            "a/b",
        ),
        (lambda: GracefulShutdownOptions(), "drain_delay", None),
        (lambda: GrpcHealthCheckOptions(service="acme.Web"), "service", "acme.Web"),
        (lambda: HealthCheckOptions(port=9000), "port", 9000),
        (lambda: HttpHealthCheckOptions(headers={"A": "b"}), "headers", {"A": "b"}),
        (lambda: LoadBalancingOptions(port=81), "port", 81),
        (lambda: OwnServiceAccountOptions(mount_token=True), "mount_token", True),
        (lambda: RequiredSpreadOptions(min_domains=2), "min_domains", 2),
        (lambda: RestrictedAccessOptions(from_=[]), "from_", []),
        (lambda: RollingUpdateOptions(revision_history_limit=3), "revision_history_limit", 3),
        (lambda: SpreadOptions(zones=3), "zones", 3),
    ],
)
def test_options_are_values_that_can_be_kept(
    make: Callable[[], object], prop: str, value: object
) -> None:
    assert getattr(make(), prop) == value
    assert make() == make()
