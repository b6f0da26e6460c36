import { progress, requestedVersion } from './binaries';
import { ADDRESS_VARIABLE, Cluster } from './cluster';
import { ControlPlane, startControlPlane } from './control-plane';

declare global {
  /** Handed from the set-up to the tear-down, which run in one process. */
  // eslint-disable-next-line no-var
  var controlPlaneOfTheTests: ControlPlane | undefined;
}

/** Before all tests: starts the control plane that they share, with Kubernetes' own timings. */
export default async function setUp(): Promise<void> {
  if (process.env.KUBECONFIG) {
    const cluster = await Cluster.connect();
    progress(`using the cluster of KUBECONFIG (${process.env.KUBECONFIG}), Kubernetes ${cluster.version}`);
    await cluster.close();
    return;
  }
  const version = requestedVersion();
  const started = Date.now();
  const plane = await startControlPlane({ version });
  globalThis.controlPlaneOfTheTests = plane;
  process.env[ADDRESS_VARIABLE] = JSON.stringify(plane);
  progress(`Kubernetes ${version} is up on 127.0.0.1:${plane.port} after ${((Date.now() - started) / 1000).toFixed(1)} s; KUBECONFIG=${plane.kubeconfig}`);
}
