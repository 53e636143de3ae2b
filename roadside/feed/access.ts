// Who may read the feed. On the loopback address: whoever is on this machine, but no web page from elsewhere (the Host
// header is checked against DNS rebinding, the Origin of a WebSocket against foreign pages). On any other address: whoever
// holds the token. Must not: let a request through that it does not understand.

import { timingSafeEqual } from 'node:crypto';
import { RoadbedError } from '../../base/errors.ts';

export interface Access {
  readonly host: string;
  /** Demanded of every request where set. */
  readonly token?: string;
}

/** What is looked at of a request. */
export interface Credentials {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly authorization?: string | undefined;
  readonly cookie?: string | undefined;
  readonly queryToken?: string | null | undefined;
}

const loopbackNames = ['127.0.0.1', 'localhost', '[::1]', '::1'];
const cookieName = 'roadbed-token';

/** What a token must look like: safe in an address and a cookie, and too long to guess. */
const tokenPattern = /^[A-Za-z0-9_-]{16,128}$/;

/** Refuses a weak token, and to open the feed to a network without one. Throws RoadbedError `usage`. */
export function checkAccess(access: Access): void {
  if (access.token !== undefined && !tokenPattern.test(access.token)) {
    const sentence = 'The feed token is not fit for use: expected 16 to 128 letters, digits, "-" and "_".';
    throw new RoadbedError('usage', sentence);
  }
  if (loopbackNames.includes(access.host) || access.token) return;
  const sentence = `The feed would be open to everyone who reaches ${access.host}. Give a token for it, or listen on 127.0.0.1 and reach it with \`ssh -L\`.`;
  throw new RoadbedError('usage', sentence);
}

const hostNameOf = (host: string): string => host.replace(/:\d+$/, '').toLowerCase();

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function tokenOf(credentials: Credentials): string | undefined {
  const cookie = credentials.cookie
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${cookieName}=`));
  const bearer = credentials.authorization?.match(/^Bearer (.+)$/)?.[1];
  return bearer ?? credentials.queryToken ?? cookie?.slice(cookieName.length + 1);
}

/** Why the request is refused, a sentence; undefined where it is welcome. */
export function refusal(access: Access, credentials: Credentials): string | undefined {
  const host = credentials.host ?? '';
  if (access.token) {
    const given = tokenOf(credentials);
    if (!given || !sameText(given, access.token))
      return 'A token is needed: open the address that was printed.';
  } else if (!loopbackNames.includes(hostNameOf(host))) {
    return `This feed answers to 127.0.0.1 and localhost only, not to ${JSON.stringify(host.slice(0, 80))}.`;
  }
  return refusedOrigin(host, credentials.origin);
}

/** Browsers always send the Origin of a WebSocket; programs that are no browsers send none and are no danger here. */
function refusedOrigin(host: string, origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined;
  const own = URL.canParse(origin) ? new URL(origin).host : '';
  return own === host.toLowerCase() ? undefined : 'Pages from elsewhere may not read this feed.';
}

/** Keeps a token given in the address for the page's later requests; never readable by scripts. */
export const tokenCookie = (token: string): string =>
  `${cookieName}=${token}; HttpOnly; SameSite=Strict; Path=/`;

/** The sent headers and query, as far as they matter here. */
export function credentialsOf(request: {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly url?: string | undefined;
}): Credentials {
  const one = (name: string): string | undefined => {
    const value = request.headers[name];
    return Array.isArray(value) ? value.join(';') : value;
  };
  const query = (request.url ?? '').split('?')[1] ?? '';
  return {
    host: one('host'),
    origin: one('origin'),
    authorization: one('authorization'),
    cookie: one('cookie'),
    queryToken: new URLSearchParams(query).get('token'),
  };
}
