import { Duration, Size } from 'cdk8s';
import { Capability, Cpu, Node, NodeTaintQuery, PercentOrAbsolute, Protocol } from 'cdk8s-plus-28';
import * as fc from 'fast-check';
import { IMAGE, chart, manifests } from './fixtures';
import {
  DisruptionBudget, GracefulShutdown, HealthCheck, HighAvailabilityService, HighAvailabilityServiceProps, KubernetesVersion, LoadBalancing,
  NetworkAccess, Rollout, ScalingMetric, ServiceIdentity, SessionAffinity, Spread,
} from '../lib';

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const mostly = <T>(arbitrary: fc.Arbitrary<T>, ...others: T[]) => fc.oneof(
  { weight: 9, arbitrary }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const options = <T>(model: { [key in keyof T]: fc.Arbitrary<T[key]> }) => fc.record(model, { requiredKeys: [] });
const oneOf = fc.constantFrom;

const upTo = (max: number, min = 0) => fc.integer({ min, max });
const seconds = (max: number) => mostly(upTo(max).map(Duration.seconds), Duration.millis(1500));
const pods = fc.oneof(upTo(12).map(PercentOrAbsolute.absolute), upTo(110).map(PercentOrAbsolute.percent));
const port = mostly(upTo(65535, 1), 0, NaN, 80.5, 70000);
const words = fc.array(fc.stringMatching(/^[a-z/-]{1,8}$/), { maxLength: 3 });
const map = fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,5}$/), fc.stringMatching(/^[A-Za-z0-9]{0,6}$/), { maxKeys: 3 });
const reasons = Object.fromEntries(['A1', 'A3', 'B1', 'B2', 'B3', 'D4', 'E5', 'H1'].map(rule => [`HA-${rule}`, 'a test']));

const additionalPort = fc.record({
  name: oneOf('metrics', 'grpc', 'dns', 'admin'), port, exposed: maybe(fc.boolean()), protocol: maybe(oneOf(Protocol.TCP, Protocol.UDP)),
});
const metric = upTo(110).chain(percent => oneOf(
  ScalingMetric.cpuUtilization(percent), ScalingMetric.memoryUtilization(percent), ScalingMetric.cpuAverage(Cpu.millis(percent))));
const healthCheck = options({ port, interval: seconds(30), timeout: seconds(10), failureThreshold: upTo(9) }).chain(given => oneOf(
  HealthCheck.tcp(given), HealthCheck.http('/ready', given), HealthCheck.grpc(given), HealthCheck.command(['check'], given)));
const shutdown = options({ drainDelay: seconds(60), timeToFinish: seconds(700), gracePeriod: seconds(120) }).chain(given => oneOf(
  GracefulShutdown.sleep(given), GracefulShutdown.execSleep(given), GracefulShutdown.http('/drain', given), GracefulShutdown.application(given)));
const rollout = options({ maxSurge: pods, maxUnavailable: pods, minReady: seconds(60), progressDeadline: seconds(2000) }).map(Rollout.rolling);
const disruptionBudget = pods.chain(given => oneOf(
  DisruptionBudget.maxUnavailable(given), DisruptionBudget.minAvailable(given), DisruptionBudget.none()));
const spread = options({ zones: upTo(5, 1), maxSkew: upTo(3) }).chain(given => oneOf(Spread.preferred(given), Spread.required(given), Spread.none()));
const loadBalancing = options({ port, sessionAffinity: seconds(90000).map(SessionAffinity.clientIp) }).chain(given => oneOf(
  LoadBalancing.cluster(given), LoadBalancing.external(given), LoadBalancing.internal(given)));
const resources = fc.record({
  cpu: maybe(options({ request: upTo(500).map(Cpu.millis), limit: upTo(2).map(Cpu.units) })),
  memory: upTo(100).map(Size.mebibytes).map(size => ({ request: size, limit: size })),
}, { requiredKeys: ['memory'] });

const ALL_PROPS = {
  image: oneOf(IMAGE, IMAGE, 'nginx', 'nginx:latest', `web@sha256:${'0'.repeat(64)}`, 'Not an image'),
  command: maybe(words),
  args: maybe(words),
  port: maybe(port),
  portName: maybe(oneOf('http', 'grpc', 'x-1')),
  additionalPorts: maybe(fc.uniqueArray(additionalPort, { selector: ({ name }) => name, maxLength: 3 })),
  environment: maybe(map),
  writablePaths: maybe(fc.array(oneOf('/cache', '/var/run', '/tmp', '/tmp/x', 'relative'), { maxLength: 3 })),
  minReplicas: maybe(upTo(12)),
  maxReplicas: maybe(upTo(40)),
  replicas: maybe(upTo(12)),
  scalingMetrics: maybe(fc.array(metric, { maxLength: 3 })),
  healthCheck: maybe(healthCheck),
  startupTime: maybe(seconds(1000)),
  shutdown: maybe(shutdown),
  rollout: maybe(rollout),
  disruptionBudget: maybe(disruptionBudget),
  spread: maybe(spread),
  loadBalancing: maybe(loadBalancing),
  networkAccess: maybe(oneOf(
    NetworkAccess.open(), NetworkAccess.unmanaged(), NetworkAccess.restricted({ from: [] }), NetworkAccess.restricted({ to: [] }))),
  serviceAccount: maybe(oneOf(ServiceIdentity.none(), ServiceIdentity.existing('robot'), ServiceIdentity.own({ mountToken: true }))),
  resources: maybe(resources),
  security: maybe(options({ user: upTo(70000), allowRoot: fc.boolean(), addCapabilities: oneOf([], [Capability.NET_ADMIN]) })),
  sidecars: maybe(fc.array(fc.record({ name: oneOf('proxy', 'web', 'logs'), image: oneOf('p:1'), portNumber: maybe(port) }), { maxLength: 2 })),
  labels: maybe(map),
  podLabels: maybe(map),
  annotations: maybe(map),
  kubernetesVersion: maybe(oneOf('1.27', '1.28', '1.30', '1.34').map(KubernetesVersion.of)),
  acknowledgements: oneOf(undefined, reasons),
} satisfies { [prop in keyof HighAvailabilityServiceProps]?: fc.Arbitrary<HighAvailabilityServiceProps[prop] | undefined> };

