import { App, Chart } from 'cdk8s';
import { HealthCheck, HighAvailabilityService, LoadBalancing } from 'cdk8s-high-availability';

const app = new App();
const chart = new Chart(app, 'web');

new HighAvailabilityService(chart, 'web', {
  image: 'ghcr.io/acme/web:1.4.2',
  port: 8080,
  healthCheck: HealthCheck.http('/healthz'),
  loadBalancing: LoadBalancing.external(),
});

app.synth();
