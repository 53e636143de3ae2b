// How commands speak: whole lines to the user, nothing else. Tests pass an array; the command line passes its streams.
// Must not: know any command.

export interface CommandIo {
  /** One line of result, to standard output. */
  out(line: string): void;
  /** One line about the work itself, to standard error. */
  err(line: string): void;
  /** True when a person reads standard output: tables and progress; false: plain text or JSON. */
  readonly isTerminal: boolean;
  /** True when colour escapes are welcome (a terminal, and NO_COLOR not set). */
  readonly colour: boolean;
}
