import { Chart, Testing } from 'cdk8s';
import { podSpec, refusal, service } from './fixtures';
import { GracefulShutdown, HighAvailabilityDefaults, KubernetesVersion, LoadBalancing, TrafficDistribution } from '../lib';

const version = (text: any) => KubernetesVersion.of(text);

test.each(['1.28', '1.30', 'v1.31', 'v1.30.4-gke.100', '1.34+', 'v1.32.1+k3s1'])('accepts %s', text => {
  expect(podSpec(service({ kubernetesVersion: version(text) })).containers[0].name).toBe('web');
});

test.each(['2.0', 'x', '', '1', '1.30x', ' 1.30', undefined, NaN])('fails for %s, which is no version', text => {
  expect(refusal({ kubernetesVersion: version(text) })).toMatch(
    `HighAvailabilityService 'test/web' is refused:\n  - kubernetesVersion: ${typeof text === 'string' ? `'${text}'` : text} is not a Kubernetes version; give one such as KubernetesVersion.of('1.30').`,
  );
});

test('fails for a version that is older than the oldest supported', () => {
  expect(refusal({ kubernetesVersion: version('1.27') })).toContain(
    "kubernetesVersion: '1.27' is older than 1.28, the oldest that is supported; upgrade the cluster.",
  );
});

test.each(['1.3', 1.30])('fails for %p, and says that the zero was lost', text => {
  expect(refusal({ kubernetesVersion: version(text) })).toContain("'1.30' loses its zero when it is written as a number: write it as a string.");
});

test('versions compare by number, not by letter', () => {
  expect(version('1.30').isAtLeast(version('1.9'))).toBe(true);
  expect(version('1.30').isAtLeast(version('1.30'))).toBe(true);
  expect(version('1.30').isAtLeast(version('1.31'))).toBe(false);
});

test('a version reads as it was given', () => {
  expect(`${version('v1.30.4-gke.100')}`).toBe('v1.30.4-gke.100');
});

test('fails for a field that the version does not have', () => {
  const props = { kubernetesVersion: version('1.30'), loadBalancing: LoadBalancing.cluster({ trafficDistribution: TrafficDistribution.PREFER_CLOSE }) };
  expect(refusal(props)).toContain(
    "loadBalancing.trafficDistribution: 'PreferClose' needs Kubernetes 1.31, but kubernetesVersion is 1.30; leave it out, or name the newer version if the cluster has it.",
  );
});

test('the drain delay is the native sleep from 1.30 on, and a program before', () => {
  const preStop = (text: string) => podSpec(service({ kubernetesVersion: version(text) })).containers[0].lifecycle.preStop;
  expect(preStop('1.30')).toEqual({ sleep: { seconds: 15 } });
  expect(preStop('1.29')).toEqual({ exec: { command: ['sleep', '15'] } });
});

test('a house states the version for all', () => {
  const chart = Testing.chart();
  HighAvailabilityDefaults.of(chart).set({ kubernetesVersion: version('1.28') });
  expect(podSpec(service({ shutdown: GracefulShutdown.sleep() }, chart as Chart)).containers[0].lifecycle.preStop.exec).toBeDefined();
});
