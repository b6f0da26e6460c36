import { Duration } from 'cdk8s';
import * as fc from 'fast-check';
import { HealthCheck, HealthCheckOptions, HighAvailabilityServiceProps, Severity } from '../../lib';
import { container, describeFaults, describeRule, findings, service } from '../fixtures';

const { seconds, minutes, millis } = Duration;

function probes(props: Partial<HighAvailabilityServiceProps> = {}): { readinessProbe: any; livenessProbe: any; startupProbe: any } {
  return container(service(props));
}

describe('the default', () => {
  test('asks three times within 15 s whether the port accepts connections before the pod gets no more traffic', () => {
    expect(probes().readinessProbe).toEqual({ tcpSocket: { port: 8080 }, periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 3 });
  });

  test('restarts after 60 s without an answer, long after readiness has failed', () => {
    expect(probes().livenessProbe).toEqual({ tcpSocket: { port: 8080 }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 });
  });

  test('gives the program 2 minutes to start, asking every 2 s', () => {
    expect(probes().startupProbe).toEqual({ tcpSocket: { port: 8080 }, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 60 });
  });

  test('asks the service\'s own port', () => {
    const { readinessProbe, livenessProbe, startupProbe } = probes({ port: 3000 });
    expect([readinessProbe, livenessProbe, startupProbe].map(probe => probe.tcpSocket.port)).toEqual([3000, 3000, 3000]);
  });
});

describe('each kind of check', () => {
  test('http gets a path for readiness and start-up, while liveness only asks the port', () => {
    const { readinessProbe, livenessProbe, startupProbe } = probes({ healthCheck: HealthCheck.http('/healthz') });
    expect(readinessProbe.httpGet).toEqual({ path: '/healthz', port: 8080, scheme: 'HTTP' });
    expect(startupProbe.httpGet).toEqual({ path: '/healthz', port: 8080, scheme: 'HTTP' });
    expect(livenessProbe.httpGet).toBeUndefined();
    expect(livenessProbe.tcpSocket).toEqual({ port: 8080 });
  });

  test('https gets a path over TLS', () => {
    expect(probes({ healthCheck: HealthCheck.https('/healthz') }).readinessProbe.httpGet).toEqual({ path: '/healthz', port: 8080, scheme: 'HTTPS' });
  });

  test.each([HealthCheck.http, HealthCheck.https])('an HTTP check sends headers', kind => {
    expect(probes({ healthCheck: kind('/', { headers: { Host: 'web.example.com', Accept: '*/*' } }) }).readinessProbe.httpGet.httpHeaders)
      .toEqual([{ name: 'Host', value: 'web.example.com' }, { name: 'Accept', value: '*/*' }]);
  });

  test('tcp asks the port', () => {
    expect(probes({ healthCheck: HealthCheck.tcp({ port: 9000 }) }).readinessProbe.tcpSocket).toEqual({ port: 9000 });
  });

  test('grpc asks the health service for the server as a whole', () => {
    const { readinessProbe, startupProbe } = probes({ healthCheck: HealthCheck.grpc() });
    expect(readinessProbe.grpc).toEqual({ port: 8080 });
    expect(startupProbe.grpc).toEqual({ port: 8080 });
  });

  test('grpc asks for one service on another port', () => {
    expect(probes({ healthCheck: HealthCheck.grpc({ service: 'acme.Web', port: 9090 }) }).readinessProbe.grpc).toEqual({ port: 9090, service: 'acme.Web' });
  });

  test('command runs a program', () => {
    const { readinessProbe, startupProbe } = probes({ healthCheck: HealthCheck.command(['/bin/check', '--fast']) });
    expect(readinessProbe.exec).toEqual({ command: ['/bin/check', '--fast'] });
    expect(startupProbe.exec).toEqual({ command: ['/bin/check', '--fast'] });
  });
});

