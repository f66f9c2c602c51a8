// An OpenID Connect server with the shape of Logto's, for the integration tests. See README.md.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import http from 'node:http';

// stdout carries the ready line and nothing else; the engine's notices go to stderr.
const expected = /^oidc-provider WARNING: a quick start development-only feature devInteractions is enabled/;
console.log = console.info = console.debug = console.warn = (first, ...rest) => {
  if (!expected.test(first)) console.error(first, ...rest);
};

const { default: Provider, errors } = await import('oidc-provider');

const HOST = '127.0.0.1';
const MOUNT = '/oidc';
const RESOURCE = 'https://api.example.test';
const DAY = 24 * 60 * 60;

const KEY_TYPES = {
  ES256: ['ec', { namedCurve: 'P-256' }],
  ES384: ['ec', { namedCurve: 'P-384' }],
  ES512: ['ec', { namedCurve: 'P-521' }],
  RS256: ['rsa', { modulusLength: 2048 }],
  PS256: ['rsa', { modulusLength: 2048 }],
};

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function number(name, fallback) {
  const value = Number(process.env[name] || fallback);
  if (!Number.isInteger(value) || value < 0) fail(`${name} must be a whole number`);
  return value;
}

const list = (name, fallback) => (process.env[name] || fallback).split(/[\s,]+/).filter(Boolean);

const firstAlg = process.env.ALG || 'ES384';
if (!Object.hasOwn(KEY_TYPES, firstAlg)) fail(`ALG must be one of ${Object.keys(KEY_TYPES).join(', ')}`);
const port = number('PORT', 0);
const accessTokenTtl = number('ACCESS_TOKEN_TTL', 3600) || fail('ACCESS_TOKEN_TTL must be positive');
const redirectUris = list('REDIRECT_URI', 'http://localhost:3000/callback');
const postLogoutRedirectUris = list('POST_LOGOUT_URI', 'http://localhost:3000/');

// Storage, shared by the successive Provider instances: key rotation keeps sessions, codes and tokens.

const records = new Map(); // "Model:id" -> { payload, expiresAt }

class MemoryAdapter {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload, expiresIn) {
    records.set(`${this.model}:${id}`, {
      payload: structuredClone(payload),
      expiresAt: expiresIn ? Date.now() + expiresIn * 1000 : Infinity,
    });
  }

  async find(id) {
    const key = `${this.model}:${id}`;
    const record = records.get(key);
    if (!record) return undefined;
    if (record.expiresAt <= Date.now()) {
      records.delete(key);
      return undefined;
    }
    return structuredClone(record.payload);
  }

  async findByUid(uid) {
    for (const [key, { payload }] of records) {
      if (key.startsWith(`${this.model}:`) && payload.uid === uid) {
        return this.find(key.slice(this.model.length + 1));
      }
    }
    return undefined;
  }

  async findByUserCode() {
    return undefined;
  }

  async consume(id) {
    const record = records.get(`${this.model}:${id}`);
    if (record) record.payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    records.delete(`${this.model}:${id}`);
  }

  async revokeByGrantId(grantId) {
    for (const [key, { payload }] of records) {
      if (payload.grantId === grantId) records.delete(key);
    }
  }
}

// Signing keys. Like Logto's, an EC key gets an `alg` member (from the engine) and an RSA key for RS256 has none.

function makeKey(alg) {
  const [type, options] = KEY_TYPES[alg];
  const jwk = generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' });
  const publicPart = jwk.kty === 'EC'
    ? { crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y }
    : { e: jwk.e, kty: jwk.kty, n: jwk.n };
  const kid = createHash('sha256').update(JSON.stringify(publicPart)).digest('base64url');
  return { alg, jwk: { ...jwk, use: 'sig', kid, ...(alg === 'PS256' && { alg }) } };
}

const cookieKeys = [randomBytes(16).toString('hex')];
const createdAt = Date.now();

const page = (title, body, attributes = '') => '<!DOCTYPE html>\n<html lang="en">\n'
  + `<head><meta charset="utf-8"><title>${title}</title></head>\n<body${attributes}>\n${body}\n</body>\n</html>\n`;

function findAccount(_ctx, sub) {
  return {
    accountId: sub,
    async claims(use) {
      const claims = {
        sub,
        name: `User ${sub}`,
        picture: null,
        username: sub,
        // milliseconds, as Logto sends them
        created_at: createdAt,
        updated_at: createdAt,
        email: `${sub}@example.test`,
        email_verified: true,
        roles: ['librarian'],
        organizations: ['org-1', 'org-2'],
        organization_roles: ['org-1:admin', 'org-2:member'],
      };
      // Logto has these at the userinfo endpoint only
      if (use === 'userinfo') {
        claims.custom_data = { plan: 'pro', nested: { n: 1 } };
        claims.organization_data = [
          { id: 'org-1', name: 'Acme', description: null },
          { id: 'org-2', name: 'Umbrella', description: 'Second' },
        ];
      }
      return claims;
    },
  };
}

