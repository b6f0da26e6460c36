import { App, Chart, Testing, YamlOutputType } from 'cdk8s';
import { Construct } from 'constructs';
import { IMAGE, chart, container, manifest, manifests, podSpec, service } from './fixtures';
import { HighAvailabilityService } from '../lib';

const NAME = { 'app.kubernetes.io/name': 'web' };

/** All bytes of the program that the construct is part of. */
const yaml = (construct: Construct) => (App.of(construct) as App).synthYaml();

beforeEach(() => jest.spyOn(process.stderr, 'write').mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

test('six objects are made, and nothing else', () => {
  expect(manifests(service()).map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual([
    'v1 ServiceAccount', 'networking.k8s.io/v1 NetworkPolicy', 'v1 Service', 'policy/v1 PodDisruptionBudget', 'apps/v1 Deployment', 'autoscaling/v2 HorizontalPodAutoscaler',
  ]);
});

test('each of them is a member', () => {
  const web = service();
  expect([web.serviceAccount, web.networkPolicy, web.service, web.deployment, web.autoscaler].map(member => member!.name)).toEqual(Array(5).fill('web'));
  expect(web.disruptionBudget!.name).toBe('web');
  expect(web.container).toBe(web.deployment.containers[0]);
});

test('the recommended labels are on all objects', () => {
  for (const { kind, metadata } of manifests(service())) {
    expect({ kind, ...metadata.labels }).toMatchObject({ kind, ...NAME, 'app.kubernetes.io/instance': 'web', 'app.kubernetes.io/managed-by': 'cdk8s' });
  }
});

test('the version is on the workload and the pods only, so that a new version changes nothing else', () => {
  const VERSION = 'app.kubernetes.io/version';
  const web = service();
  expect(manifests(web).filter(({ metadata }) => VERSION in metadata.labels).map(({ kind }) => kind)).toEqual(['Deployment']);
  expect(manifest(web, 'Deployment').spec.template.metadata.labels[VERSION]).toBe('1.4.2');
});

test('no version where the image has no tag that can be a label', () => {
  const digest = `ghcr.io/acme/web@sha256:${'0'.repeat(64)}`;
  expect(manifest(service({ image: digest }), 'Deployment').metadata.labels).not.toHaveProperty(['app.kubernetes.io/version']);
});

test('the selector is one label, the same everywhere', () => {
  const web = service({ labels: { team: 'shop' }, podLabels: { tier: 'front' } });
  expect(manifest(web, 'Deployment').spec.selector).toEqual({ matchLabels: NAME });
  expect(manifest(web, 'Service').spec.selector).toEqual(NAME);
  expect(manifest(web, 'PodDisruptionBudget').spec.selector).toEqual({ matchLabels: NAME });
  expect(manifest(web, 'NetworkPolicy').spec.podSelector).toEqual({ matchLabels: NAME });
  for (const { labelSelector } of podSpec(web).topologySpreadConstraints) {
    expect(labelSelector).toEqual({ matchLabels: NAME });
  }
});

test('the pods have the label of the selector', () => {
  expect(manifest(service(), 'Deployment').spec.template.metadata.labels).toMatchObject(NAME);
});

describe('the Deployment', () => {
  const { spec } = manifest(service(), 'Deployment');

  test('has no number of replicas, which belongs to the autoscaler', () => expect(spec).not.toHaveProperty('replicas'));
  test('adds a quarter and takes none', () => expect(spec.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } }));
  test('wants pods ready for 10 s', () => expect(spec.minReadySeconds).toBe(10));
  test('gives up after 10 minutes', () => expect(spec.progressDeadlineSeconds).toBe(600));
  test("leaves the history to Kubernetes' own default", () => expect(spec).not.toHaveProperty('revisionHistoryLimit'));
  test('says which volumes hold no node', () => expect(spec.template.metadata.annotations).toEqual({
    'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes': 'tmp',
  }));
});

