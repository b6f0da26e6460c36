import { join } from 'path';
import { Duration, Size } from 'cdk8s';
import {
  Capability, ConfigMap, ContainerRestartPolicy, Cpu, Env, EnvFrom, EnvValue, ImagePullPolicy, k8s, NetworkPolicyIpBlock, NodeTaintQuery,
  PercentOrAbsolute, Protocol, Topology, Volume,
} from 'cdk8s-plus-28';
import * as ts from 'typescript';
import { chart, manifests, service } from './fixtures';
import {
  DisruptionBudget, GracefulShutdown, GracefulShutdownOptions, GrpcHealthCheckOptions, HealthCheck, HealthCheckOptions, HighAvailabilityServiceProps,
  HttpHealthCheckOptions, IpFamily, IpFamilyPolicy, KubernetesVersion, LoadBalancing, NamedPort, NetworkAccess, ExternalLoadBalancingOptions,
  RequiredSpreadOptions, RollingUpdateOptions, Rollout, ScalingMetric, SchedulingOptions, SecurityOptions, ServiceIdentity, SessionAffinity, Spread,
  TrafficDistribution, TrafficPolicy,
} from '../lib';

type Props = Partial<HighAvailabilityServiceProps>;

/** Where in the YAML a prop shows, and as what; or, for what only the checks use, which finding it decides. */
type Effect = [place: string, value: unknown] | { finding: string };

/** A value that differs from the default, and the effect that it has. */
type Row = [option: string, props: Props, ...effects: Effect[]];

const POD = 'Deployment.spec.template.spec';
const MAIN = `${POD}.containers.0`;
const GONE = undefined;

const scope = chart();
const CONFIG = new ConfigMap(scope, 'Config', { metadata: { name: 'config' }, data: { a: 'b' } });
const VOLUME = Volume.fromEmptyDir(scope, 'Volume', 'data');
const PEER = NetworkPolicyIpBlock.ipv4(scope, 'Peer', '10.0.0.0/8');

const port = (more: Partial<NamedPort>): Props => ({ additionalPorts: [{ name: 'grpc', port: 9090, ...more }] });
const http = (options: HttpHealthCheckOptions): Props => ({ healthCheck: HealthCheck.http('/ready', options) });
const tcp = (options: HealthCheckOptions): Props => ({ healthCheck: HealthCheck.tcp(options) });
const grpc = (options: GrpcHealthCheckOptions): Props => ({ healthCheck: HealthCheck.grpc(options) });
const rollout = (options: RollingUpdateOptions): Props => ({ rollout: Rollout.rolling(options) });
const shutdown = (options: GracefulShutdownOptions): Props => ({ shutdown: GracefulShutdown.sleep(options) });
const spread = (options: RequiredSpreadOptions): Props => ({ spread: Spread.required(options) });
const scheduling = (options: SchedulingOptions): Props => ({ scheduling: options });
const security = (options: SecurityOptions): Props => ({ security: options });
const balancing = (options: ExternalLoadBalancingOptions): Props => ({ loadBalancing: LoadBalancing.external(options) });

