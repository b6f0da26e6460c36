import { Volume } from 'cdk8s-plus-28';
import * as fc from 'fast-check';
import { isLabel } from '../../lib/private/names';
import { chart, container, describeFaults, manifest, podSpec, service } from '../fixtures';

const SAFE_TO_EVICT = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';

function mountsOf(writablePaths?: string[]): any[] {
  return container(service({ writablePaths })).volumeMounts;
}

test('/tmp is always writable, of limited size', () => {
  const spec = podSpec(service());
  expect(spec.containers[0].volumeMounts).toEqual([{ mountPath: '/tmp', name: 'tmp' }]);
  expect(spec.volumes).toEqual([{ name: 'tmp', emptyDir: { sizeLimit: '512Mi' } }]);
});

test('every further path is a directory of its own', () => {
  const { volumes, containers: [main] } = podSpec(service({ writablePaths: ['/var/cache/nginx', '/run'] }));
  expect(main.volumeMounts).toEqual([{ mountPath: '/tmp', name: 'tmp' }, { mountPath: '/var/cache/nginx', name: 'var-cache-nginx' }, { mountPath: '/run', name: 'run' }]);
  expect(volumes.map(({ name, emptyDir }: any) => [name, emptyDir.sizeLimit])).toEqual([['tmp', '512Mi'], ['var-cache-nginx', '512Mi'], ['run', '512Mi']]);
});

test('the cluster autoscaler may throw them away', () => {
  const annotations = (writablePaths?: string[]) => manifest(service({ writablePaths }), 'Deployment').spec.template.metadata.annotations;
  expect(annotations()[SAFE_TO_EVICT]).toBe('tmp');
  expect(annotations(['/run'])[SAFE_TO_EVICT]).toBe('tmp,run');
});

test('a path that is named twice, and /tmp, are mounted once', () => {
  expect(mountsOf(['/run', '/tmp', '/run']).map(({ mountPath }) => mountPath)).toEqual(['/tmp', '/run']);
});

test('a volume of one\'s own can take the place of /tmp', () => {
  const scope = chart();
  const web = service({ volumeMounts: [{ path: '/tmp', volume: Volume.fromEmptyDir(scope, 'mine', 'tmp') }] }, scope);
  expect(podSpec(web).volumes).toEqual([{ name: 'tmp', emptyDir: {} }]);
  expect(manifest(web, 'Deployment').spec.template.metadata.annotations ?? {}).not.toHaveProperty([SAFE_TO_EVICT]);
});

test('the home directory is writable, unless another is given', () => {
  const home = (environment?: Record<string, string>) => container(service({ environment })).env.find((variable: any) => variable.name === 'HOME').value;
  expect(home()).toBe('/tmp');
  expect(home({ HOME: '/home/web' })).toBe('/home/web');
});

test('whatever path is accepted gives a volume of a valid name', () => {
  const path = fc.array(fc.string({ unit: fc.constantFrom(...'aZ9-_. é'), minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 4 }).map(parts => `/${parts.join('/')}`);
  fc.assert(fc.property(path, writable => {
    let mounts: any[];
    try {
      mounts = mountsOf([writable]);
    } catch (error) {
      expect((error as Error).message).toMatch(/writablePaths: .* (is no absolute path below the root|is too like '\/tmp')/);
      return;
    }
    const { mountPath, name } = mounts[1];
    expect(mountPath).toBe(writable);
    expect(isLabel(name)).toBe(true);
  }), { numRuns: 60, examples: [[`/${'a'.repeat(49)}/b`], ['/é'], ['/-']] });
});

const paths = (...writablePaths: string[]) => ({ writablePaths });
describeFaults([
  ['an empty path', paths(''), "writablePaths: '' is no absolute path below the root; give one such as '/var/cache/nginx'.", paths('/a')],
  ['a relative path', paths('cache'), "writablePaths: 'cache' is no absolute path below the root", paths('/cache')],
  ['a path after a space', paths(' /cache'), "writablePaths: ' /cache' is no absolute path below the root", paths('/cache')],
  ['the root itself', paths('/'), "writablePaths: '/' is no absolute path below the root", paths('/a')],
  ['two slashes', paths('//cache'), "writablePaths: '//cache' is no absolute path below the root", paths('/cache')],
  ['a way up', paths('/cache/../etc'), "writablePaths: '/cache/../etc' is no absolute path below the root", paths('/cache/..etc')],
  ['a colon', paths('/a:b'), "writablePaths: '/a:b' is no absolute path below the root", paths('/a-b')],
  ['a path without any letter', paths('/_'), "writablePaths: '/_' is no absolute path below the root", paths('/_a')],
  ['two paths whose volumes would have the same name', paths('/a/b', '/a-b'),
    "writablePaths: '/a-b' is too like '/a/b' for a volume name of its own; mount a volume with a name of your own by volumeMounts.", paths('/a/b', '/a-c')],
]);

describe('fails, beside what passes, for a volume of one\'s own', () => {
  const scope = chart();
  const mounted = (path: string, name: string) => [{ path, volume: Volume.fromEmptyDir(scope, `${path}:${name}`.replace(/\//g, '-'), name) }];
  describeFaults([
    ['that is mounted at the same path', { ...paths('/data'), volumeMounts: mounted('/data', 'mine') },
      "writablePaths: '/data' is mounted by volumeMounts already; name it in one of the two.", { ...paths('/data'), volumeMounts: mounted('/other', 'mine') }],
    ['that has the same name', { ...paths('/data'), volumeMounts: mounted('/other', 'data') },
      "writablePaths: '/data' needs a volume 'data', but volumeMounts has one of that name; give your volume another name.", { ...paths('/data'), volumeMounts: mounted('/x', 'x') }],
    ['that has the name of the volume of /tmp', { volumeMounts: mounted('/other', 'tmp') },
      "volumeMounts: 'tmp' is the name of the volume of '/tmp', which is always there; give your volume another name, or mount it at '/tmp'.", { volumeMounts: mounted('/tmp', 'tmp') }],
  ]);
});