describe('timings', () => {
  const options = { port: 9000, interval: seconds(7), timeout: seconds(4), failureThreshold: 5, successThreshold: 2 };

  test('of the check are those of readiness', () => {
    expect(probes({ healthCheck: HealthCheck.http('/', options) }).readinessProbe)
      .toMatchObject({ httpGet: { port: 9000 }, periodSeconds: 7, timeoutSeconds: 4, failureThreshold: 5, successThreshold: 2 });
  });

  test('of the check do not slow down the start, but for the timeout', () => {
    const { startupProbe } = probes({ healthCheck: HealthCheck.http('/', options) });
    expect(startupProbe).toMatchObject({ httpGet: { port: 9000 }, periodSeconds: 2, timeoutSeconds: 4, failureThreshold: 60 });
    expect(startupProbe.successThreshold).toBeUndefined();
  });

  test('of the check leave liveness as it is', () => {
    expect(probes({ healthCheck: HealthCheck.http('/', options) }).livenessProbe)
      .toEqual({ tcpSocket: { port: 8080 }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 });
  });

  test('of liveness are its own', () => {
    const live = HealthCheck.http('/live', { port: 9001, interval: seconds(20), timeout: seconds(3), failureThreshold: 4, successThreshold: 1 });
    expect(probes({ healthCheck: HealthCheck.http('/ready').withLiveness(live) }).livenessProbe).toEqual({
      httpGet: { path: '/live', port: 9001, scheme: 'HTTP' }, periodSeconds: 20, timeoutSeconds: 3, failureThreshold: 4, successThreshold: 1,
    });
  });

  test('of start-up are its own', () => {
    const start = HealthCheck.command(['started'], { interval: seconds(10), timeout: seconds(9), failureThreshold: 30 });
    expect(probes({ healthCheck: HealthCheck.http('/ready').withStartup(start) }).startupProbe)
      .toEqual({ exec: { command: ['started'] }, periodSeconds: 10, timeoutSeconds: 9, failureThreshold: 30 });
  });

  test('startupTime decides for how long the start is watched', () => {
    expect(probes({ startupTime: minutes(5) }).startupProbe).toMatchObject({ periodSeconds: 2, failureThreshold: 150 });
  });

  test('startupTime and a start-up check of another interval give as many tries as are needed', () => {
    const healthCheck = HealthCheck.tcp().withStartup(HealthCheck.tcp({ interval: seconds(7) }));
    expect(probes({ healthCheck, startupTime: seconds(50) }).startupProbe).toMatchObject({ periodSeconds: 7, failureThreshold: 8 });
  });
});

describe('separate checks', () => {
  test('withoutLiveness leaves no liveness probe', () => {
    const { readinessProbe, livenessProbe } = probes({ healthCheck: HealthCheck.http('/').withoutLiveness() });
    expect(readinessProbe).toBeDefined();
    expect(livenessProbe).toBeUndefined();
  });

  test('liveness and start-up can be combined in any order', () => {
    const [live, start] = [HealthCheck.http('/live'), HealthCheck.http('/start')];
    for (const healthCheck of [HealthCheck.http('/ready').withLiveness(live).withStartup(start), HealthCheck.http('/ready').withStartup(start).withLiveness(live)]) {
      const { readinessProbe, livenessProbe, startupProbe } = probes({ healthCheck });
      expect([readinessProbe, livenessProbe, startupProbe].map(probe => probe.httpGet.path)).toEqual(['/ready', '/live', '/start']);
    }
  });

  test('a check is a value: using it for liveness does not change it', () => {
    const check = HealthCheck.http('/ready');
    check.withLiveness(HealthCheck.http('/live'));
    expect(probes({ healthCheck: check }).livenessProbe.httpGet).toBeUndefined();
  });
});

test('the start-up window is never shorter than startupTime', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 60 }), (startup, interval) => {
    const healthCheck = HealthCheck.tcp().withStartup(HealthCheck.tcp({ interval: seconds(interval) }));
    const { periodSeconds, failureThreshold } = probes({ startupTime: seconds(startup), healthCheck }).startupProbe;
    expect(periodSeconds).toBe(interval);
    expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(startup);
    expect(periodSeconds * (failureThreshold - 1)).toBeLessThan(startup);
  }), { numRuns: 40 });
});

