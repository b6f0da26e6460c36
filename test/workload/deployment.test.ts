import { Duration, Size } from 'cdk8s';
import { Capability, Container, ContainerProps, ContainerRestartPolicy, Cpu, Handler, ImagePullPolicy, Probe } from 'cdk8s-plus-28';
import { GracefulShutdown, HighAvailabilityService, HighAvailabilityServiceProps, KubernetesVersion, Rollout, SecurityOptions } from '../../lib';
import { chart, container, IMAGE, manifest, podSpec, service } from '../fixtures';

const SIDE: ContainerProps = { name: 'side', image: 'ghcr.io/acme/side:2.0' };
const RESTRICTED = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, privileged: false, readOnlyRootFilesystem: true, runAsNonRoot: true };

type Way = [string, (container: ContainerProps, props?: Partial<HighAvailabilityServiceProps>) => HighAvailabilityService];
const sidecars: Way[] = [
  ['a sidecar of the props', (side, props) => service({ ...props, sidecars: [side] })],
  ['a container that is added later', (side, props) => {
    const web = service(props);
    web.deployment.addContainer(side);
    return web;
  }],
];
const inits: Way[] = [
  ['an init container of the props', (side, props) => service({ ...props, initContainers: [side] })],
  ['an init container that is added later', (side, props) => {
    const web = service(props);
    web.deployment.addInitContainer(side);
    return web;
  }],
];

describe.each([...sidecars, ...inits])('%s', (_, make) => {
  const rendered = (more: Partial<ContainerProps> = {}, props?: Partial<HighAvailabilityServiceProps>) => container(make({ ...SIDE, ...more }, props), 'side');

  test('is hardened', () => {
    expect(rendered().securityContext).toEqual(RESTRICTED);
  });

  test('is hardened where it says something else about its security', () => {
    expect(rendered({ securityContext: { user: 1000 } }).securityContext).toEqual({ ...RESTRICTED, runAsUser: 1000 });
    expect(rendered({ securityContext: { capabilities: { add: [Capability.NET_ADMIN] } } }).securityContext.capabilities).toEqual({ add: ['NET_ADMIN'], drop: ['ALL'] });
  });

  test('keeps what it drops by its own choice', () => {
    expect(rendered({ securityContext: { capabilities: { drop: [Capability.CHOWN] } } }).securityContext.capabilities).toEqual({ drop: ['CHOWN'] });
  });

  test('is relaxed like the main container, unless it says something else', () => {
    const security: SecurityOptions = { writableRootFilesystem: true };
    expect(rendered({}, { security }).securityContext.readOnlyRootFilesystem).toBe(false);
    expect(rendered({ securityContext: { readOnlyRootFilesystem: true } }, { security }).securityContext.readOnlyRootFilesystem).toBe(true);
  });

  test('asks for little, and always for something', () => {
    const little = { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '500m', memory: '128Mi' } };
    expect(rendered().resources).toEqual(little);
    expect(rendered({ resources: undefined }).resources).toEqual(little);
  });

  test('gets what it asks for, exactly', () => {
    expect(rendered({
      resources: {
        cpu: { request: Cpu.millis(10) },
        memory: { request: Size.kibibytes(1500), limit: Size.gibibytes(1) },
        ephemeralStorage: { request: Size.mebibytes(100), limit: Size.mebibytes(200) },
      },
    }).resources).toEqual({
      requests: { 'cpu': '10m', 'memory': '1500Ki', 'ephemeral-storage': '100Mi' },
      limits: { 'memory': '1Gi', 'ephemeral-storage': '200Mi' },
    });
  });

  test('is pulled only where its image is not there yet, unless it says something else', () => {
    expect(rendered().imagePullPolicy).toBe('IfNotPresent');
    expect(rendered({ imagePullPolicy: undefined }).imagePullPolicy).toBe('IfNotPresent');
    expect(rendered({ imagePullPolicy: ImagePullPolicy.ALWAYS }).imagePullPolicy).toBe('Always');
  });

  test('gets no startup probe that it did not ask for', () => {
    expect(rendered({ portNumber: 9000 })).not.toHaveProperty('startupProbe');
    expect(rendered({ portNumber: 9000 }).ports).toEqual([{ containerPort: 9000 }]);
  });

  test('leaves the main container as it is', () => {
    expect(container(make(SIDE))).toEqual(container(service()));
  });
});

