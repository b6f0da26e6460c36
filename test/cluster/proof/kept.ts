/**
 * Whether a server kept all that it was sent.
 */

/** By which fields the API tells the elements of a list apart; the elements of all other lists go by their place. */
const KEYS: Record<string, string[]> = {
  containers: ['name'],
  initContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  imagePullSecrets: ['name'],
  volumeMounts: ['mountPath'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
};
const PORTS: Record<string, string[]> = { Deployment: ['containerPort', 'protocol'], Service: ['port', 'protocol'] };

/** What holds amounts, which the server writes in its own way: `1` for `1000m`. */
const AMOUNTS = /\.(requests|limits)\.[^.]+$|\.(sizeLimit|averageValue|divisor)$|\.target\.value$/;

/**
 * Compares an object that was sent with the same object as the server has it.
 *
 * @returns a line for each field that is not there, or has another value
 */
export function dropped(sent: any, kept: any): string[] {
  return differences('', withoutPlaintext(sent), kept, sent.kind);
}

function differences(path: string, sent: any, kept: any, kind: string): string[] {
  if (Array.isArray(sent) && Array.isArray(kept)) {
    return listDifferences(path, sent, kept, kind);
  }
  if (isObject(sent) && isObject(kept)) {
    return Object.entries(sent).flatMap(([field, value]) => differences(`${path}.${field}`, value, kept[field], kind));
  }
  const same = sent === kept || (AMOUNTS.test(path) && amount(sent) === amount(kept));
  return same ? [] : [`${path}: sent ${JSON.stringify(sent)}, kept ${JSON.stringify(kept)}`];
}

function listDifferences(path: string, sent: any[], kept: any[], kind: string): string[] {
  const field = path.split('.').pop()!;
  const keys = field === 'ports' ? PORTS[kind] : KEYS[field];
  if (sent.length !== kept.length) {
    return [`${path}: sent ${sent.length} elements, kept ${kept.length}`];
  }
  return sent.flatMap((element, index) => {
    const match = keys ? kept.find(other => keys.every(key => keyOf(other, key) === keyOf(element, key))) : kept[index];
    return differences(`${path}[${keys ? keys.map(key => keyOf(element, key)).join('/') : index}]`, element, match, kind);
  });
}

/** The API has a default for one of the keys. */
function keyOf(element: any, key: string): unknown {
  return element[key] ?? (key === 'protocol' ? 'TCP' : undefined);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const FACTORS: Record<string, number> = { 'm': 1e-3, '': 1, 'k': 1e3, 'M': 1e6, 'G': 1e9, 'Ki': 2 ** 10, 'Mi': 2 ** 20, 'Gi': 2 ** 30, 'Ti': 2 ** 40 };

function amount(quantity: unknown): number {
  const [, number, unit] = /^([0-9.]+)([A-Za-z]*)$/.exec(String(quantity)) ?? [];
  return Number(number) * FACTORS[unit];
}

/** The API takes a Secret's plain text, and gives it back encoded only. */
function withoutPlaintext({ stringData, ...rest }: any): any {
  const encoded = Object.entries((stringData ?? {}) as Record<string, string>).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  return encoded.length > 0 ? { ...rest, data: { ...rest.data, ...Object.fromEntries(encoded) } } : rest;
}
