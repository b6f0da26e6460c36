import { Capability, ContainerSecurityContextProps, FsGroupChangePolicy, PodSecurityContextProps, SeccompProfileType } from 'cdk8s-plus-28';
import { Inspection } from '../private/inspection';

/**
 * What the pods may do beyond the Pod Security Standard "restricted". Each relaxation is named; there is no way to drop all at once.
 *
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
 */
export interface SecurityOptions {
  /**
   * The numeric user that the process runs as.
   *
   * @default 65532 - the "nonroot" user of distroless images
   */
  readonly user?: number;

  /**
   * The numeric group that the process runs as.
   *
   * @default - the same number as `user`
   */
  readonly group?: number;

  /**
   * Run as the user that the image names. It has to be a number other than 0, or the kubelet refuses to start the container.
   *
   * @default false
   */
  readonly useImageUser?: boolean;

  /**
   * Let the process run as root. Namespaces that enforce "restricted" refuse such pods.
   *
   * @default false
   */
  readonly allowRoot?: boolean;

  /**
   * Let the process write into its own image. `writablePaths` is the narrower way.
   *
   * @default false
   */
  readonly writableRootFilesystem?: boolean;

  /**
   * Let the process gain privileges that its parent has not, for example through setuid programs.
   *
   * @default false
   */
  readonly allowPrivilegeEscalation?: boolean;

  /**
   * Linux capabilities to add; all others are dropped. "restricted" allows `NET_BIND_SERVICE` only, which ports below 1024 do not need here.
   *
   * @default - none
   */
  readonly addCapabilities?: Capability[];

  /**
   * Switch the container runtime's filter of system calls off.
   *
   * @default false
   */
  readonly unconfinedSeccomp?: boolean;
}

const NONROOT = 65532;
const MAX_ID = 2 ** 31 - 1;

/** What a pod and its containers may do, in the words of cdk8s-plus, as far as it has them. */
export interface PodSecurity {
  readonly pod: PodSecurityContextProps;
  readonly seccompProfile: SeccompProfileType;

  /** The main container's, and what the others get unless they say otherwise themselves. */
  readonly container: ContainerSecurityContextProps;
}

/** Checks the relaxations and says them in Kubernetes' words. */
export function bindSecurity(inspection: Inspection, options: SecurityOptions): PodSecurity {
  const { user, useImageUser = false, allowRoot = false, addCapabilities = [] } = options;
  for (const [prop, id] of [['user', user], ['group', options.group]] as const) {
    if (id !== undefined) {
      inspection.integer(`security.${prop}`, id, 0, MAX_ID);
    }
  }
  for (const capability of addCapabilities.filter(c => !Object.values(Capability).includes(c))) {
    inspection.fault('security.addCapabilities', capability, 'is no capability', 'name one of the enum Capability');
  }
  if (user === 0 && !allowRoot) {
    inspection.fault('security.user', 0, 'is root', 'name another user, or set security.allowRoot as well');
  }
  if (useImageUser && user !== undefined) {
    inspection.fault('security.useImageUser', true, `contradicts security.user ${user}`, 'give one of the two');
  }
  report(inspection, options, addCapabilities);

  const runAs = useImageUser || (allowRoot && user === undefined) ? undefined : user ?? NONROOT;
  return {
    pod: {
      ensureNonRoot: !allowRoot,
      user: runAs,
      group: options.group ?? runAs,
      fsGroup: options.group ?? runAs,
      fsGroupChangePolicy: FsGroupChangePolicy.ON_ROOT_MISMATCH,
    },
    seccompProfile: options.unconfinedSeccomp ? SeccompProfileType.UNCONFINED : SeccompProfileType.RUNTIME_DEFAULT,
    container: {
      ensureNonRoot: !allowRoot,
      allowPrivilegeEscalation: options.allowPrivilegeEscalation ?? false,
      readOnlyRootFilesystem: !options.writableRootFilesystem,
      capabilities: { drop: [Capability.ALL], ...(addCapabilities.length > 0 && { add: addCapabilities }) },
    },
  };
}

function report(inspection: Inspection, options: SecurityOptions, addCapabilities: Capability[]): void {
  const beyond = addCapabilities.filter(capability => capability !== Capability.NET_BIND_SERVICE);
  const relaxed = [
    options.allowRoot && 'allowRoot',
    options.allowPrivilegeEscalation && 'allowPrivilegeEscalation',
    options.unconfinedSeccomp && 'unconfinedSeccomp',
    beyond.length > 0 && `addCapabilities ${beyond.join(', ')}`,
  ].filter(x => x);
  if (relaxed.length > 0) {
    inspection.finding('HA-H7', {
      message: `security: a namespace that enforces the "restricted" Pod Security Standard refuses these pods: ${relaxed.join('; ')}`,
      remedy: 'mend the image instead, or label the namespace with a weaker level',
    });
  }
}
