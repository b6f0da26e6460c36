/**
 * Combinations of props: each pair of settings of two concerns occurs at least once.
 */
import { Chart, Duration, Size, Testing } from 'cdk8s';
import {
  Capability, ConfigMap, ContainerRestartPolicy, Cpu, Env, EnvFieldPaths, EnvValue, ImagePullPolicy, Ingress, IngressBackend,
  LabelSelector, Metric, MetricTarget, Namespaces, NetworkPolicyIpBlock, Node, NodeLabelQuery, NodeTaintQuery,
  PercentOrAbsolute, Pods, Protocol, Secret, TaintEffect, Topology, Volume,
} from 'cdk8s-plus-28';
import { IMAGE } from './manifests';
import { couples, Excluded, pairwise } from './pairwise';
import {
  DisruptionBudget, Finding, GracefulShutdown, HealthCheck, HighAvailabilityService, HighAvailabilityServiceProps, IpFamily, IpFamilyPolicy,
  KubernetesVersion, LoadBalancing, NetworkAccess, Rollout, ScalingMetric, ServiceIdentity, SessionAffinity, Spread, TrafficDistribution,
  TrafficPolicy,
} from '../../../lib';
import { KubeObject } from '../api';

export type Props = Partial<HighAvailabilityServiceProps>;

/** One way to use a concern of the library. */
export interface Setting {
  readonly props?: (scope: Chart) => Props;

  /** What is done after the construction. */
  readonly change?: (web: HighAvailabilityService, scope: Chart) => void;

  /** The first Kubernetes that has it. @default - all have it */
  readonly since?: string;
}

/** A combination of settings, one of each concern. */
export interface Variation {
  readonly name: string;
  readonly settings: Setting[];
}

/** Some combinations, how many pairs of settings there are in all, and how many of them occur. */
export interface Sample {
  readonly rows: Variation[];
  readonly pairs: number;
  readonly covered: number;
}

const DEFAULT: Setting = {};
const of = (props: (scope: Chart) => Props, since?: string): Setting => ({ props, since });
const seconds = (amount: number) => Duration.seconds(amount);
const percent = (amount: number) => PercentOrAbsolute.percent(amount);
const pods = (amount: number) => PercentOrAbsolute.absolute(amount);

