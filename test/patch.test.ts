import { JsonPatch } from 'cdk8s';
import { IConstruct } from 'constructs';
import { IMAGE, chart, manifest, manifests, refusal, service } from './fixtures';
import { HighAvailabilityService, ServiceIdentity } from '../lib';

const POD = '/spec/template/spec';

test.each([
  ['a field of the pods that is newer than the schema', `${POD}/hostUsers`, false, ['spec', 'template', 'spec', 'hostUsers']],
  ['a field of a container that is newer', `${POD}/containers/0/resizePolicy`, [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }], ['spec', 'template', 'spec', 'containers', '0', 'resizePolicy']],
  ['a wrongly typed number', '/spec/strategy/rollingUpdate/maxSurge', 1, ['spec', 'strategy', 'rollingUpdate', 'maxSurge']],
  ['a field that the library sets', `${POD}/terminationGracePeriodSeconds`, 99, ['spec', 'template', 'spec', 'terminationGracePeriodSeconds']],
  ['a native sleep', `${POD}/containers/0/lifecycle/preStop/sleep/seconds`, 7, ['spec', 'template', 'spec', 'containers', '0', 'lifecycle', 'preStop', 'sleep', 'seconds']],
  ['a label', '/metadata/labels/app.kubernetes.io~1part-of', 'shop', ['metadata', 'labels', 'app.kubernetes.io/part-of']],
  ['null', `${POD}/affinity`, null, ['spec', 'template', 'spec', 'affinity']],
])('%s reaches the YAML', (_, pointer, value, path) => {
  const web = service();
  web.patch(web.deployment, JsonPatch.add(pointer, value));
  expect(manifest(web, 'Deployment')).toHaveProperty(path, value);
});

test.each([
  ['ServiceAccount', (web: HighAvailabilityService) => web.serviceAccount!],
  ['NetworkPolicy', (web: HighAvailabilityService) => web.networkPolicy!],
  ['Service', (web: HighAvailabilityService) => web.service],
  ['PodDisruptionBudget', (web: HighAvailabilityService) => web.disruptionBudget!],
  ['Deployment', (web: HighAvailabilityService) => web.deployment],
  ['HorizontalPodAutoscaler', (web: HighAvailabilityService) => web.autoscaler!],
] as [string, (web: HighAvailabilityService) => IConstruct][])('every member can be patched: %s', (kind, member) => {
  const web = service();
  web.patch(member(web), JsonPatch.add('/newer', { field: [1, { two: true }] }));
  expect(manifests(web).filter(object => object.newer).map(object => [object.kind, object.newer])).toEqual([[kind, { field: [1, { two: true }] }]]);
});

test('the service itself stands for its Deployment', () => {
  const web = service();
  web.patch(web, JsonPatch.replace('/spec/minReadySeconds', 1));
  expect(manifest(web, 'Deployment').spec.minReadySeconds).toBe(1);
});

test('operations of one call and of several calls apply one after the other', () => {
  const web = service();
  web.patch(web.service, JsonPatch.add('/spec/list', [1]), JsonPatch.add('/spec/list/-', 2));
  web.patch(web.service, JsonPatch.add('/spec/list/-', 3));
  expect(manifest(web, 'Service').spec.list).toEqual([1, 2, 3]);
  expect(manifest(web, 'Service').spec.list).toEqual([1, 2, 3]);
});

test('operations apply after what is changed later', () => {
  const web = service();
  web.patch(web.deployment, JsonPatch.replace(`${POD}/containers/1/image`, 'envoy:2'));
  web.deployment.addContainer({ name: 'proxy', image: 'envoy:1' });
  expect(manifest(web, 'Deployment').spec.template.spec.containers[1].image).toBe('envoy:2');
});

