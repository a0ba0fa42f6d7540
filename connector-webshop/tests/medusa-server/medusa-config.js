// The shop's settings. The order module's option is what makes a key hard: the shop then refuses a
// second order under it, and finds orders by it.
'use strict';

const { defineConfig } = require('@medusajs/framework/utils');

const plain = process.env.PLAIN === '1';

module.exports = defineConfig({
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { ssl: false },
    http: {
      storeCors: 'http://127.0.0.1',
      adminCors: 'http://127.0.0.1',
      authCors: 'http://127.0.0.1',
      jwtSecret: 'not-a-secret',
      cookieSecret: 'not-a-secret',
    },
  },
  admin: { disable: true },
  modules: plain
    ? []
    : [
        {
          resolve: '@medusajs/medusa/order',
          options: {
            generateCustomDisplayId: async (order) => order.metadata?.marketplace_order_key,
          },
        },
      ],
});
