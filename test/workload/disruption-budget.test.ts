import { PercentOrAbsolute } from 'cdk8s-plus-28';
import * as fc from 'fast-check';
import { DisruptionBudget, HighAvailabilityServiceProps, Severity } from '../../lib';
import { describeFaults, describeRule, findings, manifest, manifests, service } from '../fixtures';

const { absolute, percent } = PercentOrAbsolute;

function most(pods: PercentOrAbsolute, rest: Partial<HighAvailabilityServiceProps> = {}): Partial<HighAvailabilityServiceProps> {
  return { disruptionBudget: DisruptionBudget.maxUnavailable(pods), ...rest };
}

function least(pods: PercentOrAbsolute, rest: Partial<HighAvailabilityServiceProps> = {}): Partial<HighAvailabilityServiceProps> {
  return { disruptionBudget: DisruptionBudget.minAvailable(pods), ...rest };
}

function budget(props: Partial<HighAvailabilityServiceProps> = {}): any {
  return manifest(service(props), 'PodDisruptionBudget');
}

test('the default lets one pod go at a time, and sick pods always', () => {
  expect(budget().spec).toEqual({ maxUnavailable: 1, unhealthyPodEvictionPolicy: 'AlwaysAllow', selector: { matchLabels: { 'app.kubernetes.io/name': 'web' } } });
});

test('the budget carries the service\'s name, and finds the pods of the Deployment', () => {
  const web = service();
  expect(manifest(web, 'PodDisruptionBudget').metadata.name).toBe('web');
  expect(manifest(web, 'PodDisruptionBudget').spec.selector).toEqual(manifest(web, 'Deployment').spec.selector);
});

test('maxUnavailable as a number', () => {
  expect(budget(most(absolute(2))).spec).toMatchObject({ maxUnavailable: 2 });
});

test('maxUnavailable as a percentage', () => {
  expect(budget(most(percent(34))).spec).toMatchObject({ maxUnavailable: '34%' });
});

test('minAvailable as a number', () => {
  const { spec } = budget(least(absolute(2)));
  expect(spec.minAvailable).toBe(2);
  expect(spec).not.toHaveProperty('maxUnavailable');
});

test('minAvailable as a percentage', () => {
  expect(budget(least(percent(50))).spec).toMatchObject({ minAvailable: '50%' });
});

test('none leaves no budget', () => {
  const web = service({ disruptionBudget: DisruptionBudget.none() });
  expect(manifests(web).filter(({ kind }) => kind === 'PodDisruptionBudget')).toEqual([]);
  expect(web.disruptionBudget).toBeUndefined();
});

test.each([[true, 'AlwaysAllow'], [undefined, 'AlwaysAllow'], [false, 'IfHealthyBudget']])('evictUnhealthyPods %s makes the policy %s', (evictUnhealthyPods, policy) => {
  for (const kind of [DisruptionBudget.maxUnavailable, DisruptionBudget.minAvailable]) {
    expect(budget({ disruptionBudget: kind(absolute(1), { evictUnhealthyPods }) }).spec.unhealthyPodEvictionPolicy).toBe(policy);
  }
});

test('both kinds of percentage round up, as Kubernetes rounds them', () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 50 }), fc.integer({ min: 0, max: 100 }), (replicas, share) => {
    const pods = Math.ceil(share * replicas / 100);
    const acknowledgements = { 'HA-B2': 'a test', 'HA-B3': 'a test' };
    const blocksBy = (props: Partial<HighAvailabilityServiceProps>, rule: string) =>
      findings({ ...props, replicas, acknowledgements }, rule).length === 1;
    expect(blocksBy(least(percent(share)), 'HA-B2')).toBe(pods >= replicas);
    expect(blocksBy(most(percent(share)), 'HA-B3')).toBe(pods === 0);
    expect(blocksBy(most(percent(share)), 'HA-B9')).toBe(pods >= replicas);
  }), { numRuns: 60 });
});

