// Fills an empty shop through its Admin API: countries, tax rates, shipping methods, a few articles
// and an API key.
'use strict';

const articles = [
  // sku, price in cents with tax, stock, GTIN
  ['TB-001', 1210, 100000, '8712345678906'],
  ['FL-002', 605, 100000, '8712345678913'],
  ['FEW-003', 1000, 9, ''],
];

exports.seed = async function seed(url, plain) {
  let token = '';
  async function run(query, variables = {}) {
    const headers = { 'content-type': 'application/json' };
    if (token) headers.authorization = `Bearer ${token}`;
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query, variables }),
    });
    token = answer.headers.get('vendure-auth-token') || token;
    const body = await answer.json();
    if (body.errors) throw new Error(JSON.stringify(body.errors));
    return body.data;
  }

  await run('mutation { login(username: "superadmin", password: "superadmin") { __typename } }');
  const zone = (await run('mutation { createZone(input: {name: "NL"}) { id } }')).createZone.id;
  const country = await run(
    'mutation { createCountry(input: {code: "NL", enabled: true, translations: [{languageCode: en, name: "Netherlands"}]}) { id } }',
  );
  await run('mutation($zone: ID!, $members: [ID!]!) { addMembersToZone(zoneId: $zone, memberIds: $members) { id } }', {
    zone,
    members: [country.createCountry.id],
  });
  const category = (await run('mutation { createTaxCategory(input: {name: "standard", isDefault: true}) { id } }'))
    .createTaxCategory.id;
  await run(
    'mutation($category: ID!, $zone: ID!) { createTaxRate(input: {name: "VAT 21", enabled: true, value: 21, categoryId: $category, zoneId: $zone}) { id } }',
    { category, zone },
  );
  // Germany has a rate of its own, Belgium has a zone without any.
  for (const [code, name, value] of [['DE', 'Germany', 19], ['BE', 'Belgium', undefined]]) {
    const abroad = (
      await run('mutation($name: String!) { createZone(input: {name: $name}) { id } }', { name: code })
    ).createZone.id;
    const made = await run('mutation($input: CreateCountryInput!) { createCountry(input: $input) { id } }', {
      input: { code, enabled: true, translations: [{ languageCode: 'en', name }] },
    });
    await run('mutation($zone: ID!, $members: [ID!]!) { addMembersToZone(zoneId: $zone, memberIds: $members) { id } }', {
      zone: abroad,
      members: [made.createCountry.id],
    });
    if (value === undefined) continue;
    await run('mutation($input: CreateTaxRateInput!) { createTaxRate(input: $input) { id } }', {
      input: { name: `VAT ${value}`, enabled: true, value, categoryId: category, zoneId: abroad },
    });
  }
  const channel = (await run('query { activeChannel { id } }')).activeChannel.id;
  await run(
    'mutation($input: UpdateChannelInput!) { updateChannel(input: $input) { __typename } }',
    {
      input: {
        id: channel,
        pricesIncludeTax: true,
        defaultCurrencyCode: 'EUR',
        availableCurrencyCodes: ['EUR'],
        defaultTaxZoneId: zone,
        defaultShippingZoneId: zone,
      },
    },
  );
  for (const [code, rate] of [['free', '0'], ['parcel', '499']]) {
    await run('mutation($input: CreateShippingMethodInput!) { createShippingMethod(input: $input) { id } }', {
      input: {
        code,
        fulfillmentHandler: 'manual-fulfillment',
        translations: [{ languageCode: 'en', name: code, description: '' }],
        checker: {
          code: 'default-shipping-eligibility-checker',
          arguments: [{ name: 'orderMinimum', value: '0' }],
        },
        calculator: {
          code: 'default-shipping-calculator',
          arguments: [
            { name: 'rate', value: rate },
            { name: 'includesTax', value: 'include' },
            { name: 'taxRate', value: '21' },
          ],
        },
      },
    });
  }
  await run('mutation($input: CreatePaymentMethodInput!) { createPaymentMethod(input: $input) { id } }', {
    input: {
      code: 'marketplace',
      enabled: true,
      translations: [{ languageCode: 'en', name: 'Paid on the marketplace', description: '' }],
      handler: { code: 'dummy-payment-handler', arguments: [{ name: 'automaticSettle', value: 'true' }] },
    },
  });
  for (const [sku, price, stockOnHand, gtin] of articles) {
    const translations = [{ languageCode: 'en', name: sku, slug: sku.toLowerCase(), description: '' }];
    const product = await run('mutation($input: CreateProductInput!) { createProduct(input: $input) { id } }', {
      input: { enabled: true, translations },
    });
    const variant = {
      productId: product.createProduct.id,
      sku,
      price,
      stockOnHand,
      trackInventory: 'TRUE',
      taxCategoryId: category,
      translations: [{ languageCode: 'en', name: sku }],
    };
    if (!plain && gtin) variant.customFields = { gtin };
    await run('mutation($input: [CreateProductVariantInput!]!) { createProductVariants(input: $input) { id } }', {
      input: [variant],
    });
  }
  const roles = (await run('query { roles { items { id code } } }')).roles.items;
  const role = roles.find((own) => own.code.includes('super')).id;
  const key = await run('mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey } }', {
    input: { roleIds: [role], translations: [{ languageCode: 'en', name: 'order connection' }] },
  });
  return { apiKey: key.createApiKey.apiKey };
};
