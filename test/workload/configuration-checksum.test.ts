import { App, Chart } from 'cdk8s';
import { ConfigMap, ContainerProps, Deployment, Env, EnvValue, k8s, Secret, Volume } from 'cdk8s-plus-28';
import { HighAvailabilityService, HighAvailabilityServiceProps } from '../../lib';
import { chart, IMAGE, manifest } from '../fixtures';

type Props = Partial<HighAvailabilityServiceProps>;

function checksum(web: HighAvailabilityService): string | undefined {
  return manifest(web, 'Deployment', 'web').spec.template.metadata.annotations['cdk8s-high-availability/configuration'];
}

function service(scope: Chart, props: Props): HighAvailabilityService {
  return new HighAvailabilityService(scope, 'web', { image: IMAGE, ...props });
}

/** The checksum of a service that uses a ConfigMap of this content in this way. */
function ofConfigMap(use: (config: ConfigMap, scope: Chart) => Props, data: Record<string, string>): string | undefined {
  const scope = chart();
  return checksum(service(scope, use(new ConfigMap(scope, 'config', { metadata: { name: 'config' }, data }), scope)));
}

/** The checksum of a service that uses a Secret of this content in this way. */
function ofSecret(use: (secret: Secret, scope: Chart) => Props, stringData: Record<string, string>): string | undefined {
  const scope = chart();
  return checksum(service(scope, use(new Secret(scope, 'secret', { metadata: { name: 'secret' }, stringData }), scope)));
}

/** A volume that cdk8s-plus has no word for. */
function projected(scope: Chart, sources: k8s.VolumeProjection[]): Props {
  const volume = Volume.fromEmptyDir(scope, 'projected', 'projected');
  jest.spyOn(volume, '_toKube').mockReturnValue({ name: 'projected', projected: { sources } });
  return { volumeMounts: [{ path: '/projected', volume }] };
}

const reads = (more: Partial<ContainerProps>): ContainerProps => ({ name: 'side', image: IMAGE, ...more });

const configMapUses: [string, (config: ConfigMap, scope: Chart) => Props][] = [
  ['a variable', config => ({ environmentReferences: { KEY: EnvValue.fromConfigMap(config, 'key') } })],
  ['all variables', config => ({ environmentFrom: [Env.fromConfigMap(config)] })],
  ['a volume', (config, scope) => ({ volumeMounts: [{ path: '/config', volume: Volume.fromConfigMap(scope, 'volume', config) }] })],
  ['a projected volume', (config, scope) => projected(scope, [{ configMap: { name: config.name } }])],
  ['a sidecar', config => ({ sidecars: [reads({ envFrom: [Env.fromConfigMap(config)] })] })],
  ['an init container', config => ({ initContainers: [reads({ envVariables: { KEY: EnvValue.fromConfigMap(config, 'key') } })] })],
];

const secretUses: [string, (secret: Secret, scope: Chart) => Props][] = [
  ['a variable', secret => ({ environmentReferences: { KEY: EnvValue.fromSecretValue({ secret, key: 'key' }) } })],
  ['all variables', secret => ({ environmentFrom: [Env.fromSecret(secret)] })],
  ['a volume', (secret, scope) => ({ volumeMounts: [{ path: '/secret', volume: Volume.fromSecret(scope, 'volume', secret) }] })],
  ['a projected volume', (secret, scope) => projected(scope, [{ secret: { name: secret.name } }])],
];

describe.each(configMapUses)('a ConfigMap of the program that is used by %s', (_, use) => {
  test('changes the pods if its content changes, and only then', () => {
    const before = ofConfigMap(use, { key: 'a', more: 'b' });
    expect(before).toMatch(/^[0-9a-f]{8}$/);
    expect(ofConfigMap(use, { key: 'x', more: 'b' })).not.toBe(before);
    expect(ofConfigMap(use, { key: 'a' })).not.toBe(before);
    expect(ofConfigMap(use, { more: 'b', key: 'a' })).toBe(before);
  });
});

describe.each(secretUses)('a Secret of the program that is used by %s', (_, use) => {
  test('changes the pods if its content changes, and only then', () => {
    const before = ofSecret(use, { key: 'a' });
    expect(before).toMatch(/^[0-9a-f]{8}$/);
    expect(ofSecret(use, { key: 'x' })).not.toBe(before);
    expect(ofSecret(use, { key: 'a' })).toBe(before);
  });
});

test('binary data counts', () => {
  const of = (content: string) => {
    const scope = chart();
    const config = new ConfigMap(scope, 'config', { binaryData: { key: content } });
    return checksum(service(scope, { environmentFrom: [Env.fromConfigMap(config)] }));
  };
  expect(of('YQ==')).not.toBe(of('Yg=='));
});

test('objects in Kubernetes\' own words count as well', () => {
  const of = (value: string) => {
    const scope = chart();
    new k8s.KubeConfigMap(scope, 'config', { metadata: { name: 'config' }, data: { key: value } });
    return checksum(service(scope, { environmentFrom: [Env.fromConfigMap(ConfigMap.fromConfigMapName(scope, 'named', 'config'))] }));
  };
  expect(of('a')).toMatch(/^[0-9a-f]{8}$/);
  expect(of('a')).not.toBe(of('b'));
});

test('labels of the ConfigMap do not count', () => {
  const of = (labels: Record<string, string>) => {
    const scope = chart();
    const config = new ConfigMap(scope, 'config', { metadata: { name: 'config', labels }, data: { key: 'a' } });
    return checksum(service(scope, { environmentFrom: [Env.fromConfigMap(config)] }));
  };
  expect(of({ team: 'a' })).toBe(of({ team: 'b' }));
});

