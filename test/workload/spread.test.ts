import { Topology } from 'cdk8s-plus-28';
import { HighAvailabilityServiceProps, KubernetesVersion, RequiredSpreadOptions, Severity, Spread, SpreadOptions } from '../../lib';
import { describeFaults, describeRule, findings, podSpec, service } from '../fixtures';

const ZONE = 'topology.kubernetes.io/zone';
const NODE = 'kubernetes.io/hostname';
const both = [Topology.ZONE, Topology.HOSTNAME];
const racks = [Topology.ZONE, Topology.custom('example.com/rack')];

function constraints(spread?: Spread): any[] {
  return podSpec(service({ spread })).topologySpreadConstraints;
}

function apart(props: Partial<HighAvailabilityServiceProps> = {}): any[] {
  return podSpec(service(props)).affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
}

const preferred = (options?: SpreadOptions) => ({ spread: Spread.preferred(options) });
const required = (options?: RequiredSpreadOptions) => ({ spread: Spread.required(options) });

describe('the default', () => {
  test('spreads over zones as evenly as possible', () => {
    expect(constraints().map(({ topologyKey, maxSkew, whenUnsatisfiable }) => [topologyKey, maxSkew, whenUnsatisfiable])).toEqual([[ZONE, 1, 'ScheduleAnyway']]);
  });

  test('keeps pods apart on nodes by a preference, since a second constraint would outweigh the one over zones', () => {
    expect(apart()).toEqual([{
      weight: 100,
      podAffinityTerm: { topologyKey: NODE, labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'web' } }, matchLabelKeys: ['pod-template-hash'] },
    }]);
  });

  test('tells versions apart on nodes, too, where the API server knows the field', () => {
    expect(apart({ kubernetesVersion: KubernetesVersion.of('1.29') })[0].podAffinityTerm.matchLabelKeys).toEqual(['pod-template-hash']);
  });

  test('leaves nodes to the scheduler where it cannot tell versions apart, since zones come first', () => {
    expect(podSpec(service({ kubernetesVersion: KubernetesVersion.of('1.28') })).affinity).toBeUndefined();
  });

  test('counts the service\'s own pods, of one version', () => {
    for (const { labelSelector, matchLabelKeys } of constraints()) {
      expect(labelSelector).toEqual({ matchLabels: { 'app.kubernetes.io/name': 'web' } });
      expect(matchLabelKeys).toEqual(['pod-template-hash']);
    }
  });

  test('does not count nodes that are cordoned or have failed', () => {
    expect(constraints().map(({ nodeTaintsPolicy }) => nodeTaintsPolicy)).toEqual(['Honor']);
  });

  test('is the same as preferred without options', () => {
    expect(constraints()).toEqual(constraints(Spread.preferred()));
    expect(constraints()).toEqual(constraints(Spread.preferred({ topologies: undefined, maxSkew: undefined, zones: undefined })));
  });
});

describe('options', () => {
  test('required makes the first topology strict, and only that', () => {
    const topologies = [Topology.ZONE, Topology.custom('example.com/rack'), Topology.HOSTNAME];
    expect(constraints(Spread.required()).map(({ whenUnsatisfiable }) => whenUnsatisfiable)).toEqual(['DoNotSchedule']);
    expect(constraints(Spread.required({ topologies })).map(({ whenUnsatisfiable }) => whenUnsatisfiable)).toEqual(['DoNotSchedule', 'ScheduleAnyway']);
    expect(apart({ spread: Spread.required({ topologies }) })).toHaveLength(1);
  });

  test('none leaves it to the scheduler', () => {
    expect(constraints(Spread.none())).toBeUndefined();
    expect(podSpec(service({ spread: Spread.none() })).affinity).toBeUndefined();
  });

  test('topologies are taken in their order', () => {
    const topologies = [Topology.custom('example.com/rack'), Topology.HOSTNAME, Topology.ZONE];
    expect(constraints(Spread.preferred({ topologies })).map(({ topologyKey }) => topologyKey)).toEqual(['example.com/rack', ZONE]);
  });

  test('nodes are a constraint where they come first', () => {
    const spread = Spread.preferred({ topologies: [Topology.HOSTNAME, Topology.ZONE] });
    expect(constraints(spread).map(({ topologyKey }) => topologyKey)).toEqual([NODE, ZONE]);
    expect(podSpec(service({ spread })).affinity).toBeUndefined();
  });

  test.each([Spread.preferred({ maxSkew: 2, topologies: racks }), Spread.required({ maxSkew: 2, topologies: racks })])('maxSkew holds for every constraint', spread => {
    expect(constraints(spread).map(({ maxSkew }) => maxSkew)).toEqual([2, 2]);
  });

  test('minDomains is said of the strict topology only', () => {
    expect(constraints(Spread.required({ minDomains: 2, topologies: racks })).map(({ minDomains }) => minDomains)).toEqual([2, undefined]);
  });

  test('zones leaves no trace in the constraints', () => {
    expect(constraints(Spread.preferred({ zones: 2 }))).toEqual(constraints());
  });
});

