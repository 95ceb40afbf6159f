// The worker: decodes a beat or encodes a phrase when asked to, and computes the samples of the instruments.
"use strict";

let network = null;
onmessage = ({ data }) => {
  if (data.load) network = makeNetwork(unpack(data.load.index, data.load.weights), data.load.sizes);
  const reply = { id: data.id };
  if (data.decode) reply.tokens = network.decode(data.decode.z, data.decode.wish);
  if (data.beat) reply.tokens = network.writeSegment(network.segmentCodes(data.beat.z), data.beat.segment, data.beat.wish);
  if (data.encode) reply.codes = data.encode.map((tokens) => network.encode(tokens));
  if (data.tone) reply.tone = makeTone(data.tone.program, data.tone.pitch, data.tone.rate);
  postMessage(reply);
};
