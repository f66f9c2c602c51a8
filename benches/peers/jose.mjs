// Verifies one access token again and again. First line in: { jwks, token, issuer, audience }. Each further line: the milliseconds of a
// turn, answered with the CPU nanoseconds of one verification, those of the threads that do the cryptography included.
import { createInterface } from 'node:readline';
import { createLocalJWKSet, jwtVerify } from 'jose';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { jwks, token, issuer, audience } = JSON.parse((await lines.next()).value);
// It keeps the imported keys, as `createRemoteJWKSet` does.
const keys = createLocalJWKSet(jwks);
const options = { issuer, audience, typ: 'at+jwt', algorithms: ['ES384'] };

for await (const line of lines) {
  const turn = Number(line) * 1000;
  const start = process.cpuUsage();
  let calls = 0;
  let spent = 0;
  while (spent < turn) {
    for (let count = 0; count < 16; count += 1) await jwtVerify(token, keys, options);
    calls += 16;
    const { user, system } = process.cpuUsage(start);
    spent = user + system;
  }
  console.log((spent * 1000) / calls);
}