test('the order of use does not count, and each object that is used does', () => {
  const of = (order: number[], second: string) => {
    const scope = chart();
    const configs = ['a', second].map((value, index) => new ConfigMap(scope, `config-${index}`, { metadata: { name: `config-${index}` }, data: { key: value } }));
    return checksum(service(scope, { environmentFrom: order.map(index => Env.fromConfigMap(configs[index])) }));
  };
  expect(of([0, 1], 'b')).toBe(of([1, 0], 'b'));
  expect(of([0, 1], 'b')).not.toBe(of([0, 1], 'c'));
});

test('objects that the program only names leave no checksum', () => {
  const scope = chart();
  const web = service(scope, {
    environmentFrom: [Env.fromConfigMap(ConfigMap.fromConfigMapName(scope, 'config', 'config')), Env.fromSecret(Secret.fromSecretName(scope, 'secret', 'secret'))],
  });
  expect(checksum(web)).toBeUndefined();
});

test('a service that uses no object has no checksum', () => {
  const scope = chart();
  new ConfigMap(scope, 'config', { data: { key: 'a' } });
  expect(checksum(service(scope, { environmentReferences: { NODE: EnvValue.fromFieldRef('spec.nodeName' as any) } }))).toBeUndefined();
});

test('an object of the same name, but another kind, is not confused', () => {
  const scope = chart();
  new Secret(scope, 'secret', { metadata: { name: 'config' }, stringData: { key: 'a' } });
  expect(checksum(service(scope, { environmentFrom: [Env.fromConfigMap(ConfigMap.fromConfigMapName(scope, 'named', 'config'))] }))).toBeUndefined();
});

test('an object of the same name, but in another namespace, is not confused', () => {
  const of = (elsewhere: string) => {
    const scope = chart();
    const config = new ConfigMap(scope, 'config', { metadata: { name: 'config', namespace: 'shop' }, data: { key: 'a' } });
    new ConfigMap(scope, 'other', { metadata: { name: 'config', namespace: 'warehouse' }, data: { key: elsewhere } });
    return checksum(service(scope, { namespace: 'shop', environmentFrom: [Env.fromConfigMap(config)] }));
  };
  expect(of('a')).toMatch(/^[0-9a-f]{8}$/);
  expect(of('a')).toBe(of('b'));
});

test('objects of the same name in two charts, for two environments, are not confused', () => {
  const app = new App();
  const [development, production] = ['a', 'b'].map(content => {
    const scope = new Chart(app, `environment-${content}`);
    const config = new ConfigMap(scope, 'config', { metadata: { name: 'config' }, data: { content } });
    return service(scope, { environmentFrom: [Env.fromConfigMap(config)] });
  });
  expect(checksum(development)).toBe(ofConfigMap(config => ({ environmentFrom: [Env.fromConfigMap(config)] }), { content: 'a' }));
  expect(checksum(production)).toBe(ofConfigMap(config => ({ environmentFrom: [Env.fromConfigMap(config)] }), { content: 'b' }));
});

test('an object of another chart is found by its namespace', () => {
  const of = (value: string) => {
    const app = new App();
    const config = new ConfigMap(new Chart(app, 'base', { namespace: 'shop' }), 'config', { metadata: { name: 'config' }, data: { key: value } });
    return checksum(service(new Chart(app, 'test', { namespace: 'shop' }), { environmentFrom: [Env.fromConfigMap(config)] }));
  };
  expect(of('a')).toMatch(/^[0-9a-f]{8}$/);
  expect(of('a')).not.toBe(of('b'));
});

test('content that changes between two syntheses of one program counts', () => {
  const scope = chart();
  const config = new ConfigMap(scope, 'config', { data: { key: 'a' } });
  const web = service(scope, { environmentFrom: [Env.fromConfigMap(config)] });
  const before = checksum(web);
  expect(checksum(web)).toBe(before);
  config.addData('more', 'b');
  expect(checksum(web)).not.toBe(before);
});

test('a reference that comes later counts', () => {
  const scope = chart();
  const config = new ConfigMap(scope, 'config', { data: { key: 'a' } });
  const web = service(scope, {});
  expect(checksum(web)).toBeUndefined();
  web.container.env.copyFrom(Env.fromConfigMap(config));
  expect(checksum(web)).toMatch(/^[0-9a-f]{8}$/);
});

test('the checksum stands beside other annotations of the pods', () => {
  const scope = chart();
  const config = new ConfigMap(scope, 'config', { data: { key: 'a' } });
  const web = service(scope, { podAnnotations: { team: 'a' }, environmentFrom: [Env.fromConfigMap(config)] });
  expect(manifest(web, 'Deployment').spec.template.metadata.annotations).toMatchObject({ 'team': 'a', 'cdk8s-high-availability/configuration': expect.any(String) });
});

test('other Deployments of the program are left alone', () => {
  const scope = chart();
  const config = new ConfigMap(scope, 'config', { data: { key: 'a' } });
  service(scope, { environmentFrom: [Env.fromConfigMap(config)] });
  const plain = new Deployment(scope, 'plain', { containers: [{ image: IMAGE, envFrom: [Env.fromConfigMap(config)] }] });
  expect(manifest(plain, 'Deployment', plain.name).spec.template.metadata).not.toHaveProperty('annotations');
});