const check = (options: HealthCheckOptions) => ({ healthCheck: HealthCheck.tcp(options) });
const http = (path: string) => ({ healthCheck: HealthCheck.http(path) });
const command = (words: string[], options?: HealthCheckOptions) => ({ healthCheck: HealthCheck.command(words, options) });
const headers = (given: Record<string, string>) => ({ healthCheck: HealthCheck.http('/', { headers: given }) });
const withLiveness = (check_: HealthCheck) => ({ healthCheck: HealthCheck.tcp().withLiveness(check_) });
const withStartup = (check_: HealthCheck) => ({ healthCheck: HealthCheck.tcp().withStartup(check_) });
describeFaults([
  ['a path that is not absolute', http('healthz'), "healthCheck.path: 'healthz' does not begin with '/'; write '/healthz'.", http('/healthz')],
  ['an empty path', http(''), "healthCheck.path: '' does not begin with '/'", http('/')],
  ['a path with a space before it', http(' /healthz'), "write '/healthz'", http('/healthz')],
  ['no path', http(undefined as any), "healthCheck.path: undefined does not begin with '/'; write '/'", http('/')],
  ['an empty command', command([]), 'healthCheck.command: \'[]\' is empty; name the program to run', command(['x'])],
  ['a command of a blank', command([' ']), "healthCheck.command: '[ ]' has a word that is empty or no string", command(['x', ' '])],
  ['a command with a number', command(['x', 1 as any]), "healthCheck.command: '[x, 1]' has a word that is empty or no string", command(['x', '1'])],
  ['a command that is one string', command('curl localhost' as any), "healthCheck.command: 'curl localhost' is no list of words", command(['curl', 'localhost'])],
  ['no command', command(undefined as any), 'healthCheck.command: undefined is no list of words', command(['x'])],
  ['a port for a command', command(['x'], { port: 80 }), 'healthCheck.port: 80 has no use, since a command asks no port; leave it out', command(['x'])],
  ['a bad header name', headers({ 'X Y': 'z' }), "healthCheck.headers: 'X Y' is no header name; use letters, digits and '-'", headers({ 'X-Y': 'z' })],
  ['an undefined header', headers({ 'X-Y': undefined as any }), 'healthCheck.headers.X-Y: undefined is no string; write it as a string', headers({ 'X-Y': '' })],
  ['port 0', check({ port: 0 }), 'healthCheck.port: 0 is no whole number from 1 to 65535', check({ port: 1 })],
  ['a port above 65535', check({ port: 65536 }), 'healthCheck.port: 65536 is no whole number from 1 to 65535', check({ port: 65535 })],
  ['a port that is a string', check({ port: '80' as any }), "healthCheck.port: '80' is no whole number", check({ port: 80 })],
  ['failureThreshold 0', check({ failureThreshold: 0 }), 'healthCheck.failureThreshold: 0 is no whole number of at least 1', check({ failureThreshold: 1 })],
  ['failureThreshold NaN', check({ failureThreshold: NaN }), 'healthCheck.failureThreshold: NaN is no whole number', check({ failureThreshold: undefined })],
  ['failureThreshold 1.5', check({ failureThreshold: 1.5 }), 'healthCheck.failureThreshold: 1.5 is no whole number', check({ failureThreshold: 2 })],
  ['successThreshold 0', check({ successThreshold: 0 }), 'healthCheck.successThreshold: 0 is no whole number of at least 1', check({ successThreshold: 1 })],
  ['half a second between checks', check({ interval: millis(500) }), "healthCheck.interval: '0.5 s' is no whole number of seconds", check({ interval: millis(1000) })],
  ['no time between checks', check({ interval: seconds(0) }), "healthCheck.interval: '0 s' is less than 1 s; give 1 s or more", check({ interval: seconds(1) })],
  ['an interval that is a number', check({ interval: 5 as any }), 'healthCheck.interval: 5 is no duration; give one such as Duration.seconds(30)', check({ interval: seconds(5) })],
  ['an interval of NaN', check({ interval: seconds(NaN) }), "healthCheck.interval: 'NaN s' is no whole number of seconds", check({ interval: undefined })],
  ['a timeout of 0', check({ timeout: seconds(0) }), "healthCheck.timeout: '0 s' is less than 1 s", check({ timeout: seconds(1) })],
  ['a timeout of a fraction', check({ timeout: millis(1500) }), "healthCheck.timeout: '1.5 s' is no whole number of seconds", check({ timeout: millis(2000) })],
  ['a timeout finer than a millisecond', check({ timeout: millis(0.5) }), "healthCheck.timeout: '0.0005 s' is no whole number of seconds", check({ timeout: seconds(1) })],
  ['a startupTime of 0', { startupTime: seconds(0) }, "startupTime: '0 s' is less than 1 s", { startupTime: seconds(1) }],
  ['a startupTime of a fraction', { startupTime: millis(1500) }, "startupTime: '1.5 s' is no whole number of seconds", { startupTime: seconds(2) }],
  ['a startupTime of NaN', { startupTime: seconds(NaN) }, "startupTime: 'NaN s' is no whole number of seconds", { startupTime: undefined }],
  ['a liveness check of a bad path', withLiveness(HealthCheck.http('live')), "healthCheck.liveness.path: 'live'", withLiveness(HealthCheck.http('/live'))],
  ['a liveness check with successThreshold 2', withLiveness(HealthCheck.tcp({ successThreshold: 2 })),
    'healthCheck.liveness.successThreshold: 2 is not 1, and Kubernetes knows it for readiness only; leave it out', withLiveness(HealthCheck.tcp({ successThreshold: 1 }))],
  ['a start-up check with successThreshold 2', withStartup(HealthCheck.tcp({ successThreshold: 2 })),
    'healthCheck.startup.successThreshold: 2 is not 1', withStartup(HealthCheck.tcp({ successThreshold: 1 }))],
  ['a start-up check without an interval', withStartup(HealthCheck.tcp({ interval: seconds(0) })),
    "healthCheck.startup.interval: '0 s' is less than 1 s", withStartup(HealthCheck.tcp({ interval: seconds(1) }))],
]);

