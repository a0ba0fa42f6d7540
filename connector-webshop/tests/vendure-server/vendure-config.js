// A Vendure shop as a seller would set it up for this connector.
//
// With PLAIN=1 it is a shop as it comes: no custom fields, prices from the catalogue.
'use strict';

const {
  AddressBasedTaxZoneStrategy,
  dummyPaymentHandler,
  manualFulfillmentHandler,
} = require('@vendure/core');

const plain = process.env.PLAIN === '1';

/** The price on the line, put there by the connector, wins over the catalogue's. */
class MarketplacePrice {
  calculateUnitPrice(_ctx, variant, customFields) {
    const price = customFields && customFields.marketplaceUnitPrice;
    return price === null || price === undefined
      ? { price: variant.listPrice, priceIncludesTax: variant.listPriceIncludesTax }
      : { price, priceIncludesTax: true };
  }
}

exports.plain = plain;
exports.config = {
  apiOptions: {
    hostname: '127.0.0.1',
    port: Number(process.env.PORT || 0),
    adminApiPath: 'admin-api',
    shopApiPath: 'shop-api',
  },
  authOptions: {
    tokenMethod: ['bearer', 'api-key'],
    superadminCredentials: { identifier: 'superadmin', password: 'superadmin' },
  },
  dbConnectionOptions: {
    type: 'better-sqlite3',
    database: ':memory:',
    synchronize: true,
    logging: false,
  },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  shippingOptions: { fulfillmentHandlers: [manualFulfillmentHandler] },
  // Buyers pay the tax of the country where the goods go.
  taxOptions: { taxZoneStrategy: new AddressBasedTaxZoneStrategy() },
  orderOptions: plain ? {} : { orderItemPriceCalculationStrategy: new MarketplacePrice() },
  customFields: plain
    ? {}
    : {
        Order: [
          { name: 'marketplaceOrderId', type: 'string', nullable: true, unique: true, public: false },
        ],
        OrderLine: [
          { name: 'marketplaceUnitPrice', type: 'int', nullable: true, public: false },
          { name: 'marketplaceLineId', type: 'string', nullable: true, public: false },
        ],
        ProductVariant: [{ name: 'gtin', type: 'string', nullable: true, public: false }],
      },
  plugins: [],
};
