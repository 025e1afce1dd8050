/** A new request id. `crypto.randomUUID` exists only in secure contexts; a clinic's plain-http test address has none. */
export function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