describe('the pods', () => {
  const spec = podSpec(service());

  test('have 50 s to leave: 15 to drain, 30 to finish, 5 to spare', () => expect(spec.terminationGracePeriodSeconds).toBe(50));
  test('leave a failed node after 25 s', () => expect(spec.tolerations).toEqual(['not-ready', 'unreachable'].map(taint => ({
    key: `node.kubernetes.io/${taint}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 25,
  }))));
  test('are spread over zones', () => expect(spec.topologySpreadConstraints).toEqual([{
    topologyKey: 'topology.kubernetes.io/zone',
    maxSkew: 1,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: NAME },
    matchLabelKeys: ['pod-template-hash'],
    nodeTaintsPolicy: 'Honor',
  }]));
  test('keep apart on their nodes', () => expect(spec.affinity).toEqual({
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 100, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: NAME }, matchLabelKeys: ['pod-template-hash'] } },
      ],
    },
  }));
  test('run as the user 65532', () => expect(spec.securityContext).toEqual({
    runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' },
  }));
  test('use the own service account', () => expect(spec.serviceAccountName).toBe('web'));
  test('get no token', () => expect(spec.automountServiceAccountToken).toBe(false));
  test('get no variable for each Service', () => expect(spec.enableServiceLinks).toBe(false));
  test('have a small writable /tmp', () => expect(spec.volumes).toEqual([{ name: 'tmp', emptyDir: { sizeLimit: '512Mi' } }]));
  test('name no priority class', () => expect(spec).not.toHaveProperty('priorityClassName'));
  test('set no sysctl', () => expect(spec.securityContext).not.toHaveProperty('sysctls'));
});

describe('the container', () => {
  const main = container(service());

  test('is called like the service', () => expect(main.name).toBe('web'));
  test('runs the image', () => expect(main.image).toBe(IMAGE));
  test('is not pulled again', () => expect(main.imagePullPolicy).toBe('IfNotPresent'));
  test('listens on 8080', () => expect(main.ports).toEqual([{ name: 'http', containerPort: 8080, protocol: 'TCP' }]));
  test('has a home it can write to', () => expect(main.env).toEqual([{ name: 'HOME', value: '/tmp' }]));
  test('mounts /tmp', () => expect(main.volumeMounts).toEqual([{ name: 'tmp', mountPath: '/tmp' }]));
  test('asks for 250m of a CPU, up to 1', () => expect([main.resources.requests.cpu, main.resources.limits.cpu]).toEqual(['250m', '1']));
  test('asks for 512Mi of memory, no more', () => expect([main.resources.requests.memory, main.resources.limits.memory]).toEqual(['512Mi', '512Mi']));
  test('asks for 128Mi of disk, up to 2Gi', () => {
    expect([main.resources.requests['ephemeral-storage'], main.resources.limits['ephemeral-storage']]).toEqual(['128Mi', '2Gi']);
  });
  test('drains for 15 s', () => expect(main.lifecycle).toEqual({ preStop: { sleep: { seconds: 15 } } }));
  test('may do nothing special', () => expect(main.securityContext).toEqual({
    allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, privileged: false, readOnlyRootFilesystem: true, runAsNonRoot: true,
  }));
  test('is ready while the port is open', () => expect(main.readinessProbe).toEqual({ tcpSocket: { port: 8080 }, periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 3 }));
  test('is restarted a minute after the port closed', () => {
    expect(main.livenessProbe).toEqual({ tcpSocket: { port: 8080 }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 });
  });
  test('has two minutes to start', () => expect(main.startupProbe).toEqual({ tcpSocket: { port: 8080 }, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 60 }));
});

test('the Service passes port 80 to the named port, inside the cluster only', () => {
  expect(manifest(service(), 'Service').spec).toEqual({
    type: 'ClusterIP', selector: NAME, ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 'http' }],
  });
});

test('one pod may be drained at a time, and sick ones always', () => {
  expect(manifest(service(), 'PodDisruptionBudget').spec).toEqual({ maxUnavailable: 1, selector: { matchLabels: NAME }, unhealthyPodEvictionPolicy: 'AlwaysAllow' });
});

test('the service account has no token', () => {
  expect(manifest(service(), 'ServiceAccount').automountServiceAccountToken).toBe(false);
});

test('anyone may connect to the declared port, and the pods to anyone', () => {
  expect(manifest(service(), 'NetworkPolicy').spec).toEqual({
    podSelector: { matchLabels: NAME }, policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 8080, protocol: 'TCP' }] }],
  });
});

describe('the YAML', () => {
  const program = (place: (scope: Chart) => Construct) => {
    const scope = chart();
    new HighAvailabilityService(place(scope), 'web', { image: IMAGE, writablePaths: ['/cache'], environment: { A: 'b' } });
    return yaml(scope);
  };

  test('does not know where in the program the service stands', () => {
    const nested = (scope: Chart) => new Construct(new Construct(scope, 'some'), 'where');
    expect(program(nested)).toBe(program(scope => scope));
    expect(program(nested)).not.toContain('cdk8s.io/metadata.addr');
  });

  test('has the same bytes from program to program and from synthesis to synthesis', () => {
    const web = service({ acknowledgements: { 'HA-D7': 'a test' }, image: 'web:latest' });
    const first = yaml(web);
    expect(yaml(web)).toBe(first);
    expect(yaml(service({ acknowledgements: { 'HA-D7': 'a test' }, image: 'web:latest' }))).toBe(first);
  });

  test('does not change when the chart is rendered again and again', () => {
    const web = service();
    web.deployment.addContainer({ name: 'proxy', image: 'envoyproxy/envoy:v1.31.0', portNumber: 9901 });
    const first = JSON.stringify(Chart.of(web).toJson());
    expect(JSON.stringify(Chart.of(web).toJson())).toBe(first);
    expect(JSON.stringify(Chart.of(web).toJson())).toBe(first);
  });

  test.each([YamlOutputType.FILE_PER_APP, YamlOutputType.FILE_PER_CHART])('holds nothing of the JavaScript inside, as %s', yamlOutputType => {
    const app = Testing.app({ yamlOutputType });
    service({}, new Chart(app, 'a'));
    expect(app.synthYaml()).not.toMatch(/undefined|null|NaN|\[object|Infinity|\{\}|\[\]/);
  });

  test.each([
    ['a number', { maxReplicas: 12 }, 1],
    ['an image', { image: 'ghcr.io/acme/web:1.4.3' }, 3],
    ['a variable', { environment: { A: 'b' } }, 2],
    ['a port', { port: 8081 }, 5],
  ])('changes by a few lines when %s changes', (_, change, lines) => {
    const before = yaml(service()).split('\n');
    const after = yaml(service(change)).split('\n');
    expect(after.filter(line => !before.includes(line)).length).toBeLessThanOrEqual(lines);
    expect(Math.abs(after.length - before.length)).toBeLessThanOrEqual(lines);
  });
});
