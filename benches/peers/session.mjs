// A session in a cookie, read or written again and again. Input: { call, session, secret, config }, with `call` one of those below.
// The first line out is the cookie's value.
import LogtoClient, { CookieStorage, wrapSession } from '@logto/node';
import { sealData } from 'iron-session';
import { input, turns } from './turns.mjs';

const { call, session, secret, config } = input;

const calls = {
  // What `@logto/next` does for each request that asks who is signed in.
  async getContext() {
    const storage = new CookieStorage({
      encryptionKey: secret,
      cookieKey: `logto_${config.appId}`,
      getCookie: () => value,
      setCookie: () => { throw new Error('nothing changed'); },
    });
    await storage.init();
    const client = new LogtoClient(config, { storage, navigate: () => {} });
    const context = await client.getContext();
    if (!context.isAuthenticated) throw new Error('nobody is signed in');
    return context;
  },
  wrapSession: () => wrapSession(session, secret),
  sealData: () => sealData(session, { password: secret }),
};

const value = await (call === 'sealData' ? calls.sealData : calls.wrapSession)();
console.log(value);
await turns(calls[call]);
