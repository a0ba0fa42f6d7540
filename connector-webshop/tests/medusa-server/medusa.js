// Medusa's own programs, run for a database.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');

// MEDUSA_DIR names a directory with node_modules; without it they lie beside this file.
exports.installed = process.env.MEDUSA_DIR || __dirname;

/** A database with Medusa's tables and nothing in it, made once and copied for every run. */
exports.template = path.join(exports.installed, 'node_modules', '.cache', 'medusa-data');

const cli = path.join(exports.installed, 'node_modules', '@medusajs', 'cli', 'cli.js');

function environment(url) {
  return {
    ...process.env,
    DATABASE_URL: url,
    NODE_ENV: 'production',
    MEDUSA_DISABLE_TELEMETRY: 'true',
    LOG_LEVEL: process.env.LOG_LEVEL || 'warn',
  };
}

/** Medusa wants to be started in its project: one with the packages, wherever they are. */
function project() {
  if (path.resolve(exports.installed) !== __dirname) {
    for (const file of ['medusa-config.js', 'package.json', 'src']) {
      const to = path.join(exports.installed, file);
      fs.cpSync(path.join(__dirname, file), to, { recursive: true });
    }
  }
  return exports.installed;
}

exports.run = function run(url, args) {
  const options = { cwd: project(), env: environment(url), encoding: 'utf8' };
  const done = spawnSync(process.execPath, [cli, ...args], options);
  if (done.status !== 0) throw new Error(`medusa ${args[0]}: ${done.stdout}${done.stderr}`);
};

exports.start = async function start(url, port) {
  const args = [cli, 'start', '-H', '127.0.0.1', '-p', String(port)];
  const stdio = process.env.MEDUSA_LOG ? ['ignore', 2, 2] : 'ignore';
  const shop = spawn(process.execPath, args, { cwd: project(), env: environment(url), stdio });
  const ended = new Promise((resolve) => shop.on('exit', resolve));
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => null);
    if (answer?.ok) break;
    if (tries > 600 || shop.exitCode !== null) throw new Error('Medusa does not start');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    async stop() {
      shop.kill('SIGTERM');
      const late = setTimeout(() => shop.kill('SIGKILL'), 3000);
      await ended;
      clearTimeout(late);
    },
  };
};