describeFaults([
  ['no topology', preferred({ topologies: [] }), "spread.topologies: '[]' is empty; name a topology, or use Spread.none().", preferred({ topologies: both })],
  ['an undefined topology', preferred({ topologies: [...both, undefined as any] }), "spread.topologies: undefined is no label key; give one such as Topology.ZONE or Topology.custom('example.com/rack')",
    preferred({ topologies: both })],
  ['a topology that is no label', preferred({ topologies: [...both, Topology.custom('my rack')] }), "spread.topologies: 'my rack' is no label key",
    preferred({ topologies: [...both, Topology.custom('my-rack')] })],
  ['a topology that is named twice', preferred({ topologies: [...both, Topology.ZONE] }), `spread.topologies: '${ZONE}' is named twice; name it once.`, preferred({ topologies: both })],
  ['maxSkew 0', preferred({ maxSkew: 0 }), 'spread.maxSkew: 0 is no whole number of at least 1', preferred({ maxSkew: 1 })],
  ['maxSkew 1.5', required({ maxSkew: 1.5 }), 'spread.maxSkew: 1.5 is no whole number of at least 1', required({ maxSkew: 1 })],
  ['maxSkew NaN', required({ maxSkew: NaN }), 'spread.maxSkew: NaN is no whole number of at least 1', required({ maxSkew: undefined })],
  ['minDomains 0', required({ minDomains: 0 }), 'spread.minDomains: 0 is no whole number of at least 1', required({ minDomains: 1 })],
  ['minDomains as a string', required({ minDomains: '2' as any }), "spread.minDomains: '2' is no whole number", required({ minDomains: 2 })],
  ['no zones', preferred({ zones: 0 }), 'spread.zones: 0 is no whole number of at least 1', preferred({ zones: 1 })],
  ['zones NaN', preferred({ zones: NaN }), 'spread.zones: NaN is no whole number of at least 1', preferred({ zones: undefined })],
  ['zones 2.5', preferred({ zones: 2.5 }), 'spread.zones: 2.5 is no whole number of at least 1', preferred({ zones: 2 })],
  ['more domains than there are zones', required({ minDomains: 3, zones: 2 }),
    'spread.minDomains: 3 cannot be met: there are 2 zones, so that 2 pods can run, not the 9 of maxReplicas; set it to 2 or less.', required({ minDomains: 2, zones: 2 })],
  ['domains that the node selector excludes', { ...required({ minDomains: 2 }), scheduling: { nodeSelector: { [ZONE]: 'a' } } },
    `spread.minDomains: 2 cannot be met: scheduling.nodeSelector allows one value of ${ZONE} only, so that 1 pods can run, not the 9 of maxReplicas; remove that label from nodeSelector, or minDomains.`,
    { ...required({ minDomains: 2 }), scheduling: { nodeSelector: { 'kubernetes.io/arch': 'arm64' } } }],
]);

test('fewer zones than minDomains are enough where each may hold enough pods', () => {
  expect(constraints(Spread.required({ minDomains: 3, zones: 2, maxSkew: 5 }))[0].minDomains).toBe(3);
});

test('how many domains there are of another topology nobody knows', () => {
  const topologies = [Topology.HOSTNAME, Topology.ZONE];
  expect(constraints(Spread.required({ topologies, minDomains: 30, zones: 2 }))[0]).toMatchObject({ topologyKey: NODE, minDomains: 30 });
});

describeRule('HA-C5', Severity.WARNING, 'minDomains that a lost zone does not meet', {
  broken: required({ minDomains: 3 }),
  sound: required({ minDomains: 2 }),
  says: ['spread.minDomains: when one of 3 zones fails, the 2 others may hold 1 pods each', 'leave it out'],
});
describeRule('HA-C8', Severity.WARNING, 'no spread', {
  broken: { spread: Spread.none() },
  sound: { spread: Spread.preferred() },
  says: ['spread: nothing keeps the pods from sharing one node', 'leave spread out, or use Spread.preferred()'],
});
describeRule('HA-C8', Severity.WARNING, 'zones without nodes', {
  broken: preferred({ topologies: [Topology.ZONE] }),
  sound: preferred({ topologies: both }),
  says: ['spread.topologies: pods are spread over zones only, so one node of a zone', 'name both Topology.ZONE and Topology.HOSTNAME'],
});
describeRule('HA-C8', Severity.WARNING, 'nodes without zones', {
  broken: preferred({ topologies: [Topology.HOSTNAME] }),
  sound: preferred({ topologies: [Topology.HOSTNAME], zones: 1 }),
  says: ['spread.topologies: pods are spread over nodes only, so one zone'],
});

const few = (minReplicas: number, zones?: number): Partial<HighAvailabilityServiceProps> => ({ ...preferred({ zones }), minReplicas });
describeRule('HA-C9', Severity.WARNING, 'fewer pods than zones', {
  broken: few(2),
  sound: few(3),
  says: ['2 pods cannot cover 3 zones', 'run 3 replicas or more'],
});

test('the pods have to cover as many zones as there are', () => {
  expect(findings(few(2, 2), 'HA-C9')).toEqual([]);
  expect(findings(few(2, 3), 'HA-C9')).toHaveLength(1);
});

test('three pods are enough for more than three zones', () => {
  expect(findings(few(3, 5), 'HA-C9')).toEqual([]);
  expect(findings(few(2, 5), 'HA-C9')).toHaveLength(1);
});

test('a single pod covers nothing, which a rule of its own says', () => {
  const props = { ...few(1), acknowledgements: { 'HA-A1': 'a test' } };
  expect(findings(props, 'HA-C9')).toEqual([]);
  expect(findings(props, 'HA-A1')).toHaveLength(1);
});
