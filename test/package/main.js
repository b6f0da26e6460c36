// What an engineer writes who has nothing but the published package.
const { App, Chart } = require('cdk8s');
const { HealthCheck, HighAvailabilityService } = require('cdk8s-high-availability');

const app = new App();
const chart = new Chart(app, 'web');
new HighAvailabilityService(chart, 'web', { image: 'ghcr.io/acme/web:1.4.2', healthCheck: HealthCheck.http('/healthz') });
app.synth();
