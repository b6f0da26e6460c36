import { App, Chart, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { IMAGE, container, manifest, manifests, podSpec, refusal, service } from './fixtures';
import {
  HighAvailabilityDefaults, HighAvailabilityDefaultsProps, HighAvailabilityService, HighAvailabilityServiceProps, LoadBalancing,
} from '../lib';

let app: App;
let chart: Chart;

beforeEach(() => {
  app = Testing.app();
  chart = new Chart(app, 'shop');
});

const house = (scope: Construct, defaults: HighAvailabilityDefaultsProps) => HighAvailabilityDefaults.of(scope).set(defaults);
const web = (props: Partial<HighAvailabilityServiceProps> = {}) => service(props, chart);
const floor = (construct: HighAvailabilityService) => manifest(construct, 'HorizontalPodAutoscaler', construct.name).spec.minReplicas;

describe('the defaults', () => {
  test('of an app hold in all of its charts', () => {
    house(app, { minReplicas: 4 });
    expect(floor(web())).toBe(4);
    expect(floor(service({}, new Chart(app, 'other')))).toBe(4);
  });

  test('of a chart hold in that chart only', () => {
    house(chart, { minReplicas: 4 });
    expect(floor(web())).toBe(4);
    expect(floor(service({}, new Chart(app, 'other')))).toBe(3);
  });

  test('of the nearest scope win', () => {
    house(app, { minReplicas: 4 });
    house(chart, { minReplicas: 5 });
    const team = new Construct(chart, 'team');
    house(team, { minReplicas: 6 });
    expect(floor(new HighAvailabilityService(team, 'web', { image: IMAGE }))).toBe(6);
    expect(floor(new HighAvailabilityService(chart, 'other', { image: IMAGE }))).toBe(5);
  });

  test("give way to a service's own props", () => {
    house(app, { minReplicas: 4, loadBalancing: LoadBalancing.external() });
    expect(floor(web({ minReplicas: 5 }))).toBe(5);
    expect(manifest(service({ loadBalancing: LoadBalancing.cluster() }, new Chart(app, 'other')), 'Service').spec.type).toBe('ClusterIP');
  });

  test('hold where an own prop is undefined or null', () => {
    house(app, { minReplicas: 4 });
    expect(floor(web({ minReplicas: undefined }))).toBe(4);
    expect(floor(service({ minReplicas: null as any }, new Chart(app, 'other')))).toBe(4);
  });

  test('add up when set several times for one scope', () => {
    house(chart, { minReplicas: 4, labels: { a: '1' } });
    house(chart, { imagePullSecrets: ['registry'], labels: { b: '2' } });
    const construct = web();
    expect(floor(construct)).toBe(4);
    expect(podSpec(construct).imagePullSecrets).toEqual([{ name: 'registry' }]);
    expect(manifest(construct, 'Service').metadata.labels).toMatchObject({ a: '1', b: '2' });
  });

  test('may leave something as it is by undefined', () => {
    house(app, { minReplicas: 4 });
    house(chart, { minReplicas: undefined });
    expect(floor(web())).toBe(4);
  });

  test('are checked like props', () => {
    house(app, { minReplicas: 0 });
    expect(refusal(() => web())).toContain("HighAvailabilityService 'shop/web' is refused:\n  - minReplicas: 0 is no whole number of at least 1");
  });
});

describe('maps', () => {
  test.each([
    ['labels', (construct: Construct) => manifest(construct, 'Service').metadata.labels],
    ['annotations', (construct: Construct) => manifest(construct, 'Service').metadata.annotations],
    ['podAnnotations', (construct: Construct) => manifest(construct, 'Deployment').spec.template.metadata.annotations],
  ] as const)('of %s add up, and the nearest value wins', (prop, read) => {
    house(app, { [prop]: { app: 'app', all: 'app', most: 'app' } });
    house(chart, { [prop]: { chart: 'chart', all: 'chart', most: 'chart' } });
    expect(read(web({ [prop]: { all: 'own' } }))).toMatchObject({ app: 'app', chart: 'chart', most: 'chart', all: 'own' });
  });

  test('are not changed by it', () => {
    const labels = { a: '1' };
    house(app, { labels });
    web({ labels: { b: '2' } });
    expect(labels).toEqual({ a: '1' });
  });

  test('of resources are replaced as a whole', () => {
    house(app, { resources: { cpu: { request: Cpu.units(2) } } });
    expect(container(web({ resources: {} })).resources.requests.cpu).toBe('250m');
  });
});

describe('a fixed number and bounds', () => {
  const replicas = () => manifest(web(), 'Deployment').spec.replicas;

  test('of different scopes: a nearer fixed number wins', () => {
    house(app, { minReplicas: 4, maxReplicas: 8 });
    house(chart, { replicas: 2 });
    expect(replicas()).toBe(2);
  });

  test.each([{ minReplicas: 4 }, { maxReplicas: 8 }])('of different scopes: nearer bounds %p win', bounds => {
    house(app, { replicas: 2 });
    house(chart, bounds);
    expect(manifest(web(), 'HorizontalPodAutoscaler').spec).toMatchObject(bounds);
  });

  test('set one after the other for one scope: the later wins', () => {
    house(chart, { minReplicas: 4 });
    house(chart, { replicas: 2 });
    expect(replicas()).toBe(2);
  });

  test('fail within one scope', () => {
    house(chart, { replicas: 2, minReplicas: 4 });
    expect(refusal(() => web())).toContain('replicas: 2 is a fixed number, but minReplicas or maxReplicas is given as well');
  });

  test("of the house's lower bound and the service's upper one stand together", () => {
    house(app, { minReplicas: 4 });
    expect(manifest(web({ maxReplicas: 5 }), 'HorizontalPodAutoscaler').spec).toMatchObject({ minReplicas: 4, maxReplicas: 5 });
  });
});

describe('defaults that come too late', () => {
  test('fail for the app', () => {
    web();
    expect(refusal(() => house(app, { minReplicas: 4 }))).toBe(
      "HighAvailabilityDefaults of 'the app': a service below it exists already and would not get them; set defaults first");
  });

  test('fail for the chart', () => {
    web();
    expect(refusal(() => house(chart, { minReplicas: 4 }))).toContain("HighAvailabilityDefaults of 'shop': a service below it exists already");
  });

  test('fail for the service itself', () => {
    const construct = web();
    expect(refusal(() => house(construct, { minReplicas: 4 }))).toContain("HighAvailabilityDefaults of 'shop/web'");
  });

  test('are fine for another chart', () => {
    web();
    const other = new Chart(app, 'other');
    house(other, { minReplicas: 4 });
    expect(floor(service({}, other))).toBe(4);
  });
});

describe('acknowledgements of the house', () => {
  beforeEach(() => house(app, { acknowledgements: { 'HA-A1': 'development', 'HA-D7': 'development' } }));

  test('hold for all services', () => {
    expect(manifest(web({ replicas: 1 }), 'Deployment').metadata.annotations).toEqual({ 'cdk8s-high-availability/HA-A1': 'development' });
  });

  test('give way to a reason of the service', () => {
    expect(manifest(web({ replicas: 1, acknowledgements: { 'HA-A1': 'a tool' } }), 'Deployment').metadata.annotations).toEqual({ 'cdk8s-high-availability/HA-A1': 'a tool' });
  });

  test('are no finding where nothing needs them', () => {
    expect(web().findings.map(({ rule }) => rule)).not.toContain('HA-0');
  });

  test('fail for a rule that there is not', () => {
    house(chart, { acknowledgements: { 'HA-Z1': 'why' } });
    expect(refusal(() => web())).toContain("acknowledgements: 'HA-Z1' is not a rule; use one of HA-0, HA-A1, ");
  });
});

test('every default of a house reaches a service', () => {
  house(app, { labels: { team: 'shop' }, namespace: 'elsewhere' } as any);
  expect(manifests(web()).map(({ metadata }) => metadata.labels.team)).toEqual(Array(6).fill('shop'));
});
