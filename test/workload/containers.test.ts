import { Size } from 'cdk8s';
import { ContainerProps, ContainerRestartPolicy, Cpu, Probe, Protocol, Volume } from 'cdk8s-plus-28';
import { HighAvailabilityServiceProps, KubernetesVersion, ScalingMetric, Severity } from '../../lib';
import { chart, container, describeFaults, describeRule, findings, IMAGE, manifests, refusal, service } from '../fixtures';

const PROXY: ContainerProps = { name: 'proxy', image: 'ghcr.io/acme/proxy:2.0' };

function sidecar(more: Partial<ContainerProps> = {}): Partial<HighAvailabilityServiceProps> {
  return { sidecars: [{ ...PROXY, ...more }] };
}

function init(more: Partial<ContainerProps> = {}): Partial<HighAvailabilityServiceProps> {
  return { initContainers: [{ name: 'migrate', image: IMAGE, ...more }] };
}

function pair(first: Partial<ContainerProps>, second: Partial<ContainerProps>): Partial<HighAvailabilityServiceProps> {
  return { sidecars: [{ ...PROXY, ...first }, { name: 'logs', image: IMAGE, ...second }] };
}

const native = { restartPolicy: ContainerRestartPolicy.ALWAYS };
const at = (version: string) => ({ kubernetesVersion: KubernetesVersion.of(version) });
const scope = chart();
const volume = (name: string) => Volume.fromEmptyDir(scope, `${name}-${scope.node.children.length}`, name);
const shared = volume('shared');

