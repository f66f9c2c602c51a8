// How a peer speaks with the program that measures it. The first line in is its input. Each further line is the milliseconds of a turn,
// answered with the CPU nanoseconds of one call, those of the threads that do the cryptography included.
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export const input = JSON.parse((await lines.next()).value);

export async function turns(call) {
  for await (const line of lines) {
    const turn = Number(line) * 1000;
    const start = process.cpuUsage();
    let calls = 0;
    let spent = 0;
    while (spent < turn) {
      for (let count = 0; count < 16; count += 1) await call();
      calls += 16;
      const { user, system } = process.cpuUsage(start);
      spent = user + system;
    }
    console.log((spent * 1000) / calls);
  }
}
