import { createHash } from 'crypto';
import { ApiObject, App } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { IConstruct } from 'constructs';

/**
 * A checksum of the ConfigMaps and Secrets of this program that the pods use, so that a change of their content rolls the pods. Objects that the program
 * only names are not its business.
 */
export function configurationChecksum(workload: IConstruct, pod: k8s.PodSpec): string | undefined {
  const names = referencedNames(pod);
  if (names.size === 0) {
    return undefined;
  }
  const { namespace } = ApiObject.of(workload).metadata;
  const index = indexOf(App.of(workload));
  const contents = [...names].sort().flatMap(name => index.get(`${namespace ?? ''}/${name}`)?.() ?? []);
  return contents.length > 0 ? checksum(contents) : undefined;
}

// Short: enough to notice a change, too little to tell a guessed secret from a wrong one.
function checksum(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 8);
}

/** `ConfigMap/name` and `Secret/name` of all that the pods read. */
function referencedNames({ containers, initContainers = [], volumes = [] }: k8s.PodSpec): Set<string> {
  const names = new Set<string>();
  const add = (kind: string, name?: string) => name !== undefined && names.add(`${kind}/${name}`);
  for (const { env = [], envFrom = [] } of [...containers, ...initContainers]) {
    for (const { valueFrom } of env) {
      add('ConfigMap', valueFrom?.configMapKeyRef?.name);
      add('Secret', valueFrom?.secretKeyRef?.name);
    }
    for (const { configMapRef, secretRef } of envFrom) {
      add('ConfigMap', configMapRef?.name);
      add('Secret', secretRef?.name);
    }
  }
  for (const { configMap, secret, projected } of volumes) {
    add('ConfigMap', configMap?.name);
    add('Secret', secret?.secretName);
    for (const source of projected?.sources ?? []) {
      add('ConfigMap', source.configMap?.name);
      add('Secret', source.secret?.name);
    }
  }
  return names;
}

/** The checksum of each ConfigMap and Secret of a program, by namespace, kind and name. */
type Index = Map<string, () => string>;

const indexes = new WeakMap<IConstruct, Index>();

function indexOf(app: IConstruct): Index {
  let index = indexes.get(app);
  if (!index) {
    index = new Map();
    for (const object of app.node.findAll().filter(ApiObject.isApiObject)) {
      if (object.kind === 'ConfigMap' || object.kind === 'Secret') {
        index.set(`${object.metadata.namespace ?? ''}/${object.kind}/${object.name}`, once(() => contentChecksum(object)));
      }
    }
    indexes.set(app, index);
  }
  return index;
}

function contentChecksum(object: ApiObject): string {
  const { kind, data, binaryData, stringData } = object.toJson();
  return checksum({ kind, name: object.name, data, binaryData, stringData });
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** To be called when a program is validated, which it is each time before it is rendered: its content may have changed since the last time. */
export function forgetConfiguration(app: IConstruct): void {
  indexes.delete(app);
}
