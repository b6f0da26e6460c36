import { ApiObject } from 'cdk8s';
import { ConfigMap } from 'cdk8s-plus-28';
import { amendManifest } from '../../lib/private/manifest';
import { chart, manifest } from '../fixtures';

test('a field that the schema does not know reaches the manifest', () => {
  const config = new ConfigMap(chart(), 'config', { data: { key: 'a' } });
  amendManifest(ApiObject.of(config), object => ({ ...object, brandNew: true }));
  expect(manifest(config, 'ConfigMap')).toMatchObject({ brandNew: true, data: { key: 'a' } });
});

test('changes are made in their order, at every synthesis', () => {
  const config = new ConfigMap(chart(), 'config');
  amendManifest(ApiObject.of(config), object => ({ ...object, steps: ['first'] }));
  amendManifest(ApiObject.of(config), object => ({ ...object, steps: [...object.steps, 'second'] }));
  expect(manifest(config, 'ConfigMap').steps).toEqual(['first', 'second']);
  expect(manifest(config, 'ConfigMap').steps).toEqual(['first', 'second']);
});
