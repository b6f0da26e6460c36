import { Chart } from 'cdk8s';
import { IConstruct } from 'constructs';
import { Inspection } from './inspection';

const reserved = new WeakMap<Chart, Map<string, IConstruct>>();

/** Records a fault if a service of that name exists in the chart: their objects would overwrite one another. */
export function reserveName(inspection: Inspection, service: IConstruct, name: string, namespace: string = ''): void {
  const chart = Chart.of(service);
  const names = reserved.get(chart) ?? new Map<string, IConstruct>();
  const other = names.get(`${namespace}/${name}`);
  if (other) {
    inspection.fault('name', name, `is the name of '${other.node.path}' in the same chart, so one would overwrite the other`, 'give one of them another id or name');
  }
  names.set(`${namespace}/${name}`, service);
  reserved.set(chart, names);
}
