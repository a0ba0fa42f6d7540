// Makes the database that every run starts from: Medusa's tables and one administrator.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const medusa = require('./medusa');
const postgres = require('./postgres');

exports.prepare = async function prepare() {
  const server = await postgres.start(medusa.template);
  try {
    medusa.run(server.url, ['db:migrate']);
    medusa.run(server.url, ['user', '-e', 'admin@example.com', '-p', 'not-a-secret']);
  } finally {
    await server.stop();
  }
  fs.mkdirSync(path.dirname(medusa.template), { recursive: true });
  fs.cpSync(server.data, medusa.template, { recursive: true });
  server.remove();
};

if (require.main === module) {
  if (fs.existsSync(medusa.template)) fs.rmSync(medusa.template, { recursive: true });
  exports.prepare().catch((error) => {
    console.error(error);
    process.exit(1);
  });
}
