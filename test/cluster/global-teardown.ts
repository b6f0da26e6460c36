import './global-setup';

/** After all tests: stops the control plane that they shared. */
export default async function tearDown(): Promise<void> {
  await globalThis.controlPlaneOfTheTests?.stop();
}