// `keys`: the signing key first, then those which are only published.
function makeProvider(issuer, keys) {
  const [{ alg, jwk: { kid } }] = keys;
  const client = {
    application_type: 'web',
    redirect_uris: redirectUris,
    post_logout_redirect_uris: postLogoutRedirectUris,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    id_token_signed_response_alg: alg,
  };

  const provider = new Provider(issuer, {
    adapter: MemoryAdapter,
    jwks: { keys: keys.map(({ jwk }) => jwk) },
    enabledJWA: { idTokenSigningAlgValues: [...new Set(keys.map((key) => key.alg))] },
    clientDefaults: { id_token_signed_response_alg: alg },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    clients: [
      {
        ...client,
        client_id: 'web-app',
        client_secret: 'web secret:+/%',
        token_endpoint_auth_method: 'client_secret_basic',
      },
      { ...client, client_id: 'spa-app', token_endpoint_auth_method: 'none' },
    ],
    routes: {
      authorization: '/auth',
      token: '/token',
      userinfo: '/me',
      jwks: '/jwks',
      end_session: '/session/end',
      introspection: '/token/introspection',
      revocation: '/token/revocation',
    },
    scopes: ['openid', 'offline_access'],
    claims: {
      openid: ['sub'],
      profile: ['name', 'picture', 'username', 'created_at', 'updated_at'],
      email: ['email', 'email_verified'],
      roles: ['roles'],
      custom_data: ['custom_data'],
      'urn:logto:scope:organizations': ['organizations', 'organization_data'],
      'urn:logto:scope:organization_roles': ['organization_roles'],
    },
    conformIdTokenClaims: false, // claims of the granted scopes are in the id_token
    findAccount,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    clockTolerance: 0, // a token is refused at its `exp`
    cookies: { keys: cookieKeys },
    clientBasedCORS: () => true,
    ttl: {
      AccessToken: accessTokenTtl,
      AuthorizationCode: 60,
      Grant: 180 * DAY,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 14 * DAY,
      Session: 14 * DAY,
    },
    formats: {
      customizers: {
        jwt(_ctx, _token, { payload }) {
          payload.scope ??= ''; // Logto: present, though empty
        },
      },
    },
    features: {
      devInteractions: { enabled: true },
      userinfo: { enabled: true },
      revocation: { enabled: true, allowedPolicy: (_ctx, caller, token) => token.clientId === caller.clientId },
      introspection: { enabled: true, allowedPolicy: (_ctx, caller, token) => token.clientId === caller.clientId },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, oneOf) => oneOf,
        // A token request without `resource` gets an opaque token, whatever was granted.
        useGrantedResource: () => false,
        getResourceServerInfo(_ctx, indicator) {
          if (indicator !== RESOURCE) throw new errors.InvalidTarget();
          return {
            scope: 'read:books write:books',
            audience: RESOURCE,
            accessTokenTTL: accessTokenTtl,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg, kid } },
          };
        },
      },
      rpInitiatedLogout: {
        enabled: true,
        // Logto's page, which posts itself
        logoutSource(ctx, form) {
          ctx.body = page(
            'Sign Out',
            `${form}\n<input type="hidden" form="op.logoutForm" value="yes" name="logout" />`,
            ' onload="document.getElementById(\'op.logoutForm\').submit();"',
          );
        },
        postLogoutSuccessSource(ctx) {
          ctx.body = page('Signed out', '<p>You are signed out.</p>');
        },
      },
    },
    // Errors which cannot be sent to the redirect URI are JSON, also for a browser.
    renderError(ctx, out) {
      ctx.type = 'json';
      ctx.body = out;
    },
  });

  provider.on('server_error', (_ctx, error) => console.error(error));
  return provider;
}

// HTTP

const counts = {};
let keys = [makeKey(firstAlg)];
let issuer;
let handler;

function count(pathname) {
  const name = pathname
    .replace(/^(\/oidc\/interaction\/)[^/]+/, '$1:uid')
    .replace(/^(\/oidc\/auth\/)[^/]+/, '$1:uid');
  counts[name] = (counts[name] ?? 0) + 1;
}

function useKeys() {
  handler = makeProvider(issuer, keys).callback();
}

function sendJson(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  res.end(JSON.stringify(body));
}

function control(req, res, url) {
  req.resume();
  if (req.method === 'GET' && url.pathname === '/control/stats') {
    sendJson(res, 200, counts);
    return;
  }
  if (req.method === 'POST' && url.pathname === '/control/rotate-keys') {
    const alg = url.searchParams.get('alg') || keys[0].alg;
    if (!Object.hasOwn(KEY_TYPES, alg)) {
      sendJson(res, 400, { error: `unknown alg ${alg}` });
      return;
    }
    keys = [makeKey(alg), keys[0]];
    useKeys();
    sendJson(res, 200, { alg, kid: keys[0].jwk.kid, previous_kid: keys[1].jwk.kid });
    return;
  }
  sendJson(res, 404, { error: 'not found' });
}

const server = http.createServer((req, res) => {
  let url;
  try {
    url = new URL(req.url, issuer);
  } catch {
    sendJson(res, 400, { error: 'bad request target' });
    return;
  }
  if (url.pathname.startsWith('/control/')) {
    control(req, res, url);
    return;
  }
  count(url.pathname);
  if (!url.pathname.startsWith(`${MOUNT}/`)) {
    req.resume();
    sendJson(res, 404, { error: 'not found' });
    return;
  }
  // The engine routes below its mount point and takes the prefix of the URLs it makes from the issuer.
  req.originalUrl = req.url;
  req.url = url.pathname.slice(MOUNT.length) + url.search;
  handler(req, res);
});

const stop = () => process.exit(0);
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.stdin.on('end', stop);
process.stdin.on('close', stop);
process.stdin.on('error', stop);
process.stdin.resume();

server.on('error', (error) => fail(error.message));
server.listen(port, HOST, () => {
  const origin = `http://${HOST}:${server.address().port}`;
  issuer = `${origin}${MOUNT}`;
  useKeys();
  process.stdout.write(`ready ${origin}\n`);
});
