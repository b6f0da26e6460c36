/**
 * The manifests that are proved: always those that the library itself makes.
 */
import { Testing } from 'cdk8s';
import { HighAvailabilityService, HighAvailabilityServiceProps, KubernetesVersion } from '../../../lib';
import { KubeObject } from '../api';
import { ANNOTATIONS } from '../stages';

/** Answers on port 8080; a real cluster can pull it. */
export const IMAGE = 'registry.k8s.io/e2e-test-images/agnhost:2.53';

/** The version from which on the library needs not be told which it is. */
const DEFAULT_VERSION = KubernetesVersion.of('1.30');

/** How the application behaves, for the fake kubelets; see there. */
export type Behaviour = Partial<Record<keyof typeof ANNOTATIONS, string>>;

/** The annotations that make the application behave so: for `podAnnotations`, or to be merged into a pod. */
export function behaving(behaviour: Behaviour): Record<string, string> {
  return Object.fromEntries(Object.entries(behaviour).map(([key, value]) => [ANNOTATIONS[key as keyof typeof ANNOTATIONS], value]));
}

/**
 * All objects of a service `web`. What its synthesis has to say about it is swallowed: the cluster has the word here.
 *
 * @param cluster where they are for: one that is older than the library assumes is named in the props
 * @param change what is done to the service after its construction: `web => web.patch(web.deployment, ...)`
 */
export function manifestsOf(
  cluster: { readonly version: string },
  props: Partial<HighAvailabilityServiceProps> = {},
  change: (web: HighAvailabilityService) => void = () => undefined,
): KubeObject[] {
  const chart = Testing.chart();
  const version = KubernetesVersion.of(cluster.version);
  const web = new HighAvailabilityService(chart, 'web', {
    image: IMAGE,
    args: ['netexec', '--http-port=8080'],
    ...(!version.isAtLeast(DEFAULT_VERSION) && { kubernetesVersion: KubernetesVersion.of(minorOf(cluster.version)) }),
    ...props,
  });
  change(web);
  const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    return Testing.synth(chart) as KubeObject[];
  } finally {
    stderr.mockRestore();
  }
}

/** Which of the objects a manifest is about: the first of this kind. */
export function ofKind(manifests: KubeObject[], kind: string): KubeObject {
  const found = manifests.find(manifest => manifest.kind === kind);
  if (!found) {
    throw new Error(`No ${kind} among ${manifests.map(manifest => manifest.kind).join(', ')}`);
  }
  return found;
}

/** '1.28' of '1.28.15'. */
function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
