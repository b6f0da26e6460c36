import { execFile } from 'child_process';
import { dirname, join } from 'path';

/** Runs kubectl. @returns what it printed @throws with what it printed, when it fails */
export type Kubectl = (...args: string[]) => Promise<string>;

/** The kubectl that was built with a control plane. */
export function kubectlOf(controlPlane: string, kubeconfig: string): Kubectl {
  // Ports are used again by later test beds: what kubectl knew of one must not outlive it.
  const settings = [`--kubeconfig=${kubeconfig}`, `--cache-dir=${join(dirname(kubeconfig), 'cache')}`];
  return async (...args) => run(controlPlane, ['kubectl', ...args, ...settings]);
}

/** The user's own kubectl, with the user's own settings. */
export const userKubectl: Kubectl = async (...args) => run('kubectl', args);

async function run(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
      if (error) {
        reject(new Error(`${error.message}\n${stdout}${stderr}`.trim()));
      } else {
        resolve(stdout);
      }
    });
  });
}