const PROPS: Record<keyof HighAvailabilityServiceProps, Row[]> = {
  image: [['', { image: 'nginx:1' }, [`${MAIN}.image`, 'nginx:1'], ['Deployment.metadata.labels.app\\.kubernetes\\.io/version', '1']]],
  command: [['', { command: ['/bin/web'] }, [`${MAIN}.command`, ['/bin/web']]]],
  args: [['', { args: ['--verbose'] }, [`${MAIN}.args`, ['--verbose']]]],
  port: [['', { port: 3000 }, [`${MAIN}.ports.0.containerPort`, 3000], [`${MAIN}.readinessProbe.tcpSocket.port`, 3000], [`${MAIN}.livenessProbe.tcpSocket.port`, 3000],
    ['NetworkPolicy.spec.ingress.0.ports.0.port', 3000]]],
  portName: [['', { portName: 'web' }, [`${MAIN}.ports.0.name`, 'web'], ['Service.spec.ports.0.targetPort', 'web'], ['Service.spec.ports.0.name', 'web']]],
  additionalPorts: [
    ['name', port({}), [`${MAIN}.ports.1.name`, 'grpc'], ['Service.spec.ports.1.targetPort', 'grpc']],
    ['port', port({}), [`${MAIN}.ports.1.containerPort`, 9090], ['Service.spec.ports.1.port', 9090], ['NetworkPolicy.spec.ingress.0.ports.1.port', 9090]],
    ['servicePort', port({ servicePort: 81 }), ['Service.spec.ports.1.port', 81]],
    ['exposed', port({ exposed: false }), ['Service.spec.ports.1', GONE], [`${MAIN}.ports.1.name`, 'grpc']],
    ['protocol', port({ protocol: Protocol.UDP }), [`${MAIN}.ports.1.protocol`, 'UDP'], ['Service.spec.ports.1.protocol', 'UDP'], ['NetworkPolicy.spec.ingress.0.ports.1.protocol', 'UDP']],
    ['appProtocol', port({ appProtocol: 'grpc' }), ['Service.spec.ports.1.appProtocol', 'grpc']],
  ],
  environment: [['', { environment: { A: 'b' } }, [`${MAIN}.env.1`, { name: 'A', value: 'b' }]]],
  environmentReferences: [['', { environmentReferences: { A: EnvValue.fromConfigMap(CONFIG, 'a') } },
    [`${MAIN}.env.1.valueFrom.configMapKeyRef`, { key: 'a', name: 'config' }]]],
  environmentFrom: [['', { environmentFrom: [Env.fromConfigMap(CONFIG) as EnvFrom] }, [`${MAIN}.envFrom.0.configMapRef.name`, 'config']]],
  volumeMounts: [['', { volumeMounts: [{ path: '/data', volume: VOLUME }] }, [`${MAIN}.volumeMounts.1`, { mountPath: '/data', name: 'data' }], [`${POD}.volumes.1.name`, 'data']]],
  writablePaths: [['', { writablePaths: ['/cache'] }, [`${MAIN}.volumeMounts.1`, { mountPath: '/cache', name: 'cache' }], [`${POD}.volumes.1.emptyDir.sizeLimit`, '512Mi']]],
  scalingMetrics: [['', { scalingMetrics: [ScalingMetric.memoryUtilization(80)] }, ['HorizontalPodAutoscaler.spec.metrics.0.resource.name', 'memory']]],
  healthCheck: [
    ['', http({}), [`${MAIN}.readinessProbe.httpGet.path`, '/ready'], [`${MAIN}.startupProbe.httpGet.path`, '/ready']],
    ['HealthCheckOptions.port', tcp({ port: 9090 }), [`${MAIN}.readinessProbe.tcpSocket.port`, 9090]],
    ['HealthCheckOptions.interval', tcp({ interval: Duration.seconds(7) }), [`${MAIN}.readinessProbe.periodSeconds`, 7]],
    ['HealthCheckOptions.timeout', tcp({ timeout: Duration.seconds(4) }), [`${MAIN}.readinessProbe.timeoutSeconds`, 4]],
    ['HealthCheckOptions.failureThreshold', tcp({ failureThreshold: 4 }), [`${MAIN}.readinessProbe.failureThreshold`, 4]],
    ['HealthCheckOptions.successThreshold', tcp({ successThreshold: 2 }), [`${MAIN}.readinessProbe.successThreshold`, 2]],
    ['HttpHealthCheckOptions.headers', http({ headers: { Host: 'web' } }), [`${MAIN}.readinessProbe.httpGet.httpHeaders`, [{ name: 'Host', value: 'web' }]]],
    ['GrpcHealthCheckOptions.service', grpc({ service: 'shop' }), [`${MAIN}.readinessProbe.grpc.service`, 'shop']],
  ],
  startupTime: [['', { startupTime: Duration.minutes(20) }, [`${MAIN}.startupProbe.failureThreshold`, 600], ['Deployment.spec.progressDeadlineSeconds', 1510]]],
  serviceAccount: [
    ['', { serviceAccount: ServiceIdentity.existing('robot') }, [`${POD}.serviceAccountName`, 'robot'], ['ServiceAccount', GONE]],
    ['annotations', { serviceAccount: ServiceIdentity.own({ annotations: { role: 'reader' } }) }, ['ServiceAccount.metadata.annotations', { role: 'reader' }]],
    ['mountToken', { serviceAccount: ServiceIdentity.own({ mountToken: true }) }, [`${POD}.automountServiceAccountToken`, true], ['ServiceAccount.automountServiceAccountToken', true]],
  ],
  initContainers: [['', { initContainers: [{ name: 'migrate', image: 'm:1' }] }, [`${POD}.initContainers.0.name`, 'migrate']]],
  sidecars: [['', { sidecars: [{ name: 'proxy', image: 'p:1' }] }, [`${POD}.containers.1.name`, 'proxy']]],
  podLabels: [['', { podLabels: { tier: 'front' } }, ['Deployment.spec.template.metadata.labels.tier', 'front'], ['Deployment.metadata.labels.tier', GONE]]],
  name: [['', { name: 'shop' }, ['Deployment.metadata.name', 'shop'], ['Service.metadata.name', 'shop']]],
  namespace: [['', { namespace: 'prod' }, ...[
    'ServiceAccount', 'NetworkPolicy', 'Service', 'PodDisruptionBudget', 'Deployment', 'HorizontalPodAutoscaler',
  ].map((kind): Effect => [`${kind}.metadata.namespace`, 'prod'])]],
  kubernetesVersion: [['', { kubernetesVersion: KubernetesVersion.of('1.28') }, [`${MAIN}.lifecycle.preStop.exec.command`, ['sleep', '15']]]],
  minReplicas: [['', { minReplicas: 5 }, ['HorizontalPodAutoscaler.spec.minReplicas', 5], ['HorizontalPodAutoscaler.spec.maxReplicas', 15]]],
  maxReplicas: [['', { maxReplicas: 20 }, ['HorizontalPodAutoscaler.spec.maxReplicas', 20]]],
  replicas: [['', { replicas: 4 }, ['Deployment.spec.replicas', 4], ['HorizontalPodAutoscaler', GONE]]],
  imagePullPolicy: [['', { imagePullPolicy: ImagePullPolicy.NEVER }, [`${MAIN}.imagePullPolicy`, 'Never']]],
  imagePullSecrets: [['', { imagePullSecrets: ['registry'] }, [`${POD}.imagePullSecrets`, [{ name: 'registry' }]]]],
  resources: [['', {
    resources: {
      cpu: { request: Cpu.millis(100), limit: Cpu.units(2) },
      memory: { request: Size.mebibytes(64), limit: Size.mebibytes(64) },
      ephemeralStorage: { request: Size.mebibytes(10), limit: Size.mebibytes(20) },
    },
  }, [`${MAIN}.resources`, {
    requests: { 'cpu': '100m', 'memory': '64Mi', 'ephemeral-storage': '10Mi' }, limits: { 'cpu': '2', 'memory': '64Mi', 'ephemeral-storage': '20Mi' },
  }]]],
  rollout: [
    ['maxSurge', rollout({ maxSurge: PercentOrAbsolute.absolute(2) }), ['Deployment.spec.strategy.rollingUpdate.maxSurge', 2]],
    ['maxUnavailable', rollout({ maxUnavailable: PercentOrAbsolute.percent(10) }), ['Deployment.spec.strategy.rollingUpdate.maxUnavailable', '10%']],
    ['minReady', rollout({ minReady: Duration.seconds(20) }), ['Deployment.spec.minReadySeconds', 20]],
    ['progressDeadline', rollout({ progressDeadline: Duration.minutes(30) }), ['Deployment.spec.progressDeadlineSeconds', 1800]],
    ['revisionHistoryLimit', rollout({ revisionHistoryLimit: 3 }), ['Deployment.spec.revisionHistoryLimit', 3]],
  ],
  shutdown: [
    ['', { shutdown: GracefulShutdown.http('/drain') }, [`${MAIN}.lifecycle.preStop.httpGet.path`, '/drain']],
    ['drainDelay', shutdown({ drainDelay: Duration.seconds(20) }), [`${MAIN}.lifecycle.preStop.sleep.seconds`, 20], [`${POD}.terminationGracePeriodSeconds`, 55]],
    ['timeToFinish', shutdown({ timeToFinish: Duration.seconds(60) }), [`${POD}.terminationGracePeriodSeconds`, 80]],
    ['gracePeriod', shutdown({ gracePeriod: Duration.seconds(70) }), [`${POD}.terminationGracePeriodSeconds`, 70]],
  ],
  spread: [
    ['', { spread: Spread.none() }, [`${POD}.topologySpreadConstraints`, GONE]],
    ['SpreadOptions.topologies', spread({ topologies: [Topology.HOSTNAME] }), [`${POD}.topologySpreadConstraints.0.topologyKey`, 'kubernetes.io/hostname']],
    ['SpreadOptions.maxSkew', spread({ maxSkew: 2 }), [`${POD}.topologySpreadConstraints.0.maxSkew`, 2]],
    ['SpreadOptions.zones', { spread: Spread.preferred({ zones: 2 }) }, { finding: 'HA-A5' }],
    ['RequiredSpreadOptions.minDomains', spread({ minDomains: 2 }), [`${POD}.topologySpreadConstraints.0.minDomains`, 2]],
  ],
  scheduling: [
    ['nodeFailureToleration', scheduling({ nodeFailureToleration: Duration.seconds(60) }), [`${POD}.tolerations.0.tolerationSeconds`, 60]],
    ['tolerations', scheduling({ tolerations: [NodeTaintQuery.exists('dedicated')] }), [`${POD}.tolerations.2.key`, 'dedicated']],
    ['nodeSelector', scheduling({ nodeSelector: { disk: 'ssd' } }), [`${POD}.nodeSelector`, { disk: 'ssd' }]],
    ['affinity', scheduling({ affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchFields: [] } }] } } as k8s.Affinity }),
      [`${POD}.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution.0.weight`, 1]],
    ['priorityClassName', scheduling({ priorityClassName: 'critical' }), [`${POD}.priorityClassName`, 'critical']],
    ['schedulerName', scheduling({ schedulerName: 'mine' }), [`${POD}.schedulerName`, 'mine']],
  ],
  disruptionBudget: [
    ['', { disruptionBudget: DisruptionBudget.none() }, ['PodDisruptionBudget', GONE]],
    ['evictUnhealthyPods', { disruptionBudget: DisruptionBudget.maxUnavailable(PercentOrAbsolute.percent(20), { evictUnhealthyPods: false }) },
      ['PodDisruptionBudget.spec.unhealthyPodEvictionPolicy', 'IfHealthyBudget'], ['PodDisruptionBudget.spec.maxUnavailable', '20%']],
  ],
  loadBalancing: [
    ['LoadBalancingOptions.port', balancing({ port: 81 }), ['Service.spec.ports.0.port', 81], ['Service.spec.type', 'LoadBalancer']],
    ['LoadBalancingOptions.appProtocol', balancing({ appProtocol: 'http' }), ['Service.spec.ports.0.appProtocol', 'http']],
    ['LoadBalancingOptions.annotations', balancing({ annotations: { a: 'b' } }), ['Service.metadata.annotations', { a: 'b' }]],
    ['LoadBalancingOptions.sessionAffinity', balancing({ sessionAffinity: SessionAffinity.clientIp(Duration.seconds(60)) }),
      ['Service.spec.sessionAffinity', 'ClientIP'], ['Service.spec.sessionAffinityConfig.clientIP.timeoutSeconds', 60]],
    ['LoadBalancingOptions.internalTrafficPolicy', balancing({ internalTrafficPolicy: TrafficPolicy.LOCAL }), ['Service.spec.internalTrafficPolicy', 'Local']],
    ['LoadBalancingOptions.trafficDistribution', { ...balancing({ trafficDistribution: TrafficDistribution.PREFER_CLOSE }), kubernetesVersion: KubernetesVersion.of('1.31') },
      ['Service.spec.trafficDistribution', 'PreferClose']],
    ['LoadBalancingOptions.ipFamilies', balancing({ ipFamilies: [IpFamily.IPV6] }), ['Service.spec.ipFamilies', ['IPv6']]],
    ['LoadBalancingOptions.ipFamilyPolicy', balancing({ ipFamilyPolicy: IpFamilyPolicy.PREFER_DUAL_STACK }), ['Service.spec.ipFamilyPolicy', 'PreferDualStack']],
    ['ExternalLoadBalancingOptions.loadBalancerClass', balancing({ loadBalancerClass: 'a/b' }), ['Service.spec.loadBalancerClass', 'a/b']],
    ['ExternalLoadBalancingOptions.sourceRanges', balancing({ sourceRanges: ['10.0.0.0/8'] }), ['Service.spec.loadBalancerSourceRanges', ['10.0.0.0/8']]],
    ['ExternalLoadBalancingOptions.externalTrafficPolicy', balancing({ externalTrafficPolicy: TrafficPolicy.LOCAL }), ['Service.spec.externalTrafficPolicy', 'Local']],
  ],
  networkAccess: [
    ['', { networkAccess: NetworkAccess.unmanaged() }, ['NetworkPolicy', GONE]],
    ['from', { networkAccess: NetworkAccess.restricted({ from: [PEER] }) }, ['NetworkPolicy.spec.ingress.0.from.0.ipBlock.cidr', '10.0.0.0/8']],
    ['to', { networkAccess: NetworkAccess.restricted({ to: [PEER] }) }, ['NetworkPolicy.spec.egress.1.to.0.ipBlock.cidr', '10.0.0.0/8']],
  ],
  security: [
    ['user', security({ user: 1000 }), [`${POD}.securityContext.runAsUser`, 1000]],
    ['group', security({ group: 1001 }), [`${POD}.securityContext.runAsGroup`, 1001]],
    ['useImageUser', security({ useImageUser: true }), [`${POD}.securityContext.runAsUser`, GONE], [`${POD}.securityContext.runAsNonRoot`, true]],
    ['allowRoot', security({ allowRoot: true }), [`${POD}.securityContext.runAsNonRoot`, false], [`${MAIN}.securityContext.runAsNonRoot`, false]],
    ['writableRootFilesystem', security({ writableRootFilesystem: true }), [`${MAIN}.securityContext.readOnlyRootFilesystem`, false]],
    ['allowPrivilegeEscalation', security({ allowPrivilegeEscalation: true }), [`${MAIN}.securityContext.allowPrivilegeEscalation`, true]],
    ['addCapabilities', security({ addCapabilities: [Capability.NET_ADMIN] }), [`${MAIN}.securityContext.capabilities`, { add: ['NET_ADMIN'], drop: ['ALL'] }]],
    ['unconfinedSeccomp', security({ unconfinedSeccomp: true }), [`${POD}.securityContext.seccompProfile.type`, 'Unconfined']],
  ],
  labels: [['', { labels: { team: 'shop' } }, ['Service.metadata.labels.team', 'shop'], ['Deployment.spec.template.metadata.labels.team', 'shop']]],
  annotations: [['', { annotations: { team: 'shop' } }, ['Service.metadata.annotations.team', 'shop'], ['Deployment.metadata.annotations.team', 'shop'],
    ['Deployment.spec.template.metadata.annotations.team', GONE]]],
  podAnnotations: [['', { podAnnotations: { scrape: 'yes' } }, ['Deployment.spec.template.metadata.annotations.scrape', 'yes'], ['Deployment.metadata.annotations', GONE]]],
  acknowledgements: [['', { replicas: 1, acknowledgements: { 'HA-A1': 'a tool' } }, ['Deployment.metadata.annotations.cdk8s-high-availability/HA-A1', 'a tool']]],
};

