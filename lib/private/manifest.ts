import { ApiObject } from 'cdk8s';

/**
 * Changes what an object renders to, after cdk8s-plus's schema of Kubernetes 1.28 has dropped what it does not know. The only way to a newer field.
 */
export function amendManifest(object: ApiObject, amend: (manifest: any) => any): void {
  const render = object.toJson.bind(object);
  object.toJson = () => amend(render());
}
