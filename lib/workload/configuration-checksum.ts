import { createHash } from 'crypto';
import { ApiObject, App, Chart } from 'cdk8s';
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
  const contents = [...names].sort().flatMap(name => find(workload, `${namespace ?? ''}/${name}`)?.() ?? []);
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

/** The checksum of each ConfigMap and Secret below a scope, by namespace, kind and name. */
type Index = Map<string, () => string>;

/** Looks beside the workload first: other charts can hold the same names for other environments, and to search them all takes long. */
function find(workload: IConstruct, key: string): (() => string) | undefined {
  const app = App.of(workload);
  const known = indexesOf(app);
  for (const scope of [Chart.of(workload), ...app.node.children]) {
    const content = indexOf(scope, known).get(key);
    if (content) {
      return content;
    }
  }
  return undefined;
}

const indexes = new WeakMap<IConstruct, Map<IConstruct, Index>>();

/** The indexes of a program's scopes, as far as they are known. */
function indexesOf(app: IConstruct): Map<IConstruct, Index> {
  const known = indexes.get(app) ?? new Map<IConstruct, Index>();
  if (!indexes.has(app)) {
    indexes.set(app, known);
    // A program is validated each time before it is rendered: its content may have changed since the last time.
    app.node.addValidation({
      validate: () => {
        known.clear();
        return [];
      },
    });
  }
  return known;
}

function indexOf(scope: IConstruct, known: Map<IConstruct, Index>): Index {
  const index = known.get(scope) ?? new Map(scope.node.findAll()
    .filter((construct): construct is ApiObject => ApiObject.isApiObject(construct) && (construct.kind === 'ConfigMap' || construct.kind === 'Secret'))
    .map(object => [`${object.metadata.namespace ?? ''}/${object.kind}/${object.name}`, once(() => contentChecksum(object))]));
  known.set(scope, index);
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
