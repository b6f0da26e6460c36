import { JsonPatch } from 'cdk8s';

/** An operation as RFC 6902 writes it. */
interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/**
 * Applies operations one by one, and says which one does not fit, where the JSON Patch library would apply nothing, or something else, in silence.
 */
export function applyPatch(constructPath: string, manifest: any, ops: JsonPatch[]): any {
  return ops.reduce((document, patch) => {
    if (!(patch instanceof JsonPatch)) {
      throw new Error(`${constructPath}: patch: '${JSON.stringify(patch)}' is no operation; make one, such as JsonPatch.add('/spec/...', value)`);
    }
    const { op, path, from = path, value } = (patch as unknown as { _toJson(): Operation })._toJson();
    const refuse = (rule: string, remedy: string): never => {
      throw new Error(`${constructPath}: patch: ${op} '${path}' ${rule}; ${remedy}`);
    };
    if (!/^(\/|$)/.test(path)) {
      refuse("does not begin with '/'", `write '/${path}'`);
    }
    if (op !== 'add' && op !== 'test' && !exists(document, from)) {
      refuse(`needs the field '${from}', which is not there`, op === 'replace' ? 'add it instead' : 'leave the operation out, or mend the path');
    }
    if (['add', 'replace'].includes(op) && value === undefined) {
      refuse('has no value', 'give one, or remove the field instead');
    }
    try {
      return JsonPatch.apply(document, patch);
    } catch (error) {
      return refuse(`does not fit (${(error as Error).message.split('\n')[0]})`, 'look at the rendered manifest: the field that holds it must be there');
    }
  }, manifest);
}

function exists(document: any, pointer: string): boolean {
  let here = document;
  for (const key of pointer.split('/').slice(1).map(part => part.replace(/~1/g, '/').replace(/~0/g, '~'))) {
    if (typeof here !== 'object' || here === null || !(key in here)) {
      return false;
    }
    here = here[key];
  }
  return true;
}