test('all operations of RFC 6902 apply', () => {
  const web = service();
  web.patch(web.service,
    JsonPatch.test('/spec/type', 'ClusterIP'),
    JsonPatch.copy('/spec/type', '/spec/copied'),
    JsonPatch.move('/spec/copied', '/spec/moved'),
    JsonPatch.replace('/spec/type', 'NodePort'),
    JsonPatch.remove('/spec/selector'));
  const { spec } = manifest(web, 'Service');
  expect(spec).toMatchObject({ type: 'NodePort', moved: 'ClusterIP' });
  expect(spec).not.toHaveProperty('selector');
  expect(spec).not.toHaveProperty('copied');
});

test('a patch of one service leaves the others alone', () => {
  const scope = chart();
  const web = service({}, scope);
  new HighAvailabilityService(scope, 'other', { image: IMAGE });
  web.patch(web.service, JsonPatch.add('/spec/newer', true));
  expect(manifest(web, 'Service', 'other').spec).not.toHaveProperty('newer');
});

describe('fails at once', () => {
  const web = service({ replicas: 3, serviceAccount: ServiceIdentity.existing('robot') });
  const operation = JsonPatch.add('/spec/newer', true);

  test.each([
    ["for another service's object", () => service().service, "'test/web/Service' is not part of this service"],
    ['for the chart around it', () => web.node.scope!, "'test' is not part of this service"],
    ['for a member that there is not', () => web.autoscaler!, 'the target does not exist'],
    ['for what is no construct', () => web.container as any, 'the target is not part of this service'],
  ])('%s', (_, target, what) => {
    expect(refusal(() => web.patch(target(), operation))).toBe(`test/web: patch: ${what}; patch an object of the service, such as its deployment`);
  });

  test('for a service account that is made elsewhere', () => {
    expect(refusal(() => web.patch(web.serviceAccount!, operation))).toBe(
      "test/web: patch: 'test/web/ServiceAccount' is made elsewhere, so there is no manifest to patch; patch it where it is made");
  });
});

describe('fails at synth, with the path of the construct,', () => {
  const refused = (...operations: JsonPatch[]) => {
    const web = service();
    web.patch(web.service, ...operations);
    return refusal(() => manifest(web, 'Service'));
  };

  test.each([
    ['for a field below one that is not there', JsonPatch.add('/spec/nope/deeper', 1), "add '/spec/nope/deeper' does not fit ("],
    ['for a test that does not hold', JsonPatch.test('/kind', 'Pod'), "test '/kind' does not fit (Test operation failed)"],
    ['for an index beyond the end of a list', JsonPatch.replace('/spec/ports/7/port', 1), "replace '/spec/ports/7/port' needs the field '/spec/ports/7/port', which is not there; add it instead"],
    ['for a replacement of what is not there', JsonPatch.replace('/spec/nope', 1), "replace '/spec/nope' needs the field '/spec/nope', which is not there; add it instead"],
    ['for a removal of what is not there', JsonPatch.remove('/spec/nope'), "remove '/spec/nope' needs the field '/spec/nope', which is not there; leave the operation out, or mend the path"],
    ['for a removal below a plain value', JsonPatch.remove('/kind/nope'), "remove '/kind/nope' needs the field '/kind/nope', which is not there"],
    ['for a copy of what is not there', JsonPatch.copy('/spec/nope', '/spec/there'), "copy '/spec/there' needs the field '/spec/nope', which is not there"],
    ['for a move of what is not there', JsonPatch.move('/spec/nope', '/spec/there'), "move '/spec/there' needs the field '/spec/nope', which is not there"],
    ["for a path without its '/'", JsonPatch.add('spec/nope', 1), "add 'spec/nope' does not begin with '/'; write '/spec/nope'"],
    ['for a value that is undefined', JsonPatch.add('/spec/nope', undefined), "add '/spec/nope' has no value; give one, or remove the field instead"],
  ])('%s', (_, operation, message) => {
    expect(refused(operation)).toContain(`test/web/Service: patch: ${message}`);
    expect(refused(operation)).not.toContain('\n');
  });

  test('for the first operation that does not fit', () => {
    expect(refused(JsonPatch.add('/spec/a', 1), JsonPatch.remove('/spec/b'), JsonPatch.remove('/spec/c'))).toContain("remove '/spec/b'");
  });
});