const FACTORS: Record<string, Record<string, Setting>> = {
  port: {
    'default': DEFAULT,
    'low, named': of(() => ({ port: 80, portName: 'web' })),
    'more of them': of(() => ({
      additionalPorts: [
        { name: 'quic', port: 8443, servicePort: 443, protocol: Protocol.UDP },
        { name: 'grpc', port: 9090, appProtocol: 'kubernetes.io/h2c' },
        { name: 'metrics', port: 9091, exposed: false },
      ],
    })),
    'the same number in two protocols': of(() => ({ port: 53, additionalPorts: [{ name: 'dns', port: 53, protocol: Protocol.UDP }] })),
  },
  health: {
    'default': DEFAULT,
    'http': of(() => ({ healthCheck: HealthCheck.http('/healthz', { headers: { Host: 'example.com' }, successThreshold: 2 }), startupTime: Duration.minutes(5) })),
    'https': of(() => ({ healthCheck: HealthCheck.https('/healthz?full=1', { interval: seconds(7), timeout: seconds(3), failureThreshold: 4 }) })),
    'gRPC': of(() => ({ healthCheck: HealthCheck.grpc({ service: 'acme.Shop' }), startupTime: seconds(30) })),
    'command': of(() => ({ healthCheck: HealthCheck.command(['/bin/check', '--now']) })),
    'separate checks': of(() => ({ healthCheck: HealthCheck.http('/ready').withLiveness(HealthCheck.http('/alive')).withStartup(HealthCheck.tcp()) })),
    'no liveness': of(() => ({ healthCheck: HealthCheck.tcp({ port: 8081 }).withoutLiveness() })),
  },
  scale: {
    default: DEFAULT,
    bounds: of(() => ({ minReplicas: 4, maxReplicas: 20 })),
    fixed: of(() => ({ replicas: 4 })),
  },
  metrics: {
    'default': DEFAULT,
    'shares': of(() => ({ scalingMetrics: [ScalingMetric.cpuUtilization(60), ScalingMetric.memoryUtilization(80)] })),
    'amounts': of(() => ({ scalingMetrics: [ScalingMetric.cpuAverage(Cpu.millis(1500)), ScalingMetric.memoryAverage(Size.mebibytes(1024))] })),
    'custom': of(() => ({
      scalingMetrics: [
        ScalingMetric.of(Metric.pods({ name: 'requests', target: MetricTarget.averageValue(100) })),
        ScalingMetric.of(Metric.external({ name: 'queue', target: MetricTarget.value(30), labelSelector: LabelSelector.of({ labels: { queue: 'jobs' } }) })),
      ],
    })),
    'added later': {
      change: web => {
        web.addMetric(ScalingMetric.memoryUtilization(75));
        web.addMetric(ScalingMetric.of(Metric.containerCpu({ container: web.container, target: MetricTarget.averageUtilization(70) })));
      },
    },
  },
  rollout: {
    default: DEFAULT,
    all: of(() => ({
      rollout: Rollout.rolling({
        maxSurge: pods(2), maxUnavailable: percent(25), minReady: seconds(5), progressDeadline: Duration.minutes(15), revisionHistoryLimit: 3,
      }),
    })),
  },
  shutdown: {
    'default': DEFAULT,
    'exec sleep': of(() => ({ shutdown: GracefulShutdown.execSleep({ drainDelay: seconds(20), timeToFinish: seconds(10) }) })),
    'command': of(() => ({ shutdown: GracefulShutdown.command(['/bin/drain', '15']) })),
    'http': of(() => ({ shutdown: GracefulShutdown.http('/drain', { gracePeriod: seconds(90) }) })),
    'application': of(() => ({ shutdown: GracefulShutdown.application() })),
    'no delay': of(() => ({ shutdown: GracefulShutdown.sleep({ drainDelay: seconds(0) }) })),
  },
  spread: {
    'default': DEFAULT,
    'required': of(() => ({ spread: Spread.required({ minDomains: 2 }) })),
    'more topologies': of(() => ({ spread: Spread.preferred({ topologies: [Topology.ZONE, Topology.HOSTNAME, Topology.custom('example.com/rack')], maxSkew: 2 }) })),
    'none': of(() => ({ spread: Spread.none() })),
  },
  scheduling: {
    'default': DEFAULT,
    'tolerations': of(() => ({
      scheduling: {
        nodeFailureToleration: seconds(60),
        tolerations: [
          NodeTaintQuery.is('dedicated', 'web', { effect: TaintEffect.NO_SCHEDULE }),
          NodeTaintQuery.exists('spot', { effect: TaintEffect.NO_EXECUTE, evictAfter: Duration.minutes(2) }),
        ],
      },
    })),
    'selector': of(() => ({ scheduling: { nodeSelector: { 'kubernetes.io/os': 'linux' }, priorityClassName: 'system-cluster-critical', schedulerName: 'default-scheduler' } })),
    'affinity': of(() => ({
      scheduling: {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }] }] },
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] } }],
          },
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [{
              weight: 50,
              podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { noisy: 'yes' } } },
            }],
          },
        },
      },
    })),
    'added later': {
      change: web => {
        web.deployment.scheduling.tolerate(Node.tainted(NodeTaintQuery.exists('dedicated')));
        web.deployment.scheduling.attract(Node.labeled(NodeLabelQuery.exists('kubernetes.io/hostname')), { weight: 5 });
      },
    },
  },
  budget: {
    'default': DEFAULT,
    'share that may go': of(() => ({ disruptionBudget: DisruptionBudget.maxUnavailable(percent(30), { evictUnhealthyPods: false }) })),
    'number that stays': of(() => ({ disruptionBudget: DisruptionBudget.minAvailable(pods(2)) })),
    'share that stays': of(() => ({ disruptionBudget: DisruptionBudget.minAvailable(percent(50)) })),
    'none': of(() => ({ disruptionBudget: DisruptionBudget.none() })),
  },
  loadBalancing: {
    'default': DEFAULT,
    'cluster': of(() => ({
      loadBalancing: LoadBalancing.cluster({
        port: 8000, appProtocol: 'http', annotations: { 'example.com/team': 'shop' }, sessionAffinity: SessionAffinity.clientIp(Duration.minutes(10)), internalTrafficPolicy: TrafficPolicy.LOCAL,
      }),
    })),
    'near pods': of(() => ({ loadBalancing: LoadBalancing.cluster({ trafficDistribution: TrafficDistribution.PREFER_CLOSE }) }), '1.31'),
    'same zone': of(() => ({ loadBalancing: LoadBalancing.cluster({ trafficDistribution: TrafficDistribution.PREFER_SAME_ZONE }) }), '1.34'),
    'same node': of(() => ({ loadBalancing: LoadBalancing.external({ trafficDistribution: TrafficDistribution.PREFER_SAME_NODE }) }), '1.34'),
    'external': of(() => ({
      loadBalancing: LoadBalancing.external({
        loadBalancerClass: 'example.com/none', sourceRanges: ['203.0.113.0/24', '198.51.100.7/32'], externalTrafficPolicy: TrafficPolicy.LOCAL, sessionAffinity: SessionAffinity.clientIp(),
      }),
    })),
    'internal': of(() => ({
      loadBalancing: LoadBalancing.internal({
        loadBalancerClass: 'example.com/none', annotations: { 'example.com/scheme': 'internal' }, ipFamilies: [IpFamily.IPV4], ipFamilyPolicy: IpFamilyPolicy.PREFER_DUAL_STACK,
      }),
    })),
  },
  network: {
    default: DEFAULT,
    restricted: of(scope => ({
      networkAccess: NetworkAccess.restricted({
        from: [
          Pods.select(scope, 'Callers', { labels: { role: 'caller' }, namespaces: Namespaces.select(scope, 'Team', { labels: { team: 'shop' } }) }),
          NetworkPolicyIpBlock.ipv4(scope, 'Office', '203.0.113.0/24', ['203.0.113.7/32']),
        ],
        to: [Pods.select(scope, 'Database', { labels: { role: 'database' } })],
      }),
    })),
    narrowed: {
      change: (web, scope) => {
        web.allowFrom(Pods.select(scope, 'Gateway', { labels: { role: 'gateway' } }));
        web.allowTo(NetworkPolicyIpBlock.ipv6(scope, 'Partner', '2001:db8::/32'));
        new Ingress(scope, 'Shop', { rules: [{ host: 'shop.example.com', backend: IngressBackend.fromService(web.service, { port: web.service.port }) }] });
      },
    },
    unmanaged: of(() => ({ networkAccess: NetworkAccess.unmanaged() })),
  },
  security: {
    'default': DEFAULT,
    'user': of(() => ({ security: { user: 1000, group: 2000, writableRootFilesystem: true } })),
    'user of the image': of(() => ({ security: { useImageUser: true, addCapabilities: [Capability.NET_BIND_SERVICE] } })),
    'root': of(() => ({ security: { allowRoot: true } })),
    'weak': of(() => ({ security: { allowPrivilegeEscalation: true, unconfinedSeccomp: true, addCapabilities: [Capability.NET_BIND_SERVICE, Capability.SYS_TIME] } })),
  },
  identity: {
    default: DEFAULT,
    own: of(() => ({ serviceAccount: ServiceIdentity.own({ annotations: { 'example.com/role': 'web' }, mountToken: true }) })),
    existing: of(() => ({ serviceAccount: ServiceIdentity.existing('default', true) })),
    none: of(() => ({ serviceAccount: ServiceIdentity.none() })),
  },
  containers: {
    'default': DEFAULT,
    'sidecar': of(() => ({ sidecars: [{ name: 'proxy', image: IMAGE, ports: [{ name: 'admin', number: 9901 }] }] })),
    'init': of(() => ({ initContainers: [{ name: 'migrate', image: IMAGE, command: ['/migrate'], resources: { cpu: { request: Cpu.millis(10) }, memory: { limit: Size.mebibytes(64) } } }] })),
    'native sidecar': of(() => ({ initContainers: [{ name: 'agent', image: IMAGE, restartPolicy: ContainerRestartPolicy.ALWAYS }] }), '1.29'),
    'added later': { change: web => { web.deployment.addContainer({ name: 'late', image: IMAGE, envVariables: { MODE: EnvValue.fromValue('') } }); } },
  },
  configuration: {
    'default': DEFAULT,
    'volumes': of(scope => ({
      volumeMounts: [
        { path: '/etc/web', volume: Volume.fromConfigMap(scope, 'Files', new ConfigMap(scope, 'Configuration', { data: { 'web.ini': 'a=1' } }), { defaultMode: 0o440 }), readOnly: true },
        { path: '/etc/tls', volume: Volume.fromSecret(scope, 'Keys', new Secret(scope, 'Tls', { stringData: { 'tls.key': 'none' } }), { optional: true }) },
      ],
      environment: { LEVEL: 'info', HOME: '/home/web' },
    })),
    'environment': of(scope => ({
      environmentFrom: [Env.fromConfigMap(new ConfigMap(scope, 'Settings', { data: { COLOR: 'blue' } }), 'APP_')],
      environmentReferences: {
        TOKEN: EnvValue.fromSecretValue({ secret: new Secret(scope, 'Token', { stringData: { token: 'none' } }), key: 'token' }),
        POD: EnvValue.fromFieldRef(EnvFieldPaths.POD_NAME),
      },
    })),
    'writable paths': of(() => ({ writablePaths: ['/var/cache/web', '/run'] })),
  },
  metadata: {
    default: DEFAULT,
    much: of(() => ({
      labels: { 'team': 'shop', 'example.com/tier': 'front', 'app.kubernetes.io/part-of': 'shop' },
      podLabels: { mesh: 'no' },
      annotations: { 'example.com/owner': 'shop@example.com' },
      podAnnotations: { 'example.com/scrape': 'true' },
    })),
    name: of(() => ({ name: 'shop', imagePullSecrets: ['registry'], imagePullPolicy: ImagePullPolicy.ALWAYS, command: ['/agnhost'] })),
  },
  resources: {
    'default': DEFAULT,
    'whole units': of(() => ({ resources: { cpu: { request: Cpu.millis(200), limit: Cpu.millis(1000) }, memory: { request: Size.mebibytes(1024), limit: Size.mebibytes(1024) } } })),
    'no CPU limit': of(() => ({ resources: { cpu: { request: Cpu.units(0.5) }, ephemeralStorage: { limit: Size.gibibytes(1) } } })),
    'limits only': of(() => ({ resources: { cpu: { limit: Cpu.units(0.3) }, memory: { limit: Size.kibibytes(300_001) } } })),
  },
};