/** A native sidecar needs a newer version than 1.28, so the restart policy of an init container is worth a row of its own. */
PROPS.initContainers.push(['restartPolicy', { initContainers: [{ name: 'proxy', image: 'p:1', restartPolicy: ContainerRestartPolicy.ALWAYS }] },
  [`${POD}.initContainers.0.restartPolicy`, 'Always']]);

/** The field at a place such as `Service.spec.ports.0.name`; a dot of a key is written `\.`. */
function field(objects: any[], place: string): unknown {
  const [kind, ...path] = place.split(/(?<!\\)\./).map(key => key.replace(/\\\./g, '.'));
  return path.reduce((here, key) => here?.[key], objects.find(object => object.kind === kind));
}

/** What there is in place of the effect. */
function shown(objects: any[], rules: string[], effect: Effect): unknown {
  return Array.isArray(effect) ? [effect[0], field(objects, effect[0])] : { finding: rules.find(rule => rule === effect.finding) };
}

const ROWS = Object.entries(PROPS).flatMap(([prop, rows]) => rows.map(([option, ...rest]) => [option === '' ? prop : `${prop}: ${option}`, ...rest] as Row));

describe('has its effect:', () => {
  const byDefault = manifests(service());

  test.each(ROWS)('%s', (_, props, ...effects) => {
    const web = service(props);
    const objects = manifests(web);
    const rules = web.findings.map(({ rule }) => rule);
    for (const effect of effects) {
      expect(shown(objects, rules, effect)).toEqual(effect);
    }
    // What the default does already would prove nothing.
    expect(effects.map(effect => shown(byDefault, [], effect))).not.toEqual(effects);
  });
});

