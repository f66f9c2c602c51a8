// Verifies one access token again and again. Input: { jwks, token, issuer, audience }.
import { createLocalJWKSet, jwtVerify } from 'jose';
import { input, turns } from './turns.mjs';

const { jwks, token, issuer, audience } = input;
// It keeps the imported keys, as `createRemoteJWKSet` does.
const keys = createLocalJWKSet(jwks);
const options = { issuer, audience, typ: 'at+jwt', algorithms: ['ES384'] };

await turns(() => jwtVerify(token, keys, options));
