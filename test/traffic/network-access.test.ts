import { Chart, Testing } from 'cdk8s';
import { ContainerRestartPolicy, Namespaces, NetworkPolicyIpBlock, NetworkPolicyPort, Pods, Protocol } from 'cdk8s-plus-28';
import { HighAvailabilityService, HighAvailabilityServiceProps, NetworkAccess } from '../../lib';
import { IMAGE, chart, manifest, manifests, refusal, service } from '../fixtures';

const DNS = { ports: [{ port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' }] };
const PORTS = [{ port: 8080, protocol: 'TCP' }];
const FROM_OTHER = { from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'other' } } }], ports: PORTS };

const other = (scope: Chart, props: Partial<HighAvailabilityServiceProps> = {}) => new HighAvailabilityService(scope, 'other', { image: IMAGE, ...props });
const policy = (web: HighAvailabilityService) => manifest(web, 'NetworkPolicy', 'web').spec;

describe('the first peer that may come in closes the door to all others', () => {
  test('from another service', () => {
    const scope = chart();
    const web = service({}, scope);
    web.allowFrom(other(scope));
    expect(policy(web)).toMatchObject({ ingress: [FROM_OTHER], policyTypes: ['Ingress'] });
  });

  test('from another service in another namespace', () => {
    const web = service();
    web.allowFrom(other(new Chart(Testing.app(), 'shop', { namespace: 'shop' })));
    expect(policy(web).ingress).toEqual([{
      from: [{ ...FROM_OTHER.from[0], namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } }], ports: PORTS,
    }]);
  });

  test('from another service in a namespace of its own', () => {
    const scope = chart();
    const web = service({}, scope);
    web.allowFrom(other(scope, { namespace: 'shop' }));
    expect(policy(web).ingress[0].from[0].namespaceSelector).toEqual({ matchLabels: { 'kubernetes.io/metadata.name': 'shop' } });
  });

  test('from namespaces', () => {
    const web = service();
    web.allowFrom(Namespaces.select(web, 'Team', { labels: { team: 'shop' } }));
    expect(policy(web).ingress).toEqual([{ from: [{ namespaceSelector: { matchLabels: { team: 'shop' } }, podSelector: {} }], ports: PORTS }]);
  });

  test('from addresses of both families', () => {
    const web = service();
    web.allowFrom(NetworkPolicyIpBlock.ipv4(web, 'V4', '10.0.0.0/8', ['10.1.0.0/16']));
    web.allowFrom(NetworkPolicyIpBlock.ipv6(web, 'V6', '2001:db8::/32'));
    expect(policy(web).ingress).toEqual([
      { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }], ports: PORTS },
      { from: [{ ipBlock: { cidr: '2001:db8::/32' } }], ports: PORTS },
    ]);
  });

  test('from pods that something else made', () => {
    const web = service();
    web.allowFrom(Pods.select(web, 'Pods', { labels: { app: 'legacy' } }));
    expect(policy(web).ingress[0].from).toEqual([{ podSelector: { matchLabels: { app: 'legacy' } } }]);
  });

  test('by props', () => {
    const scope = chart();
    const web = service({ networkAccess: NetworkAccess.restricted({ from: [other(scope)] }) }, scope);
    expect(policy(web)).toMatchObject({ ingress: [FROM_OTHER], policyTypes: ['Ingress'] });
  });

  test('by props and later', () => {
    const scope = chart();
    const web = service({ networkAccess: NetworkAccess.restricted({ from: [other(scope)] }) }, scope);
    web.allowFrom(NetworkPolicyIpBlock.anyIpv6(web, 'Any'));
    expect(policy(web).ingress).toEqual([FROM_OTHER, { from: [{ ipBlock: { cidr: '::/0' } }], ports: PORTS }]);
  });

  test("by cdk8s-plus's own method, on its own ports", () => {
    const scope = chart();
    const web = service({}, scope);
    web.networkPolicy!.addIngressRule(other(scope), [NetworkPolicyPort.tcp(9090)]);
    expect(policy(web).ingress).toEqual([{ ...FROM_OTHER, ports: [{ port: 9090, protocol: 'TCP' }] }]);
  });

  test("by cdk8s-plus's own method, on all ports if none is named", () => {
    const scope = chart();
    const web = service({}, scope);
    web.networkPolicy!.addIngressRule(other(scope));
    expect(policy(web).ingress).toEqual([{ from: FROM_OTHER.from }]);
  });
});

