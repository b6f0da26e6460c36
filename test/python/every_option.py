"""Uses every option of the library, as `every_option.ts` beside it does.

The two have to give the same bytes.
"""

from cdk8s import ApiObjectMetadata, App, Chart, Duration, JsonPatch, Size
from cdk8s_high_availability import (
    DisruptionBudget,
    GracefulShutdown,
    HealthCheck,
    HighAvailabilityDefaults,
    HighAvailabilityService,
    IpFamily,
    IpFamilyPolicy,
    KubernetesVersion,
    LoadBalancing,
    NamedPort,
    NetworkAccess,
    Rollout,
    ScalingMetric,
    SchedulingOptions,
    SecurityOptions,
    ServiceIdentity,
    SessionAffinity,
    Spread,
    TrafficDistribution,
    TrafficPolicy,
)
from cdk8s_plus_28 import (
    Capability,
    ConfigMap,
    ContainerProps,
    ContainerResources,
    Cpu,
    CpuResources,
    Env,
    EnvFieldPaths,
    EnvValue,
    ImagePullPolicy,
    MemoryResources,
    Metric,
    MetricTarget,
    Namespaces,
    NetworkPolicyIpBlock,
    Node,
    NodeTaintQuery,
    PercentOrAbsolute,
    Pods,
    Protocol,
    TaintEffect,
    Topology,
    Volume,
    VolumeMount,
    k8s,
)

app = App()
HighAvailabilityDefaults.of(app).set(
    labels={"app.kubernetes.io/part-of": "shop"},
    annotations={"example.com/owner": "web-team"},
)

chart = Chart(app, "shop", namespace="shop")
settings = ConfigMap(
    chart,
    "settings",
    metadata=ApiObjectMetadata(name="settings"),
    data={"colour": "blue"},
)

web = HighAvailabilityService(
    chart,
    "everything",
    image="ghcr.io/acme/web:1.4.2",
    name="web",
    namespace="shop",
    kubernetes_version=KubernetesVersion.of("1.34"),
    command=["/web"],
    args=["--verbose"],
    port=8443,
    port_name="https",
    additional_ports=[
        NamedPort(
            name="admin",
            port=9000,
            service_port=81,
            protocol=Protocol.TCP,
            app_protocol="http",
        ),
        NamedPort(name="metrics", port=9090, exposed=False),
    ],
    environment={"MODE": "live"},
    environment_references={"POD_IP": EnvValue.from_field_ref(EnvFieldPaths.POD_IP)},
    environment_from=[Env.from_config_map(settings)],
    volume_mounts=[
        VolumeMount(path="/etc/web", volume=Volume.from_config_map(chart, "volume", settings))
    ],
    writable_paths=["/var/cache/web"],
    min_replicas=9,
    max_replicas=30,
    scaling_metrics=[
        ScalingMetric.cpu_utilization(60),
        ScalingMetric.memory_utilization(70),
        ScalingMetric.cpu_average(Cpu.millis(200)),
        ScalingMetric.memory_average(Size.mebibytes(300)),
    ],
    health_check=HealthCheck.https(
        "/ready",
        headers={"X-Probe": "readiness"},
        port=8443,
        interval=Duration.seconds(6),
        timeout=Duration.seconds(3),
        failure_threshold=2,
        success_threshold=2,
    )
    .with_liveness(HealthCheck.tcp(interval=Duration.seconds(20)))
    .with_startup(HealthCheck.command(["/web", "started"], timeout=Duration.seconds(4))),
    startup_time=Duration.minutes(3),
    service_account=ServiceIdentity.own(
        annotations={"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/web"},
        mount_token=True,
    ),
    init_containers=[ContainerProps(name="migrate", image="ghcr.io/acme/migrate:1.4.2")],
    sidecars=[ContainerProps(name="proxy", image="ghcr.io/acme/proxy:2.0.0")],
    pod_labels={"tier": "front"},
    labels={"team": "web"},
    annotations={"example.com/cost-centre": "42"},
    pod_annotations={"example.com/scrape": "true"},
    image_pull_policy=ImagePullPolicy.ALWAYS,
    image_pull_secrets=["registry"],
    resources=ContainerResources(
        cpu=CpuResources(request=Cpu.millis(500), limit=Cpu.units(2)),
        memory=MemoryResources(request=Size.gibibytes(1), limit=Size.gibibytes(1)),
    ),
    rollout=Rollout.rolling(
        max_surge=PercentOrAbsolute.percent(50),
        max_unavailable=PercentOrAbsolute.absolute(1),
        min_ready=Duration.seconds(20),
        progress_deadline=Duration.minutes(15),
        revision_history_limit=5,
    ),
    shutdown=GracefulShutdown.sleep(
        drain_delay=Duration.seconds(20),
        time_to_finish=Duration.seconds(40),
        grace_period=Duration.seconds(70),
    ),
    spread=Spread.required(
        topologies=[Topology.ZONE, Topology.HOSTNAME], max_skew=2, zones=3, min_domains=2
    ),
    scheduling=SchedulingOptions(
        node_failure_toleration=Duration.seconds(45),
        tolerations=[NodeTaintQuery.is_("dedicated", "web", effect=TaintEffect.NO_SCHEDULE)],
        node_selector={"kubernetes.io/arch": "amd64"},
        affinity=k8s.Affinity(
            node_affinity=k8s.NodeAffinity(
                preferred_during_scheduling_ignored_during_execution=[
                    k8s.PreferredSchedulingTerm(
                        weight=10,
                        preference=k8s.NodeSelectorTerm(
                            match_expressions=[
                                k8s.NodeSelectorRequirement(
                                    key="disk", operator="In", values=["ssd"]
                                )
                            ]
                        ),
                    )
                ]
            )
        ),
        priority_class_name="front",
        scheduler_name="own-scheduler",
    ),
    disruption_budget=DisruptionBudget.max_unavailable(
        PercentOrAbsolute.percent(20), evict_unhealthy_pods=False
    ),
    load_balancing=LoadBalancing.external(
        port=443,
        app_protocol="https",
        annotations={"example.com/balancer": "fast"},
        session_affinity=SessionAffinity.client_ip(Duration.hours(1)),
        internal_traffic_policy=TrafficPolicy.CLUSTER,
        traffic_distribution=TrafficDistribution.PREFER_SAME_ZONE,
        ip_families=[IpFamily.IPV4, IpFamily.IPV6],
        ip_family_policy=IpFamilyPolicy.PREFER_DUAL_STACK,
        load_balancer_class="example.com/balancer",
        source_ranges=["203.0.113.0/24"],
        external_traffic_policy=TrafficPolicy.LOCAL,
    ),
    network_access=NetworkAccess.restricted(
        from_=[Pods.select(chart, "callers", labels={"tier": "edge"})],
        to=[NetworkPolicyIpBlock.ipv4(chart, "database", "10.1.0.0/16")],
    ),
    security=SecurityOptions(
        user=1001,
        group=1002,
        writable_root_filesystem=True,
        allow_privilege_escalation=True,
        add_capabilities=[Capability.NET_BIND_SERVICE],
        unconfined_seccomp=True,
    ),
)
web.add_metric(
    ScalingMetric.of(Metric.external(name="queue", target=MetricTarget.average_value(7)))
)
web.allow_from(Namespaces.select(chart, "monitoring", labels={"purpose": "monitoring"}))
web.allow_to(NetworkPolicyIpBlock.ipv4(chart, "cache", "10.2.0.0/16"))
web.patch(web.service, JsonPatch.replace("/metadata/labels/team", "platform"))
web.patch(web.deployment, JsonPatch.add("/spec/template/spec/hostUsers", False))
web.deployment.scheduling.tolerate(Node.tainted(NodeTaintQuery.exists("spot")))

