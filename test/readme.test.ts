import { readFileSync } from 'fs';
import { join } from 'path';
import { App, Chart, Testing, Yaml } from 'cdk8s';
import { HealthCheck, HighAvailabilityService, LoadBalancing } from '../lib';

const root = join(__dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text);
}

describe('the README', () => {
  test('shows the program of examples/web', () => {
    expect(blocks('ts')[0]).toBe(readFileSync(join(root, 'examples/web/main.ts'), 'utf8'));
  });

  test('shows the YAML that this program makes', () => {
    const chart = new Chart(new App(), 'web');
    new HighAvailabilityService(chart, 'web', {
      image: 'ghcr.io/acme/web:1.4.2',
      port: 8080,
      healthCheck: HealthCheck.http('/healthz'),
      loadBalancing: LoadBalancing.external(),
    });
    expect(blocks('yaml')[0]).toBe(Yaml.stringify(...Testing.synth(chart)));
  });
});