test('nobody may come in if the list of peers is empty', () => {
  const spec = policy(service({ networkAccess: NetworkAccess.restricted({ from: [] }) }));
  expect(spec.policyTypes).toEqual(['Ingress']);
  expect(spec).not.toHaveProperty('ingress');
});

test('everybody may come in if there is no list of peers', () => {
  expect(policy(service({ networkAccess: NetworkAccess.restricted({}) }))).toEqual(policy(service({ networkAccess: NetworkAccess.open() })));
});

describe('the first peer that the pods may reach closes the door to all others but DNS', () => {
  const toOther = { to: FROM_OTHER.from };

  test('later', () => {
    const scope = chart();
    const web = service({}, scope);
    web.allowTo(other(scope));
    expect(policy(web)).toMatchObject({ egress: [DNS, toOther], policyTypes: ['Ingress', 'Egress'], ingress: [{ ports: PORTS }] });
  });

  test('by props', () => {
    const scope = chart();
    const web = service({ networkAccess: NetworkAccess.restricted({ to: [other(scope)] }) }, scope);
    expect(policy(web)).toMatchObject({ egress: [DNS, toOther], policyTypes: ['Ingress', 'Egress'] });
  });

  test('on the ports that are named', () => {
    const scope = chart();
    const web = service({}, scope);
    web.networkPolicy!.addEgressRule(other(scope), [NetworkPolicyPort.tcp(5432)]);
    expect(policy(web).egress).toEqual([DNS, { ...toOther, ports: [{ port: 5432, protocol: 'TCP' }] }]);
  });

  test('with an empty list to DNS alone', () => {
    expect(policy(service({ networkAccess: NetworkAccess.restricted({ to: [] }) })).egress).toEqual([DNS]);
  });
});

test('the pods may reach everybody by default', () => {
  expect(policy(service())).not.toHaveProperty('egress');
});

describe('without a policy of its own', () => {
  const unmanaged = () => service({ networkAccess: NetworkAccess.unmanaged() });

  test('none is made', () => {
    expect(unmanaged().networkPolicy).toBeUndefined();
    expect(manifests(unmanaged()).map(({ kind }) => kind)).not.toContain('NetworkPolicy');
  });

  test.each(['allowFrom', 'allowTo'] as const)('%s fails', verb => {
    const web = unmanaged();
    expect(refusal(() => web[verb](web))).toBe(`test/web: ${verb}: the service has no network policy of its own (NetworkAccess.unmanaged()); leave networkAccess out`);
  });

  test('it can still be a peer', () => {
    const scope = chart();
    const web = service({}, scope);
    web.allowFrom(other(scope, { networkAccess: NetworkAccess.unmanaged() }));
    expect(policy(web).ingress).toEqual([FROM_OTHER]);
  });
});

test.each(['open', {}, 5])('fails for %p in place of network access, rather than leave the policy out', networkAccess => {
  expect(refusal({ networkAccess: networkAccess as any })).toContain('is no NetworkAccess; make one, such as NetworkAccess.open().');
});

describe('the ports of all containers are open', () => {
  const METRICS = { name: 'exporter', image: 'prom/exporter:1', portNumber: 9113 };
  const open = (web: HighAvailabilityService) => policy(web).ingress[0].ports.map(({ port, protocol }: any) => `${port}/${protocol}`);

  test('of sidecars', () => expect(open(service({ sidecars: [METRICS] }))).toEqual(['8080/TCP', '9113/TCP']));

  test('of containers that are added later', () => {
    const web = service();
    web.deployment.addContainer({ ...METRICS, portNumber: undefined, ports: [{ number: 9113, protocol: Protocol.UDP }] });
    expect(open(web)).toEqual(['8080/TCP', '9113/UDP']);
  });

  test('for peers that are named, too', () => {
    const web = service({ sidecars: [METRICS] });
    web.allowFrom(Pods.all(web, 'All'));
    web.deployment.addContainer({ ...METRICS, name: 'later', portNumber: 9114 });
    expect(open(web)).toEqual(['8080/TCP', '9113/TCP', '9114/TCP']);
  });

  test('of native sidecars', () => {
    expect(open(service({ initContainers: [{ ...METRICS, restartPolicy: ContainerRestartPolicy.ALWAYS }] }))).toEqual(['8080/TCP', '9113/TCP']);
  });

  test('but not of init containers, which are gone by then', () => {
    expect(open(service({ initContainers: [METRICS] }))).toEqual(['8080/TCP']);
  });
});
