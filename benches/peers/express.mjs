// A page for the signed-in with Express and `@logto/express`, its session in express-session. Input: { session, secret, config }.
// The first line out is the address, the second the `Cookie` header of who is signed in. It ends when its standard input does.
import { createInterface } from 'node:readline';
import { withLogto } from '@logto/express';
import cookieParser from 'cookie-parser';
import express from 'express';
import session from 'express-session';

const lines = createInterface({ input: process.stdin });
lines.on('close', () => process.exit());
lines.once('line', (line) => {
  const { session: tokens, secret, config } = JSON.parse(line);
  const app = express();
  app.use(cookieParser());
  // As the package's README has it.
  app.use(session({ secret, resave: false, saveUninitialized: false, cookie: { maxAge: 14 * 24 * 60 * 60 * 1000 } }));
  app.get('/sign-in', (request, response) => {
    Object.assign(request.session, tokens);
    response.end();
  });
  app.get('/', withLogto(config), (request, response) => {
    if (!request.user.isAuthenticated) return response.status(401).end();
    response.type('text').send(`signed in as ${request.user.claims.sub}\n`);
  });
  const server = app.listen(0, '127.0.0.1', async () => {
    const address = `http://127.0.0.1:${server.address().port}`;
    const response = await fetch(`${address}/sign-in`);
    console.log(address);
    console.log(response.headers.getSetCookie()[0].split(';')[0]);
  });
});
