import { Chart } from 'cdk8s';
import { ConfigMap, Env } from 'cdk8s-plus-28';
import { HighAvailabilityService } from 'cdk8s-high-availability';

/** The same objects as in `by-hand.ts`. */
export function declareService(chart: Chart, name: string, configuration?: ConfigMap): void {
  new HighAvailabilityService(chart, name, {
    image: 'ghcr.io/acme/web:1.4.2',
    environmentFrom: configuration && [Env.fromConfigMap(configuration)],
  });
}
