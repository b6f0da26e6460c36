import { Duration } from 'cdk8s';
import {
  ExternalLoadBalancingOptions, GracefulShutdown, IpFamily, IpFamilyPolicy, KubernetesVersion, LoadBalancing, LoadBalancingOptions,
  TrafficDistribution, TrafficPolicy,
} from '../../lib';
import { findings, manifest, refusal, service } from '../fixtures';

const AWS = 'service.beta.kubernetes.io/aws-load-balancer-scheme';

const rendered = (loadBalancing: LoadBalancing, props = {}) => manifest(service({ loadBalancing, ...props }), 'Service');
const cluster = (options: LoadBalancingOptions = {}, props = {}) => rendered(LoadBalancing.cluster(options), props).spec;
const external = (options: ExternalLoadBalancingOptions = {}) => rendered(LoadBalancing.external(options)).spec;
const refused = (options: ExternalLoadBalancingOptions) => refusal({ loadBalancing: LoadBalancing.external(options) });

describe('the reach', () => {
  test('of cluster is the cluster', () => expect(cluster().type).toBe('ClusterIP'));
  test('of external is a load balancer', () => expect(external().type).toBe('LoadBalancer'));

  test('of internal is a load balancer with a private address', () => {
    const { metadata, spec } = rendered(LoadBalancing.internal({ annotations: { [AWS]: 'internal' } }));
    expect([spec.type, metadata.annotations]).toEqual(['LoadBalancer', { [AWS]: 'internal' }]);
  });

  test('of internal may be told by the class', () => {
    expect(rendered(LoadBalancing.internal({ loadBalancerClass: 'service.k8s.aws/nlb' })).spec.loadBalancerClass).toBe('service.k8s.aws/nlb');
  });

  test.each([{}, undefined, { annotations: {} }])('fails for internal with %p, which says nothing of it', options => {
    expect(refusal({ loadBalancing: LoadBalancing.internal(options as any) })).toBe("HighAvailabilityService 'test/web' is refused:\n"
      + "  - loadBalancing: 'LoadBalancing.internal()' names neither annotations nor a loadBalancerClass, so the address would be public on most platforms; "
      + "say 'internal' in your platform's words; with the AWS Load Balancer Controller: loadBalancerClass: 'service.k8s.aws/nlb', "
      + `annotations: { '${AWS}': 'internal' }.`);
  });

  test.each([
    ['sourceRanges', ['10.0.0.0/8'], '10.0.0.0/8'],
    ['loadBalancerClass', 'a/b', "'a/b'"],
    ['externalTrafficPolicy', TrafficPolicy.LOCAL, "'Local'"],
  ])('fails for %s without a load balancer', (option, value, shown) => {
    const options: ExternalLoadBalancingOptions = { [option]: value };
    expect(refusal({ loadBalancing: LoadBalancing.cluster(options) })).toContain(
      `loadBalancing.${option}: ${shown} needs a load balancer outside of the cluster; use LoadBalancing.external() or LoadBalancing.internal(), or leave it out.`,
    );
  });
});

describe('annotations', () => {
  test('are on the Service only, beside those of all', () => {
    const web = service({ annotations: { all: 'yes' }, loadBalancing: LoadBalancing.cluster({ annotations: { service: 'yes' } }) });
    expect(manifest(web, 'Service').metadata.annotations).toEqual({ all: 'yes', service: 'yes' });
    expect(manifest(web, 'Deployment').metadata.annotations).toEqual({ all: 'yes' });
  });

  test('fail for a key that Kubernetes refuses', () => {
    expect(refused({ annotations: { 'a b': 'c' } })).toContain("loadBalancing.annotations: 'a b' is no label or annotation key; ");
  });
});

describe('the port', () => {
  test('is 80', () => expect(cluster().ports[0].port).toBe(80));
  test('is what is given', () => expect(cluster({ port: 443 }).ports[0]).toMatchObject({ port: 443, targetPort: 'http' }));
  test.each([0, 65536, 80.5, NaN, '80'])('fails for %p', port => {
    expect(refused({ port: port as any })).toContain(`loadBalancing.port: ${typeof port === 'string' ? `'${port}'` : port} is no whole number from 1 to 65535; give one.`);
  });
});

