// Adds a code to a parcel that was sent, as shops' own extensions do: Medusa's own API cannot.
'use strict';

exports.POST = async (request, response) => {
  const fulfillments = request.scope.resolve('fulfillment');
  await fulfillments.updateFulfillment(request.params.id, { labels: request.body.labels });
  response.json({ done: true });
};
