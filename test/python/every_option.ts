/** Uses every option of the library, as `every_option.py` beside it does: the two have to give the same bytes. */
import { App, Chart, Duration, JsonPatch, Size } from 'cdk8s';
import {
  Capability, ConfigMap, Cpu, Env, EnvFieldPaths, EnvValue, ImagePullPolicy, Metric, MetricTarget, Namespaces, NetworkPolicyIpBlock,
  Node, NodeTaintQuery, PercentOrAbsolute, Pods, Protocol, TaintEffect, Topology, Volume,
} from 'cdk8s-plus-28';
import {
  DisruptionBudget, GracefulShutdown, HealthCheck, HighAvailabilityDefaults, HighAvailabilityService, IpFamily, IpFamilyPolicy,
  KubernetesVersion, LoadBalancing, NetworkAccess, Rollout, ScalingMetric, ServiceIdentity, SessionAffinity, Spread, TrafficDistribution,
  TrafficPolicy,
} from '../../lib/index';

const app = new App();
HighAvailabilityDefaults.of(app).set({ labels: { 'app.kubernetes.io/part-of': 'shop' }, annotations: { 'example.com/owner': 'web-team' } });

const chart = new Chart(app, 'shop', { namespace: 'shop' });
const settings = new ConfigMap(chart, 'settings', { metadata: { name: 'settings' }, data: { colour: 'blue' } });

const web = new HighAvailabilityService(chart, 'everything', {
  image: 'ghcr.io/acme/web:1.4.2',
  name: 'web',
  namespace: 'shop',
  kubernetesVersion: KubernetesVersion.of('1.34'),
  command: ['/web'],
  args: ['--verbose'],
  port: 8443,
  portName: 'https',
  additionalPorts: [
    { name: 'admin', port: 9000, servicePort: 81, protocol: Protocol.TCP, appProtocol: 'http' },
    { name: 'metrics', port: 9090, exposed: false },
  ],
  environment: { MODE: 'live' },
  environmentReferences: { POD_IP: EnvValue.fromFieldRef(EnvFieldPaths.POD_IP) },
  environmentFrom: [Env.fromConfigMap(settings)],
  volumeMounts: [{ path: '/etc/web', volume: Volume.fromConfigMap(chart, 'volume', settings) }],
  writablePaths: ['/var/cache/web'],
  minReplicas: 9,
  maxReplicas: 30,
  scalingMetrics: [
    ScalingMetric.cpuUtilization(60), ScalingMetric.memoryUtilization(70), ScalingMetric.cpuAverage(Cpu.millis(200)),
    ScalingMetric.memoryAverage(Size.mebibytes(300)),
  ],
  healthCheck: HealthCheck.https('/ready', {
    headers: { 'X-Probe': 'readiness' },
    port: 8443,
    interval: Duration.seconds(6),
    timeout: Duration.seconds(3),
    failureThreshold: 2,
    successThreshold: 2,
  }).withLiveness(HealthCheck.tcp({ interval: Duration.seconds(20) })).withStartup(HealthCheck.command(['/web', 'started'], { timeout: Duration.seconds(4) })),
  startupTime: Duration.minutes(3),
  serviceAccount: ServiceIdentity.own({ annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/web' }, mountToken: true }),
  initContainers: [{ name: 'migrate', image: 'ghcr.io/acme/migrate:1.4.2' }],
  sidecars: [{ name: 'proxy', image: 'ghcr.io/acme/proxy:2.0.0' }],
  podLabels: { tier: 'front' },
  labels: { team: 'web' },
  annotations: { 'example.com/cost-centre': '42' },
  podAnnotations: { 'example.com/scrape': 'true' },
  imagePullPolicy: ImagePullPolicy.ALWAYS,
  imagePullSecrets: ['registry'],
  resources: { cpu: { request: Cpu.millis(500), limit: Cpu.units(2) }, memory: { request: Size.gibibytes(1), limit: Size.gibibytes(1) } },
  rollout: Rollout.rolling({
    maxSurge: PercentOrAbsolute.percent(50),
    maxUnavailable: PercentOrAbsolute.absolute(1),
    minReady: Duration.seconds(20),
    progressDeadline: Duration.minutes(15),
    revisionHistoryLimit: 5,
  }),
  shutdown: GracefulShutdown.sleep({ drainDelay: Duration.seconds(20), timeToFinish: Duration.seconds(40), gracePeriod: Duration.seconds(70) }),
  spread: Spread.required({ topologies: [Topology.ZONE, Topology.HOSTNAME], maxSkew: 2, zones: 3, minDomains: 2 }),
  scheduling: {
    nodeFailureToleration: Duration.seconds(45),
    tolerations: [NodeTaintQuery.is('dedicated', 'web', { effect: TaintEffect.NO_SCHEDULE })],
    nodeSelector: { 'kubernetes.io/arch': 'amd64' },
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 10, preference: { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] } },
        ],
      },
    },
    priorityClassName: 'front',
    schedulerName: 'own-scheduler',
  },
  disruptionBudget: DisruptionBudget.maxUnavailable(PercentOrAbsolute.percent(20), { evictUnhealthyPods: false }),
  loadBalancing: LoadBalancing.external({
    port: 443,
    appProtocol: 'https',
    annotations: { 'example.com/balancer': 'fast' },
    sessionAffinity: SessionAffinity.clientIp(Duration.hours(1)),
    internalTrafficPolicy: TrafficPolicy.CLUSTER,
    trafficDistribution: TrafficDistribution.PREFER_SAME_ZONE,
    ipFamilies: [IpFamily.IPV4, IpFamily.IPV6],
    ipFamilyPolicy: IpFamilyPolicy.PREFER_DUAL_STACK,
    loadBalancerClass: 'example.com/balancer',
    sourceRanges: ['203.0.113.0/24'],
    externalTrafficPolicy: TrafficPolicy.LOCAL,
  }),
  networkAccess: NetworkAccess.restricted({
    from: [Pods.select(chart, 'callers', { labels: { tier: 'edge' } })],
    to: [NetworkPolicyIpBlock.ipv4(chart, 'database', '10.1.0.0/16')],
  }),
  security: {
    user: 1001,
    group: 1002,
    writableRootFilesystem: true,
    allowPrivilegeEscalation: true,
    addCapabilities: [Capability.NET_BIND_SERVICE],
    unconfinedSeccomp: true,
  },
});
web.addMetric(ScalingMetric.of(Metric.external({ name: 'queue', target: MetricTarget.averageValue(7) })));
web.allowFrom(Namespaces.select(chart, 'monitoring', { labels: { purpose: 'monitoring' } }));
web.allowTo(NetworkPolicyIpBlock.ipv4(chart, 'cache', '10.2.0.0/16'));
web.patch(web.service, JsonPatch.replace('/metadata/labels/team', 'platform'));
web.patch(web.deployment, JsonPatch.add('/spec/template/spec/hostUsers', false));
web.deployment.scheduling.tolerate(Node.tainted(NodeTaintQuery.exists('spot')));