describe('the protocol of the application', () => {
  test('is not said', () => expect(cluster().ports[0]).not.toHaveProperty('appProtocol'));
  test('fails for a number', () => expect(refused({ appProtocol: 5 as any })).toContain('loadBalancing.appProtocol: 5 is no protocol name'));
  test.each(['http', 'grpc', 'kubernetes.io/h2c'])('may be %s', appProtocol => expect(cluster({ appProtocol }).ports[0].appProtocol).toBe(appProtocol));
  test('fails for no name', () => {
    expect(refused({ appProtocol: 'h2c!' })).toContain("loadBalancing.appProtocol: 'h2c!' is no protocol name; give one such as 'http', 'grpc' or 'kubernetes.io/h2c'.");
  });
});

describe('traffic policies', () => {
  test('are not said', () => expect(Object.keys(external())).toEqual(expect.not.arrayContaining(['internalTrafficPolicy', 'externalTrafficPolicy'])));
  test('inside may be local', () => expect(cluster({ internalTrafficPolicy: TrafficPolicy.LOCAL }).internalTrafficPolicy).toBe('Local'));
  test('outside may be local', () => expect(external({ externalTrafficPolicy: TrafficPolicy.LOCAL }).externalTrafficPolicy).toBe('Local'));

  test('outside are a finding if local', () => {
    const local = (externalTrafficPolicy: TrafficPolicy) => findings({ loadBalancing: LoadBalancing.external({ externalTrafficPolicy }) }, 'HA-G3');
    expect(local(TrafficPolicy.LOCAL)).toMatchObject([{ message: expect.stringContaining('each node gets the same share, however many pods it has') }]);
    expect(local(TrafficPolicy.CLUSTER)).toEqual([]);
  });
});

describe('the load balancer class', () => {
  test('is what is given', () => expect(external({ loadBalancerClass: 'service.k8s.aws/nlb' }).loadBalancerClass).toBe('service.k8s.aws/nlb'));
  test.each(['not a class', '', 5])('fails for %p', loadBalancerClass => {
    expect(refused({ loadBalancerClass: loadBalancerClass as any })).toContain(
      `loadBalancing.loadBalancerClass: ${typeof loadBalancerClass === 'string' ? `'${loadBalancerClass}'` : loadBalancerClass} is no class name; give one such as 'service.k8s.aws/nlb'.`,
    );
  });
});

describe('source ranges', () => {
  test('are what is given, of both families', () => {
    const sourceRanges = ['203.0.113.0/24', '2001:db8::/32', '0.0.0.0/0', '::/0', '::1/128', '10.1.2.3/32'];
    expect(external({ sourceRanges }).loadBalancerSourceRanges).toEqual(sourceRanges);
  });

  test.each(['203.0.113.0', '203.0.113.0/33', '2001:db8::/129', '203.0.113/24', 'example.com/24', '10.0.0.0/8/8', '10.0.0.0/-1', '10.0.0.0/', ''])("fails for '%s'", range => {
    expect(refused({ sourceRanges: ['10.0.0.0/8', range] })).toBe("HighAvailabilityService 'test/web' is refused:\n"
      + `  - loadBalancing.sourceRanges: '${range}' is no address range; give one such as '203.0.113.0/24' or '2001:db8::/32'.`);
  });

  test('fail if one is undefined', () => {
    expect(refused({ sourceRanges: [undefined as any] })).toContain('loadBalancing.sourceRanges: undefined is no address range');
  });

  test('fail if there are none, since Kubernetes takes that for everyone', () => {
    expect(refused({ sourceRanges: [] })).toContain("loadBalancing.sourceRanges: '[]' is empty, which would let everyone in; name the ranges, or leave it out if everyone is meant.");
  });
});

