"""The construct, its members, its verbs, and how a house adapts it, from Python."""

import inspect
from pathlib import Path

from cdk8s import App, Chart, JsonPatch
from cdk8s_high_availability import (
    DisruptionBudget,
    Finding,
    HealthCheck,
    HighAvailabilityDefaults,
    HighAvailabilityDefaultsProps,
    HighAvailabilityService,
    HighAvailabilityServiceProps,
    KubernetesVersion,
    LoadBalancing,
    NetworkAccess,
    ScalingMetric,
    ServiceIdentity,
    Severity,
)
from cdk8s_plus_28 import (
    ContainerResources,
    Cpu,
    CpuResources,
    Deployment,
    HorizontalPodAutoscaler,
    MemoryResources,
    NetworkPolicy,
    NetworkPolicyPeerConfig,
    Pods,
    Service,
    ServiceAccount,
)
from constructs import Construct

from synthesis import container, one, pod

IMAGE = "ghcr.io/acme/web:1.4.2"


def test_an_image_is_enough(chart: Chart) -> None:
    web = HighAvailabilityService(chart, "web", image=IMAGE)

    assert web.name == "web"
    assert container(chart)["image"] == IMAGE
    for kind in [
        "Service",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "NetworkPolicy",
        "ServiceAccount",
    ]:
        assert one(chart, kind)["metadata"]["name"] == "web"


def test_the_members_are_what_cdk8s_plus_makes(chart: Chart) -> None:
    web = HighAvailabilityService(chart, "web", image=IMAGE)

    assert isinstance(web.deployment, Deployment)
    assert isinstance(web.service, Service)
    assert isinstance(web.autoscaler, HorizontalPodAutoscaler)
    assert isinstance(web.network_policy, NetworkPolicy)
    assert isinstance(web.service_account, ServiceAccount)
    assert web.disruption_budget is not None
    assert web.disruption_budget.kind == "PodDisruptionBudget"
    assert web.container.name == "web"


def test_members_that_are_not_made_are_none(chart: Chart) -> None:
    web = HighAvailabilityService(
        chart,
        "web",
        image=IMAGE,
        replicas=3,
        network_access=NetworkAccess.unmanaged(),
        service_account=ServiceIdentity.none(),
        disruption_budget=DisruptionBudget.none(),
    )

    assert web.autoscaler is None
    assert web.network_policy is None
    assert web.service_account is None
    assert web.disruption_budget is None


