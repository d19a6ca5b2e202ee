/**
 * Whether the gateway at this URL is ready, whatever its clock says: a test's clock stands still, and is off the database's
 * once the test takes longer than a minute.
 */
export async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health/ready`);
  const { causes = [] } = (await response.json()) as { causes?: string[] };
  return response.status === 200 || (causes.length > 0 && causes.every((cause) => cause === 'clock_differs'));
}