describe('address families', () => {
  test('are what is given', () => {
    const options = { ipFamilies: [IpFamily.IPV6, IpFamily.IPV4], ipFamilyPolicy: IpFamilyPolicy.REQUIRE_DUAL_STACK };
    expect(cluster(options)).toMatchObject({ ipFamilies: ['IPv6', 'IPv4'], ipFamilyPolicy: 'RequireDualStack' });
  });

  test('may be one', () => expect(cluster({ ipFamilies: [IpFamily.IPV6] }).ipFamilies).toEqual(['IPv6']));
  test('may be both by policy alone', () => {
    expect(cluster({ ipFamilyPolicy: IpFamilyPolicy.PREFER_DUAL_STACK })).toMatchObject({ ipFamilyPolicy: 'PreferDualStack' });
  });

  test.each([[[]], [[IpFamily.IPV4, IpFamily.IPV4]]])('fail for %p', ipFamilies => {
    expect(refused({ ipFamilies })).toContain(`loadBalancing.ipFamilies: '[${ipFamilies.join(', ')}]' is empty or names a family twice; name IPv4, IPv6 or both, once each.`);
  });

  test.each([undefined, IpFamilyPolicy.SINGLE_STACK])('fail for two with the policy %p', ipFamilyPolicy => {
    expect(refused({ ipFamilies: [IpFamily.IPV4, IpFamily.IPV6], ipFamilyPolicy })).toContain(
      "loadBalancing.ipFamilies: '[IPv4, IPv6]' names two families, but ipFamilyPolicy asks for one; set ipFamilyPolicy to PREFER_DUAL_STACK.",
    );
  });
});

describe('traffic distribution', () => {
  const near = (trafficDistribution: TrafficDistribution, version: string, minReplicas = 9) => ({
    minReplicas, kubernetesVersion: KubernetesVersion.of(version), loadBalancing: LoadBalancing.cluster({ trafficDistribution }),
  });

  test.each([
    [TrafficDistribution.PREFER_CLOSE, '1.31', '1.30'],
    [TrafficDistribution.PREFER_SAME_ZONE, '1.34', '1.33'],
    [TrafficDistribution.PREFER_SAME_NODE, '1.34', '1.33'],
  ])('%s reaches the YAML from %s on, and fails for %s', (distribution, since, before) => {
    expect(manifest(service(near(distribution, since)), 'Service').spec.trafficDistribution).toBe(distribution);
    expect(refusal(near(distribution, before))).toContain(
      `loadBalancing.trafficDistribution: '${distribution}' needs Kubernetes ${since}, but kubernetesVersion is ${before}; leave it out, or name the newer version if the cluster has it.`,
    );
  });

  test('is a finding with few pods', () => {
    const few = (minReplicas: number) => service(near(TrafficDistribution.PREFER_CLOSE, '1.31', minReplicas)).findings.filter(({ rule }) => rule === 'HA-G4');
    expect(few(8)).toMatchObject([{ message: expect.stringContaining('8 pods are few per zone'), remedy: 'leave it out, or run 9 pods or more' }]);
    expect(few(9)).toEqual([]);
  });
});

describe('a drain delay that is short for an outside load balancer', () => {
  const drained = (seconds: number, loadBalancing: LoadBalancing) => findings({
    loadBalancing, shutdown: GracefulShutdown.sleep({ drainDelay: Duration.seconds(seconds) }),
  }, 'HA-F5');

  test('is a finding', () => {
    expect(drained(14, LoadBalancing.external())).toMatchObject([{
      message: 'shutdown.drainDelay: the load balancer goes on sending requests for about 15 s, but the pod stops after 14 s', remedy: 'give 15 s or more',
    }]);
    expect(drained(14, LoadBalancing.internal({ loadBalancerClass: 'a/b' }))).toHaveLength(1);
  });

  test('is none when it is long enough', () => expect(drained(15, LoadBalancing.external())).toEqual([]));
  test('is none inside the cluster', () => expect(drained(5, LoadBalancing.cluster())).toEqual([]));
});

test('no list of external addresses is written that is empty', () => {
  expect(cluster()).not.toHaveProperty('externalIPs');
});
