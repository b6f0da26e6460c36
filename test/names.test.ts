import { App, Chart, Testing } from 'cdk8s';
import { Construct } from 'constructs';
import { IMAGE, chart, manifests, refusal, service } from './fixtures';
import { HighAvailabilityService } from '../lib';

const named = (id: string, scope: Construct = chart(), props = {}) => new HighAvailabilityService(scope, id, { image: IMAGE, ...props });
const names = (construct: Construct) => [...new Set(manifests(construct).map(object => object.metadata.name))];

describe('the name', () => {
  test('is the id, for all objects', () => {
    const web = named('orders-api');
    expect(web.name).toBe('orders-api');
    expect(names(web)).toEqual(['orders-api']);
  });

  test('is the prop, if there is one', () => {
    expect(names(named('web', chart(), { name: 'shop' }))).toEqual(['shop']);
  });

  test('is the name of the main container and the selector, too', () => {
    const [deployment] = manifests(named('web', chart(), { name: 'shop' })).filter(object => object.kind === 'Deployment');
    expect(deployment.spec.template.spec.containers[0].name).toBe('shop');
    expect(deployment.spec.selector.matchLabels).toEqual({ 'app.kubernetes.io/name': 'shop' });
  });

  test.each(['Default', 'Resource'])("of the child '%s' is the parent's id", id => {
    expect(named(id, new Construct(chart(), 'orders')).name).toBe('orders');
  });

  test("of the child 'Default' is the prop, if there is one", () => {
    expect(named('Default', new Construct(chart(), 'orders'), { name: 'web' }).name).toBe('web');
  });

  test.each(['Web', 'web_1', 'web.shop', '1web', '-web', 'web-', 'w'.repeat(64)])("fails for the id '%s'", id => {
    expect(refusal(() => named(id))).toBe(`HighAvailabilityService 'test/${id}' is refused:\n  - name: '${id}' is no DNS label (RFC 1035); `
      + "use at most 63 lower case letters, digits and '-', with a letter first: as the construct's id, or by the prop name.");
  });

  test.each(['w', 'web-1', 'w'.repeat(63)])("accepts the id '%s'", id => {
    expect(named(id).name).toBe(id);
  });

  test("fails for a child 'Default' whose parent's id is no DNS label", () => {
    expect(refusal(() => named('Default', new Construct(chart(), 'Orders')))).toContain("name: 'Orders' is no DNS label");
  });

  test('an id that is no DNS label is fine beside a name that is one', () => {
    expect(named('Web', chart(), { name: 'web' }).name).toBe('web');
  });

  test('fails for a number', () => {
    expect(refusal({ name: 5 as any })).toContain('name: 5 is no DNS label');
  });
});

describe('two services of one name', () => {
  test('fail in one chart', () => {
    const scope = chart();
    named('web', scope);
    expect(refusal(() => named('shop', scope, { name: 'web' }))).toBe("HighAvailabilityService 'test/shop' is refused:\n"
      + "  - name: 'web' is the name of 'test/web' in the same chart, so one would overwrite the other; give one of them another id or name.");
  });

  test('fail in one chart below different constructs', () => {
    const scope = chart();
    named('web', new Construct(scope, 'a'));
    expect(refusal(() => named('web', new Construct(scope, 'b')))).toContain("is the name of 'test/a/web' in the same chart");
  });

  test('are fine in different charts', () => {
    const app = Testing.app();
    named('web', new Chart(app, 'development'));
    expect(names(named('web', new Chart(app, 'production')))).toEqual(['web']);
  });

  test('are fine in different namespaces', () => {
    const scope = chart();
    named('web', scope, { namespace: 'a' });
    expect(manifests(named('other', scope, { name: 'web', namespace: 'b' }))).toHaveLength(12);
  });

  test("fail where one names the namespace that is the chart's anyway", () => {
    const scope = new Chart(Testing.app(), 'shop', { namespace: 'prod' });
    named('web', scope);
    expect(refusal(() => named('other', scope, { name: 'web', namespace: 'prod' }))).toContain("is the name of 'shop/web' in the same chart");
  });
});

describe('the namespace', () => {
  const namespaces = (construct: Construct) => [...new Set(manifests(construct).map(object => object.metadata.namespace))];

  test("is the chart's", () => {
    expect(namespaces(named('web', new Chart(Testing.app(), 'shop', { namespace: 'prod' })))).toEqual(['prod']);
  });

  test('is the prop, for all objects, if there is one', () => {
    expect(namespaces(named('web', new Chart(Testing.app(), 'shop', { namespace: 'prod' }), { namespace: 'other' }))).toEqual(['other']);
    expect(namespaces(service({ namespace: 'other' }))).toEqual(['other']);
  });

  test('is left to kubectl otherwise', () => {
    expect(namespaces(service())).toEqual([undefined]);
  });

  test.each(['Prod', 'a.b', '', 5])('fails for %p', namespace => {
    expect(refusal({ namespace: namespace as any })).toContain(
      `namespace: ${typeof namespace === 'string' ? `'${namespace}'` : namespace} is no namespace name; use at most 63 lower case letters, digits and '-'.`,
    );
  });

  test('may begin with a digit', () => {
    expect(namespaces(service({ namespace: '1st' }))).toEqual(['1st']);
  });
});

test('fails outside of a chart', () => {
  expect(refusal(() => new HighAvailabilityService(new App(), 'web', { image: IMAGE }))).toContain('cannot find a parent chart');
});
