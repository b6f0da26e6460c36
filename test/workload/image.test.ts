import { ImagePullPolicy } from 'cdk8s-plus-28';
import { Severity } from '../../lib';
import { container, describeFaults, describeRule, findings, manifest, refusal, service } from '../fixtures';

const SHA256 = `sha256:${'0123456789abcdef'.repeat(4)}`;

test('the image is the main container\'s', () => {
  expect(container(service({ image: 'ghcr.io/acme/web:1.4.2' })).image).toBe('ghcr.io/acme/web:1.4.2');
});

test('the image is pulled only where it is not there yet', () => {
  expect(container(service()).imagePullPolicy).toBe('IfNotPresent');
});

test('an image that may change under its name is always pulled', () => {
  expect(container(service({ image: 'nginx' })).imagePullPolicy).toBe('Always');
  expect(container(service({ image: 'nginx:latest' })).imagePullPolicy).toBe('Always');
});

test('a digest fixes the image, whatever the tag', () => {
  expect(container(service({ image: `nginx@${SHA256}` })).imagePullPolicy).toBe('IfNotPresent');
  expect(findings({ image: `nginx:latest@${SHA256}` }, 'HA-D7')).toEqual([]);
});

test.each([ImagePullPolicy.ALWAYS, ImagePullPolicy.IF_NOT_PRESENT, ImagePullPolicy.NEVER])('the pull policy can be %s, whatever the tag', imagePullPolicy => {
  expect(container(service({ imagePullPolicy })).imagePullPolicy).toBe(imagePullPolicy);
  expect(container(service({ image: 'nginx:latest', imagePullPolicy })).imagePullPolicy).toBe(imagePullPolicy);
});

describe('the version label', () => {
  function versions(image: string): (string | undefined)[] {
    const deployment = manifest(service({ image }), 'Deployment');
    return [deployment.metadata, deployment.spec.template.metadata].map(({ labels }) => labels['app.kubernetes.io/version']);
  }

  test('is the tag, on the Deployment and its pods', () => {
    expect(versions('registry:5000/acme/web:1.4.2')).toEqual(['1.4.2', '1.4.2']);
    expect(versions(`acme/web:1.4.2@${SHA256}`)).toEqual(['1.4.2', '1.4.2']);
  });

  test('is absent where there is no tag', () => {
    expect(versions(`acme/web@${SHA256}`)).toEqual([undefined, undefined]);
  });

  test('is absent where the tag is no label value', () => {
    expect(versions('acme/web:1.4.2-')).toEqual([undefined, undefined]);
    expect(versions(`acme/web:${'1'.repeat(64)}`)).toEqual([undefined, undefined]);
  });
});

test.each([
  'nginx:1.27',
  'library/nginx:1.27',
  'ghcr.io/acme/web:1.4.2',
  'registry:5000/web:1',
  'localhost/web:1',
  'localhost:5000/a/b/c/web:1',
  'Registry.example.com/web:1',
  '10.0.0.1:5000/web:1',
  '[fd00::1]:5000/web:1',
  'my-app:1.0',
  'acme/my_app__x--y.z:1',
  'web:V1_RC.2',
  `web:${'x'.repeat(128)}`,
  `ghcr.io/acme/web@${SHA256}`,
  `registry:5000/web:1@${SHA256}`,
  `web@sha512:${'a'.repeat(128)}`,
])('%s is an image reference', image => {
  expect(container(service({ image })).image).toBe(image);
});

describe('fails for', () => {
  test.each([
    ' nginx:1', 'nginx:1 ', 'nginx :1', 'nginx:', ':1', 'nginx:1:2', 'Nginx:1', 'Acme/web:1', 'ghcr.io/Acme/web:1', 'https://ghcr.io/acme/web:1', 'ghcr.io//web:1', 'ghcr.io/acme/:1',
    'ghcr.io:port/web:1', 'web:-1', `web:${'x'.repeat(129)}`, 'acme_/web:1', '-web:1', 'web..x:1', 'web@', 'web@sha256', 'web@sha256:abc', `web@${SHA256}0`, `web@${SHA256.slice(0, -1)}`,
    `web@sha256:${'A'.repeat(64)}`, `web@md5:${'a'.repeat(32)}`, 'web:1\n', 'web/${TAG}:1',
  ])('the image %j', image => {
    const message = refusal({ image });
    expect(message).toContain("HighAvailabilityService 'test/web' is refused:");
    expect(message).toContain(`image: '${image}' is no image reference; give one such as 'registry.example.com/team/web:1.4.2'.`);
  });
});

describeFaults([
  ['an empty image', { image: '' }, "image: '' is empty; give one such as 'registry.example.com/team/web:1.4.2'.", { image: 'a:1' }],
  ['no image', { image: undefined }, 'image: undefined is empty; give one such as', { image: 'a:1' }],
  ['a number', { image: 5 as any }, 'image: 5 is no image reference; give one such as', { image: '5:1' }],
  ['a truncated digest', { image: `web@${SHA256.slice(0, 40)}` }, 'is no image reference', { image: `web@${SHA256}` }],
  ['capitals in the path', { image: 'Acme/web:1' }, "image: 'Acme/web:1' is no image reference", { image: 'acme/web:1' }],
]);

describeRule('HA-D7', Severity.WARNING, 'an image without a tag', {
  broken: { image: 'ghcr.io/acme/web' },
  sound: { image: 'ghcr.io/acme/web:1.4.2' },
  says: ["image: 'ghcr.io/acme/web' has no tag", 'nothing to roll back to', "name a version, such as ':1.4.2', or a digest"],
});
describeRule('HA-D7', Severity.WARNING, 'an image with the tag latest', {
  broken: { image: 'registry:5000/web:latest' },
  sound: { image: 'registry:5000/web:latest-1' },
  says: ["has the tag 'latest'"],
});
describeRule('HA-D7', Severity.INFORMATION, 'a fixed image that is always pulled', {
  broken: { imagePullPolicy: ImagePullPolicy.ALWAYS },
  sound: { imagePullPolicy: ImagePullPolicy.IF_NOT_PRESENT },
  says: ['imagePullPolicy', 'registry is down', 'leave imagePullPolicy out'],
});
