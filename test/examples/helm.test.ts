import { parse } from 'yaml';
import { synth } from './synth';

const { files, objects } = synth('helm', '--format', 'helm', '--chart-version', '1.0.0');

test('the output is a Helm chart of the version that was asked for', () => {
  expect(parse(files['Chart.yaml'])).toMatchObject({ apiVersion: 'v2', version: '1.0.0', type: 'application' });
});

test('the templates are what a plain synth makes', () => {
  expect(files['templates/web.k8s.yaml']).toBe(synth('web').files['web.k8s.yaml']);
  expect(objects.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['Deployment', 'Service', 'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'NetworkPolicy', 'ServiceAccount']));
});

test('nothing in the templates is for Helm to fill in', () => {
  expect(files['templates/web.k8s.yaml']).not.toContain('{{');
});