describe.each(sidecars)('%s', (_, make) => {
  const rendered = (more: Partial<ContainerProps> = {}, props?: Partial<HighAvailabilityServiceProps>) => container(make({ ...SIDE, ...more }, props), 'side');

  test('serves on for as long as the main one', () => {
    expect(rendered().lifecycle).toEqual({ preStop: { sleep: { seconds: 15 } } });
    const shutdown = GracefulShutdown.sleep({ drainDelay: Duration.seconds(7) });
    expect(rendered({}, { shutdown }).lifecycle).toEqual({ preStop: { sleep: { seconds: 7 } } });
  });

  test('keeps its own way of stopping', () => {
    const preStop = Handler.fromCommand(['/bin/stop']);
    expect(rendered({ lifecycle: { preStop } }).lifecycle).toEqual({ preStop: { exec: { command: ['/bin/stop'] } } });
  });

  test('keeps what it does at its start', () => {
    expect(rendered({ lifecycle: { postStart: Handler.fromCommand(['/bin/start']) } }).lifecycle)
      .toEqual({ postStart: { exec: { command: ['/bin/start'] } }, preStop: { sleep: { seconds: 15 } } });
  });

  test('is not told to sleep by a version or a mechanism that cannot', () => {
    expect(rendered({}, { kubernetesVersion: KubernetesVersion.of('1.28') })).not.toHaveProperty('lifecycle');
    expect(rendered({}, { shutdown: GracefulShutdown.http('/drain') })).not.toHaveProperty('lifecycle');
    expect(rendered({}, { shutdown: GracefulShutdown.sleep({ drainDelay: Duration.seconds(0) }) })).not.toHaveProperty('lifecycle');
  });

  test('keeps the probes that it asks for', () => {
    const { startupProbe, readinessProbe, livenessProbe } = rendered({
      portNumber: 9000, startup: Probe.fromTcpSocket({ failureThreshold: 50 }), readiness: Probe.fromHttpGet('/ready'), liveness: Probe.fromCommand(['check']),
    });
    expect(startupProbe).toMatchObject({ tcpSocket: { port: 9000 }, failureThreshold: 50 });
    expect(readinessProbe.httpGet).toMatchObject({ path: '/ready', port: 9000 });
    expect(livenessProbe.exec).toEqual({ command: ['check'] });
  });
});

describe.each(inits)('%s', (_, make) => {
  const native = { restartPolicy: ContainerRestartPolicy.ALWAYS };

  test('does not sleep before it ends, also where it goes on running', () => {
    expect(container(make(SIDE), 'side')).not.toHaveProperty('lifecycle');
    expect(container(make({ ...SIDE, ...native }), 'side')).not.toHaveProperty('lifecycle');
  });

  test('can be a native sidecar', () => {
    const { initContainers, containers } = podSpec(make({ ...SIDE, ...native, readiness: Probe.fromTcpSocket({ port: 9000 }) }));
    expect(initContainers.map(({ name, restartPolicy }: any) => [name, restartPolicy])).toEqual([['side', 'Always']]);
    expect(initContainers[0].readinessProbe.tcpSocket).toEqual({ port: 9000 });
    expect(containers).toHaveLength(1);
  });
});

test('a container that is attached as it is gets hardened, too', () => {
  const web = service();
  web.deployment.attachContainer(new Container({ ...SIDE, securityContext: {} }));
  const side = container(web, 'side');
  expect(side.securityContext).toEqual(RESTRICTED);
  expect(side.lifecycle).toEqual({ preStop: { sleep: { seconds: 15 } } });
  expect(side.resources.requests).toEqual({ cpu: '1000m', memory: '512Mi' });
});

describe('the Deployment', () => {
  const deployment = (props: Partial<HighAvailabilityServiceProps> = {}) => manifest(service(props), 'Deployment');

  test('finds its pods by one label', () => {
    expect(deployment().spec.selector).toEqual({ matchLabels: { 'app.kubernetes.io/name': 'web' } });
  });

  test('finds its pods by the same label wherever in the program it is declared', () => {
    const { metadata } = deployment().spec.template;
    expect(metadata.labels['app.kubernetes.io/name']).toBe('web');
    expect(Object.keys(metadata.labels).filter(key => key.startsWith('cdk8s.io/'))).toEqual([]);
  });

  test('names no number of pods while an autoscaler moves it', () => {
    expect(deployment().spec).not.toHaveProperty('replicas');
    expect(deployment({ replicas: 4 }).spec.replicas).toBe(4);
  });

  test('is selected by others through its label', () => {
    const { labelSelector, namespaces } = service({ namespace: 'shop' }).deployment.toPodSelectorConfig();
    expect(labelSelector._toKube()).toEqual({ matchLabels: { 'app.kubernetes.io/name': 'web' } });
    expect(namespaces).toEqual({ names: ['shop'] });
    expect(service().deployment.toPodSelectorConfig().namespaces).toBeUndefined();
  });

  test('keeps its revision history limit and its containers through two syntheses', () => {
    const web = service({ rollout: Rollout.rolling({ revisionHistoryLimit: 4 }), sidecars: [SIDE] });
    expect(manifest(web, 'Deployment')).toEqual(manifest(web, 'Deployment'));
    expect(manifest(web, 'Deployment').spec.revisionHistoryLimit).toBe(4);
  });

  test('names the Secrets with which images are pulled', () => {
    expect(podSpec(service({ imagePullSecrets: ['a', 'b.c'] })).imagePullSecrets).toEqual([{ name: 'a' }, { name: 'b.c' }]);
    expect(podSpec(service())).not.toHaveProperty('imagePullSecrets');
  });

  test('of two services in one chart are told apart', () => {
    const scope = chart();
    const web = service({}, scope);
    const other = new HighAvailabilityService(scope, 'other', { image: IMAGE, shutdown: GracefulShutdown.sleep({ drainDelay: Duration.seconds(9) }) });
    expect(podSpec(web, 'web').containers[0].lifecycle.preStop.sleep.seconds).toBe(15);
    expect(podSpec(other, 'other').containers[0].lifecycle.preStop.sleep.seconds).toBe(9);
  });
});
