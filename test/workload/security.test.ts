import { Capability, ConfigMap, EmptyDirMedium, Volume } from 'cdk8s-plus-28';
import { HighAvailabilityServiceProps, SecurityOptions, Severity } from '../../lib';
import { chart, container, describeFaults, describeRule, findings, podSpec, service } from '../fixtures';

const restrictedPod = { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' } };
const restrictedContainer = {
  allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, privileged: false, readOnlyRootFilesystem: true, runAsNonRoot: true,
};

function contexts(security?: SecurityOptions): { pod: any; main: any } {
  const web = service({ security });
  return { pod: podSpec(web).securityContext, main: container(web).securityContext };
}

test('the default is what the Pod Security Standard "restricted" asks for, and a read-only root', () => {
  expect(contexts()).toEqual({ pod: restrictedPod, main: restrictedContainer });
  expect(contexts({})).toEqual(contexts());
});

test('the pods share nothing with their node', () => {
  const spec = podSpec(service());
  ['hostNetwork', 'hostPID', 'hostIPC'].forEach(field => expect(spec[field]).toBeFalsy());
});

test('the pods do not get the addresses of all Services as environment', () => {
  expect(podSpec(service()).enableServiceLinks).toBe(false);
});

describe('each relaxation alone', () => {
  test('user, which is the group as well', () => {
    expect(contexts({ user: 1000 })).toEqual({ pod: { ...restrictedPod, runAsUser: 1000, runAsGroup: 1000 }, main: restrictedContainer });
  });

  test('group', () => {
    expect(contexts({ group: 2000 })).toEqual({ pod: { ...restrictedPod, runAsGroup: 2000 }, main: restrictedContainer });
    expect(contexts({ group: 0 }).pod).toMatchObject({ runAsUser: 65532, runAsGroup: 0 });
  });

  test('useImageUser names neither user nor group, but still no root', () => {
    expect(contexts({ useImageUser: true })).toEqual({ pod: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }, main: restrictedContainer });
  });

  test('allowRoot', () => {
    expect(contexts({ allowRoot: true }))
      .toEqual({ pod: { runAsNonRoot: false, seccompProfile: { type: 'RuntimeDefault' } }, main: { ...restrictedContainer, runAsNonRoot: false } });
  });

  test('allowRoot with a user', () => {
    expect(contexts({ allowRoot: true, user: 0 }).pod).toMatchObject({ runAsNonRoot: false, runAsUser: 0, runAsGroup: 0 });
  });

  test('writableRootFilesystem', () => {
    expect(contexts({ writableRootFilesystem: true }))
      .toEqual({ pod: restrictedPod, main: { ...restrictedContainer, readOnlyRootFilesystem: false } });
  });

  test('allowPrivilegeEscalation', () => {
    expect(contexts({ allowPrivilegeEscalation: true }))
      .toEqual({ pod: restrictedPod, main: { ...restrictedContainer, allowPrivilegeEscalation: true } });
  });

  test('addCapabilities still drops all others', () => {
    expect(contexts({ addCapabilities: [Capability.NET_BIND_SERVICE] }))
      .toEqual({ pod: restrictedPod, main: { ...restrictedContainer, capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] } } });
  });

  test('unconfinedSeccomp', () => {
    expect(contexts({ unconfinedSeccomp: true })).toEqual({ pod: { ...restrictedPod, seccompProfile: { type: 'Unconfined' } }, main: restrictedContainer });
  });

  test('that is false changes nothing', () => {
    const never = { useImageUser: false, allowRoot: false, writableRootFilesystem: false, allowPrivilegeEscalation: false, unconfinedSeccomp: false };
    expect(contexts({ ...never, addCapabilities: [] })).toEqual(contexts());
  });
});

