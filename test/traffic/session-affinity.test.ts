import { Duration } from 'cdk8s';
import { LoadBalancing, SessionAffinity, Severity } from '../../lib';
import { findings, manifest, refusal, service } from '../fixtures';

const sticky = (timeout?: Duration) => ({ loadBalancing: LoadBalancing.cluster({ sessionAffinity: SessionAffinity.clientIp(timeout) }) });
const spec = (timeout?: Duration) => manifest(service(sticky(timeout)), 'Service').spec;

test('connections of one address stay with a pod for three hours', () => {
  expect(spec()).toMatchObject({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } } });
});

test.each([[Duration.seconds(1), 1], [Duration.minutes(10), 600], [Duration.days(1), 86400]])('or for %s', (timeout, seconds) => {
  expect(spec(timeout).sessionAffinityConfig.clientIP.timeoutSeconds).toBe(seconds);
});

test.each([
  [Duration.seconds(0), "'0 s' is less than 1 s; give 1 s or more."],
  [Duration.seconds(86401), "'86401 s' is more than 86400 s; give 86400 s or less."],
  [Duration.millis(1500), "'1.5 s' is no whole number of seconds; round it: Kubernetes counts in seconds."],
])('fails for %s', (timeout, rest) => {
  expect(refusal(sticky(timeout))).toContain(`loadBalancing.sessionAffinity: ${rest}`);
});

test('is worth knowing', () => {
  expect(findings(sticky(), 'HA-G2')).toMatchObject([{ severity: Severity.INFORMATION }]);
  expect(findings({}, 'HA-G2')).toEqual([]);
});

test('there is none by default', () => {
  expect(manifest(service(), 'Service').spec).not.toHaveProperty('sessionAffinity');
});
