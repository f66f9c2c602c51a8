// Access tokens with the verdict of npm jose on each, one JSON object a line. See README.md.
import { createHmac, sign as signWithNode, constants } from 'node:crypto';
import {
  base64url, createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify, CompactSign,
} from 'jose';

const [issuer, audience] = process.argv.slice(2);
if (!issuer || !audience) throw new Error('usage: node mint.mjs <issuer> <audience>');

const NOW = 1_800_000_000;
const LEEWAY = 60;
const ALGS = ['ES256', 'ES384', 'ES512', 'RS256', 'PS256'];
const HASHES = { ES256: 'sha256', ES384: 'sha384', ES512: 'sha512', RS256: 'sha256', PS256: 'sha256' };

const text = (value) => base64url.encode(new TextEncoder().encode(value));
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

// The same numbers on every run (Lehmer).
let seed = 20_261_124;
const random = (below) => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed % below;
};

const keys = {};
for (const alg of ALGS) {
  const own = await generateKeyPair(alg, { extractable: true });
  const stranger = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(own.publicKey)), kid: `key-${alg}`, alg, use: 'sig' };
  keys[alg] = { own: own.privateKey, stranger: stranger.privateKey, jwk, strange: await exportJWK(stranger.publicKey) };
}
const jwks = { keys: ALGS.map((alg) => keys[alg].jwk) };
const keySet = createLocalJWKSet(jwks);

const claims = {
  iss: issuer, sub: 'user-ada', aud: audience, client_id: 'app', scope: 'read:books', iat: NOW - 60, exp: NOW + 3540, jti: '1',
};
const without = (name) => Object.fromEntries(Object.entries(claims).filter(([known]) => known !== name));

async function judge(name, token) {
  const options = {
    issuer, audience, typ: 'at+jwt', algorithms: ALGS, requiredClaims: ['exp', 'iat', 'sub', 'client_id'],
    clockTolerance: LEEWAY, currentDate: new Date(NOW * 1000), maxTokenAge: 1e10,
  };
  const verdict = await jwtVerify(token, keySet, options).then(() => 'ok', (error) => error.code ?? error.name);
  print({ name, token, verdict });
}

/** A token whose parts may be anything: `payload` is text. */
async function mint(alg, header, payload, key = keys[alg].own) {
  const bytes = new TextEncoder().encode(payload);
  const full = { alg, typ: 'at+jwt', kid: `key-${alg}`, ...header };
  const members = Object.fromEntries(Object.entries(full).filter(([, value]) => value !== undefined));
  return new CompactSign(bytes).setProtectedHeader(members).sign(key, { crit: { 'x-unknown': true, b64: true } });
}

/** A signature over any header text, by node itself: jose would not write it. */
function raw(alg, header, payload, options = {}) {
  const input = `${text(header)}.${text(payload)}`;
  const key = { key: KEY_OBJECTS[alg], dsaEncoding: 'ieee-p1363', ...options };
  if (alg === 'PS256') Object.assign(key, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32, ...options });
  return `${input}.${base64url.encode(signWithNode(HASHES[alg], Buffer.from(input), key))}`;
}

const { KeyObject } = await import('node:crypto');
const KEY_OBJECTS = Object.fromEntries(ALGS.map((alg) => [alg, KeyObject.from(keys[alg].own)]));

