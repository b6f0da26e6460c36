import { Inspection } from './inspection';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** Whether this can be the name of a Service: RFC 1035, so it begins with a letter. */
export function isServiceName(name: string): boolean {
  return name.length <= 63 && LABEL.test(name) && /^[a-z]/.test(name);
}

/** Whether this can be the name of a namespace, a volume or a container. */
export function isLabel(name: string): boolean {
  return name.length <= 63 && LABEL.test(name);
}

/** Whether this can be the name of most objects. */
export function isSubdomain(name: string): boolean {
  return name.length <= 253 && name.split('.').every(part => LABEL.test(part));
}

/** Whether this can be the name of a port: at most 15 characters, with a letter. */
export function isPortName(name: string): boolean {
  return name.length <= 15 && LABEL.test(name) && /[a-z]/.test(name) && !name.includes('--');
}

/** Whether this can be the value of a label. */
export function isLabelValue(value: string): boolean {
  return value === '' || (value.length <= 63 && QUALIFIED_NAME.test(value));
}

/** Whether this can be the key of a label or an annotation. */
export function isQualifiedKey(key: string): boolean {
  const [name, prefix, ...rest] = key.split('/').reverse();
  return rest.length === 0 && name.length <= 63 && QUALIFIED_NAME.test(name) && (prefix === undefined || isSubdomain(prefix));
}

/** Records a fault for each label that Kubernetes would refuse. */
export function checkLabels(inspection: Inspection, prop: string, labels: Record<string, string>): void {
  checkKeys(inspection, prop, labels);
  for (const [key, value] of Object.entries(labels)) {
    if (typeof value === 'string' && !isLabelValue(value)) {
      inspection.fault(`${prop}.${key}`, value, 'is no label value', "use at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends");
    }
  }
}

/** Records a fault for each key that Kubernetes would refuse, and for each value that is no string. */
export function checkKeys(inspection: Inspection, prop: string, map: Record<string, string>): void {
  for (const key of Object.keys(map).filter(k => !isQualifiedKey(k))) {
    inspection.fault(prop, key, 'is no label or annotation key', "use a name of at most 63 letters, digits, '-', '_' and '.', after a DNS name and '/' if you like");
  }
  for (const [key, value] of Object.entries(map)) {
    if (typeof value !== 'string') {
      inspection.fault(`${prop}.${key}`, value, 'is no string', 'write it as a string, or leave it out');
    }
  }
}