/** Some props at a time: were it all of them, something would be wrong nearly always. */
const NAMES = Object.keys(ALL_PROPS) as (keyof typeof ALL_PROPS)[];
const PROPS: fc.Arbitrary<Partial<HighAvailabilityServiceProps>> = fc.uniqueArray(oneOf(...NAMES), { maxLength: 10 })
  .chain(names => fc.record(Object.fromEntries(names.map(name => [name, ALL_PROPS[name] as fc.Arbitrary<any>]))));

const podsOf = (value: number | string, of: number, round: (x: number) => number) => typeof value === 'string' ? round(parseInt(value) * of / 100) : value;

/** All values of an object that mean nothing, by their paths. */
function voids(value: unknown, path = ''): string[] {
  if (value === undefined || value === null || Number.isNaN(value)) {
    return [`${path} is ${value}`];
  }
  return typeof value === 'object' ? Object.entries(value).flatMap(([key, inner]) => voids(inner, `${path}/${key}`)) : [];
}

function expectSound(objects: any[], acknowledged: boolean): void {
  const of = (kind: string) => objects.find(object => object.kind === kind);
  const { spec } = of('Deployment');
  const pod = spec.template.spec;
  const autoscaler = of('HorizontalPodAutoscaler')?.spec;
  const floor = autoscaler?.minReplicas ?? spec.replicas;

  expect(objects.flatMap(object => voids(object, object.kind))).toEqual([]);
  expect(spec.replicas === undefined).toBe(autoscaler !== undefined);
  expect(floor).toBeLessThanOrEqual(autoscaler?.maxReplicas ?? floor);
  expect(floor).toBeGreaterThanOrEqual(acknowledged ? 1 : 2);

  const { maxSurge, maxUnavailable } = spec.strategy.rollingUpdate;
  // Where rounding alone makes both 0, Kubernetes lets one pod go.
  expect(parseInt(maxSurge) + parseInt(maxUnavailable)).toBeGreaterThan(0);
  expect(spec.progressDeadlineSeconds).toBeGreaterThan(spec.minReadySeconds);

  const budget = of('PodDisruptionBudget')?.spec;
  if (budget && !acknowledged) {
    const { maxUnavailable: gone = 0, minAvailable: kept = 0 } = budget;
    expect('maxUnavailable' in budget ? podsOf(gone, floor, Math.ceil) : floor - podsOf(kept, floor, Math.ceil)).toBeGreaterThanOrEqual(1);
  }

  const { preStop } = pod.containers[0].lifecycle ?? {};
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(preStop?.sleep?.seconds ?? Number(preStop?.exec?.command[1] ?? 0));
  expect(preStop).not.toEqual({});
  for (const container of [...pod.containers, ...pod.initContainers ?? []]) {
    expect(container.securityContext.capabilities.drop).toEqual(['ALL']);
    expect(container.imagePullPolicy).toBeDefined();
  }
  const { startupProbe } = pod.containers[0];
  expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBeGreaterThan(0);

  const names = pod.containers.flatMap(({ ports = [] }: any) => ports.map(({ name }: any) => name));
  const service = of('Service').spec;
  expect(service.ports.length).toBeGreaterThan(0);
  for (const { port: number, targetPort } of service.ports) {
    expect(names).toContain(targetPort);
    expect(Number.isInteger(number)).toBe(true);
  }

  const labels = spec.template.metadata.labels;
  for (const selector of [spec.selector.matchLabels, service.selector, budget?.selector.matchLabels, of('NetworkPolicy')?.spec.podSelector.matchLabels].filter(x => x)) {
    expect(labels).toMatchObject(selector);
    expect(Object.keys(selector)).toHaveLength(1);
  }
  expect(new Set(objects.map(({ metadata }) => metadata.name)).size).toBe(1);
  expect(JSON.stringify(objects)).not.toMatch(/metadata\.addr|\[object|"undefined"|NaN/);

  const volumes = (pod.volumes ?? []).map(({ name }: any) => name);
  expect(new Set(volumes).size).toBe(volumes.length);
  for (const { metrics } of [autoscaler].filter(x => x)) {
    expect(metrics.length).toBeGreaterThan(0);
  }
}

test('whatever the props, they are refused with a reason, or give sound objects', () => {
  let made = 0;
  let refused = 0;
  fc.assert(fc.property(PROPS, props => {
    let web: HighAvailabilityService;
    try {
      web = new HighAvailabilityService(chart(), 'web', { image: IMAGE, ...props });
    } catch (error) {
      refused += 1;
      const [first, ...lines] = (error as Error).message.split('\n');
      expect(first).toBe("HighAvailabilityService 'test/web' is refused:");
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) {
        expect(line).toMatch(/^ {2}- [a-zA-Z0-9. ]+: .+; .+\.$/);
      }
      return;
    }
    made += 1;
    web.deployment.scheduling.tolerate(Node.tainted(NodeTaintQuery.exists('dedicated')));
    expectSound(manifests(web), props.acknowledgements !== undefined);
    expect(manifests(web)).toEqual(manifests(web));
  }), { numRuns: 400 });
  // A property of nothing proves nothing.
  expect(made).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(50);
}, 60_000);
