/**
 * A small client of the Kubernetes API: JSON over HTTPS, any kind of object.
 */
import * as http from 'http';
import * as https from 'https';

/** Any Kubernetes object, as the API has it. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly [key: string]: any;
  };
  readonly spec?: any;
  readonly status?: any;
  readonly [key: string]: any;
}

/** Names one object. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** The name of an object. */
export function refOf(object: KubeObject): ObjectRef {
  const { apiVersion, kind, metadata: { name, namespace } } = object;
  return { apiVersion, kind, name, namespace };
}

/** Where an API server listens: on a port of 127.0.0.1 with TLS, or on a socket without. */
export type Endpoint = { readonly port: number; readonly token: string; readonly ca: string } | { readonly socketPath: string };

export type Query = Record<string, string | undefined>;

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The API server said no. */
export class ApiError extends Error {
  constructor(readonly status: number, readonly reason: string, message: string) {
    super(`${status} ${reason}: ${message}`);
  }
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export class ApiClient {
  private readonly agent: http.Agent;
  private readonly resources = new Map<string, Promise<Resource[]>>();

  constructor(private readonly endpoint: Endpoint) {
    this.agent = 'port' in endpoint ? new https.Agent({ keepAlive: true, ca: endpoint.ca }) : new http.Agent({ keepAlive: true });
  }

  /** Sends a request, and gives whatever comes back. */
  async raw(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = this.request(method, path, contentType, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      });
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /**
   * Sends a request, and gives the object that comes back.
   *
   * @throws ApiError when the server refuses
   */
  async call<T = KubeObject>(method: string, path: string, options: { query?: Query; body?: unknown; contentType?: string } = {}): Promise<T> {
    const answer = await this.raw(method, path + queryString(options.query), options.body, options.contentType);
    if (answer.status >= 300) {
      throw errorOf(answer);
    }
    return JSON.parse(answer.body) as T;
  }

  /**
   * Watches from a resource version on.
   *
   * @returns when the server ends the watch, or the signal aborts it
   */
  async watch(path: string, query: Query, onEvent: (type: string, object: KubeObject) => void, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        return resolve();
      }
      const request = this.request('GET', path + queryString({ ...query, watch: 'true' }), undefined, (response) => {
        let rest = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop()!;
          lines.filter(Boolean).forEach((line) => {
            const event = JSON.parse(line) as { type: string; object: KubeObject };
            onEvent(event.type, event.object);
          });
        });
        response.on('error', () => resolve());
        response.on('close', () => resolve());
      });
      request.on('error', (error) => signal.aborted ? resolve() : reject(error));
      signal.addEventListener('abort', () => request.destroy(), { once: true });
      request.end();
    });
  }

  /** The path of a kind's objects, or of one of them. */
  async path(ref: Omit<ObjectRef, 'name'> & { name?: string }): Promise<string> {
    const resource = await this.resource(ref.apiVersion, ref.kind);
    const namespace = resource.namespaced && ref.namespace ? `/namespaces/${ref.namespace}` : '';
    return `${groupPath(ref.apiVersion)}${namespace}/${resource.name}${ref.name ? `/${ref.name}` : ''}`;
  }

  /** Whether a kind's objects live in namespaces. */
  async namespaced(ref: { apiVersion: string; kind: string }): Promise<boolean> {
    return (await this.resource(ref.apiVersion, ref.kind)).namespaced;
  }

  /** Closes the connections that are kept for further requests. */
  close(): void {
    this.agent.destroy();
  }

  private async resource(apiVersion: string, kind: string): Promise<Resource> {
    for (const asked of [true, false]) {
      if (!this.resources.has(apiVersion)) {
        this.resources.set(apiVersion, this.call<{ resources: Resource[] }>('GET', groupPath(apiVersion)).then((list) => list.resources));
      }
      const found = await this.resources.get(apiVersion)!.catch(() => [] as Resource[]);
      const resource = found.find((candidate) => candidate.kind === kind && !candidate.name.includes('/'));
      if (resource) {
        return resource;
      }
      // A kind may have come with a CustomResourceDefinition since: ask once more.
      this.resources.delete(apiVersion);
      if (!asked) {
        break;
      }
    }
    throw new ApiError(404, 'NotFound', `the server knows no kind '${kind}' in '${apiVersion}'`);
  }

  private request(method: string, path: string, contentType: string | undefined, onResponse: (response: http.IncomingMessage) => void) {
    const headers: http.OutgoingHttpHeaders = { accept: 'application/json', ...(contentType && { 'content-type': contentType }) };
    if ('socketPath' in this.endpoint) {
      return http.request({ socketPath: this.endpoint.socketPath, method, path, headers: { ...headers, host: 'localhost' }, agent: this.agent }, onResponse);
    }
    const authorization = this.endpoint.token && { authorization: `Bearer ${this.endpoint.token}` };
    return https.request({ host: '127.0.0.1', port: this.endpoint.port, method, path, headers: { ...headers, ...authorization }, agent: this.agent }, onResponse);
  }
}

function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function queryString(query: Query = {}): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return pairs.length ? `?${new URLSearchParams(pairs).toString()}` : '';
}

function errorOf(answer: Answer): ApiError {
  try {
    const status = JSON.parse(answer.body) as { reason?: string; message?: string };
    return new ApiError(answer.status, status.reason ?? 'Unknown', status.message ?? answer.body);
  } catch {
    return new ApiError(answer.status, 'Unknown', answer.body.slice(0, 500));
  }
}