describeFaults([
  ['a sidecar without an image', sidecar({ image: '' }), "container proxy: '' has no image; name one.", sidecar()],
  ['an init container without an image', init({ image: undefined }), 'container migrate: undefined has no image; name one.', init()],
  ['a sidecar with a bad image', sidecar({ image: 'Acme Proxy' }), "container proxy.image: 'Acme Proxy' is no image reference; give one such as 'registry.example.com/team/proxy:1.4.2'.",
    sidecar({ image: 'acme/proxy' })],
  ['a bad name', sidecar({ name: 'My Proxy' }), "container: 'My Proxy' is no container name; use at most 63 lower case letters, digits and '-'.", sidecar({ name: 'my-proxy' })],
  ['an empty name', sidecar({ name: '' }), "container: '' is no container name", sidecar({ name: undefined })],
  ['the name of the main container', sidecar({ name: 'web' }), "container: 'web' is the name of two containers of one pod; give each its own name.", sidecar({ name: 'web2' })],
  ['the same name among init containers', { ...sidecar(), ...init({ name: 'proxy' }) }, "container: 'proxy' is the name of two containers of one pod", { ...sidecar(), ...init() }],
  ['two sidecars without a name', pair({ name: undefined }, { name: undefined }), "container: 'main' is the name of two containers of one pod", pair({ name: undefined }, {})],
  ['a port of the main container', sidecar({ portNumber: 8080 }), "container proxy: '8080/TCP' is a port of the container web of the same pod as well; give each its own port.",
    sidecar({ ports: [{ number: 8080, protocol: Protocol.UDP }] })],
  ['a port of another sidecar', pair({ port: 9000 }, { ports: [{ number: 9000 }] }), "container logs: '9000/TCP' is a port of the container proxy", pair({ port: 9000 }, { port: 9001 })],
  ['a port that is given twice', sidecar({ portNumber: 9000, ports: [{ number: 9000 }] }), "container proxy.ports: '9000/TCP' is given twice; give each port once.",
    sidecar({ portNumber: 9000, ports: [{ number: 9001 }] })],
  ['port and portNumber', sidecar({ port: 9000, portNumber: 9001 }), 'container proxy.port: 9000 is given beside portNumber; give one of the two.', sidecar({ port: 9000 })],
  ['port 0', sidecar({ portNumber: 0 }), 'container proxy.ports: 0 is no whole number from 1 to 65535', sidecar({ portNumber: 1 })],
  ['a port of NaN', sidecar({ ports: [{ number: NaN }] }), 'container proxy.ports: NaN is no whole number from 1 to 65535', sidecar({ ports: [{ number: 65535 }] })],
  ['a bad port name', sidecar({ ports: [{ number: 9000, name: 'admin_port' }] }), "container proxy.ports: 'admin_port' is no port name", sidecar({ ports: [{ number: 9000, name: 'admin-port' }] })],
  ['a port name that is given twice', sidecar({ ports: [{ number: 9000, name: 'a' }, { number: 9001, name: 'a' }] }), "container proxy.ports: 'a' is the name of two ports; give each its own.",
    sidecar({ ports: [{ number: 9000, name: 'a' }, { number: 9001, name: 'b' }] })],
  ['CPU that is none', sidecar({ resources: { cpu: { request: Cpu.millis(0) } } }), "container proxy.resources.cpu.request: '0m' is no whole number of millicpus above 0",
    sidecar({ resources: { cpu: { request: Cpu.millis(1) } } })],
  ['memory above its limit', init({ resources: { memory: { request: Size.mebibytes(2), limit: Size.mebibytes(1) } } }), "container migrate.resources.memory.request: '2Mi' is above the limit of 1Mi",
    init({ resources: { memory: { request: Size.mebibytes(1), limit: Size.mebibytes(1) } } })],
  ['a relative mount', sidecar({ volumeMounts: [{ path: 'data', volume: shared }] }), "container proxy.volumeMounts: 'data' is no absolute path; begin with '/', and use no ':'.",
    sidecar({ volumeMounts: [{ path: '/data', volume: shared }] })],
  ['a mount without a volume', sidecar({ volumeMounts: [{ path: '/data' } as any] }), "container proxy.volumeMounts: '/data' has no volume; give",
    sidecar({ volumeMounts: [{ path: '/data', volume: shared }] })],
  ['no mount', sidecar({ volumeMounts: [undefined as any] }), 'container proxy.volumeMounts: undefined has no volume', sidecar({ volumeMounts: [] })],
  ['two mounts at one path', sidecar({ volumeMounts: [{ path: '/data', volume: shared }, { path: '/data', volume: volume('other') }] }), "container proxy.volumeMounts: '/data' is mounted twice",
    sidecar({ volumeMounts: [{ path: '/data', volume: shared }, { path: '/other', volume: volume('other') }] })],
  ['two volumes of one name', pair({ volumeMounts: [{ path: '/data', volume: shared }] }, { volumeMounts: [{ path: '/data', volume: volume('shared') }] }),
    "container logs.volumeMounts: 'shared' is the name of two volumes of one pod; give each its own name, or mount the same one twice.",
    pair({ volumeMounts: [{ path: '/data', volume: shared }] }, { volumeMounts: [{ path: '/data', volume: shared }] })],
  ['a sidecar that restarts by itself', sidecar(native), "container proxy: 'restartPolicy ALWAYS' is for init containers only; leave it out, or move the container to initContainers.", sidecar()],
  ['a native sidecar on a version without them', { ...init(native), ...at('1.28') },
    "initContainers: 'migrate (restartPolicy ALWAYS)' needs Kubernetes 1.29, but kubernetesVersion is 1.28; make it one of sidecars instead.", { ...init(native), ...at('1.29') }],
  ['an init container with a readiness probe', init({ readiness: Probe.fromTcpSocket({ port: 1 }) }),
    "container migrate.readiness: 'a probe' is for containers that go on running only; leave it out, or set restartPolicy ALWAYS.", init({ readiness: Probe.fromTcpSocket({ port: 1 }), ...native })],
  ['an init container with a liveness probe', init({ liveness: Probe.fromTcpSocket({ port: 1 }) }), 'container migrate.liveness', init({ liveness: Probe.fromTcpSocket({ port: 1 }), ...native })],
  ['an init container with a startup probe', init({ startup: Probe.fromTcpSocket({ port: 1 }) }), 'container migrate.startup', init({ startup: Probe.fromTcpSocket({ port: 1 }), ...native })],
]);