describe('the group of volumes', () => {
  test('is not named where there are empty directories only, to which everyone can write', () => {
    expect(podSpec(service({ writablePaths: ['/var/cache'] })).securityContext).not.toHaveProperty('fsGroup');
  });

  test('is the group of the process where other volumes are', () => {
    const scope = chart();
    const volume = Volume.fromConfigMap(scope, 'volume', new ConfigMap(scope, 'config', { data: { a: 'b' } }));
    expect(podSpec(service({ security: { user: 1000, group: 2000 }, volumeMounts: [{ path: '/config', volume }] }, scope)).securityContext)
      .toMatchObject({ fsGroup: 2000, fsGroupChangePolicy: 'OnRootMismatch' });
  });

  test('is named for a volume that comes later', () => {
    const scope = chart();
    const web = service({}, scope);
    web.deployment.addVolume(Volume.fromEmptyDir(scope, 'memory', 'memory', { medium: EmptyDirMedium.MEMORY }));
    expect(podSpec(web).securityContext).not.toHaveProperty('fsGroup');
    web.container.mount('/config', Volume.fromConfigMap(scope, 'volume', new ConfigMap(scope, 'config', { data: { a: 'b' } })));
    expect(podSpec(web).securityContext.fsGroup).toBe(65532);
  });
});

describe('a port below 1024', () => {
  test('is open to everyone in the pod', () => {
    expect(podSpec(service({ port: 80 })).securityContext.sysctls).toEqual([{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }]);
    expect(podSpec(service({ port: 1023 })).securityContext).toHaveProperty('sysctls');
    expect(podSpec(service({ additionalPorts: [{ name: 'admin', port: 81 }] })).securityContext).toHaveProperty('sysctls');
  });

  test('needs nothing from 1024 on', () => {
    expect(podSpec(service({ port: 1024 })).securityContext).not.toHaveProperty('sysctls');
  });
});

const within = (security: SecurityOptions): Partial<HighAvailabilityServiceProps> => ({ security });
describeFaults([
  ['root as the user', within({ user: 0 }), 'security.user: 0 is root; name another user, or set security.allowRoot as well.', within({ user: 0, allowRoot: true })],
  ['two users', within({ useImageUser: true, user: 1000 }), 'security.useImageUser: true contradicts security.user 1000; give one of the two.', within({ useImageUser: true })],
  ['a user below 0', within({ user: -1 }), 'security.user: -1 is no whole number from 0 to 2147483647', within({ user: 1 })],
  ['a user above all', within({ user: 2 ** 31 }), 'security.user: 2147483648 is no whole number from 0 to 2147483647', within({ user: 2 ** 31 - 1 })],
  ['a user of NaN', within({ user: NaN }), 'security.user: NaN is no whole number', within({ user: undefined })],
  ['a user by name', within({ user: 'nginx' as any }), "security.user: 'nginx' is no whole number", within({ user: 101 })],
  ['half a group', within({ group: 1.5 }), 'security.group: 1.5 is no whole number', within({ group: 1 })],
  ['a capability that does not exist', within({ addCapabilities: ['CAP_NET_BIND' as any] }), "security.addCapabilities: 'CAP_NET_BIND' is no capability; name one of the enum Capability",
    within({ addCapabilities: [Capability.NET_BIND_SERVICE] })],
  ['an undefined capability', within({ addCapabilities: [undefined as any] }), 'security.addCapabilities: undefined is no capability', within({ addCapabilities: [] })],
]);

describeRule('HA-H7', Severity.WARNING, 'root', {
  broken: within({ allowRoot: true }),
  sound: within({ user: 1 }),
  says: ['security: a namespace that enforces the "restricted" Pod Security Standard refuses these pods: allowRoot', 'mend the image instead'],
});
describeRule('HA-H7', Severity.WARNING, 'more privileges than the parent', {
  broken: within({ allowPrivilegeEscalation: true }),
  sound: within({ allowPrivilegeEscalation: false }),
  says: ['refuses these pods: allowPrivilegeEscalation'],
});
describeRule('HA-H7', Severity.WARNING, 'all system calls', {
  broken: within({ unconfinedSeccomp: true }),
  sound: within({ writableRootFilesystem: true }),
  says: ['refuses these pods: unconfinedSeccomp'],
});
describeRule('HA-H7', Severity.WARNING, 'capabilities', {
  broken: within({ addCapabilities: [Capability.NET_ADMIN, Capability.NET_BIND_SERVICE, Capability.SYS_TIME] }),
  sound: within({ addCapabilities: [Capability.NET_BIND_SERVICE] }),
  says: ['refuses these pods: addCapabilities NET_ADMIN, SYS_TIME'],
});

test('all relaxations that "restricted" refuses are in one finding', () => {
  const [{ message }] = findings({ security: { allowRoot: true, allowPrivilegeEscalation: true, unconfinedSeccomp: true } }, 'HA-H7');
  expect(message).toContain('allowRoot; allowPrivilegeEscalation; unconfinedSeccomp');
});
