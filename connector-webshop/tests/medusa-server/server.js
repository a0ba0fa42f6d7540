// Starts a real Medusa with a PostgreSQL of its own on free loopback ports, fills it, and says where
// it is in one line. Both end when standard input is closed, so they never outlive who started it.
'use strict';

const fs = require('node:fs');
const medusa = require('./medusa');
const postgres = require('./postgres');
const { prepare } = require('./prepare');
const { seed } = require('./seed');

let database;
let shop;
let ending = false;

async function end(code) {
  if (ending) return;
  ending = true;
  await shop?.stop();
  await database?.stop();
  database?.remove();
  process.exit(code);
}

process.stdin.on('end', () => end(0));
process.stdin.on('error', () => end(0));
process.stdin.resume();

async function start() {
  if (!fs.existsSync(medusa.template)) await prepare();
  database = await postgres.start(medusa.template);
  const port = await postgres.freePort();
  shop = await medusa.start(database.url, port);
  const url = `http://127.0.0.1:${port}`;
  console.log(`READY ${JSON.stringify({ url, ...(await seed(url)) })}`);
}

start().catch((error) => {
  console.error(error);
  end(1);
});
