// A private PostgreSQL on a free loopback port, for one run: in a directory of its own, ended and
// removed by `stop`.
'use strict';

const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');

/** Where the server's programs are: the newest of Debian's places, else on the PATH. */
function programs() {
  const debian = '/usr/lib/postgresql';
  const versions = fs.existsSync(debian) ? fs.readdirSync(debian) : [];
  const found = versions
    .filter((version) => fs.existsSync(path.join(debian, version, 'bin', 'initdb')))
    .sort((a, b) => Number(b) - Number(a));
  return found.length ? path.join(debian, found[0], 'bin') : '';
}

/** PostgreSQL refuses to run as root: then as the user it was installed with. */
function asSomebody() {
  if (process.getuid() !== 0) return [];
  return ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'];
}

function command(name, args) {
  const [first, ...rest] = [...asSomebody(), path.join(programs(), name), ...args];
  return [first, rest];
}

function run(name, args) {
  const done = spawnSync(...command(name, args), { encoding: 'utf8', cwd: '/' });
  if (done.status !== 0) throw new Error(`${name}: ${done.stderr || done.error}`);
}

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

exports.freePort = freePort;

/** Starts a server on a copy of `template` where that exists, else on an empty database. */
exports.start = async function start(template) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'medusa-data-'));
  const data = path.join(directory, 'data');
  const own = (place) => {
    if (process.getuid() === 0) spawnSync('chown', ['-R', 'postgres:postgres', place]);
  };
  own(directory);
  if (fs.existsSync(template)) {
    fs.cpSync(template, data, { recursive: true });
    own(directory);
    fs.chmodSync(data, 0o700);
  } else {
    run('initdb', ['-D', data, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-U', 'shop']);
  }
  const port = await freePort();
  const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
  settings.push('max_connections=200', 'unix_socket_directories=');
  const args = ['-D', data, '-h', '127.0.0.1', '-p', String(port)];
  for (const setting of settings) args.push('-c', setting);
  const [program, rest] = command('postgres', args);
  const server = spawn(program, rest, { stdio: 'ignore', cwd: '/' });
  const ended = new Promise((resolve) => server.on('exit', resolve));
  const ready = () =>
    spawnSync(path.join(programs(), 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)])
      .status === 0;
  for (let tries = 0; !ready(); tries += 1) {
    if (tries > 300 || server.exitCode !== null) throw new Error('PostgreSQL does not start');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    data,
    url: `postgres://shop@127.0.0.1:${port}/postgres`,
    async stop() {
      server.kill('SIGINT');
      await ended;
    },
    remove() {
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
};