/** What the library refuses: the concerns, which of their settings, and its rule. */
const EXCLUDED: Array<{ readonly rule: string; readonly factors: [string, string]; readonly pairs: (a: string, b: string) => boolean }> = [
  { rule: 'metrics have no use, since replicas is fixed', factors: ['scale', 'metrics'], pairs: (scale, metrics) => scale === 'fixed' && metrics !== 'default' },
];

/**
 * The combinations that a version of Kubernetes knows.
 *
 * @param most so many at most, the richest first
 */
export function variations(version: KubernetesVersion, most = Infinity): Sample {
  const factors = Object.entries(FACTORS).map(([factor, settings]) => ({
    factor,
    settings: Object.entries(settings).filter(([, { since }]) => !since || version.isAtLeast(KubernetesVersion.of(since))),
  }));
  const excluded: Excluded = (f, s, g, t) => EXCLUDED.some(({ factors: [a, b], pairs }) => {
    const named = [factors[f], factors[g]].map(({ factor }) => factor);
    const [x, y] = [factors[f].settings[s][0], factors[g].settings[t][0]];
    return (named[0] === a && named[1] === b && pairs(x, y)) || (named[0] === b && named[1] === a && pairs(y, x));
  });
  const all = pairwise(factors.map(({ settings }) => settings.length), excluded);
  const taken = all.slice(0, most);
  const rows = taken.map((row, index) => {
    const chosen = row.map((choice, factor) => {
      const [name, setting] = factors[factor].settings[choice];
      return { factor: factors[factor].factor, name, setting };
    });
    const special = chosen.filter(({ name }) => name !== 'default').map(({ factor, name }) => `${factor}: ${name}`);
    return { name: `${index + 1}. ${special.join('; ') || 'all by default'}`, settings: chosen.map(({ setting }) => setting) };
  });
  return { rows, pairs: pairsOf(all), covered: pairsOf(taken) };
}

function pairsOf(rows: number[][]): number {
  return new Set(rows.flatMap(row => couples(row.length).map(([f, g]) => `${f}.${row[f]} ${g}.${row[g]}`))).size;
}

/** The service of some settings: its objects, and what the library says about it. */
export function synthesized(version: KubernetesVersion, settings: Setting[]): { readonly manifests: KubeObject[]; readonly findings: Finding[] } {
  const chart = Testing.chart();
  const props: Props = Object.assign({}, ...settings.map(setting => setting.props?.(chart)));
  const web = new HighAvailabilityService(chart, 'web', { image: IMAGE, args: ['netexec', '--http-port=8080'], kubernetesVersion: version, ...props });
  settings.forEach(setting => setting.change?.(web, chart));
  const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    return { manifests: Testing.synth(chart) as KubeObject[], findings: web.findings };
  } finally {
    stderr.mockRestore();
  }
}
