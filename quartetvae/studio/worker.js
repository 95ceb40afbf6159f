// The worker: decodes a beat, encodes a phrase or fills in a window when asked to, and computes the instruments' samples.
"use strict";

let network = null, composer = null;
onmessage = async ({ data }) => {
  const reply = { id: data.id };
  if (data.load) network = makeNetwork(await unpack(data.load.head, data.load.text), data.load.sizes);
  if (data.hire) composer = makeComposer(await unpack(data.hire.head, data.hire.text), data.hire.sizes);
  if (data.decode) reply.tokens = network.decode(data.decode.z, data.decode.wish);
  if (data.beat) reply.tokens = network.writeSegment(network.segmentCodes(data.beat.z), data.beat.segment, data.beat.wish);
  if (data.encode) reply.codes = data.encode.map((tokens) => network.encode(tokens));
  if (data.fill) reply.tokens = composer.fill(data.fill.tokens, data.fill.unknown, data.fill.wish);
  if (data.nats) reply.nats = composer.nats(data.nats.tokens, data.nats.unknown);
  if (data.tone) reply.tone = makeTone(data.tone.program, data.tone.pitch, data.tone.rate);
  postMessage(reply);
};
