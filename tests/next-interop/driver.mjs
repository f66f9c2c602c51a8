// One request to a Next.js app, as @logto/next sees it. Reads a JSON command from stdin, writes a JSON answer to stdout.
//
//   { op: 'seal', session, secret }                    → the cookie's value
//   { op: 'unseal', value, secret }                    → the session
//   { op: 'kv', session }                              → { cookie, store }: what createKVSessionWrapper would keep
//   { op: 'request', router, config, now, cookie, call, input }
//       router: 'pages' or 'edge'; call: 'signIn', 'callback', 'signOut', 'context', 'accessToken', 'organizationToken'
//                                                      → { result, location, setCookies }
import { text } from 'node:stream/consumers';
import { createKVSessionWrapper, unwrapSession, wrapSession } from '@logto/node';
import PagesClient from '@logto/next';
import EdgeClient from '@logto/next/edge';
import { parse } from 'cookie';

const command = JSON.parse(await text(process.stdin));
// JSON has no `undefined`, and the package tells it from `null`.
command.input ??= undefined;
const answer = await { seal, unseal, kv, request }[command.op](command);
process.stdout.write(JSON.stringify(answer ?? null));

function seal({ session, secret }) {
  return wrapSession(session, secret);
}

function unseal({ value, secret }) {
  return unwrapSession(decodeURIComponent(value), secret);
}

async function kv({ session }) {
  const store = {};
  const wrapper = createKVSessionWrapper({ get: async (key) => store[key], set: async (key, value) => { store[key] = value; } });
  return { cookie: await wrapper.wrap(session, ''), store };
}

function request({ router, config, now, cookie, call, input }) {
  setClock(now);
  return router === 'edge' ? edge(new EdgeClient(config), config, cookie, call, input) : pages(new PagesClient(config), cookie, call, input);
}

async function pages(client, cookie, call, input) {
  const answer = { setCookies: [] };
  const request = { url: call === 'callback' ? input : '/', cookies: parse(cookie), query: {} };
  const response = {
    // What the package itself does: a header set again replaces the one before.
    setHeader: (_, value) => { answer.setCookies = [value]; },
    redirect: (url) => { answer.location = url; },
    json: (value) => { answer.result = value; },
  };
  const calls = {
    signIn: () => client.handleSignIn(input)(request, response),
    callback: () => client.handleSignInCallback()(request, response),
    signOut: () => client.handleSignOut()(request, response),
    context: () => client.withLogtoApiRoute((request, response) => response.json(request.user), input)(request, response),
    accessToken: async () => { answer.result = await client.getAccessToken(request, response, input); },
    organizationToken: async () => { answer.result = await client.getOrganizationToken(request, response, input); },
  };
  await calls[call]();
  return answer;
}

async function edge(client, config, cookie, call, input) {
  const url = `${config.baseUrl}${call === 'callback' ? input : '/'}`;
  const request = new Request(url, { headers: { cookie } });
  if (call === 'accessToken' || call === 'organizationToken') {
    const { nodeClient, headers } = await client.createNodeClientFromEdgeRequest(request);
    const result = await (call === 'accessToken' ? nodeClient.getAccessToken(input) : nodeClient.getOrganizationToken(input));
    return { result, setCookies: headers.getSetCookie() };
  }
  if (call === 'context') {
    return { result: await client.getLogtoContext(request, input), setCookies: [] };
  }
  const calls = { signIn: () => client.handleSignIn(input), callback: () => client.handleSignInCallback(), signOut: () => client.handleSignOut() };
  const response = await calls[call]()(request);
  return { location: response.headers.get('location'), setCookies: response.headers.getSetCookie() };
}

// The test's clock, for the package and for what it verifies tokens with.
function setClock(now) {
  const SystemDate = Date;
  globalThis.Date = class extends SystemDate {
    constructor(...given) {
      super(...(given.length > 0 ? given : [now * 1000]));
    }

    static now() {
      return now * 1000;
    }
  };
}
