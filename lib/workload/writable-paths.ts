import { App, Size } from 'cdk8s';
import { Volume, VolumeMount } from 'cdk8s-plus-28';
import { Inspection } from '../private/inspection';

/** Enough for temporary files, little enough that no pod fills a node's disk. */
const SIZE_LIMIT = Size.mebibytes(512);

/**
 * Checks the paths that the process writes to, though its own image is read-only. `/tmp` is always one of them.
 *
 * @returns the paths by the names of their volumes
 */
export function bindWritablePaths(inspection: Inspection, writablePaths: string[], mounts: VolumeMount[]): Map<string, string> {
  const mounted = new Set(mounts.map(mount => mount.path));
  const named = new Set(mounts.map(mount => mount.volume.name));
  const volumes = new Map<string, string>(mounted.has('/tmp') ? [] : [['tmp', '/tmp']]);
  if (volumes.has('tmp') && named.has('tmp')) {
    inspection.fault('volumeMounts', 'tmp', "is the name of the volume of '/tmp', which is always there", "give your volume another name, or mount it at '/tmp'");
  }
  for (const path of new Set(writablePaths.filter(p => p !== '/tmp'))) {
    const name = path.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-/, '').slice(0, 50).replace(/-$/, '');
    if (name === '' || !/^\/[^/]/.test(path) || path.includes(':') || path.split('/').includes('..')) {
      inspection.fault('writablePaths', path, 'is no absolute path below the root', "give one such as '/var/cache/nginx'");
    } else if (mounted.has(path)) {
      inspection.fault('writablePaths', path, 'is mounted by volumeMounts already', 'name it in one of the two');
    } else if (named.has(name)) {
      inspection.fault('writablePaths', path, `needs a volume '${name}', but volumeMounts has one of that name`, 'give your volume another name');
    } else if (volumes.has(name)) {
      inspection.fault('writablePaths', path, `is too like '${volumes.get(name)}' for a volume name of its own`, 'mount a volume with a name of your own by volumeMounts');
    } else {
      volumes.set(name, path);
    }
  }
  return volumes;
}

/**
 * An empty directory for each of the paths. They stand outside of the program's tree, which cdk8s walks several times for each chart: nothing but the pods
 * that mount them needs to find them.
 */
export function writableMounts(volumes: Map<string, string>): VolumeMount[] {
  const root = new App();
  return [...volumes].map(([name, path]) => ({ path, volume: Volume.fromEmptyDir(root, name, name, { sizeLimit: SIZE_LIMIT }) }));
}
