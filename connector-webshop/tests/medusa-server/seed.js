// Fills an empty shop through its Admin API: regions, tax rates, a warehouse, shipping options, a
// few articles and an API key.
'use strict';

const articles = [
  // sku, price with tax, stock, EAN
  ['TB-001', 12.1, 100000, '8712345678906'],
  ['FL-002', 6.05, 100000, undefined],
  ['FEW-003', 10, 9, undefined],
  ['MUG-01', 43.21, 100000, undefined],
  ['LAMP-02', 43.21, 100000, undefined],
  ['OFF-004', 10, 9, undefined],
  ['SENT-05', 12.1, 1, undefined],
  ['BOOK-06', 10.9, 9, undefined],
];

exports.seed = async function seed(url) {
  let authorization = '';
  async function call(method, path, body) {
    const headers = { 'content-type': 'application/json', authorization };
    const answer = await fetch(url + path, {
      method,
      headers,
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }
  const post = (path, body) => call('POST', path, body);

  const login = { email: 'admin@example.com', password: 'not-a-secret' };
  authorization = `Bearer ${(await post('/auth/user/emailpass', login)).token}`;
  const key = await post('/admin/api-keys', { title: 'order connection', type: 'secret' });
  authorization = `Basic ${Buffer.from(`${key.api_key.token}:`).toString('base64')}`;

  const channel = (await post('/admin/sales-channels', { name: 'marketplaces' })).sales_channel;
  await post('/admin/regions', {
    name: 'Europe',
    currency_code: 'eur',
    countries: ['nl', 'de', 'be'],
    payment_providers: ['pp_system_default'],
    automatic_taxes: true,
    is_tax_inclusive: true,
  });
  // Belgium has no rate: its orders are untaxed.
  const regions = {};
  for (const [country_code, rate] of [['nl', 21], ['de', 19]]) {
    const { tax_region } = await post('/admin/tax-regions', {
      country_code,
      provider_id: 'tp_system',
      default_tax_rate: { rate, name: 'VAT', code: `${country_code}-${rate}` },
    });
    regions[country_code] = tax_region.id;
  }
  const place = (
    await post('/admin/stock-locations', {
      name: 'Warehouse',
      address: { address_1: 'Kade 1', country_code: 'NL', city: 'Utrecht' },
    })
  ).stock_location;
  await post(`/admin/stock-locations/${place.id}/fulfillment-providers`, {
    add: ['manual_manual'],
  });
  await post(`/admin/stock-locations/${place.id}/sales-channels`, { add: [channel.id] });
  const profiles = (await call('GET', '/admin/shipping-profiles')).shipping_profiles;
  const profile =
    profiles[0] ||
    (await post('/admin/shipping-profiles', { name: 'default', type: 'default' })).shipping_profile;
  const set = (
    await post(
      `/admin/stock-locations/${place.id}/fulfillment-sets?fields=id,*fulfillment_sets`,
      { name: 'parcels', type: 'shipping' },
    )
  ).stock_location.fulfillment_sets[0];
  const zone = (
    await post(`/admin/fulfillment-sets/${set.id}/service-zones`, {
      name: 'Europe',
      geo_zones: ['nl', 'de', 'be'].map((country_code) => ({ type: 'country', country_code })),
    })
  ).fulfillment_set.service_zones[0];
  await post('/admin/shipping-options', {
    name: 'Marketplace',
    service_zone_id: zone.id,
    shipping_profile_id: profile.id,
    provider_id: 'manual_manual',
    price_type: 'flat',
    type: { label: 'Parcel', description: 'Parcel', code: 'parcel' },
    prices: [{ currency_code: 'eur', amount: 0 }],
    rules: [],
  });
  for (const [sku, price, stock, ean] of articles) {
    const { product } = await post('/admin/products', {
      title: sku,
      status: 'published',
      shipping_profile_id: profile.id,
      sales_channels: [{ id: channel.id }],
      options: [{ title: 'size', values: ['one'] }],
      variants: [
        {
          title: 'one',
          sku,
          ean,
          options: { size: 'one' },
          manage_inventory: true,
          prices: [{ currency_code: 'eur', amount: price }],
        },
      ],
    });
    const items = await call('GET', `/admin/inventory-items?sku=${sku}`);
    await post(`/admin/inventory-items/${items.inventory_items[0].id}/location-levels`, {
      location_id: place.id,
      stocked_quantity: stock,
    });
    // Books have a rate of their own in the Netherlands.
    if (sku !== 'BOOK-06') continue;
    await post('/admin/tax-rates', {
      tax_region_id: regions.nl,
      name: 'books',
      code: 'nl-9',
      rate: 9,
      rules: [{ reference: 'product', reference_id: product.id }],
    });
  }
  return { apiKey: key.api_key.token, channel: channel.id, place: place.id };
};
