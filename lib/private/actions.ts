import { Inspection } from './inspection';

/** Records a fault if this is no program with its arguments. */
export function checkCommand(inspection: Inspection, prop: string, command: string[]): void {
  if (!Array.isArray(command)) {
    inspection.fault(prop, command, 'is no list of words', "write it as a list, such as ['/bin/check', '--fast']");
  } else if (command.length === 0) {
    inspection.fault(prop, '[]', 'is empty', 'name the program to run');
  } else if (command.some(word => typeof word !== 'string') || command[0].trim() === '') {
    inspection.fault(prop, `[${command.join(', ')}]`, 'has a word that is empty or no string', 'write each word as a string, the program first');
  }
}

/** Records a fault if no HTTP request can ask for this path. */
export function checkPath(inspection: Inspection, prop: string, path: string): void {
  if (typeof path !== 'string' || !path.startsWith('/')) {
    inspection.fault(prop, path, "does not begin with '/'", `write '/${String(path ?? '').trim().replace(/^\/+/, '')}'`);
  }
}
