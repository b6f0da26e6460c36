import { HighAvailabilityServiceProps, ServiceIdentity } from '../../lib';
import { describeFaults, manifest, manifests, podSpec, service } from '../fixtures';

function accounts(props: Partial<HighAvailabilityServiceProps>): any[] {
  return manifests(service(props)).filter(({ kind }) => kind === 'ServiceAccount');
}

describe('an own service account', () => {
  test('is the default, with the service\'s name and without a token', () => {
    const web = service();
    expect(manifest(web, 'ServiceAccount')).toMatchObject({ metadata: { name: 'web' }, automountServiceAccountToken: false });
    expect(podSpec(web)).toMatchObject({ serviceAccountName: 'web', automountServiceAccountToken: false });
    expect(web.serviceAccount!.name).toBe('web');
  });

  test('has the labels and the namespace of the service', () => {
    expect(manifest(service({ namespace: 'shop', labels: { team: 'a' } }), 'ServiceAccount').metadata)
      .toMatchObject({ namespace: 'shop', labels: { 'team': 'a', 'app.kubernetes.io/name': 'web' } });
  });

  test('can have annotations of its own, beside those of all objects', () => {
    const web = service({ annotations: { owner: 'me' }, serviceAccount: ServiceIdentity.own({ annotations: { 'eks.amazonaws.com/role-arn': 'arn' } }) });
    expect(manifest(web, 'ServiceAccount').metadata.annotations).toEqual({ 'owner': 'me', 'eks.amazonaws.com/role-arn': 'arn' });
    expect(manifest(web, 'Deployment').metadata.annotations).toEqual({ owner: 'me' });
  });

  test('can have a token', () => {
    const web = service({ serviceAccount: ServiceIdentity.own({ mountToken: true }) });
    expect(manifest(web, 'ServiceAccount').automountServiceAccountToken).toBe(true);
    expect(podSpec(web).automountServiceAccountToken).toBe(true);
  });
});

describe('an existing service account', () => {
  test('is named, but not made, and gives no token', () => {
    const serviceAccount = ServiceIdentity.existing('robot.v1');
    expect(accounts({ serviceAccount })).toEqual([]);
    expect(podSpec(service({ serviceAccount }))).toMatchObject({ serviceAccountName: 'robot.v1', automountServiceAccountToken: false });
    expect(service({ serviceAccount }).serviceAccount!.name).toBe('robot.v1');
  });

  test('gives a token if asked to', () => {
    expect(podSpec(service({ serviceAccount: ServiceIdentity.existing('robot', true) })).automountServiceAccountToken).toBe(true);
  });
});

test('none leaves the pods to the namespace\'s default account, without a token', () => {
  const web = service({ serviceAccount: ServiceIdentity.none() });
  expect(manifests(web).filter(({ kind }) => kind === 'ServiceAccount')).toEqual([]);
  expect(podSpec(web)).not.toHaveProperty('serviceAccountName');
  expect(podSpec(web).automountServiceAccountToken).toBe(false);
  expect(web.serviceAccount).toBeUndefined();
});

const existing = (name: string) => ({ serviceAccount: ServiceIdentity.existing(name) });
const annotated = (annotations: Record<string, string>) => ({ serviceAccount: ServiceIdentity.own({ annotations }) });
describeFaults([
  ['an empty name', existing(''), "serviceAccount: '' is no object name; use lower case letters, digits, '-' and '.'.", existing('a')],
  ['a blank name', existing(' '), "serviceAccount: ' ' is no object name", existing('a')],
  ['a name with capitals', existing('Robot'), "serviceAccount: 'Robot' is no object name", existing('robot')],
  ['no name', existing(undefined as any), 'is no object name', existing('robot')],
  ['a bad annotation key', annotated({ 'a b': 'c' }), "serviceAccount.annotations: 'a b' is no label or annotation key", annotated({ 'a-b': 'c' })],
  ['an undefined annotation', annotated({ a: undefined as any }), 'serviceAccount.annotations.a: undefined is no string; write it as a string, or leave it out', annotated({ a: '' })],
  ['an annotation that is a number', annotated({ a: 1 as any }), 'serviceAccount.annotations.a: 1 is no string', annotated({ a: '1' })],
]);
