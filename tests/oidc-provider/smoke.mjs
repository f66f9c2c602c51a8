// Walks the whole flow against server.mjs, once per algorithm. `node smoke.mjs [ALG...]`
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { constants, createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const REDIRECT_URI = 'http://127.0.0.1:4999/callback';
const POST_LOGOUT_URI = 'http://127.0.0.1:4999/signed-out';
const RESOURCE = 'https://api.example.test';
const WEB = { id: 'web-app', secret: 'web secret:+/%' };
const SPA = { id: 'spa-app' };

// RFC 6749 section 2.3.1: both halves are form-url-encoded before base64
const formEncode = (text) => new URLSearchParams({ '': text }).toString().slice(1);
const basic = ({ id, secret }) => `Basic ${Buffer.from(`${formEncode(id)}:${formEncode(secret)}`).toString('base64')}`;

class Browser {
  cookies = new Map(); // name + path -> { name, value, path }

  async request(url, options = {}) {
    const { pathname } = new URL(url);
    const cookie = [...this.cookies.values()]
      .filter(({ path }) => path === '/' || pathname === path || pathname.startsWith(`${path}/`))
      .map(({ name, value }) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      ...options,
      redirect: 'manual',
      headers: { accept: 'text/html', ...(cookie && { cookie }) },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split('; ');
      const [name, value] = pair.split(/=(.*)/s);
      const path = attributes.find((a) => /^path=/i.test(a))?.slice(5) ?? '/';
      if (value) this.cookies.set(`${name} ${path}`, { name, value, path });
      else this.cookies.delete(`${name} ${path}`);
    }
    return response;
  }

  get(url) {
    return this.request(url);
  }

  post(url, fields) {
    return this.request(url, { method: 'POST', body: new URLSearchParams(fields) });
  }
}

function location(response, status = 303) {
  assert.equal(response.status, status);
  return new URL(response.headers.get('location'), response.url).href;
}

function form(html) {
  const action = /<form[^>]* action="([^"]+)"/.exec(html)?.[1];
  assert.ok(action, html);
  const fields = {};
  for (const [input] of html.matchAll(/<input[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1];
    if (name) fields[name] = /value="([^"]*)"/.exec(input)?.[1] ?? '';
  }
  return { action, fields };
}

async function json(response, status = 200) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

function token(op, client, fields, path = '/token') {
  return fetch(`${op.issuer}${path}`, {
    method: 'POST',
    body: new URLSearchParams(client.secret ? fields : { client_id: client.id, ...fields }),
    headers: client.secret ? { authorization: basic(client) } : {},
  });
}

async function startServer(alg, env = {}) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('server.mjs', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PORT: '0', ALG: alg, REDIRECT_URI, POST_LOGOUT_URI, ...env },
  });
  const exited = once(child, 'exit');
  const lines = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  await Promise.race([once(reader, 'line'), exited.then(() => { throw new Error('server exited'); })]);
  const origin = /^ready (http:\/\/127\.0\.0\.1:\d+)$/.exec(lines[0])?.[1];
  assert.ok(origin, lines[0]);
  return { child, exited, lines, origin, issuer: `${origin}/oidc` };
}

async function keySet(op) {
  return (await json(await fetch(`${op.issuer}/jwks`))).keys;
}

async function verifyJwt(op, jwt, alg) {
  const [header, payload, signature] = jwt.split('.');
  const decode = (part) => JSON.parse(Buffer.from(part, 'base64url'));
  const { kid, ...rest } = decode(header);
  assert.equal(rest.alg, alg);
  const jwk = (await keySet(op)).find((key) => key.kid === kid);
  assert.ok(jwk, `no key ${kid}`);
  assert.equal(jwk.alg, alg === 'RS256' ? undefined : alg);
  const ok = verify(`sha${alg.slice(2)}`, Buffer.from(`${header}.${payload}`), {
    key: createPublicKey({ key: jwk, format: 'jwk' }),
    ...(alg.startsWith('ES') && { dsaEncoding: 'ieee-p1363' }),
    ...(alg.startsWith('PS') && {
      padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }),
  }, Buffer.from(signature, 'base64url'));
  assert.ok(ok, 'signature');
  return { kid, header: rest, claims: decode(payload) };
}