async function everyCase(alg) {
  const good = await mint(alg, {}, JSON.stringify(claims));
  const [header, payload, signature] = good.split('.');
  const next = ALGS[(ALGS.indexOf(alg) + 1) % ALGS.length];

  // The claims.
  const changes = {
    'good': {},
    'aud array': { aud: [audience] },
    'aud among others': { aud: ['https://other.test', audience] },
    'aud other': { aud: 'https://other.test' },
    'aud with slash': { aud: `${audience}/` },
    'aud in capitals': { aud: audience.toUpperCase() },
    'aud empty array': { aud: [] },
    'aud empty': { aud: '' },
    'aud number': { aud: 7 },
    'aud object': { aud: { [audience]: true } },
    'iss other': { iss: 'https://evil.example/oidc' },
    'iss with slash': { iss: `${issuer}/` },
    'iss array': { iss: [issuer] },
    'iss empty': { iss: '' },
    'exp now': { exp: NOW },
    'exp in the leeway': { exp: NOW - LEEWAY + 1 },
    'exp at the leeway': { exp: NOW - LEEWAY },
    'exp long ago': { exp: 1 },
    'exp zero': { exp: 0 },
    'exp negative': { exp: -1 },
    'exp far': { exp: 9_000_000_000 },
    'exp text': { exp: `${NOW + 60}` },
    'exp bool': { exp: true },
    'exp null': { exp: null },
    'exp fraction': { exp: NOW + 60.5 },
    'nbf past': { nbf: NOW - 60 },
    'nbf at the leeway': { nbf: NOW + LEEWAY },
    'nbf beyond the leeway': { nbf: NOW + LEEWAY + 1 },
    'nbf text': { nbf: 'soon' },
    'iat at the leeway': { iat: NOW + LEEWAY },
    'iat beyond the leeway': { iat: NOW + LEEWAY + 1 },
    'iat zero': { iat: 0 },
    'iat text': { iat: 'now' },
    'iat null': { iat: null },
    'unknown claims': { name: 'Ada \u{1f4da} 洪', nested: { a: [1, null] }, act: { sub: 'support' } },
    'aud with a number in it': { aud: [audience, 7] },
    'nbf null': { nbf: null },
    'sub number': { sub: 7 },
    'sub empty': { sub: '' },
    'client_id number': { client_id: 7 },
    'scope array': { scope: ['read:books'] },
  };
  for (const [name, change] of Object.entries(changes)) {
    await judge(`${alg} ${name}`, await mint(alg, {}, JSON.stringify({ ...claims, ...change })));
  }
  for (const name of ['iss', 'sub', 'aud', 'client_id', 'exp', 'iat', 'scope', 'jti']) {
    await judge(`${alg} without ${name}`, await mint(alg, {}, JSON.stringify(without(name))));
  }
  for (const [name, body] of [
    ['claims with blanks', ` ${JSON.stringify(claims, null, 2)}\n`], ['claims empty', '{}'], ['claims array', '[]'],
    ['claims null', 'null'], ['claims text', '"text"'], ['claims cut', '{"iss":'], ['claims nothing', ''],
  ]) {
    await judge(`${alg} ${name}`, await mint(alg, {}, body));
  }

  // The header.
  const headers = {
    'typ in capitals': { typ: 'AT+JWT' },
    'typ as media type': { typ: 'application/at+jwt' },
    'typ JWT': { typ: 'JWT' },
    'typ none': { typ: undefined },
    'typ logout': { typ: 'logout+jwt' },
    'kid none': { kid: undefined },
    'kid unknown': { kid: 'key-X' },
    'kid of another key': { kid: `key-${next}` },
    'kid empty': { kid: '' },
    'unknown member': { 'x-other': 1 },
    'crit unknown': { crit: ['x-unknown'], 'x-unknown': 1 },
  };
  for (const [name, change] of Object.entries(headers)) {
    await judge(`${alg} ${name}`, await mint(alg, change, JSON.stringify(claims)));
  }
  const embedded = { jwk: keys[alg].strange, jku: 'https://evil.example/jwks', x5u: 'https://evil.example/cert' };
  await judge(`${alg} embedded key of a stranger`, await mint(alg, embedded, JSON.stringify(claims), keys[alg].stranger));
  await judge(`${alg} embedded key, signed by ours`, await mint(alg, embedded, JSON.stringify(claims)));
  await judge(`${alg} stranger`, await mint(alg, {}, JSON.stringify(claims), keys[alg].stranger));
  await judge(`${alg} stranger without kid`, await mint(alg, { kid: undefined }, JSON.stringify(claims), keys[alg].stranger));
  const body = JSON.stringify(claims);
  for (const [name, written] of [
    ['alg none', { alg: 'none' }], ['alg HS256', { alg: 'HS256' }], ['alg other', { alg: next }], ['alg in small letters', { alg: alg.toLowerCase() }],
    ['alg RS384', { alg: 'RS384' }], ['alg EdDSA', { alg: 'EdDSA' }], ['alg missing', { alg: undefined }], ['alg number', { alg: 7 }],
    ['b64 false', { b64: false, crit: ['b64'] }], ['crit empty', { crit: [] }], ['crit text', { crit: 'exp' }],
  ]) {
    await judge(`${alg} ${name}`, raw(alg, JSON.stringify({ alg, typ: 'at+jwt', kid: `key-${alg}`, ...written }), body));
  }
  const plain = JSON.stringify({ alg, typ: 'at+jwt', kid: `key-${alg}` });
  for (const [name, written] of [['header array', `["${alg}"]`], ['header cut', '{"alg":'], ['header null', 'null'], ['header nothing', '']]) {
    await judge(`${alg} ${name}`, raw(alg, written, body));
  }
  await judge(`${alg} header by hand`, raw(alg, plain, body));
  await judge(`${alg} alg twice`, raw(alg, plain.replace('{', '{"alg":"none",'), body));
  if (alg.startsWith('ES')) await judge(`${alg} DER signature`, raw(alg, plain, body, { dsaEncoding: 'der' }));
  if (alg === 'PS256') await judge(`${alg} short salt`, raw(alg, plain, body, { saltLength: 20 }));

  // The parts.
  const { n, x, y } = keys[alg].jwk;
  const hs256 = `${text(JSON.stringify({ alg: 'HS256', typ: 'at+jwt', kid: `key-${alg}` }))}.${payload}`;
  const mac = createHmac('sha256', Buffer.from(n ?? x + y, 'base64url')).update(hs256).digest('base64url');
  for (const [name, token] of [
    ['HMAC with the public key', `${hs256}.${mac}`],
    ['no signature', `${header}.${payload}.`],
    ['no payload', `${header}..${signature}`],
    ['no header', `.${payload}.${signature}`],
    ['two parts', `${header}.${payload}`],
    ['four parts', `${good}.${signature}`],
    ['five parts', `${good}.${signature}.${signature}`],
    ['short signature', `${header}.${payload}.${signature.slice(0, -8)}`],
    ['long signature', `${header}.${payload}.${signature}AAAA`],
    ['signature of zeros', `${header}.${payload}.${base64url.encode(new Uint8Array(Buffer.from(signature, 'base64url').length))}`],
    ['swapped parts', `${payload}.${header}.${signature}`],
  ]) {
    await judge(`${alg} ${name}`, token);
  }
  // One letter changed, never the last of a part: its spare bits are a matter of spelling.
  for (let count = 0; count < 20; count += 1) {
    const part = random(3);
    const parts = [header, payload, signature];
    const at = random(parts[part].length - 1);
    const letter = parts[part][at] === 'A' ? 'B' : 'A';
    parts[part] = `${parts[part].slice(0, at)}${letter}${parts[part].slice(at + 1)}`;
    await judge(`${alg} letter ${at} of part ${part}`, parts.join('.'));
  }
}

print({ jwks, now: NOW });
for (const alg of ALGS) await everyCase(alg);
