import { Duration } from 'cdk8s';
import { Deployment, k8s, LabeledNode, Node, NodeLabelQuery, NodeTaintQuery, TaintEffect, Topology } from 'cdk8s-plus-28';
import { HighAvailabilityService, SchedulingOptions, Severity, Spread } from '../../lib';
import { chart, describeFaults, describeRule, IMAGE, podSpec, service } from '../fixtures';

const { seconds } = Duration;

function scheduled(scheduling: SchedulingOptions): HighAvailabilityService {
  return service({ scheduling });
}

function failureTolerations(tolerationSeconds: number): any[] {
  return ['not-ready', 'unreachable'].map(taint => ({ key: `node.kubernetes.io/${taint}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }));
}

function nodesWith(label: string, value: string): LabeledNode {
  return Node.labeled(NodeLabelQuery.is(label, value));
}

const has = (key: string, value: string) => ({ key, operator: 'In', values: [value] });

describe('the default', () => {
  test('leaves a failed node after 25 s', () => {
    expect(podSpec(service()).tolerations).toEqual(failureTolerations(25));
  });

  test('runs on any node, by the cluster\'s scheduler, without a priority class', () => {
    const spec = podSpec(service());
    ['nodeSelector', 'schedulerName', 'priorityClassName', 'nodeName'].forEach(field => expect(spec).not.toHaveProperty(field));
    expect(Object.keys(spec.affinity)).toEqual(['podAntiAffinity']);
  });
});

describe('options', () => {
  test('nodeFailureToleration', () => {
    expect(podSpec(scheduled({ nodeFailureToleration: seconds(60) })).tolerations).toEqual(failureTolerations(60));
  });

  test('tolerations come after those for failures', () => {
    const tolerations = [NodeTaintQuery.exists('spot'), NodeTaintQuery.is('team', 'a', { effect: TaintEffect.NO_SCHEDULE })];
    expect(podSpec(scheduled({ tolerations })).tolerations).toEqual([
      ...failureTolerations(25),
      { key: 'spot', operator: 'Exists' },
      { key: 'team', operator: 'Equal', value: 'a', effect: 'NoSchedule' },
    ]);
  });

  test('nodeSelector', () => {
    expect(podSpec(scheduled({ nodeSelector: { 'kubernetes.io/arch': 'arm64' } })).nodeSelector).toEqual({ 'kubernetes.io/arch': 'arm64' });
  });

  test('priorityClassName', () => {
    expect(podSpec(scheduled({ priorityClassName: 'critical' })).priorityClassName).toBe('critical');
  });

  test('schedulerName', () => {
    expect(podSpec(scheduled({ schedulerName: 'my-scheduler' })).schedulerName).toBe('my-scheduler');
  });

  test('affinity, in Kubernetes\' own words', () => {
    const affinity: k8s.Affinity = {
      podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'rack' } }] },
    };
    expect(podSpec(service({ scheduling: { affinity }, spread: Spread.none() })).affinity).toEqual(affinity);
  });
});

describe('what is asked for later', () => {
  test('tolerations are added', () => {
    const web = scheduled({ tolerations: [NodeTaintQuery.exists('spot')] });
    web.deployment.scheduling.tolerate(Node.tainted(NodeTaintQuery.exists('gpu')));
    expect(podSpec(web).tolerations).toEqual([...failureTolerations(25), { key: 'spot', operator: 'Exists' }, { key: 'gpu', operator: 'Exists' }]);
  });

  test('a node is assigned', () => {
    const web = service();
    web.deployment.scheduling.assign(Node.named('node-1'));
    expect(podSpec(web).nodeName).toBe('node-1');
  });

  test('affinity alone is kept', () => {
    const web = service();
    web.deployment.scheduling.attract(nodesWith('disk', 'ssd'));
    expect(podSpec(web).affinity.nodeAffinity).toEqual({
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [has('disk', 'ssd')] }] },
    });
  });

  test('the same twice in two syntheses is there once', () => {
    const web = scheduled({ affinity: { nodeAffinity: {} } });
    web.deployment.scheduling.attract(nodesWith('disk', 'ssd'), { weight: 1 });
    podSpec(web);
    expect(podSpec(web).affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution).toHaveLength(1);
    expect(podSpec(web).tolerations).toHaveLength(2);
  });
});

describe('the affinity of the props and that of later', () => {
  const required = (...terms: k8s.NodeSelectorTerm[]): SchedulingOptions => ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
  });
  const terms = (web: HighAvailabilityService) => podSpec(web).affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;

  test('about nodes both hold, since a node has to meet one whole term', () => {
    const web = scheduled(required({ matchExpressions: [has('zone', 'a')] }));
    web.deployment.scheduling.attract(nodesWith('disk', 'ssd'));
    expect(terms(web)).toEqual([{ matchExpressions: [has('zone', 'a'), has('disk', 'ssd')] }]);
  });

  test('about nodes hold in every combination of alternatives', () => {
    const web = scheduled(required({ matchExpressions: [has('zone', 'a')] }, { matchFields: [has('metadata.name', 'node-1')] }));
    web.deployment.scheduling.attract(nodesWith('disk', 'ssd'));
    web.deployment.scheduling.attract(nodesWith('disk', 'nvme'));
    expect(terms(web)).toEqual([
      { matchExpressions: [has('zone', 'a'), has('disk', 'ssd')] },
      { matchExpressions: [has('zone', 'a'), has('disk', 'nvme')] },
      { matchExpressions: [has('disk', 'ssd')], matchFields: [has('metadata.name', 'node-1')] },
      { matchExpressions: [has('disk', 'nvme')], matchFields: [has('metadata.name', 'node-1')] },
    ]);
  });

  test('about nodes that are preferred are added up', () => {
    const preference = { weight: 5, preference: { matchExpressions: [has('zone', 'a')] } };
    const web = scheduled({ affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preference] } } });
    web.deployment.scheduling.attract(nodesWith('disk', 'ssd'), { weight: 7 });
    expect(podSpec(web).affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution)
      .toEqual([preference, { weight: 7, preference: { matchExpressions: [has('disk', 'ssd')] } }]);
  });

  test('about other pods are added up', () => {
    const term = (app: string) => ({ topologyKey: 'rack', labelSelector: { matchLabels: { app } } });
    const scope = chart();
    const web = service({
      scheduling: {
        affinity: {
          podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('cache')] },
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [term('batch')],
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 3, podAffinityTerm: term('noisy') }],
          },
        },
      },
    }, scope);
    const other = new HighAvailabilityService(scope, 'other', { image: IMAGE });
    web.deployment.scheduling.colocate(other.deployment, { topology: Topology.ZONE });
    web.deployment.scheduling.separate(other.deployment);
    const others = { labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'other' } } };
    const { affinity } = podSpec(web, 'web');
    expect(affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution).toEqual([term('cache'), { topologyKey: 'topology.kubernetes.io/zone', ...others }]);
    expect(affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution).toEqual([term('batch'), { topologyKey: 'kubernetes.io/hostname', ...others }]);
    expect(affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution).toMatchObject([{ weight: 100 }, { weight: 3 }]);
  });

  test('a plain Deployment can keep away from the service', () => {
    const scope = chart();
    const web = service({}, scope);
    const batch = new Deployment(scope, 'batch', { containers: [{ image: IMAGE }] });
    batch.scheduling.separate(web.deployment);
    const [{ labelSelector }] = podSpec(batch, batch.name).affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    expect(labelSelector).toEqual({ matchLabels: { 'app.kubernetes.io/name': 'web' } });
  });

  test('a service in a namespace is looked for there', () => {
    const scope = chart();
    const web = service({ namespace: 'shop' }, scope);
    const other = new HighAvailabilityService(scope, 'other', { image: IMAGE });
    other.deployment.scheduling.separate(web.deployment);
    expect(podSpec(other, 'other').affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].namespaces).toEqual(['shop']);
  });
});

const within = (scheduling: SchedulingOptions) => ({ scheduling });
describeFaults([
  ['no toleration of a failed node', within({ nodeFailureToleration: seconds(0) }), "scheduling.nodeFailureToleration: '0 s' is less than 1 s; give 1 s or more.",
    within({ nodeFailureToleration: seconds(1) })],
  ['a fraction of a second', within({ nodeFailureToleration: Duration.millis(1500) }), "scheduling.nodeFailureToleration: '1.5 s' is no whole number of seconds",
    within({ nodeFailureToleration: seconds(2) })],
  ['a bare number', within({ nodeFailureToleration: 30 as any }), 'scheduling.nodeFailureToleration: 30 is no duration; give one such as Duration.seconds(30)',
    within({ nodeFailureToleration: seconds(30) })],
  ['an undefined toleration', within({ tolerations: [undefined as any] }), "scheduling.tolerations.0: undefined is no NodeTaintQuery; make one, such as NodeTaintQuery.is('dedicated', 'web')", within({ tolerations: [] })],
  ['a bad label of nodes', within({ nodeSelector: { 'a b': 'c' } }), "scheduling.nodeSelector: 'a b' is no label or annotation key", within({ nodeSelector: { 'a.b': 'c' } })],
  ['a bad value of nodes', within({ nodeSelector: { a: 'b c' } }), "scheduling.nodeSelector.a: 'b c' is no label value", within({ nodeSelector: { a: 'b-c' } })],
  ['an undefined value of nodes', within({ nodeSelector: { a: undefined as any } }), 'scheduling.nodeSelector.a: undefined is no string', within({ nodeSelector: { a: '' } })],
  ['a bad priority class', within({ priorityClassName: 'Critical' }), "scheduling.priorityClassName: 'Critical' is no object name; use lower case letters, digits, '-' and '.'",
    within({ priorityClassName: 'critical' })],
  ['an empty priority class', within({ priorityClassName: '' }), "scheduling.priorityClassName: '' is no object name", within({ priorityClassName: undefined })],
  ['a bad scheduler', within({ schedulerName: 'my scheduler' }), "scheduling.schedulerName: 'my scheduler' is no object name", within({ schedulerName: 'my-scheduler' })],
]);

describeRule('HA-C11', Severity.WARNING, 'failed nodes that are tolerated for as long as Kubernetes does', {
  broken: within({ nodeFailureToleration: seconds(300) }),
  sound: within({ nodeFailureToleration: seconds(299) }),
  says: ['scheduling.nodeFailureToleration', 'replaced 300 s after', 'give 30 to 60 s'],
});