describe('the table', () => {
  const root = join(__dirname, '..', 'lib');
  const program = ts.createProgram([join(root, 'index.ts')], { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.Node16, strict: true, skipLibCheck: true, noLib: true, types: [] });
  const checker = program.getTypeChecker();
  const index = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(join(root, 'index.ts'))!)!);

  const members = (name: string, own: boolean) => {
    const symbol = index.find(exported => exported.name === name)!;
    const { declarations } = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol; // eslint-disable-line no-bitwise
    const declaration = declarations![0] as ts.InterfaceDeclaration;
    return own
      ? declaration.members.map(member => member.name!.getText())
      : checker.getTypeAtLocation(declaration).getProperties().map(property => property.name);
  };
  const options = (prop: keyof HighAvailabilityServiceProps) => PROPS[prop].map(([option]) => option).filter(option => option !== '' && option !== 'restartPolicy');

  test('has every prop, inherited ones included', () => {
    const props = members('HighAvailabilityServiceProps', false);
    expect(props.length).toBeGreaterThan(35);
    expect(Object.keys(PROPS).sort()).toEqual(props.sort());
  });

  test.each([
    ['additionalPorts', 'NamedPort'],
    ['rollout', 'RollingUpdateOptions'],
    ['shutdown', 'GracefulShutdownOptions'],
    ['scheduling', 'SchedulingOptions'],
    ['security', 'SecurityOptions'],
    ['disruptionBudget', 'DisruptionBudgetOptions'],
    ['networkAccess', 'RestrictedAccessOptions'],
    ['serviceAccount', 'OwnServiceAccountOptions'],
  ] as const)('has every option of %s', (prop, struct) => {
    expect(options(prop).sort()).toEqual(members(struct, false).sort());
  });

  test.each([
    ['healthCheck', ['HealthCheckOptions', 'HttpHealthCheckOptions', 'GrpcHealthCheckOptions']],
    ['loadBalancing', ['LoadBalancingOptions', 'ExternalLoadBalancingOptions']],
    ['spread', ['SpreadOptions', 'RequiredSpreadOptions']],
  ] as const)('has every option of %s', (prop, structs) => {
    expect(options(prop).sort()).toEqual(structs.flatMap(struct => members(struct, true).map(member => `${struct}.${member}`)).sort());
  });

  test('knows every struct that there is', () => {
    const declarations = index.map(exported => checker.getAliasedSymbol(exported).declarations![0]);
    expect(declarations.filter(ts.isInterfaceDeclaration).map(({ name }) => name.text).sort()).toEqual([
      'DisruptionBudgetOptions', 'ExternalLoadBalancingOptions', 'Finding', 'GracefulShutdownOptions', 'GrpcHealthCheckOptions', 'HealthCheckOptions',
      'HighAvailabilityDefaultsProps', 'HighAvailabilityServiceProps', 'HttpHealthCheckOptions', 'LoadBalancingOptions', 'NamedPort', 'OwnServiceAccountOptions',
      'RequiredSpreadOptions', 'RestrictedAccessOptions', 'RollingUpdateOptions', 'SchedulingOptions', 'SecurityOptions', 'SpreadOptions',
    ]);
  });
});
