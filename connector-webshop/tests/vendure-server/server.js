// Starts a real Vendure on a free loopback port with its data in memory, fills it, and says where
// it is in one line. A line `end-sessions NAME` on standard input ends every login of that
// administrator. It ends when its standard input is closed, so it never outlives who started it.
'use strict';

process.env.VENDURE_DISABLE_TELEMETRY = 'true';

const path = require('node:path');
const readline = require('node:readline');
const Module = require('node:module');

// VENDURE_DIR names a directory with node_modules; without it they lie beside this file.
if (process.env.VENDURE_DIR) {
  process.env.NODE_PATH = path.join(process.env.VENDURE_DIR, 'node_modules');
  Module._initPaths();
}

const {
  bootstrap,
  DefaultLogger,
  JobQueueService,
  LogLevel,
  RequestContextService,
  SessionService,
  UserService,
} = require('@vendure/core');
const { config, plain } = require('./vendure-config');
const { seed } = require('./seed');

process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdin.resume();

/** Ends every login of an administrator, as after a change of password. */
async function endSessions(app, name) {
  const ctx = await app.get(RequestContextService).create({ apiType: 'admin' });
  const user = await app.get(UserService).getUserByEmailAddress(ctx, name, 'administrator');
  await app.get(SessionService).deleteSessionsByUser(ctx, user);
}

bootstrap({ ...config, logger: new DefaultLogger({ level: LogLevel.Warn }) })
  .then(async (app) => {
    await app.get(JobQueueService).start();
    const { port } = app.getHttpServer().address();
    const url = `http://127.0.0.1:${port}/admin-api`;
    const { apiKey } = await seed(url, plain);
    readline.createInterface({ input: process.stdin }).on('line', (line) => {
      const [command, name] = line.split(' ');
      if (command === 'end-sessions') {
        endSessions(app, name).then(() => console.log('DONE'), console.error);
      }
    });
    console.log(`READY ${JSON.stringify({ url, apiKey })}`);
  })
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