test('the largest and smallest values pass', () => {
  const healthCheck = HealthCheck.tcp({ port: 65535, failureThreshold: 1, successThreshold: 1, interval: seconds(1), timeout: seconds(1) });
  expect(probes({ healthCheck, startupTime: seconds(1) }))
    .toMatchObject({
      readinessProbe: { tcpSocket: { port: 65535 }, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 1, successThreshold: 1 },
      startupProbe: { failureThreshold: 1 },
    });
});

const startup = (failureThreshold: number) => HealthCheck.tcp().withStartup(HealthCheck.tcp({ failureThreshold, interval: seconds(5) }));
describeRule('HA-E5', Severity.ERROR, 'a start-up check that ends before startupTime', {
  broken: { healthCheck: startup(23) },
  sound: { healthCheck: startup(24) },
  says: ['healthCheck.startup: 23 tries every 5 s', 'startupTime (120 s)', 'raise failureThreshold to 24'],
});

const sameAsked = (failureThreshold: number) => HealthCheck.http('/healthz').withLiveness(HealthCheck.http('/healthz', { failureThreshold, interval: seconds(5), timeout: seconds(2) }));
describeRule('HA-E2', Severity.WARNING, 'liveness that asks the same as readiness and is no more patient', {
  broken: { healthCheck: sameAsked(3) },
  sound: { healthCheck: sameAsked(4) },
  says: ['healthCheck.liveness', 'gives up after 15 s', 'readiness (15 s)', 'waits for 60 s'],
});

test.each([
  ['asks another path', HealthCheck.http('/live', { interval: seconds(5), failureThreshold: 3 })],
  ['asks another port', HealthCheck.http('/healthz', { port: 9000, interval: seconds(5), failureThreshold: 3 })],
  ['asks over TLS', HealthCheck.https('/healthz', { interval: seconds(5), failureThreshold: 3 })],
])('liveness may be as quick as readiness if it %s', (_, liveness) => {
  expect(findings({ healthCheck: HealthCheck.http('/healthz').withLiveness(liveness) }, 'HA-E2')).toEqual([]);
});

test('a tcp check that is more patient than the liveness of its own default is found', () => {
  expect(findings({ healthCheck: HealthCheck.tcp({ failureThreshold: 12 }) }, 'HA-E2')).toHaveLength(1);
  expect(findings({ healthCheck: HealthCheck.tcp({ failureThreshold: 11 }) }, 'HA-E2')).toEqual([]);
});

const liveness = (options: HealthCheckOptions) => ({ healthCheck: HealthCheck.http('/ready').withLiveness(HealthCheck.http('/live', options)) });
describeRule('HA-E3', Severity.WARNING, 'liveness that kills within half a minute', {
  broken: liveness({ interval: seconds(9), failureThreshold: 3 }),
  sound: liveness({ interval: seconds(10), failureThreshold: 3 }),
  says: ['killed after 27 s', 'within 5 s', 'wait for 30 s or more'],
});
describeRule('HA-E3', Severity.WARNING, 'liveness that kills after one failure', {
  broken: liveness({ interval: seconds(60), failureThreshold: 1 }),
  sound: liveness({ interval: seconds(60), failureThreshold: 2 }),
  says: ['killed after 60 s', 'for 2 failures or more'],
});
describeRule('HA-E3', Severity.WARNING, 'liveness that waits for a second only', {
  broken: liveness({ timeout: seconds(1) }),
  sound: liveness({ timeout: seconds(2) }),
  says: ['within 1 s', 'more than 1 s per answer'],
});

describeRule('HA-E7', Severity.WARNING, 'a command that is cut off after a second', {
  broken: { healthCheck: HealthCheck.command(['check'], { timeout: seconds(1) }).withStartup(HealthCheck.tcp()) },
  sound: { healthCheck: HealthCheck.command(['check'], { timeout: seconds(2) }).withStartup(HealthCheck.tcp()) },
  says: ['healthCheck.timeout', 'may take 1 s', 'allow 2 s or more'],
});