describe('fails at synthesis for a container that is added later', () => {
  function later(props: ContainerProps): () => unknown {
    return () => {
      const web = service();
      web.deployment.addContainer(props);
      return manifests(web);
    };
  }

  test.each<[string, ContainerProps, string, ContainerProps]>([
    ['of the same name', { ...PROXY, name: 'web' }, "container: 'web' is the name of two containers of one pod", PROXY],
    ['of the same port', { ...PROXY, portNumber: 8080 }, "container proxy: '8080/TCP' is a port of the container web", { ...PROXY, portNumber: 8081 }],
    ['without a CPU request', { ...PROXY, resources: {} }, 'proxy requests none: the autoscaler would do nothing at all [HA-A3]', { ...PROXY, resources: { cpu: { limit: Cpu.units(1) } } }],
    ['with a bad amount of memory', { ...PROXY, resources: { cpu: { limit: Cpu.units(1) }, memory: { limit: Size.mebibytes(0) } } }, "container proxy.resources.memory.limit: '0Mi' is no whole number",
      { ...PROXY, resources: { cpu: { limit: Cpu.units(1) }, memory: { limit: Size.mebibytes(1) } } }],
    ['with a volume of a name that is taken', { ...PROXY, volumeMounts: [{ path: '/tmp', volume: volume('tmp') }] }, "container proxy.volumeMounts: 'tmp' is the name of two volumes",
      { ...PROXY, volumeMounts: [{ path: '/tmp', volume: volume('scratch') }] }],
  ])('%s', (_, broken, says, sound) => {
    const message = refusal(later(broken));
    expect(message).toContain('[test/web]');
    expect(message).toContain(says);
    expect(later(sound)).not.toThrow();
  });

  test('a path that is mounted later, where the main container has something already', () => {
    const web = service();
    web.container.mount('/tmp', volume('mine'));
    expect(refusal(() => manifests(web))).toContain("container web.volumeMounts: '/tmp' is mounted twice");
  });
});

describeRule('HA-A3', Severity.ERROR, 'a sidecar without the request that the autoscaler measures against', {
  broken: sidecar({ resources: { memory: { limit: Size.mebibytes(64) } } }),
  sound: sidecar({ resources: { cpu: { limit: Cpu.millis(100) } } }),
  says: ['scalingMetrics: cpu use is measured against the request, but proxy requests none', 'give every container a cpu request, or measure an absolute amount'],
});
const byMemory = [ScalingMetric.memoryUtilization(70), ScalingMetric.cpuAverage(Cpu.units(1))];
describeRule('HA-A3', Severity.ERROR, 'a native sidecar without the request that the autoscaler measures against', {
  broken: { ...init({ ...native, resources: {} }), scalingMetrics: byMemory },
  sound: { ...init({ ...native, resources: { memory: { request: Size.mebibytes(1) } } }), scalingMetrics: byMemory },
  says: ['memory use is measured against the request, but migrate requests none'],
});

test('an init container that ends needs no request', () => {
  expect(findings(init({ resources: {} }), 'HA-A3')).toEqual([]);
});

test('a metric of an absolute amount needs no request', () => {
  expect(findings({ ...sidecar({ resources: {} }), scalingMetrics: [ScalingMetric.cpuAverage(Cpu.units(1))] }, 'HA-A3')).toEqual([]);
});

test('init containers are named by their place where they have no name', () => {
  const web = service({ initContainers: [{ image: IMAGE }, { image: IMAGE }] });
  expect(web.deployment.initContainers.map(({ name }) => name)).toEqual(['init-0', 'init-1']);
  expect(container(web, 'init-1').image).toBe(IMAGE);
});
