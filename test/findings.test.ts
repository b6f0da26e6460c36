import { Chart, Duration, Testing } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { IMAGE, chart, findings, manifest, refusal, service } from './fixtures';
import { GracefulShutdown, HighAvailabilityService, LoadBalancing, SessionAffinity, Severity } from '../lib';

/** Breaks HA-D7 (a warning) and HA-F1 (a warning); and HA-G2 (information). */
const QUESTIONABLE = {
  image: 'ghcr.io/acme/web:latest',
  shutdown: GracefulShutdown.sleep({ drainDelay: Duration.seconds(0) }),
  loadBalancing: LoadBalancing.cluster({ sessionAffinity: SessionAffinity.clientIp() }),
};
const rules = (web: HighAvailabilityService) => web.findings.map(({ rule }) => rule);

describe('a finding', () => {
  const [finding] = findings(QUESTIONABLE, 'HA-D7');

  test('says what, where, why and what to do', () => {
    expect(finding).toEqual({
      rule: 'HA-D7',
      severity: Severity.WARNING,
      path: 'test/web',
      message: "image: 'ghcr.io/acme/web:latest' has the tag 'latest': pods of one version may run different code, and there is nothing to roll back to",
      remedy: "name a version, such as ':1.4.2', or a digest",
      source: 'https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy',
    });
  });

  test('is not there when all is well', () => expect(findings({}, 'HA-D7')).toEqual([]));

  test('has a web page for each rule', () => {
    for (const { source } of findings(QUESTIONABLE)) {
      expect(source).toMatch(/^https:\/\//);
    }
  });
});

test('the defaults have no finding but the room of the CPU limit, which is information', () => {
  expect(service().findings).toMatchObject([{ rule: 'HA-H2', severity: Severity.INFORMATION }]);
});

test('findings are those of now: reading them twice gives the same', () => {
  const web = service(QUESTIONABLE);
  expect(web.findings).toEqual(web.findings);
});

test('who changes the list of findings changes nothing', () => {
  const web = service(QUESTIONABLE);
  web.findings.length = 0;
  expect(rules(web)).toContain('HA-D7');
});

describe('an acknowledgement', () => {
  test('fails for a rule that there is not', () => {
    expect(refusal({ acknowledgements: { 'HA-Z9': 'why' } })).toMatch(/ {2}- acknowledgements: 'HA-Z9' is not a rule; use one of HA-0, HA-A1, .*HA-H7\.$/);
  });

  test.each(['', '  ', undefined, null, 5])('fails for the reason %p', reason => {
    expect(refusal({ replicas: 1, acknowledgements: { 'HA-A1': reason as any } })).toContain(
      "acknowledgements: 'HA-A1' has no reason; say why it is acceptable here: { 'HA-A1': 'the reason' }.",
    );
  });

  test('lets an error pass, as a finding with its reason', () => {
    expect(findings({ replicas: 1, acknowledgements: { 'HA-A1': 'a tool' } }, 'HA-A1')).toMatchObject([{ severity: Severity.ERROR, acknowledgement: 'a tool' }]);
    expect(refusal({ replicas: 1 })).toContain("[HA-A1]; run 3, or 2 at least, or accept it: acknowledgements: { 'HA-A1': 'the reason' }.");
  });

  test('is written onto the Deployment, and nowhere else', () => {
    const web = service({ ...QUESTIONABLE, annotations: { mine: 'stays' }, acknowledgements: { 'HA-D7': 'a demo', 'HA-F1': 'no clients' } });
    expect(manifest(web, 'Deployment').metadata.annotations).toEqual({
      'mine': 'stays', 'cdk8s-high-availability/HA-D7': 'a demo', 'cdk8s-high-availability/HA-F1': 'no clients',
    });
    expect(manifest(web, 'Service').metadata.annotations).toEqual({ mine: 'stays' });
    expect(manifest(web, 'Deployment').spec.template.metadata.annotations).not.toHaveProperty(['cdk8s-high-availability/HA-D7']);
  });

  test('of what nothing breaks is a finding, and not written', () => {
    const web = service({ acknowledgements: { 'HA-D7': 'once it was so' } });
    expect(web.findings.filter(({ rule }) => rule === 'HA-0')).toMatchObject([{
      severity: Severity.WARNING, message: 'acknowledgements: HA-D7 is acknowledged, but nothing here breaks it', remedy: "remove 'HA-D7' from acknowledgements",
    }]);
    expect(manifest(web, 'Deployment').metadata).not.toHaveProperty('annotations');
  });

  test('of what something breaks is no finding of its own', () => {
    expect(findings({ ...QUESTIONABLE, acknowledgements: { 'HA-D7': 'a demo' } }, 'HA-0')).toEqual([]);
  });

  test('holds for what is added later, and is not unused then', () => {
    const web = service({ acknowledgements: { 'HA-A3': 'a webhook adds it' } });
    expect(rules(web)).toContain('HA-0');
    web.deployment.addContainer({ name: 'proxy', image: 'envoy:1', resources: {} });
    expect(rules(web)).toEqual(['HA-H2', 'HA-A3']);
    expect(manifest(web, 'Deployment').metadata.annotations).toEqual({ 'cdk8s-high-availability/HA-A3': 'a webhook adds it' });
  });
});

describe('at synth', () => {
  let lines: string[];

  beforeEach(() => {
    lines = [];
    jest.spyOn(process.stderr, 'write').mockImplementation(text => lines.push(String(text)) > 0);
  });
  afterEach(() => jest.restoreAllMocks());

  test('each warning is one line on stderr', () => {
    Testing.synth(Chart.of(service(QUESTIONABLE)));
    expect(lines.sort()).toEqual([
      expect.stringMatching(/^warning HA-D7 test\/web: image: .* has the tag 'latest': .*; name a version, .* \(https:\/\/kubernetes\.io\/.*\)\n$/),
      expect.stringMatching(/^warning HA-F1 test\/web: shutdown\.drainDelay: .*\n$/),
    ]);
  });

  test('nothing is printed before', () => {
    service(QUESTIONABLE);
    expect(lines).toEqual([]);
  });

  test('nothing is printed for the defaults', () => {
    Testing.synth(Chart.of(service()));
    expect(lines).toEqual([]);
  });

  test('information is not printed', () => {
    Testing.synth(Chart.of(service({ loadBalancing: QUESTIONABLE.loadBalancing })));
    expect(lines).toEqual([]);
  });

  test('what is acknowledged is not printed', () => {
    Testing.synth(Chart.of(service({ ...QUESTIONABLE, acknowledgements: { 'HA-D7': 'a demo', 'HA-F1': 'no clients' } })));
    expect(lines).toEqual([]);
  });

  test('an acknowledged error is not printed', () => {
    Testing.synth(Chart.of(service({ replicas: 1, acknowledgements: { 'HA-A1': 'a tool' } })));
    expect(lines).toEqual([]);
  });

  test('an acknowledgement that nothing needs is printed', () => {
    Testing.synth(Chart.of(service({ acknowledgements: { 'HA-D7': 'once' } })));
    expect(lines).toEqual([expect.stringMatching(/^warning HA-0 /)]);
  });

  test('each warning is printed once, with many charts and many syntheses', () => {
    const app = Testing.app();
    const charts = [1, 2, 3, 4].map(i => new Chart(app, `chart-${i}`));
    charts.forEach(scope => service({ image: 'web:latest' }, scope));
    app.synth();
    app.synth();
    charts.forEach(scope => scope.toJson());
    expect(lines.map(line => line.split(':')[0]).sort()).toEqual([1, 2, 3, 4].map(i => `warning HA-D7 chart-${i}/web`));
  });
});

describe('a container without a request that is added later', () => {
  test('fails at synth while the autoscaler measures against requests', () => {
    const web = service();
    web.deployment.addContainer({ name: 'proxy', image: 'envoy:1', resources: { memory: {} } });
    expect(refusal(() => manifest(web, 'Deployment'))).toBe('Validation failed with the following errors:\n'
      + '  [test/web] scalingMetrics: cpu use is measured against the request, but proxy requests none: the autoscaler would do nothing at all [HA-A3]; '
      + "give every container a cpu request, or measure an absolute amount, or accept it: acknowledgements: { 'HA-A3': 'the reason' }.");
  });

  test('is fine if the number of pods is fixed', () => {
    const web = service({ replicas: 3 });
    web.deployment.addContainer({ name: 'proxy', image: 'envoy:1', resources: { memory: {} } });
    expect(manifest(web, 'Deployment').spec.template.spec.containers).toHaveLength(2);
  });

  test('is fine with a limit, which is a request as well', () => {
    const web = service();
    web.deployment.addContainer({ name: 'proxy', image: 'envoy:1', resources: { cpu: { limit: Cpu.millis(100) } } });
    expect(manifest(web, 'Deployment').spec.template.spec.containers).toHaveLength(2);
  });

  test('is fine with the default, which makes one', () => {
    const web = service();
    web.deployment.addContainer({ name: 'proxy', image: 'envoy:1' });
    expect(manifest(web, 'Deployment').spec.template.spec.containers[1].resources.requests.cpu).toBe('50m');
  });
});

test('two services have findings of their own', () => {
  const scope = chart();
  const bad = new HighAvailabilityService(scope, 'bad', { image: 'web' });
  const good = new HighAvailabilityService(scope, 'good', { image: IMAGE });
  expect([rules(bad), rules(good)]).toEqual([['HA-D7', 'HA-H2'].sort(), ['HA-H2']].map(list => expect.arrayContaining(list)));
  expect(rules(good)).not.toContain('HA-D7');
});
