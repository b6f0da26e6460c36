import { Duration, Size } from 'cdk8s';
import { ConfigMap, Cpu, EnvValue, PercentOrAbsolute, Volume } from 'cdk8s-plus-28';
import { IMAGE, chart, container, manifest, podSpec, refusal, service } from './fixtures';
import {
  DisruptionBudget, GracefulShutdown, HealthCheck, HighAvailabilityService, HighAvailabilityServiceProps, KubernetesVersion, LoadBalancing, Rollout,
  ScalingMetric,
} from '../lib';

/** The faults of a service of these props, without the bullets. */
const faults = (props: Record<string, any>) => refusal(props as HighAvailabilityServiceProps).split('\n').slice(1).map(line => line.replace(/^ {2}- /, ''));

test('fails with all that is wrong in one message', () => {
  const message = refusal({
    image: '',
    port: 0,
    portName: 'HTTP',
    minReplicas: 5,
    maxReplicas: 3,
    environment: { '1ST': 'a' },
    labels: { team: 'a b' },
    writablePaths: ['cache'],
    scalingMetrics: [ScalingMetric.cpuUtilization(0)],
    kubernetesVersion: KubernetesVersion.of('2.0'),
    healthCheck: HealthCheck.http('healthz'),
    namespace: 'A',
    shutdown: GracefulShutdown.sleep({ drainDelay: Duration.seconds(40), gracePeriod: Duration.seconds(30) }),
    rollout: Rollout.rolling({ maxSurge: PercentOrAbsolute.absolute(0) }),
    disruptionBudget: DisruptionBudget.minAvailable(PercentOrAbsolute.absolute(5)),
    resources: { memory: { request: Size.gibibytes(2), limit: Size.gibibytes(1) } },
  });
  expect(message.split('\n')[0]).toBe("HighAvailabilityService 'test/web' is refused:");
  for (const prop of [
    'image', 'port', 'portName', 'minReplicas', 'environment', 'labels.team', 'writablePaths', 'scalingMetrics.cpuUtilization', 'kubernetesVersion',
    'healthCheck.path', 'namespace', 'shutdown.gracePeriod', 'rollout', 'disruptionBudget.minAvailable', 'resources.memory.request',
  ]) {
    expect(message).toContain(`\n  - ${prop}: `);
  }
  expect(message).not.toMatch(/undefined|NaN|\[object/);
});

test('one fault is one line, however often it is met', () => {
  expect(faults({ healthCheck: HealthCheck.http('/', { port: 0 }) })).toEqual(['healthCheck.port: 0 is no whole number from 1 to 65535; give one.']);
});

test('fails with the name of the construct class and the whole path', () => {
  const scope = chart();
  class Web extends HighAvailabilityService {}
  expect(refusal(() => new Web(scope, 'web', { image: '' }))).toMatch(/^Web 'test\/web' is refused:\n/);
});

test('nothing is left in the chart that would reach the YAML when a service is refused', () => {
  const scope = chart();
  expect(refusal(() => service({ port: 0 }, scope))).toContain('port: 0');
  expect(scope.toJson()).toEqual([]);
});

test.each([[undefined], [null], [{}]])('fails for props %p', props => {
  expect(refusal(() => new HighAvailabilityService(chart(), 'web', props as any))).toContain('image: undefined is empty; ');
});

describe('environment', () => {
  test.each([[1], [undefined], [true], [{}]])('fails for the value %p', value => {
    expect(faults({ environment: { A: value } })).toEqual([`environment.A: ${value} is no string; write it as a string.`]);
  });

  test.each(['1A', 'A B', 'A=B', ''])("fails for the variable '%s'", variable => {
    expect(faults({ environment: { [variable]: 'a' } })).toEqual([
      `environment: '${variable}' is no variable name; use letters, digits, '_', '-' and '.', and no digit first.`,
    ]);
    expect(faults({ environmentReferences: { [variable]: EnvValue.fromValue('a') } })[0]).toContain(`environmentReferences: '${variable}' is no variable name`);
  });

  test('accepts empty values and unusual names', () => {
    expect(container(service({ environment: { 'a.b-c_D9': '' } })).env).toContainEqual({ name: 'a.b-c_D9' });
  });

  test('fails for a variable that is given twice', () => {
    expect(faults({ environment: { A: 'a' }, environmentReferences: { A: EnvValue.fromValue('b') } })).toEqual([
      "environmentReferences: 'A' is given by environment as well; give it once.",
    ]);
  });

  test.each([['plain text'], [undefined], [{}]])('fails for %p in place of a reference', value => {
    expect(faults({ environmentReferences: { A: value } })[0]).toContain('environmentReferences.A: ');
    expect(faults({ environmentReferences: { A: value } })[0]).toContain('is no EnvValue; make one, such as EnvValue.fromSecretValue(...), or use environment for plain text.');
  });

  test('keeps HOME as it is given', () => {
    expect(container(service({ environment: { HOME: '/home/me' } })).env).toEqual([{ name: 'HOME', value: '/home/me' }]);
    expect(container(service({ environmentReferences: { HOME: EnvValue.fromValue('/x') } })).env).toEqual([{ name: 'HOME', value: '/x' }]);
  });
});

describe('volume mounts', () => {
  const mount = (path: any, scope = chart()) => ({ path, volume: Volume.fromEmptyDir(scope, `V${Math.random()}`, 'data') });

  test.each(['data', '', './data', '/data:ro', undefined, 5])('fail for the path %p', path => {
    expect(refusal({ volumeMounts: [mount(path)] })).toContain(
      `volumeMounts: ${typeof path === 'string' ? `'${path}'` : path} is no absolute path; begin with '/', and use no ':'.`);
  });

  test('fail for a path that is mounted twice', () => {
    expect(refusal({ volumeMounts: [mount('/data'), mount('/data')] })).toContain("volumeMounts: '/data' is mounted twice; mount one volume per path.");
  });

  test('are accepted at two paths', () => {
    const shared = mount('/data');
    expect(container(service({ volumeMounts: [shared, { ...shared, path: '/more' }] })).volumeMounts.map(({ mountPath }: any) => mountPath)).toEqual(['/tmp', '/data', '/more']);
  });

  test.each([[undefined], ['/data'], [{ path: '/data' }]])('fail for %p in place of a mount', value => {
    expect(faults({ volumeMounts: [value] })[0]).toMatch(/^volumeMounts\.0: .* is no VolumeMount; make one, such as /);
  });
});

describe('labels and annotations', () => {
  test.each(['labels', 'podLabels'])('%s fail for a value that is none', prop => {
    expect(faults({ [prop]: { team: 'a b' } })).toEqual([
      `${prop}.team: 'a b' is no label value; use at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends.`,
    ]);
  });

  test.each(['labels', 'podLabels', 'annotations', 'podAnnotations'])('%s fail for a key that is none', prop => {
    expect(faults({ [prop]: { 'a b': 'c' } })).toEqual([
      `${prop}: 'a b' is no label or annotation key; use a name of at most 63 letters, digits, '-', '_' and '.', after a DNS name and '/' if you like.`,
    ]);
  });

  test.each(['labels', 'podLabels', 'annotations', 'podAnnotations'])('%s fail for what is no string', prop => {
    expect(faults({ [prop]: { a: 1, b: undefined } })).toEqual([`${prop}.a: 1 is no string; write it as a string, or leave it out.`, `${prop}.b: undefined is no string; write it as a string, or leave it out.`]);
  });

  test.each(['labels', 'podLabels'])("%s fail for a name that is not the Service's", prop => {
    expect(faults({ [prop]: { 'app.kubernetes.io/name': 'other' } })).toEqual([
      `${prop}.app.kubernetes.io/name: 'other' is not the name by which the Service finds its pods; leave it out, or set name: 'other'.`,
    ]);
  });

  test.each(['labels', 'podLabels'])("%s may repeat the Service's name", prop => {
    expect(manifest(service({ [prop]: { 'app.kubernetes.io/name': 'web' } }), 'Service').spec.selector).toEqual({ 'app.kubernetes.io/name': 'web' });
  });
});

describe('image pull secrets', () => {
  test.each(['A', 'a_b', ''])("fail for '%s'", secret => {
    expect(faults({ imagePullSecrets: [secret] })).toEqual([`imagePullSecrets: '${secret}' is no object name; use lower case letters, digits, '-' and '.'.`]);
  });

  test('are accepted with dots', () => {
    expect(podSpec(service({ imagePullSecrets: ['registry.acme'] })).imagePullSecrets).toEqual([{ name: 'registry.acme' }]);
  });
});

describe('what the compiler would refuse', () => {
  test.each([
    ['command', 'sh -c', "command: 'sh -c' is no list; give a list."],
    ['command', ['sh', 5], 'command.1: 5 is no string; write it as a string.'],
    ['args', ['--url', undefined], 'args.1: undefined is no string; write it as a string.'],
    ['writablePaths', [undefined], 'writablePaths.0: undefined is no string; write it as a string.'],
    ['imagePullSecrets', 'registry', "imagePullSecrets: 'registry' is no list; give a list."],
    ['additionalPorts', {}, "additionalPorts: '{...}' is no list; give a list."],
    ['environment', [], "environment: '[]' is no object; give an object with a value for each name."],
    ['environmentFrom', [undefined], 'environmentFrom.0: undefined is no EnvFrom; make one, such as Env.fromConfigMap(...).'],
    ['healthCheck', '/healthz', "healthCheck: '/healthz' is no HealthCheck; make one, such as HealthCheck.http('/healthz')."],
    ['startupTime', 120, 'startupTime: 120 is no Duration; make one, such as Duration.minutes(2).'],
    ['kubernetesVersion', '1.30', "kubernetesVersion: '1.30' is no KubernetesVersion; make one, such as KubernetesVersion.of('1.30')."],
    ['serviceAccount', 'web', "serviceAccount: 'web' is no ServiceIdentity; make one, such as ServiceIdentity.existing('name')."],
    ['loadBalancing', 'external', "loadBalancing: 'external' is no LoadBalancing; make one, such as LoadBalancing.external()."],
    ['rollout', {}, "rollout: '{...}' is no Rollout; make one, such as Rollout.rolling()."],
    ['shutdown', 30, 'shutdown: 30 is no GracefulShutdown; make one, such as GracefulShutdown.sleep().'],
    ['spread', 'required', "spread: 'required' is no Spread; make one, such as Spread.preferred()."],
    ['disruptionBudget', 1, 'disruptionBudget: 1 is no DisruptionBudget; make one, such as DisruptionBudget.maxUnavailable(PercentOrAbsolute.absolute(1)).'],
    ['resources', '1', "resources: '1' is no object; give an object with the options."],
    ['security', true, 'security: true is no object; give an object with the options.'],
    ['scheduling', [], "scheduling: '[]' is no object; give an object with the options."],
    ['sidecars', ['envoy'], "sidecars.0: 'envoy' is no object; give an object with the options."],
    ['initContainers', [null], 'initContainers.0: null is no object; give an object with the options.'],
    ['imagePullPolicy', 'always', "imagePullPolicy: 'always' is no pull policy; use one of Always, IfNotPresent, Never."],
    ['image', 5, "image: 5 is no image reference; give one such as 'registry.example.com/team/web:1.4.2'."],
  ])('fails for %s %p', (prop, value, fault) => {
    expect(faults({ [prop]: value })).toEqual([fault]);
  });

  test('fails for a prop that there is not, rather than drop it', () => {
    const { minReplica, ...rest } = { image: IMAGE, minReplica: 5 };
    expect(faults({ ...rest, minReplica })).toEqual(['minReplica: 5 is no prop; remove it, or mend the name.']);
    expect(faults({ constructor: 'x' })).toEqual(["constructor: 'x' is no prop; remove it, or mend the name."]);
  });

  test('takes undefined and null for not given', () => {
    expect(service({ port: undefined, healthCheck: null, sidecars: undefined, nothing: undefined } as any).name).toBe('web');
  });

  test('fails with all of them, and all else, in one go', () => {
    expect(faults({ healthCheck: '/healthz', port: '80', args: [1, 2], labels: { a: 'b c' }, loadBalancing: LoadBalancing.cluster({ port: NaN }) })).toHaveLength(6);
  });
});

test('resources of another version of cdk8s are taken, since they are told by what they can do', () => {
  const cpu = { request: { amount: '100m' }, limit: { amount: '1' } } as { request: Cpu; limit: Cpu };
  expect(container(service({ resources: { cpu } })).resources.requests.cpu).toBe('100m');
});

test('a ConfigMap of the program is a reference like any other', () => {
  const scope = chart();
  const config = new ConfigMap(scope, 'Config', { data: { a: 'b' } });
  const web = service({ environmentReferences: { A: EnvValue.fromConfigMap(config, 'a') } }, scope);
  expect(container(web).env).toContainEqual({ name: 'A', valueFrom: { configMapKeyRef: { key: 'a', name: config.name } } });
});

describe('an option that there is not', () => {
  test.each([
    ['additionalPorts', { additionalPorts: [{ name: 'admin', port: 81, service_port: 80 }] }, 'additionalPorts.0.service_port: 80 is no option; use one of name, port, servicePort,'],
    ['sidecars', { sidecars: [{ name: 'proxy', image: IMAGE, port_number: 7000 }] }, 'sidecars.0.port_number: 7000 is no option; use one of image, name,'],
    ['security', { security: { runAsUser: 5 } }, 'security.runAsUser: 5 is no option; use one of user, group,'],
    ['scheduling', { scheduling: { priorityClass: 'high' } }, "scheduling.priorityClass: 'high' is no option"],
    ['resources', { resources: { requests: {} } }, "resources.requests: '{...}' is no option; use one of cpu, memory, ephemeralStorage"],
    ['resources.cpu', { resources: { cpu: '500m' } }, "resources.cpu: '500m' is no object; give { request: Cpu.millis(250) }"],
  ])('fails in %s, rather than be dropped', (_, props, message) => {
    expect(faults(props)).toEqual([expect.stringContaining(message)]);
  });

  test('is not confused with one that is not given', () => {
    expect(() => service({ security: { user: undefined }, additionalPorts: [{ name: 'admin', port: 81, servicePort: undefined }] })).not.toThrow();
  });
});

describe('a value in the place of an object', () => {
  test.each([
    ['liveness', HealthCheck.http('/').withLiveness('/alive' as any), "healthCheck.liveness: '/alive' is no HealthCheck; make one, such as HealthCheck.http('/alive')."],
    ['startup', HealthCheck.http('/').withStartup(null as any), 'healthCheck.startup: null is no HealthCheck'],
  ])('fails as the check of %s', (_, healthCheck, message) => {
    expect(faults({ healthCheck })).toEqual([expect.stringContaining(message)]);
  });

  test.each(['allowFrom', 'allowTo'] as const)('fails as the peer of %s', verb => {
    expect(() => service()[verb]('front' as any)).toThrow(`test/web: ${verb}: 'front' is no peer; give another service, or Pods,`);
  });

  test('fails as an operation of a patch', () => {
    const web = service();
    web.patch(web.deployment, { op: 'add', path: '/spec/paused', value: true } as any);
    expect(refusal(() => manifest(web, 'Deployment'))).toContain('test/web/Deployment: patch: \'{"op":"add","path":"/spec/paused","value":true}\' is no operation');
  });

  test('a fixed number of no pods is one fault', () => {
    expect(faults({ replicas: 0 })).toEqual(['replicas: 0 is no whole number of at least 1; give one.']);
  });
});
