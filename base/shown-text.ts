// What may be shown of text a user typed: everything but secrets. Command lines are kept in manifests and broker
// addresses stand in messages, and both are read by more people than may know a password.
// Must not: know options or brokers beyond the form of a secret.

/** A URL, or text with URLs, without the passwords: `mqtt://car:***@host`. */
export function withoutPasswords(text: string): string {
  return text.replace(/(:\/\/[^\s/@:]*):[^\s/]*@/g, '$1:***@');
}

/** Command-line arguments without the value of `--token` and without the passwords of URLs. */
export function withoutSecrets(argv: readonly string[]): string[] {
  return argv.map((argument, at) => {
    if (argv[at - 1] === '--token') return '***';
    return withoutPasswords(argument).replace(/^(--token=).*/s, '$1***');
  });
}
