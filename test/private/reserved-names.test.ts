import { App, Chart } from 'cdk8s';
import { HighAvailabilityService, HighAvailabilityServiceProps } from '../../lib';
import { chart, IMAGE, refusal } from '../fixtures';

function add(scope: Chart, id: string, props: Partial<HighAvailabilityServiceProps> = {}): HighAvailabilityService {
  return new HighAvailabilityService(scope, id, { image: IMAGE, ...props });
}

test('fails for two services of one name in one chart, and not for two names', () => {
  const scope = chart();
  add(scope, 'web');
  const message = refusal(() => add(scope, 'other', { name: 'web' }));
  expect(message).toContain("HighAvailabilityService 'test/other' is refused:");
  expect(message).toContain("name: 'web' is the name of 'test/web' in the same chart, so one would overwrite the other; give one of them another id or name.");
  expect(add(scope, 'third', { name: 'other' }).name).toBe('other');
});

test('one name in two namespaces of one chart passes', () => {
  const scope = chart();
  add(scope, 'web', { namespace: 'shop' });
  expect(add(scope, 'other', { name: 'web', namespace: 'warehouse' }).name).toBe('web');
  expect(refusal(() => add(scope, 'third', { name: 'web', namespace: 'shop' }))).toContain("is the name of 'test/web'");
});

test('one name in two charts passes', () => {
  const app = new App();
  expect([new Chart(app, 'staging'), new Chart(app, 'production')].map(scope => add(scope, 'web').name)).toEqual(['web', 'web']);
});
