// The link port: how bytes travel. Real: MQTT 3.1.1 to any broker (`mqtt.ts`). Simulated: memory (`memory.ts`).
// Must not: look into payloads, or promise delivery (acks of the application do that).

/** A connection to a publish/subscribe medium. */
export interface Link {
  /** Sends `payload` to everyone subscribed to `topic`. Resolves when the medium took it. */
  publish(topic: string, payload: Uint8Array, options?: { retain?: boolean }): Promise<void>;
  /** Calls `handler` for each message whose topic matches `filter` (`+` matches one level, `#` the rest). */
  subscribe(filter: string, handler: (topic: string, payload: Uint8Array) => void): Promise<void>;
  /** Is told when the connection is lost or regained. Never called by a medium that cannot be lost. */
  onConnection(handler: (connected: boolean) => void): void;
  close(): Promise<void>;
}

/** True when `topic` matches the MQTT `filter`. */
export function topicMatches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const parts = topic.split('/');
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === '#') return true;
    if (parts[i] === undefined || (wanted[i] !== '+' && wanted[i] !== parts[i])) return false;
  }
  return wanted.length === parts.length;
}
