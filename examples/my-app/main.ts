import { App, Chart, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { HighAvailabilityService } from 'cdk8s-high-availability';

const app = new App();
const chart = new Chart(app, 'my-app');

new HighAvailabilityService(chart, 'my-app', {
  image: 'my-app:1.0',
  port: 80,
  replicas: 3,
  resources: {
    cpu: { request: Cpu.millis(250), limit: Cpu.millis(500) },
    memory: { request: Size.mebibytes(256), limit: Size.mebibytes(512) },
  },
});

app.synth();