def test_what_is_changed_later_through_cdk8s_plus_is_hardened_like_the_rest(chart: Chart) -> None:
    web = HighAvailabilityService(chart, "web", image=IMAGE)
    web.deployment.add_container(name="proxy", image="ghcr.io/acme/proxy:2.0.0")

    proxy = pod(chart)["containers"][1]

    assert proxy["name"] == "proxy"
    assert proxy["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_the_first_peer_closes_the_door_to_all_others(chart: Chart) -> None:
    web = HighAvailabilityService(chart, "web", image=IMAGE)
    api = HighAvailabilityService(chart, "api", image=IMAGE)

    web.allow_to(api)
    api.allow_from(web)

    of_web, of_api = (o for o in chart.to_json() if o["kind"] == "NetworkPolicy")
    peer = {"matchLabels": {"app.kubernetes.io/name": "web"}}
    assert [p["podSelector"] for p in of_api["spec"]["ingress"][0]["from"]] == [peer]
    assert of_web["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_a_service_is_a_peer_and_a_selector_for_cdk8s_plus(chart: Chart) -> None:
    web = HighAvailabilityService(chart, "web", image=IMAGE)
    pods = Pods.select(chart, "pods", labels={"tier": "edge"})

    NetworkPolicy(chart, "policy", selector=web).add_ingress_rule(pods)

    assert web.to_pod_selector() is not None
    assert web.to_network_policy_peer_config().pod_selector is not None
    labels = web.to_pod_selector_config().label_selector
    assert labels is not None and not labels.is_empty()


def test_a_metric_can_be_added(chart: Chart) -> None:
    web = HighAvailabilityService(chart, "web", image=IMAGE)

    web.add_metric(ScalingMetric.memory_utilization(80))

    metrics = one(chart, "HorizontalPodAutoscaler")["spec"]["metrics"]
    assert [m["resource"]["name"] for m in metrics] == ["cpu", "memory"]


def test_a_patch_reaches_a_field_that_no_schema_knows(chart: Chart) -> None:
    web = HighAvailabilityService(chart, "web", image=IMAGE)

    web.patch(
        web.deployment,
        JsonPatch.add("/spec/template/spec/hostUsers", False),
        JsonPatch.replace("/spec/minReadySeconds", 20),
    )

    assert pod(chart)["hostUsers"] is False
    assert one(chart, "Deployment")["spec"]["minReadySeconds"] == 20


def test_house_defaults_reach_all_services_and_the_nearest_wins() -> None:
    app = App()
    chart = Chart(app, "shop")
    HighAvailabilityDefaults.of(app).set(min_replicas=4, labels={"house": "acme"})
    HighAvailabilityDefaults.of(chart).set(
        kubernetes_version=KubernetesVersion.of("1.34"), min_replicas=5
    )
    HighAvailabilityService(chart, "web", image=IMAGE)
    HighAvailabilityService(chart, "api", image=IMAGE, min_replicas=6)

    scalers = [o for o in chart.to_json() if o["kind"] == "HorizontalPodAutoscaler"]

    assert [s["spec"]["minReplicas"] for s in scalers] == [5, 6]
    assert {s["metadata"]["labels"]["house"] for s in scalers} == {"acme"}


def test_findings_can_be_read(chart: Chart) -> None:
    web = HighAvailabilityService(
        chart,
        "web",
        image="ghcr.io/acme/web",
        min_replicas=2,
        acknowledgements={"HA-A1": "two nodes are all that there is"},
    )

    findings: dict[str, Finding] = {finding.rule: finding for finding in web.findings}

    moving, few = findings["HA-D7"], findings["HA-A1"]
    assert moving.severity is Severity.WARNING
    assert moving.path == "shop/web"
    assert "'ghcr.io/acme/web' has no tag" in moving.message
    assert moving.remedy and moving.source.startswith("https://")
    assert moving.acknowledgement is None
    assert few.acknowledgement == "two nodes are all that there is"
    assert {Severity.ERROR, Severity.WARNING, Severity.INFORMATION} == set(Severity)


def test_versions_can_be_compared() -> None:
    version = KubernetesVersion.of("v1.30.4-gke.100")

    assert version.is_at_least(KubernetesVersion.of("1.30"))
    assert not version.is_at_least(KubernetesVersion.of("1.31"))
    assert version.to_string() == "v1.30.4-gke.100"


def test_a_house_can_have_its_own_construct(chart: Chart) -> None:
    class AcmeService(HighAvailabilityService):
        """What every service at Acme has in common."""

        def __init__(self, scope: Construct, id: str, *, image: str, port: int = 9000) -> None:
            super().__init__(
                scope,
                id,
                image=f"registry.acme.example/{image}",
                port=port,
                health_check=HealthCheck.http("/acme/health"),
                load_balancing=LoadBalancing.external(),
            )
            self.deployment.metadata.add_label("acme.example/team", "web")

    web = AcmeService(chart, "web", image="web:1.4.2")
    web.allow_from(Pods.all(chart, "everyone"))

    assert container(chart)["image"] == "registry.acme.example/web:1.4.2"
    assert container(chart)["readinessProbe"]["httpGet"]["path"] == "/acme/health"
    assert one(chart, "Deployment")["metadata"]["labels"]["acme.example/team"] == "web"
    assert one(chart, "Service")["spec"]["type"] == "LoadBalancer"


def test_a_subclass_can_change_who_its_pods_are_for_others(chart: Chart) -> None:
    class Counted(HighAvailabilityService):
        """Notices that cdk8s-plus, on the other side, calls a method of Python's."""

        calls = 0

        def to_network_policy_peer_config(self) -> NetworkPolicyPeerConfig:
            type(self).calls += 1
            return super().to_network_policy_peer_config()

    web = HighAvailabilityService(chart, "web", image=IMAGE)
    caller = Counted(chart, "caller", image=IMAGE)

    web.allow_from(caller)

    assert Counted.calls > 0


def test_props_can_be_prepared_apart(chart: Chart) -> None:
    half = ContainerResources(cpu=CpuResources(request=Cpu.millis(100)), memory=MemoryResources())
    props = HighAvailabilityServiceProps(image=IMAGE, port=9000)
    defaults = HighAvailabilityDefaultsProps(min_replicas=4)

    assert half.cpu is not None
    assert (props.image, props.port) == (IMAGE, 9000)
    assert defaults.min_replicas == 4


def test_the_types_are_part_of_the_package() -> None:
    assert Path(inspect.getfile(HighAvailabilityService)).with_name("py.typed").exists()