describeFaults([
  ['a fraction of a pod', most(absolute(0.5)), 'disruptionBudget.maxUnavailable: 0.5 is neither a whole number of pods nor a whole percentage; give PercentOrAbsolute.absolute(1)', most(absolute(1))],
  ['fewer than no pods', least(absolute(-1)), 'disruptionBudget.minAvailable: -1 is neither a whole number of pods', least(absolute(1))],
  ['a fraction of a percentage', least(percent(33.3)), "disruptionBudget.minAvailable: '33.3%' is neither a whole number of pods nor a whole percentage", least(percent(33))],
  ['more than all pods', most(percent(120)), "disruptionBudget.maxUnavailable: '120%' is more than all pods; give at most 100 %", most(percent(100))],
  ['a bare number', most(1 as any), 'disruptionBudget.maxUnavailable: 1 is neither a whole number of pods nor', most(absolute(1))],
  ['nothing', most(null as any), 'disruptionBudget.maxUnavailable: null is neither a whole number of pods nor', most(undefined as any)],
  ['a bare percentage', least('50%' as any), "disruptionBudget.minAvailable: '50%' is neither a whole number of pods nor", least(percent(50))],
]);

describeRule('HA-B1', Severity.ERROR, 'a budget that keeps all pods', {
  broken: least(absolute(3)),
  sound: least(absolute(2)),
  says: ['disruptionBudget.minAvailable: 3 keeps 3 of 3 pods', 'no drain', 'use DisruptionBudget.maxUnavailable(PercentOrAbsolute.absolute(1))'],
});
describeRule('HA-B2', Severity.ERROR, 'a share that rounds up to all pods', {
  broken: least(percent(67)),
  sound: least(percent(66)),
  says: ['disruptionBudget.minAvailable: 67% keeps 3 of 3 pods', 'use DisruptionBudget.maxUnavailable(PercentOrAbsolute.absolute(1))'],
});
describeRule('HA-B3', Severity.ERROR, 'a budget that lets no pod go', {
  broken: most(absolute(0)),
  sound: most(absolute(1)),
  says: ['disruptionBudget.maxUnavailable: 0 lets no pod go', 'allow 1'],
});
describeRule('HA-B3', Severity.ERROR, 'a budget that lets 0 % go', {
  broken: most(percent(0)),
  sound: most(percent(1)),
  says: ['disruptionBudget.maxUnavailable: 0 lets no pod go'],
});
describeRule('HA-B4', Severity.WARNING, 'a fixed number that remains of a number that moves', {
  broken: least(absolute(2)),
  sound: least(absolute(2), { replicas: 3 }),
  says: ['disruptionBudget.minAvailable: 2 is a fixed number, but the service scales', 'use DisruptionBudget.maxUnavailable'],
});
describeRule('HA-B7', Severity.WARNING, 'sick pods that block drains', {
  broken: { disruptionBudget: DisruptionBudget.maxUnavailable(absolute(1), { evictUnhealthyPods: false }) },
  sound: { disruptionBudget: DisruptionBudget.maxUnavailable(absolute(1), { evictUnhealthyPods: true }) },
  says: ['disruptionBudget.evictUnhealthyPods', 'a sick service blocks every drain', 'leave it out'],
});
describeRule('HA-B8', Severity.WARNING, 'no budget', {
  broken: { disruptionBudget: DisruptionBudget.none() },
  sound: {},
  says: ['disruptionBudget', 'take all 3 pods at once', 'leave disruptionBudget out'],
});
describeRule('HA-B9', Severity.WARNING, 'a budget that lets all pods go', {
  broken: most(absolute(3)),
  sound: most(absolute(2)),
  says: ['disruptionBudget.maxUnavailable: 3 lets all 3 pods go at once', 'allow fewer than 3'],
});
describeRule('HA-B9', Severity.WARNING, 'a budget that needs no pod to stay', {
  broken: least(absolute(0)),
  sound: least(absolute(1)),
  says: ['disruptionBudget.minAvailable: 0 lets all 3 pods go at once', 'use DisruptionBudget.maxUnavailable'],
});

test('a single pod needs no budget', () => {
  expect(findings({ replicas: 1, disruptionBudget: DisruptionBudget.none(), acknowledgements: { 'HA-A1': 'a test' } }, 'HA-B8')).toEqual([]);
  expect(findings(most(absolute(1), { replicas: 1, acknowledgements: { 'HA-A1': 'a test' } }), 'HA-B9')).toEqual([]);
});