new HighAvailabilityService(chart, 'fixed', {
  image: 'ghcr.io/acme/fixed:1.0.0',
  replicas: 4,
  healthCheck: HealthCheck.grpc({ service: 'acme.Fixed' }),
  shutdown: GracefulShutdown.application({ timeToFinish: Duration.seconds(10) }),
  spread: Spread.preferred({ zones: 3 }),
  serviceAccount: ServiceIdentity.existing('shared', true),
  loadBalancing: LoadBalancing.internal({ annotations: { 'networking.gke.io/load-balancer-type': 'Internal' } }),
  networkAccess: NetworkAccess.unmanaged(),
  disruptionBudget: DisruptionBudget.minAvailable(PercentOrAbsolute.percent(50)),
  security: { useImageUser: true },
});

new HighAvailabilityService(chart, 'older', {
  image: 'ghcr.io/acme/older:1.0.0',
  kubernetesVersion: KubernetesVersion.of('1.28'),
  minReplicas: 1,
  healthCheck: HealthCheck.http('/healthz').withoutLiveness(),
  shutdown: GracefulShutdown.execSleep(),
  spread: Spread.none(),
  serviceAccount: ServiceIdentity.none(),
  loadBalancing: LoadBalancing.cluster({ port: 8080 }),
  networkAccess: NetworkAccess.open(),
  disruptionBudget: DisruptionBudget.none(),
  security: { allowRoot: true },
  acknowledgements: { 'HA-A1': 'a tool for us, not for customers' },
});

new HighAvailabilityService(chart, 'drained-by-command', {
  image: 'ghcr.io/acme/command:1.0.0',
  shutdown: GracefulShutdown.command(['/drain'], { drainDelay: Duration.seconds(15) }),
});

new HighAvailabilityService(chart, 'drained-by-http', {
  image: 'ghcr.io/acme/http:1.0.0',
  shutdown: GracefulShutdown.http('/drain'),
});

app.synth();
