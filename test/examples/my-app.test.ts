import { readme, synth } from './synth';

const { objects, stderr } = synth('my-app');
const deployment = objects.find(({ kind }) => kind === 'Deployment');
const [container] = deployment.spec.template.spec.containers;

test('the numbers are those that were asked for', () => {
  expect(deployment.spec.replicas).toBe(3);
  expect(container).toMatchObject({
    image: 'my-app:1.0',
    ports: [{ containerPort: 80 }],
    resources: {
      requests: { cpu: '250m', memory: '256Mi' },
      limits: { cpu: '500m', memory: '512Mi' },
    },
  });
});

test('a process that is not root may listen on port 80', () => {
  expect(deployment.spec.template.spec.securityContext).toMatchObject({
    runAsNonRoot: true,
    sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
  });
});

test('the Service passes port 80 on to the pods, which it finds by the name of the service', () => {
  const { spec } = objects.find(({ kind }) => kind === 'Service');

  expect(spec.ports).toEqual([{ name: 'http', port: 80, protocol: 'TCP', targetPort: 'http' }]);
  expect(deployment.spec.template.metadata.labels).toMatchObject(spec.selector);
});

test('the findings are printed, and the README quotes them', () => {
  const findings = stderr.split('\n').filter(line => line.startsWith('warning HA-'));

  expect(findings.map(line => line.split(' ')[1])).toEqual(['HA-H1', 'HA-H2']);
  for (const finding of findings) {
    expect(readme('my-app')).toContain(finding.replace(/ \(http.*\)$/, ''));
  }
});