function authorizationUrl(op, client, extra = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const request = {
    client_id: client.id,
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope: 'openid offline_access profile email roles urn:logto:scope:organizations read:books write:books',
    resource: RESOURCE,
    prompt: 'consent',
    state: randomBytes(8).toString('hex'),
    nonce: randomBytes(8).toString('hex'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...extra,
  };
  return { url: `${op.issuer}/auth?${new URLSearchParams(request)}`, request, verifier };
}

// Authorization request -> login page -> consent page -> the callback URL.
async function signIn(op, browser, client, extra) {
  const { url, request, verifier } = authorizationUrl(op, client, extra);

  // 1. The authorization request: 303 to the login page.
  let next = location(await browser.get(url));
  assert.match(next, /\/oidc\/interaction\/[\w-]+$/);
  let response = await browser.get(next);
  assert.equal(response.status, 200);

  // 2. The login page: POST to itself with prompt=login, any login, any password. 303 to /oidc/auth/<uid>.
  let page = form(await response.text());
  assert.equal(page.action, next);
  assert.deepEqual(page.fields, { prompt: 'login', login: '', password: '' });
  next = location(await browser.post(page.action, { ...page.fields, login: 'ada', password: 'secret' }));
  assert.match(next, /\/oidc\/auth\/[\w-]+$/);

  // 3. The resumed request: 303 to the consent page.
  next = location(await browser.get(next));
  assert.match(next, /\/oidc\/interaction\/[\w-]+$/);
  response = await browser.get(next);
  assert.equal(response.status, 200);

  // 4. The consent page: POST to itself with prompt=consent. 303 to /oidc/auth/<uid>.
  page = form(await response.text());
  assert.equal(page.action, next);
  assert.deepEqual(page.fields, { prompt: 'consent' });
  next = location(await browser.post(page.action, page.fields));
  assert.match(next, /\/oidc\/auth\/[\w-]+$/);

  // 5. The resumed request: 303 to the redirect URI.
  const callback = new URL(location(await browser.get(next)));
  assert.equal(callback.origin + callback.pathname, REDIRECT_URI);
  assert.equal(callback.searchParams.get('state'), request.state);
  assert.equal(callback.searchParams.get('iss'), op.issuer);
  assert.ok(callback.searchParams.get('code'), callback.href);
  return { code: callback.searchParams.get('code'), verifier, nonce: request.nonce };
}

const exchange = (op, client, { code, verifier }, extra) => token(op, client, {
  grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: REDIRECT_URI, ...extra,
});
const refresh = (op, client, refreshToken, extra) => token(op, client, {
  grant_type: 'refresh_token', refresh_token: refreshToken, ...extra,
});

async function discovery(op, alg) {
  const document = await json(await fetch(`${op.issuer}/.well-known/openid-configuration`));
  const paths = {
    issuer: '',
    authorization_endpoint: '/auth',
    token_endpoint: '/token',
    userinfo_endpoint: '/me',
    jwks_uri: '/jwks',
    end_session_endpoint: '/session/end',
    introspection_endpoint: '/token/introspection',
    revocation_endpoint: '/token/revocation',
  };
  for (const [name, path] of Object.entries(paths)) assert.equal(document[name], op.issuer + path, name);
  assert.deepEqual(document.id_token_signing_alg_values_supported, [alg]);
  assert.equal(document.authorization_response_iss_parameter_supported, true);
}

async function walk(op, alg, client) {
  const browser = new Browser();
  const callback = await signIn(op, browser, client);

  // Code exchange without `resource`: an opaque access token.
  const first = await json(await exchange(op, client, callback));
  assert.equal(first.access_token.split('.').length, 1);
  assert.equal(first.token_type, 'Bearer');
  assert.equal(first.expires_in, 3600);
  const idToken = await verifyJwt(op, first.id_token, alg);
  assert.equal(idToken.claims.iss, op.issuer);
  assert.equal(idToken.claims.aud, client.id);
  assert.equal(idToken.claims.sub, 'ada');
  assert.equal(idToken.claims.nonce, callback.nonce);
  assert.equal(idToken.claims.picture, null);
  assert.deepEqual(idToken.claims.roles, ['librarian']);
  assert.deepEqual(idToken.claims.organizations, ['org-1', 'org-2']);
  assert.equal(idToken.claims.organization_data, undefined);

  // Refresh: rotated.
  const second = await json(await refresh(op, client, first.refresh_token));
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal(second.access_token.split('.').length, 1);

  // Refresh with `resource`: a JWT access token, and rotated again.
  const third = await json(await refresh(op, client, second.refresh_token, { resource: RESOURCE }));
  const accessToken = await verifyJwt(op, third.access_token, alg);
  assert.equal(accessToken.header.typ, 'at+jwt');
  assert.equal(accessToken.claims.aud, RESOURCE);
  assert.equal(accessToken.claims.sub, 'ada');
  assert.equal(accessToken.claims.client_id, client.id);
  assert.equal(accessToken.claims.scope, 'read:books write:books');
  assert.equal(third.scope, 'read:books write:books');

  // A resource nobody knows. The engine rotates before it looks at the resource: the refresh token is used up.
  const spare = await json(await exchange(op, client, await signIn(op, new Browser(), client)));
  const unknown = await json(await refresh(op, client, spare.refresh_token, { resource: 'https://other.test' }), 400);
  assert.equal(unknown.error, 'invalid_target');
  assert.equal((await json(await refresh(op, client, spare.refresh_token), 400)).error, 'invalid_grant');

  // Userinfo takes the opaque token and refuses the JWT.
  const userinfo = (bearer) => fetch(`${op.issuer}/me`, { headers: { authorization: `Bearer ${bearer}` } });
  const claims = await json(await userinfo(second.access_token));
  assert.equal(claims.sub, 'ada');
  assert.equal(claims.picture, null);
  assert.equal(claims.email, 'ada@example.test');
  assert.deepEqual(claims.organization_data.map(({ id }) => id), ['org-1', 'org-2']);
  assert.equal((await userinfo(third.access_token)).status, 401);

  // Introspection.
  if (client.secret) {
    const active = await json(await token(op, client, { token: second.access_token }, '/token/introspection'));
    assert.equal(active.active, true);
    assert.equal(active.sub, 'ada');
  }

  // End session: 200, a page whose form is posted with xsrf and logout=yes; 303 to the post-logout URI.
  const end = await browser.get(`${op.issuer}/session/end?${new URLSearchParams({
    client_id: client.id, post_logout_redirect_uri: POST_LOGOUT_URI, state: 'bye',
  })}`);
  assert.equal(end.status, 200);
  const logout = form(await end.text());
  assert.equal(logout.action, `${op.issuer}/session/end/confirm`);
  assert.deepEqual(Object.keys(logout.fields).sort(), ['logout', 'xsrf']);
  assert.equal(location(await browser.post(logout.action, logout.fields)), `${POST_LOGOUT_URI}?state=bye`);
  // As with Logto, the refresh token of `offline_access` outlives the session.
  const fourth = await json(await refresh(op, client, third.refresh_token));

  // A used refresh token is refused at once and takes the grant with it.
  assert.equal((await json(await refresh(op, client, first.refresh_token), 400)).error, 'invalid_grant');
  assert.equal((await json(await refresh(op, client, fourth.refresh_token), 400)).error, 'invalid_grant');
  assert.equal((await userinfo(fourth.access_token)).status, 401);
}

async function errors(op) {
  // A code exchange may name the resource: JWT at once. A used code kills the grant.
  const callback = await signIn(op, new Browser(), WEB);
  const tokens = await json(await exchange(op, WEB, callback, { resource: RESOURCE }));
  assert.equal(tokens.access_token.split('.').length, 3);
  assert.equal((await json(await exchange(op, WEB, callback), 400)).error, 'invalid_grant');
  assert.equal((await json(await refresh(op, WEB, tokens.refresh_token), 400)).error, 'invalid_grant');

  // Revocation.
  const other = await json(await exchange(op, WEB, await signIn(op, new Browser(), WEB)));
  assert.equal((await token(op, WEB, { token: other.refresh_token }, '/token/revocation')).status, 200);
  assert.equal((await json(await refresh(op, WEB, other.refresh_token), 400)).error, 'invalid_grant');

  // Wrong secret; the secret without form-url-encoding.
  const wrong = await json(await refresh(op, { ...WEB, secret: 'wrong' }, other.refresh_token), 401);
  assert.equal(wrong.error, 'invalid_client');
  const raw = await fetch(`${op.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: other.refresh_token }),
    headers: { authorization: `Basic ${Buffer.from(`${WEB.id}:${WEB.secret}`).toString('base64')}` },
  });
  assert.equal((await json(raw, 400)).error, 'invalid_request');

  const redirected = async (client, extra) => {
    const answer = await new Browser().get(authorizationUrl(op, client, extra).url);
    const { searchParams } = new URL(location(answer));
    assert.equal(searchParams.get('iss'), op.issuer);
    return searchParams.get('error');
  };
  assert.equal(await redirected(WEB, { prompt: 'none' }), 'login_required');
  assert.equal(await redirected(WEB, { code_challenge_method: 'plain' }), 'invalid_request');
  assert.equal(await redirected(WEB, { resource: 'https://other.test' }), 'invalid_target');
  const unknown = await new Browser().get(authorizationUrl(op, { id: 'nobody' }).url);
  assert.equal((await json(unknown, 400)).error, 'invalid_client');

  // Cancelled on the login page: GET <page>/abort.
  const browser = new Browser();
  const login = location(await browser.get(authorizationUrl(op, WEB).url));
  await browser.get(login);
  const callbackUrl = location(await browser.get(location(await browser.get(`${login}/abort`))));
  assert.equal(new URL(callbackUrl).searchParams.get('error'), 'access_denied');

  // offline_access without prompt=consent: no refresh token (the consent page is still shown, once).
  const online = await json(await exchange(op, WEB, await signIn(op, new Browser(), WEB, { prompt: 'login' })));
  assert.equal(online.refresh_token, undefined);
  assert.ok(!online.scope.split(' ').includes('offline_access'));
}

async function rotation(op, alg) {
  const tokens = await json(await exchange(op, WEB, await signIn(op, new Browser(), WEB)));
  const before = await verifyJwt(op, tokens.id_token, alg);
  for (const next of [alg, alg === 'RS256' ? 'PS256' : 'RS256', 'ES384', 'RS256', 'PS256', 'RS256']) {
    const rotated = await json(await fetch(`${op.origin}/control/rotate-keys?alg=${next}`, { method: 'POST' }));
    assert.equal(rotated.alg, next);
    assert.deepEqual((await keySet(op)).map(({ kid }) => kid), [rotated.kid, rotated.previous_kid]);
    tokens.old = tokens.id_token;
    Object.assign(tokens, await json(await refresh(op, WEB, tokens.refresh_token, { resource: RESOURCE })));
    const after = await verifyJwt(op, tokens.id_token, next);
    assert.equal(after.kid, rotated.kid);
    assert.notEqual(after.kid, before.kid);
    assert.equal((await verifyJwt(op, tokens.access_token, next)).kid, rotated.kid);
    const oldAlg = JSON.parse(Buffer.from(tokens.old.split('.')[0], 'base64url')).alg;
    assert.equal((await verifyJwt(op, tokens.old, oldAlg)).kid, rotated.previous_kid);
  }
  const stats = await json(await fetch(`${op.origin}/control/stats`));
  assert.ok(stats['/oidc/jwks'] > 0 && stats['/oidc/token'] > 0, JSON.stringify(stats));
  assert.ok(stats['/oidc/interaction/:uid'] > 0, JSON.stringify(stats));
}

async function shortLived() {
  const op = await startServer('ES384', { ACCESS_TOKEN_TTL: '1' });
  try {
    const tokens = await json(await exchange(op, WEB, await signIn(op, new Browser(), WEB)));
    assert.equal(tokens.expires_in, 1);
    await new Promise((resolve) => { setTimeout(resolve, 2100); });
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    assert.equal((await fetch(`${op.issuer}/me`, { headers })).status, 401);
  } finally {
    op.child.kill('SIGTERM');
  }
  assert.deepEqual(await op.exited, [0, null]);
}

const algs = process.argv.length > 2 ? process.argv.slice(2) : ['ES384', 'ES256', 'ES512', 'RS256', 'PS256'];
for (const alg of algs) {
  const op = await startServer(alg);
  try {
    await discovery(op, alg);
    await walk(op, alg, WEB);
    await walk(op, alg, SPA);
    await errors(op);
    await rotation(op, alg);
  } finally {
    op.child.stdin.end(); // the server ends with its stdin
  }
  assert.deepEqual(await op.exited, [0, null]);
  assert.equal(op.lines.length, 1, op.lines.join('\n'));
  console.log(`${alg} ok`);
}
await shortLived();
console.log('short-lived tokens ok');