HighAvailabilityService(
    chart,
    "fixed",
    image="ghcr.io/acme/fixed:1.0.0",
    replicas=4,
    health_check=HealthCheck.grpc(service="acme.Fixed"),
    shutdown=GracefulShutdown.application(time_to_finish=Duration.seconds(10)),
    spread=Spread.preferred(zones=3),
    service_account=ServiceIdentity.existing("shared", True),
    load_balancing=LoadBalancing.internal(
        annotations={"networking.gke.io/load-balancer-type": "Internal"}
    ),
    network_access=NetworkAccess.unmanaged(),
    disruption_budget=DisruptionBudget.min_available(PercentOrAbsolute.percent(50)),
    security=SecurityOptions(use_image_user=True),
)

HighAvailabilityService(
    chart,
    "older",
    image="ghcr.io/acme/older:1.0.0",
    kubernetes_version=KubernetesVersion.of("1.28"),
    min_replicas=1,
    health_check=HealthCheck.http("/healthz").without_liveness(),
    shutdown=GracefulShutdown.exec_sleep(),
    spread=Spread.none(),
    service_account=ServiceIdentity.none(),
    load_balancing=LoadBalancing.cluster(port=8080),
    network_access=NetworkAccess.open(),
    disruption_budget=DisruptionBudget.none(),
    security=SecurityOptions(allow_root=True),
    acknowledgements={"HA-A1": "a tool for us, not for customers"},
)

HighAvailabilityService(
    chart,
    "drained-by-command",
    image="ghcr.io/acme/command:1.0.0",
    shutdown=GracefulShutdown.command(["/drain"], drain_delay=Duration.seconds(15)),
)

HighAvailabilityService(
    chart,
    "drained-by-http",
    image="ghcr.io/acme/http:1.0.0",
    shutdown=GracefulShutdown.http("/drain"),
)

app.synth()
