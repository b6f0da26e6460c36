import { Protocol } from 'cdk8s-plus-28';
import { LoadBalancing, NamedPort } from '../../lib';
import { container, manifest, refusal, service } from '../fixtures';

const GRPC: NamedPort = { name: 'grpc', port: 9090, appProtocol: 'grpc' };
const METRICS: NamedPort = { name: 'metrics', port: 9100, exposed: false };
const DNS: NamedPort = { name: 'dns', port: 5353, servicePort: 53, protocol: Protocol.UDP };
const SCTP: NamedPort = { name: 'signal', port: 5353, protocol: Protocol.SCTP };

const web = (...additionalPorts: NamedPort[]) => service({ additionalPorts });
const refused = (...additionalPorts: any[]) => refusal({ additionalPorts });

test('ports are on the container, with their protocols', () => {
  expect(container(web(GRPC, METRICS, DNS, SCTP)).ports).toEqual([
    { name: 'http', containerPort: 8080, protocol: 'TCP' },
    { name: 'grpc', containerPort: 9090, protocol: 'TCP' },
    { name: 'metrics', containerPort: 9100, protocol: 'TCP' },
    { name: 'dns', containerPort: 5353, protocol: 'UDP' },
    { name: 'signal', containerPort: 5353, protocol: 'SCTP' },
  ]);
});

test('ports are on the Service by the name of the container port, unless it passes them by', () => {
  expect(manifest(web(GRPC, METRICS, DNS, SCTP), 'Service').spec.ports).toEqual([
    { name: 'http', port: 80, protocol: 'TCP', targetPort: 'http' },
    { name: 'grpc', port: 9090, protocol: 'TCP', targetPort: 'grpc', appProtocol: 'grpc' },
    { name: 'dns', port: 53, protocol: 'UDP', targetPort: 'dns' },
    { name: 'signal', port: 5353, protocol: 'SCTP', targetPort: 'signal' },
  ]);
});

test('ports are open in the network policy, whether the Service has them or not', () => {
  expect(manifest(web(METRICS, DNS, SCTP), 'NetworkPolicy').spec.ingress).toEqual([{
    ports: [{ port: 8080, protocol: 'TCP' }, { port: 9100, protocol: 'TCP' }, { port: 5353, protocol: 'UDP' }, { port: 5353, protocol: 'SCTP' }],
  }]);
});

test('the main port and its name are what is given', () => {
  const other = service({ port: 3000, portName: 'web' });
  expect(container(other).ports).toEqual([{ name: 'web', containerPort: 3000, protocol: 'TCP' }]);
  expect(manifest(other, 'Service').spec.ports).toEqual([{ name: 'web', port: 80, protocol: 'TCP', targetPort: 'web' }]);
});

test.each([0, -1, 65536, 8080.5, NaN, '8080'])('fails for the port %p', port => {
  const shown = typeof port === 'string' ? `'${port}'` : port;
  expect(refusal({ port: port as any })).toContain(`port: ${shown} is no whole number from 1 to 65535; give one.`);
  expect(refused({ ...GRPC, port })).toContain(`additionalPorts.grpc: ${shown} is no whole number from 1 to 65535; give one.`);
  expect(refused({ ...GRPC, servicePort: port })).toContain(`additionalPorts.grpc.servicePort: ${shown} is no whole number from 1 to 65535; give one.`);
});

test.each([1, 65535])('accepts the port %i', port => expect(container(service({ port })).ports[0].containerPort).toBe(port));

test.each(['', 'HTTP', 'http_1', '-http', 'http-', 'a--b', '8080', 'a-name-too-long1', 5, undefined])('fails for the port name %p', name => {
  const shown = typeof name === 'string' ? `'${name}'` : name;
  expect(refused({ ...GRPC, name })).toContain(`additionalPorts: ${shown} is no port name; `
    + "use at most 15 lower case letters, digits and '-', with a letter, and none of '-' at an end or twice in a row.");
});

test('fails for a main port name that is none', () => {
  expect(refusal({ portName: 'HTTP' })).toContain("portName: 'HTTP' is no port name; ");
});

test.each(['a', 'a-1', '8080x', 'fifteen-letters'])('accepts the port name %s', name => {
  expect(container(web({ ...GRPC, name })).ports[1].name).toBe(name);
});

test.each(['udp', 'ICMP', 17])('fails for the protocol %p', protocol => {
  expect(refused({ ...GRPC, protocol })).toContain(
    `additionalPorts.grpc.protocol: ${typeof protocol === 'string' ? `'${protocol}'` : protocol} is no transport protocol; use one of TCP, UDP, SCTP.`,
  );
});

test.each(['no protocol', 5])('fails for the application protocol %p', appProtocol => {
  expect(refused({ ...GRPC, appProtocol })).toContain(
    `additionalPorts.grpc.appProtocol: ${typeof appProtocol === 'string' ? `'${appProtocol}'` : appProtocol} is no protocol name; give one such as`,
  );
});

describe('two ports', () => {
  test('fail if they have one name', () => {
    expect(refused(GRPC, { ...GRPC, port: 9091 })).toContain("additionalPorts: 'grpc' is the name of two ports; give each its own.");
    expect(refused({ ...GRPC, name: 'http' })).toContain("additionalPorts: 'http' is the name of two ports");
  });

  test('fail if they have one number', () => {
    expect(refused({ name: 'other', port: 8080 })).toContain("additionalPorts: '8080/TCP' is the container port of two ports; give each its own.");
  });

  test('are fine with one number in two protocols', () => {
    expect(container(web({ name: 'quic', port: 8080, protocol: Protocol.UDP })).ports).toHaveLength(2);
  });

  test('fail if they have one number on the Service', () => {
    expect(refused({ ...GRPC, servicePort: 80 })).toContain("additionalPorts: '80/TCP' is the Service port of two ports; give each its own.");
  });

  test('are fine with one number on the Service that one of them does not use', () => {
    expect(manifest(web({ ...METRICS, servicePort: 80 }), 'Service').spec.ports).toHaveLength(1);
    expect(manifest(service({ additionalPorts: [GRPC], loadBalancing: LoadBalancing.cluster({ port: 8080 }) }), 'Service').spec.ports).toHaveLength(2);
  });
});

test.each([[undefined], ['grpc'], [9090]])('fails for %p in place of a port', port => {
  expect(refused(port)).toMatch(/additionalPorts\.0: .* is no object; give an object with the options\./);
});
